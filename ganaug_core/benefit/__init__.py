"""Cohort + Samples -> Benefit: do synthetic images help a classifier more than what costs nothing?

`arms` says what each classifier is shown, `classifier` trains it, `classification_scores` and `bootstrap` measure on
the hold-out, `verdict` says it in one sentence. Only real images are tested on. What was trained once is found again by
the digest of what it saw, so a stopped experiment goes on where it was. `looks` counts how often the question was put.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.benefit import bootstrap, looks
from ganaug_core.benefit.arms import BASELINE, DOSES, UNMOVED, chances, checked_doses, class_chances
from ganaug_core.benefit.benefit_json import as_json
from ganaug_core.benefit.classifier import Classifier, as_prevalent
from ganaug_core.benefit.estimate import FEWEST_REPETITIONS
from ganaug_core.benefit.experiment_data import ExperimentData, experiment_data
from ganaug_core.benefit.training_image_sheets import sheet
from ganaug_core.benefit.verdict import answer
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.errors import WorkspaceError
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Cohort, Floats, Samples
from ganaug_core.records.benefit import Arm, Benefit, Look
from ganaug_core.storage.workspace import Workspace

__all__ = ["BASELINE", "REPETITIONS", "Classifier", "Experiment", "as_json"]

REPETITIONS = 5


@dataclass(frozen=True)
class Experiment:
    """An experiment that is ready to run.

    Attributes:
        data: Training, synthetic and held-out images, after all checks.
        look: Which look at this question it is.
        classifier: What every arm trains.
        repetitions: Seeds of every arm, fixed before the first.
        seed: Of the first repetition and of the bootstrap.
        command: What the user asked for, for the record.
        doses: Shares of synthetic images that are tested.
    """

    data: ExperimentData
    look: Look
    classifier: Classifier = field(default_factory=Classifier)
    repetitions: int = REPETITIONS
    seed: int = 0
    command: str = ""
    doses: tuple[float, ...] = DOSES

    @classmethod
    def of(
        cls,
        cohort: Cohort,
        samples: Samples,
        *,
        rare: str | None = None,
        kept: Collection[str] = (),
        rejected: Collection[str] = (),
        copies: Collection[str] = (),
        trust_split: bool = False,
        classifier: Classifier | None = None,
        repetitions: int = REPETITIONS,
        margin: float | None = None,
        doses: Sequence[float] | None = None,
        earlier: Sequence[Benefit] = (),
        seed: int = 0,
        command: str = "",
    ) -> "Experiment":
        """Return the experiment after checking that both sides fit.

        Args:
            rare: The class to augment; the one with the fewest training images if none is given.
            kept, rejected: Ids of synthetic images that somebody kept or rejected.
            copies: Ids of synthetic images that look like copies.
            trust_split: The generator of these images certainly saw nothing but this cohort's training share.
            margin: Loss of AUROC that would be "worse"; that of the first look, else the default, if none is given.
            doses: Shares of synthetic images, of `arms.DOSES`; all if none is given.
            earlier: Experiments on the same cohort and samples that are kept, the oldest first: each was a look.

        Raises:
            EvidenceError: Images or classes that do not fit, too few of them, a generator that may have seen more than
                the training share, or a margin that is no longer free.
        """
        chosen_doses = checked_doses(doses)
        data = experiment_data(
            cohort,
            samples,
            rare=rare,
            kept=kept,
            rejected=rejected,
            copies=copies,
            trust_split=trust_split,
            doses=chosen_doses,
        )
        classifier = classifier or Classifier()
        look = looks.look(
            earlier,
            rare=data.classes[data.rare],
            seed=seed,
            asked=repetitions,
            settings=_settings(classifier, chosen_doses),
            curated_hash=data.about_samples["curated_hash"],
            margin=margin,
        )
        return cls(data, look, classifier, repetitions, seed, command, chosen_doses)

    def run(
        self, cache: Workspace | None = None, *, only: Collection[str] = (), report: Report = silent
    ) -> Iterator[Benefit]:
        """Yield the answer so far, after each classifier of the first repetition and then after each repetition.

        Args:
            cache: Where trained arms are kept and found again.
            only: Names of the arms to run; all that can be had if none is given.
            report: Progress over all repetitions.
        """
        data = self.data
        chosen = [arm for arm in data.arms if not only or arm.name in only]
        weights = bootstrap.resampled(data.groups, data.test_labels, data.rare, self.seed)
        scores: dict[tuple[str, int], NDArray[np.float64]] = {}
        total = len(chosen) * self.repetitions
        for repetition in range(self.repetitions):
            for arm in chosen:
                doing = f"Repetition {repetition + 1} of {self.repetitions}: {arm.title.lower()}"
                begun = len(scores)

                def report_trial(share: float, _: str, begun: int = begun, doing: str = doing) -> None:
                    report((begun + share) / total, doing)

                report_trial(0.0, "")
                probabilities = self._trial(arm, self.seed + repetition, cache, report_trial)
                scores[arm.name, repetition] = bootstrap.measured(probabilities, data.test_labels, weights)
                if repetition == 0 or arm is chosen[-1]:
                    yield self._so_far(chosen, scores, repetition + (arm is chosen[-1]))
        report(1.0, "Done")

    def sheets(self) -> dict[str, bytes]:
        """Return a PNG for each arm of what its classifiers are shown; synthetic images have a frame."""
        return {arm.name: sheet(self.data, arm, self.classifier, self.seed) for arm in self.data.arms}

    def _trial(self, arm: Arm, seed: int, cache: Workspace | None, report: Report) -> Floats:
        """Return (n_holdout, class) probabilities of one classifier, trained unless that was done before."""
        data = self.data
        origin = data.origin(arm, {**self.classifier.facts(), "seed": seed})
        name = origin.key("trials")
        if cache is not None and cache.exists("trials", name):
            with suppress(WorkspaceError):  # damaged: it is only a cache
                return np.array(cache.array("trials", name, "probabilities"))
        rows = data.shown(arm)
        labels, synthetic = data.labels[rows], data.synthetic[rows]
        chance = chances(arm, labels, synthetic, data.rare)
        shown_prevalence = class_chances(chance, labels, len(data.classes))
        weights = shown_prevalence.sum() / (len(shown_prevalence) * shown_prevalence) if arm.weighted else None
        network = self.classifier.fit(
            data.images[rows],
            labels,
            chance,
            len(data.classes),
            weights=weights,
            classical=arm.classical,
            seed=seed,
            report=report,
        )
        learnt_prevalence = shown_prevalence if weights is None else shown_prevalence * weights
        probabilities = as_prevalent(
            self.classifier.tell(network, data.test_images), learnt_prevalence, data.prevalence
        )
        if cache is not None:
            manifest = {"schema": "ganaug.trial/1", "arm": asdict(arm), "seed": seed}
            cache.write("trials", name, manifest, {"probabilities": probabilities}, origin=origin, replace=True)
        return probabilities

    def _so_far(self, chosen: list[Arm], measured: bootstrap.Measured, done: int) -> Benefit:
        data = self.data
        rare = data.classes[data.rare]
        scores = bootstrap.scores(measured, data.classes)
        had = [arm for arm in chosen if any(name == arm.name for name, _ in measured)]
        doses = {arm.name for arm in had if arm.is_dose}
        margin = self.look.margin if FEWEST_REPETITIONS <= done == self.repetitions else None
        differences = (
            *bootstrap.differences(measured, data.classes, rare, BASELINE, doses=doses, margin=margin),
            *bootstrap.differences(measured, data.classes, rare, UNMOVED, margin=margin),
        )
        verdict = answer(had, scores, differences, rare, done=done, asked=self.repetitions, look=self.look)
        return Benefit(
            cohort=data.about_cohort,
            synthetic=data.about_samples,
            rare=rare,
            seed=self.seed,
            done=done,
            asked=self.repetitions,
            settings=_settings(self.classifier, self.doses),
            look=self.look,
            verdict=verdict,
            arms=tuple(had),
            scores=scores,
            differences=differences,
            left_out=dict(data.left_out),
            notes=(_covered(data, done), *looks.sentences(self.look), *data.notes),
            command=self.command,
        )


def _covered(data: ExperimentData, done: int) -> str:
    """Say what an interval holds; `estimate` knows how trainings vary from three repetitions on."""
    held_out = f"held-out {'images' if data.about_cohort['holdout_patients'] is None else 'patients'}"
    sources = f"{held_out} and between repetitions" if done >= FEWEST_REPETITIONS else f"{held_out} alone"
    return (
        f"A 95 % interval holds the variation between {sources}, one arm at a time: "
        "it is not widened for the number of arms or looks. It speaks of this training share and these synthetic "
        "images: other training images, or the same generator trained anew, may give another answer."
    )


def _settings(classifier: Classifier, doses: Sequence[float]) -> dict[str, Any]:
    """Return what tells an experiment from another one; where all doses are tested they are not named, as ever."""
    chosen = {} if tuple(doses) == DOSES else {"doses": list(doses)}
    return {"revision": REVISIONS["benefits"], **classifier.facts(), "resamples": bootstrap.RESAMPLES, **chosen}
