"""A hand-made result of the benefit experiment with known content."""

from ganaug_core.benefit.arms import arms
from ganaug_core.records import Cohort, Samples, Verdict
from ganaug_core.records.benefit import Benefit, Difference, EarlierLook, Look, Score

STATEMENT = "No benefit shown, made by hand."
VALUES = {
    "real": 0.78,
    "weights": 0.77,
    "duplication": 0.76,
    "classical": 0.90,
    "mixed10": 0.905,
    "mixed25": 0.90,
    "mixed50": 0.89,
    "topped": 0.80,
    "synthetic": 0.60,
}


FIRST = Look(number=1, alpha=0.04, next_alpha=0.008, margin=0.02)
SECOND = Look(
    number=2,
    alpha=0.008,
    next_alpha=0.0016,
    margin=0.02,
    earlier=(EarlierLook(number=1, done=5, asked=5, alpha=0.04, state="harms"),),
)


def a_benefit(
    cohort: Cohort, samples: Samples, *, state: str = "none", done: int = 5, asked: int = 5, look: Look = FIRST
) -> Benefit:
    """Nine arms; 10 % synthetic changes the area by +0.005, 50 % by -0.010."""
    rare = cohort.classes[0]
    chosen = tuple(arm for arm in arms(10, 40) if arm.name in VALUES)
    scores, moved = [], []
    for class_name in cohort.classes:
        for measure in ("auroc", "auprc", "sensitivity", "brier", "calibration"):
            for arm in chosen:
                value = VALUES[arm.name]
                ends = (value - 0.02, value + 0.02)
                scores.append(
                    Score(
                        arm=arm.name,
                        measure=measure,
                        class_name=class_name,
                        value=value,
                        interval=ends,
                        repetitions=(value,) * done,
                        better="higher",
                    )
                )
                for against in ("classical", "duplication"):
                    change = value - VALUES[against]
                    around = (change - 0.01, change + 0.01)
                    if arm.name != against:
                        moved.append(
                            Difference(
                                arm=arm.name,
                                against=against,
                                measure=measure,
                                class_name=class_name,
                                value=change,
                                interval=around,
                                p_value=0.3,
                                adjusted=0.6,
                            )
                        )
    sizes = {name: {"train": 10 if name == rare else 40, "holdout": 20} for name in cohort.classes}
    return Benefit(
        cohort={"name": cohort.name, "hash": cohort.digest, "classes": sizes, "holdout_patients": 30},
        synthetic={"name": samples.name, "hash": samples.digest, "source": "generator", "classes": {}, "curated": 6},
        rare=rare,
        seed=0,
        done=done,
        asked=asked,
        look=look,
        settings={"steps": 600, "batch": 48},
        verdict=Verdict(state, STATEMENT, "Use classical augmentation."),
        arms=chosen,
        scores=tuple(scores),
        differences=tuple(moved),
        left_out={"curated": "Nothing was left out by curation."},
        notes=("A note.",),
        command="ganaug benefit small r1",
    )
