"""What flows out of the experiment on augmentation: arms, scores, differences, the answer."""

from dataclasses import dataclass, field
from typing import Any

from ganaug_core.records import Verdict
from ganaug_core.records.made import Made


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What one arm of the benefit experiment shows its classifiers; steps and batch size are equal for all arms.

    Attributes:
        title: What it is called; `says` what is done in it.
        mix: `natural` draws the real images as often as they occur, `balanced` every class equally often, `synthetic`
            synthetic images alone, every class equally often.
        share: Of the draws of the rare class, the share that is synthetic, in [0, 1].
        classical: Shown images are moved, turned, mirrored, scaled and changed a little in gain and noise.
        weighted: The loss weighs the classes by the inverse of how often they are drawn.
        curated: Synthetic images that were rejected or look like copies are left out.
    """

    name: str
    title: str
    says: str
    mix: str = "balanced"
    share: float = 0.0
    classical: bool = False
    weighted: bool = False
    curated: bool = False

    @property
    def uses_synthetic(self) -> bool:
        return self.mix == "synthetic" or self.share > 0

    @property
    def is_dose(self) -> bool:
        """Whether it is classical augmentation with some synthetic images: what the answer is about."""
        return self.classical and self.uses_synthetic


@dataclass(frozen=True, kw_only=True)
class Score:
    """A measure of one arm on the hold-out: the mean over repetitions, its 95 % interval, and each repetition."""

    arm: str
    measure: str
    class_name: str
    value: float
    interval: tuple[float, float]
    repetitions: tuple[float, ...]
    better: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """An arm minus another one, on the same patients and with the same seeds.

    Attributes:
        against: The arm that is subtracted.
        interval: 95 %, for this arm alone: not widened for the number of arms or looks.
        p_value: That it is zero, two-sided, for this arm alone.
        adjusted: The same after correction over the arms; None for measures that are not tested, and before all planned
            repetitions are done.
        not_worse: Corrected p of its being a loss of the margin or more, small where that is ruled out; None where
            `adjusted` is, and for arms that are no dose.
    """

    arm: str
    against: str
    measure: str
    class_name: str
    value: float
    interval: tuple[float, float]
    p_value: float
    adjusted: float | None
    not_worse: float | None = None


@dataclass(frozen=True, kw_only=True)
class EarlierLook:
    """What another experiment on the same images, with other repetitions or settings, has shown already."""

    number: int
    done: int
    asked: int
    alpha: float
    state: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """Which look at the question this is, and what was fixed before the first one.

    Attributes:
        number: From 1; every experiment on the same images and class that showed intervals counts, a stopped one twice.
        alpha: Chance of any wrong claim at this look; all looks together stay below 0.05.
        next_alpha: Of the look after it.
        margin: A loss of area under the ROC curve of this much or more would be "worse", > 0.
        earlier: The looks before it, the first one first.
    """

    number: int
    alpha: float
    next_alpha: float
    margin: float
    earlier: tuple[EarlierLook, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Benefit:
    """Does augmentation with these synthetic images help a classifier of the cohort's labels?

    Attributes:
        cohort: Name, hash, `classes`: images of each class in the training share and in the hold-out;
            `holdout_patients`, None where the patient of an image is unknown, and `holdout_groups`: what is resampled.
        synthetic: Name, hash, source, `n` of each class, and how many of the rare class are left after curation.
        rare: The class that is augmented.
        done, asked: Repetitions (seeds) that every arm has finished, and that were planned.
        verdict: `state` is `helps` (a dose does), `harms` (a dose does and none helps), `none`, or `not_assessable`,
            as before all planned repetitions are done.
        look: None for results from before looks were counted.
        left_out: Arms that could not be had, and why.
        notes: What limits the answer, in sentences.
        made: When and with what; None in results from before it was kept.
    """

    cohort: dict[str, Any]
    synthetic: dict[str, Any]
    rare: str
    seed: int
    done: int
    asked: int
    settings: dict[str, Any]
    verdict: Verdict
    arms: tuple[Arm, ...]
    scores: tuple[Score, ...]
    differences: tuple[Difference, ...]
    look: Look | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    command: str = ""
    made: Made | None = field(default=None, compare=False)
