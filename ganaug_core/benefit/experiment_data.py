"""The images of the experiment, checked: which images are shown, which are tested on, and which arms can be had."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.benefit.arms import arms
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.errors import EvidenceError
from ganaug_core.metrics.class_names import labels_in
from ganaug_core.records import HOLDOUT, TRAIN, UNKNOWN_PATIENT, Cohort, Floats, Integers, Names, Samples
from ganaug_core.records.benefit import Arm
from ganaug_core.records.digest import digest_of
from ganaug_core.records.origin import Origin

FEWEST_TRAINING, FEWEST_TESTED, FEWEST_GROUPS, FEWEST_SYNTHETIC = 4, 10, 5, 8
KEPT_BY_HAND = 20


@dataclass(frozen=True)
class ExperimentData:
    """Training images of a cohort followed by synthetic ones, and the hold-out.

    Attributes:
        cohort, samples: Identity of each.
        images: (n, channel, row, column) in [-1, 1]; `labels` (n,) in the cohort's order of classes.
        synthetic: (n,) whether an image is synthetic; `curated` (n,) whether curation leaves it.
        test_images: (m, channel, row, column), `test_labels` (m,), `groups` (m,) patient or near-duplicates.
        rare: Number of the augmented class.
        prevalence: (classes,) share of each class in the training share.
        arms: What can be had, in the order of work; `left_out` names the rest and why.
    """

    cohort: str
    samples: str
    classes: tuple[str, ...]
    rare: int
    images: Floats
    labels: Integers
    synthetic: NDArray[np.bool_]
    curated: NDArray[np.bool_]
    test_images: Floats
    test_labels: Integers
    groups: Integers
    prevalence: NDArray[np.float64]
    arms: tuple[Arm, ...]
    left_out: Mapping[str, str]
    about_cohort: dict[str, Any]
    about_samples: dict[str, Any]
    notes: tuple[str, ...]

    def shown(self, arm: Arm) -> Integers:
        """Return the rows that an arm may show."""
        chosen = np.full(len(self.labels), arm.mix != "synthetic") & ~self.synthetic
        if arm.uses_synthetic:
            usable = self.synthetic & (self.curated if arm.curated else True)
            chosen |= usable & ((self.labels == self.rare) | (arm.mix == "synthetic"))
        return np.flatnonzero(chosen)

    def origin(self, arm: Arm, settings: Mapping[str, Any]) -> Origin:
        """Return what a trial of the arm is made from: arms without synthetic images do not depend on them."""
        shown = {key: value for key, value in asdict(arm).items() if key not in ("title", "says")}
        inputs = {"cohort": self.cohort} | ({"samples": self.samples} if arm.uses_synthetic else {})
        curated = digest_of(self.curated) if arm.curated else None
        return Origin(
            inputs=inputs,
            settings={"rare": self.rare, "arm": shown, "curated": curated, **settings},
            revision=REVISIONS["trials"],
        )


def experiment_data(
    cohort: Cohort,
    samples: Samples,
    *,
    rare: str | None,
    kept: Collection[str],
    rejected: Collection[str],
    copies: Collection[str],
    trust_split: bool,
    doses: Sequence[float],
) -> ExperimentData:
    """Return the images and what can be done with them; see `Experiment.of` for the arguments and what is refused."""
    trusted = _check_origin(cohort, samples, trust_split)
    train, holdout = cohort.where(TRAIN), cohort.where(HOLDOUT)
    counts = np.bincount(cohort.labels[train], minlength=len(cohort.classes))
    chosen = _rare(cohort, rare, counts)
    _check_sizes(cohort, chosen, counts, holdout)
    synthetic_labels = _made_labels(cohort, samples, chosen)
    curated = _curated(samples.ids, synthetic_labels == chosen, kept, rejected, copies)
    wanted = arms(int(counts[chosen]), int(counts.max()), doses)
    possible, left_out = _arms(wanted, chosen, synthetic_labels, curated, len(cohort.classes))
    return ExperimentData(
        cohort=cohort.identity,
        samples=samples.identity,
        classes=cohort.classes,
        rare=chosen,
        images=np.concatenate([cohort.images(train), np.asarray(samples.images, np.float32)]),
        labels=np.concatenate([cohort.labels[train], synthetic_labels]),
        synthetic=np.repeat([False, True], [len(train), len(synthetic_labels)]),
        curated=np.concatenate([np.zeros(len(train), bool), curated]),
        test_images=cohort.images(holdout),
        test_labels=np.asarray(cohort.labels[holdout]),
        groups=np.asarray(cohort.groups[holdout]),
        prevalence=counts / counts.sum(),
        arms=possible,
        left_out=left_out,
        about_cohort=_about_cohort(cohort, counts, holdout),
        about_samples=_about_samples(samples, synthetic_labels, curated, chosen, cohort.classes),
        notes=_notes(cohort, samples, trusted),
    )


def _check_origin(cohort: Cohort, samples: Samples, trust_split: bool) -> bool:
    """Return whether the generator's training share is known from its passport, not only from the user."""
    training_cohort = samples.provenance.get("cohort")
    if training_cohort == cohort.digest:
        return True
    if trust_split:
        return False
    if training_cohort is None:
        raise EvidenceError(
            f"It is not known what the generator of {samples.name} was trained on. If it has seen hold-out images, or "
            "others that the classifiers do not see, the experiment would flatter it.",
            do="Tick that it saw this cohort's training share only, if you know so (command line: --trust-split).",
            code="unknown_training_share",
        )
    raise EvidenceError(
        f"The generator of {samples.name} was trained on other images than the training share of {cohort.name}, so it "
        "may bring in images that the classifiers must not know.",
        do=f"Train a generator on {cohort.name}; or tick that it saw nothing but that share, if you know "
        "so (command line: --trust-split).",
        code="other_training_share",
    )


def _rare(cohort: Cohort, rare: str | None, counts: Integers) -> int:
    if rare is None:
        return int(counts.argmin())
    if rare not in cohort.classes:
        raise EvidenceError(
            f"The cohort {cohort.name} has no class named {rare}.",
            do=f"Choose one of: {', '.join(cohort.classes)}.",
            code="unknown_class",
        )
    return cohort.classes.index(rare)


def _check_sizes(cohort: Cohort, rare: int, counts: Integers, holdout: Integers) -> None:
    name = cohort.classes[rare]
    if len(cohort.classes) < 2:
        raise EvidenceError(
            f"{cohort.name} has one class, so there is nothing to tell apart.", do="Import a cohort with two classes."
        )
    if counts.min() < FEWEST_TRAINING:
        few = cohort.classes[int(counts.argmin())]
        raise EvidenceError(
            f"{few} has {counts.min()} training images.", do=f"At least {FEWEST_TRAINING} are needed.", code="too_few"
        )
    is_rare = cohort.labels[holdout] == rare
    for side, words in ((is_rare, name), (~is_rare, f"other classes than {name}")):
        groups = len(np.unique(cohort.groups[holdout][side]))
        if side.sum() < FEWEST_TESTED or groups < FEWEST_GROUPS:
            raise EvidenceError(
                f"The hold-out has {side.sum()} images of {words}, {groups} of them apart (of different "
                "patients where these are known, and no near-duplicates): too few to test on.",
                do=f"Import with a larger hold-out: at least {FEWEST_TESTED} images, {FEWEST_GROUPS} of them apart.",
                code="too_few",
            )


def _made_labels(cohort: Cohort, samples: Samples, rare: int) -> Integers:
    """Return (m,) synthetic labels in the cohort's order of classes."""
    labels = labels_in(cohort, samples)
    if tuple(samples.images.shape[1:]) != cohort.shape:
        raise EvidenceError(
            f"The synthetic images have another size than those of {cohort.name}.",
            do="Import them for this cohort, or draw them from a generator of it.",
            code="shape",
        )
    if (labels == rare).sum() < FEWEST_SYNTHETIC:
        raise EvidenceError(
            f"There are {(labels == rare).sum()} synthetic images of {cohort.classes[rare]}.",
            do=f"Draw at least {FEWEST_SYNTHETIC} of them, better some hundred.",
            code="too_few",
        )
    return labels


def _curated(
    ids: Names, rare: NDArray[np.bool_], kept: Collection[str], rejected: Collection[str], copies: Collection[str]
) -> NDArray[np.bool_]:
    """Return what curation leaves: where enough of the rare class were kept by hand those alone, else all that nobody
    rejected; suspected copies leave in both cases."""
    by_hand = np.isin(ids, list(kept))
    fit = by_hand if (by_hand & rare).sum() >= KEPT_BY_HAND else ~np.isin(ids, list(rejected))
    result: NDArray[np.bool_] = fit & ~np.isin(ids, list(copies))
    return result


def _arms(
    wanted: Sequence[Arm], rare: int, synthetic_labels: Integers, usable: NDArray[np.bool_], classes: int
) -> tuple[tuple[Arm, ...], dict[str, str]]:
    possible, left_out = [], {}
    synthetic_counts = np.bincount(synthetic_labels, minlength=classes)
    for arm in wanted:
        if arm.mix == "synthetic" and (synthetic_counts < FEWEST_SYNTHETIC).any():
            left_out[arm.name] = "Some classes have no synthetic images."
        elif arm.curated and usable[synthetic_labels == rare].all():
            left_out[arm.name] = "There is nothing to leave out: no image was rejected, and no audit named a copy."
        elif arm.curated and usable[synthetic_labels == rare].sum() < FEWEST_SYNTHETIC:
            left_out[arm.name] = f"Curation leaves {usable[synthetic_labels == rare].sum()} images."
        else:
            possible.append(arm)
    return tuple(possible), left_out


def _about_cohort(cohort: Cohort, counts: Integers, holdout: Integers) -> dict[str, Any]:
    tested = np.bincount(cohort.labels[holdout], minlength=len(cohort.classes))
    sizes = {
        name: {"train": int(train), "holdout": int(test)}
        for name, train, test in zip(cohort.classes, counts, tested, strict=True)
    }
    patients = cohort.patients[holdout]
    return {
        "name": cohort.name,
        "hash": cohort.digest,
        "classes": sizes,
        "holdout_patients": None if (patients == UNKNOWN_PATIENT).any() else len(np.unique(patients)),
        "holdout_groups": len(np.unique(cohort.groups[holdout])),
    }


def _about_samples(
    samples: Samples, synthetic_labels: Integers, usable: NDArray[np.bool_], rare: int, classes: tuple[str, ...]
) -> dict[str, Any]:
    counts = np.bincount(synthetic_labels, minlength=len(classes))
    return {
        "name": samples.name,
        "hash": samples.digest,
        "source": samples.source,
        "classes": {name: int(count) for name, count in zip(classes, counts, strict=True)},
        "curated": int(usable[synthetic_labels == rare].sum()),
        "curated_hash": digest_of(usable),
    }


def _notes(cohort: Cohort, samples: Samples, trusted: bool) -> tuple[str, ...]:
    notes = []
    if not trusted:
        notes.append("That the generator saw this training share only is your word; its passport does not show it.")
    tested = cohort.patients[cohort.where(HOLDOUT)]
    if unknown := int((tested == UNKNOWN_PATIENT).sum()):
        whose = "Patients" if unknown == len(tested) else f"Patients of {unknown} of {len(tested)} hold-out images"
        notes.append(
            f"{whose} are unknown: such images were resampled as if each came from a patient of its own, "
            "near-duplicates together. If some share a patient, the intervals are too short."
        )
    if made_rarer := cohort.provenance.get("rarer"):
        notes.append(
            f"The class {made_rarer['class']} was made rarer on purpose; the hold-out kept its frequency, which moves "
            "AUPRC and calibration but not AUROC."
        )
    return tuple(notes)
