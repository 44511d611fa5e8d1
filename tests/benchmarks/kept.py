"""Is the checkpoint that a run keeps better than its last one? Asked of judges that the run does not know.

    python tests/benchmarks/kept.py recommended dcgan-64 --cohort phantom --minutes 2 --seeds 0 1 2
    python tests/benchmarks/kept.py recommended small --cohort mednist --data ../shared/data --minutes 2 --seeds 0 1 2

The judges are those of `recipes.py`, fitted on real images of which the run saw none: the Fréchet distance in an
oracle's space, and how often a classifier trained on the generated images alone is right on fresh real ones. Each
measured checkpoint is judged, so that the best moment in hindsight and the rank of the kept one are known too. `small`
is the recommended recipe without augmentation on 20 images a class: a run that is bound to get worse.

A minute is a minute of processor time of one thread. Below 1, a ratio of distances says that keeping helped.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.config import TrainingConfig
from ganaug_core.generators.sampling import run as draw
from ganaug_core.records import Cohort, Floats, Integers
from ganaug_core.training import Training
from ganaug_core.training import run as training_run
from tests.benchmarks.alarms import few
from tests.benchmarks.recipes import Classifier, Truth, answered, fit, of_mednist, of_phantom, plan

JUDGED, FITTING_STEPS, SMALL = 1_200, 500, 20


def planned(name: str, cohort: Cohort, minutes: float, seed: int) -> tuple[Cohort, TrainingConfig]:
    if name == "small":
        chosen = plan("recommended", minutes, seed)
        return few(cohort, SMALL), chosen.model_copy(update={"augment": "off"})
    return cohort, plan(name, minutes, seed)


def useful(truth: Truth, images: Floats, labels: Integers) -> float:
    """Return how often a classifier trained on generated images is right on fresh real ones."""
    network = Classifier(int(truth.of_class.max()) + 1, images.shape[2])
    fit(network, images, labels, 0, FITTING_STEPS)
    return float((answered(network, truth.fresh) == truth.labels).mean())


def judged(name: str, cohort: Cohort, truth: Truth, minutes: float, seed: int) -> dict[str, object]:
    """Train, judge each measured checkpoint, and return what was found."""
    training = Training(*planned(name, cohort, minutes, seed))
    asked = truth.labels[np.linspace(0, len(truth.labels) - 1, JUDGED).round().astype(int)]
    torch.manual_seed(1_000 + seed)
    latents, labels = torch.randn(JUDGED, training.parts.architecture.latent), torch.from_numpy(asked)
    moments: dict[int, dict[str, float | None]] = {}
    made = kept = np.zeros(0, np.float32)
    for report in training:
        if report.checkup is None:
            continue
        average = training.networks.averaged_generator.eval()
        parts = zip(latents.split(250), labels.split(250), strict=True)
        made = np.concatenate([draw(average, *each).numpy() for each in parts])
        if report.kept == report.images:
            kept = made
        measures = {each.name: each.value for each in report.checkup.measurements if each.class_name is None}
        moments[report.images] = {
            "oracle": truth.distances(made)[0],
            "copying_p": report.checkup.copying_p,
            **measures,
        }
    distances = {images: each["oracle"] for images, each in moments.items()}
    last = max(distances)
    return {
        "cohort": cohort.name,
        "run": name,
        "seed": seed,
        "kept": training.kept_images,
        "last": last,
        "distance": [distances[training.kept_images], distances[last], min(distances.values())],
        "rank": sorted(distances.values()).index(distances[training.kept_images]) + 1,
        "useful": [useful(truth, each, asked) for each in (kept, made)],
        "moments": moments,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="+", help="recipes, sn-hinge, or small")
    parser.add_argument("--cohort", choices=("phantom", "mednist"), default="phantom")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--keep", type=Path, help="folder of the classifiers, which are then trained only once")
    parser.add_argument("--moments", type=Path, help="file to which every checkpoint of every run is added, as JSON")
    given = parser.parse_args()
    torch.set_num_threads(1)
    kept = given.keep / f"{given.cohort}-oracles.safetensors" if given.keep else None
    cohort, truth = of_phantom(kept) if given.cohort == "phantom" else of_mednist(given.data, kept)
    training_run.time = SimpleNamespace(perf_counter=time.process_time)  # type: ignore[attr-defined]
    print("| cohort | run | seed | kept at, of | rank | distance kept, last, best | kept / last | useful kept, last |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for name in given.names:
        for seed in given.seeds:
            found = judged(name, cohort, truth, given.minutes, seed)
            (now, last, best), (useful_kept, useful_last) = found["distance"], found["useful"]  # type: ignore[misc]
            print(
                f"| {cohort.name} | {name} | {seed} | {found['kept']:,} of {found['last']:,} | "
                f"{found['rank']} of {len(found['moments'])} | {now:.2f}, {last:.2f}, {best:.2f} | "  # type: ignore[arg-type]
                f"{now / last:.2f} | {useful_kept:.3f}, {useful_last:.3f} |",
                flush=True,
            )
            if given.moments is not None:
                with given.moments.open("a") as file:
                    print(json.dumps(found), file=file)


if __name__ == "__main__":
    main()
