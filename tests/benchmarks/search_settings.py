"""What a search finds where the truth is known: which setting matters, and how near the best settings it comes.

    python tests/benchmarks/search_settings.py

The value of a trial is 2 |log10(rate) + 2.7| + .5 |share - .3| + .1 (batch = 64) + normal noise of .15, as of the seed
of a run; a fourth setting does nothing. 15 searches each, as `search.study` asks for trials, without pruning.
"""

import time

import numpy as np
import optuna

from ganaug_core.config.requests import Search
from ganaug_core.search import study
from ganaug_core.search.space import parsed

SEEDS = 15
SPACE = {
    "rate": {"low": 1e-4, "high": 1e-2, "log": True},
    "share": {"low": 0.0, "high": 1.0},
    "batch": [16, 32, 64],
    "idle": {"low": 0.0, "high": 1.0},
}


def truth(settings: dict) -> float:
    return (
        2 * abs(np.log10(settings["rate"]) + 2.7) + 0.5 * abs(settings["share"] - 0.3) + 0.1 * (settings["batch"] == 64)
    )


def searched(sampler: str, trials: int, seed: int) -> tuple[optuna.Study, float]:
    """Return the study of one search, and the true value of what it takes for the best."""
    request = Search(cohort="", name="", space=SPACE, trials=trials, sampler=sampler, seed=seed)
    made = optuna.create_study()
    ours = study.Study(made, request, "here")
    ours._lay_grid_out()
    noise = np.random.default_rng(seed)
    while (trial := ours.next()) is not None:
        trial._tell("COMPLETE", truth(trial.settings) + 0.15 * noise.normal())
    return made, truth(made.best_params)


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    assert len(parsed(SPACE)) == 4
    evaluators = {
        "PED-ANOVA, better quarter": optuna.importance.PedAnovaImportanceEvaluator(target_quantile=study.BETTER),
        "PED-ANOVA, better tenth": optuna.importance.PedAnovaImportanceEvaluator(target_quantile=0.1),
        "fANOVA": optuna.importance.FanovaImportanceEvaluator(seed=0),
    }
    for trials in (12, 24, 48):
        for sampler in ("tpe", "random", "grid"):
            made = [searched(sampler, trials, seed) for seed in range(SEEDS)]
            best = [value for _, value in made]
            print(
                f"{trials} trials, {sampler}: true value of the best {np.mean(best):.2f}, sd {np.std(best, ddof=1):.2f}"
            )
            if sampler != "tpe":
                continue
            for name, evaluator in evaluators.items():
                begun = time.perf_counter()
                shares = [optuna.importance.get_param_importances(one, evaluator=evaluator) for one, _ in made]
                spent = (time.perf_counter() - begun) / SEEDS
                first = sum(next(iter(share)) == "rate" for share in shares)
                print(f"    {name}: the rate comes first in {first} of {SEEDS}, {1000 * spent:.0f} ms each")


if __name__ == "__main__":
    main()
