"""Source -> Cohort: read, check, leave out what cannot be used (and say so), find near-duplicates, split by patient."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

import ganaug_core
from ganaug_core import readers
from ganaug_core.cohort import draft_split, exact_duplicates, image_ids, patient_groups, pixels, reading, value_facts
from ganaug_core.cohort.class_reduction import reduce_class
from ganaug_core.cohort.cohort_json import as_json
from ganaug_core.cohort.exact_duplicates import ExactDuplicates
from ganaug_core.cohort.image_stack import Stack
from ganaug_core.cohort.import_progress import ImportProgress
from ganaug_core.cohort.masks import Masks
from ganaug_core.cohort.patient_groups import Draft
from ganaug_core.cohort.source_size import expected
from ganaug_core.cohort.synthetic_images import import_samples
from ganaug_core.config.importing import Plan
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report, silent
from ganaug_core.readers.embedded import EMBEDDED, PREFIX
from ganaug_core.records import ROLES, Cohort, Floats, Integers, Intensity, Pixels, Slice
from ganaug_core.storage.workspace import check_name, installation_salt
from ganaug_core.wording import count

__all__ = ["EMBEDDED", "Imported", "Plan", "as_json", "import_cohort", "import_samples", "read_cohort", "reduce_class"]

SIZES = (8, 512)


@dataclass(frozen=True)
class Imported:
    """A cohort, where each image came from (id to path; it must not leave the machine), and how to split it again."""

    cohort: Cohort
    paths: dict[str, str]
    draft: Draft

    @property
    def proposes_patients(self) -> bool:
        """Whether the split is ours, patients are unknown, and the files' names seem to tell them."""
        return not self.cohort.own_split and bool(self.cohort.provenance["proposed_patterns"])


def import_cohort(
    source: str | Path,
    name: str,
    *,
    size: int = 64,
    value_range: tuple[float, float] | None = None,
    percentiles: tuple[float, float] | None = None,
    tuning: float = 0.15,
    holdout: float = 0.25,
    seed: int = 0,
    columns: readers.Columns | None = None,
    choices: readers.Choices | None = None,
    near_duplicate_limit: float = 0.03,
    pattern: str = "",
    report: Report = silent,
) -> tuple[Cohort, dict[str, str]]:
    """Return a cohort whose split is fixed, and where each image came from. See `read_cohort`."""
    plan = Plan(tuning=tuning, holdout=holdout, seed=seed, near_duplicate_limit=near_duplicate_limit, pattern=pattern)
    settings = {"size": size, "value_range": value_range, "percentiles": percentiles, "columns": columns}
    imported = read_cohort(source, name, plan, choices=choices, report=report, **settings)  # type: ignore[arg-type]
    return imported.cohort, imported.paths


def read_cohort(
    source: str | Path,
    name: str,
    plan: Plan,
    *,
    size: int = 64,
    value_range: tuple[float, float] | None = None,
    percentiles: tuple[float, float] | None = None,
    columns: readers.Columns | None = None,
    choices: readers.Choices | None = None,
    fixed: bool = True,
    folder: Path | None = None,
    report: Report = silent,
) -> Imported:
    """Read a source and split it.

    Memory does not grow with the number of images beyond what the search for near-duplicates needs.

    Args:
        source: See `readers.read`.
        plan: How to split. A source's own hold-out is kept; its tuning share too, and where it names none, that is
            taken from its training share.
        size: Rows and columns of the stored images.
        value_range: Physical values that become -1 and 1; others are clipped to them.
        percentiles: The same in percent of all values, in place of `value_range`.
        choices: How series and volumes become slices; its `size` is ours.
        fixed: The split never changes; otherwise it is a proposal. A source's own split is always fixed.
        folder: Where the images lie while they are gathered; by default with the temporary files.

    Raises:
        CohortError: Nothing usable, more than a fifth unreadable, an empty class, or settings that cannot be.
        WorkspaceError: The disk is full.
    """
    check_name(name)
    _check(size, value_range, percentiles)
    patient_groups.check_shares(plan.tuning, plan.holdout)
    progress = ImportProgress(report, expected(source, columns), _search_seconds(plan.near_duplicate_limit))
    choices = replace(choices or readers.Choices(), size=size)
    with Stack(folder) as stack, Masks(folder) as mask_stack:
        gathered = reading.read(
            source,
            columns,
            replace(choices or readers.Choices(), size=size),
            stack,
            mask_stack,
            report=progress.reading,
        )
        duplicates = exact_duplicates.exact(gathered.slices, [stack.digests[row] for row in gathered.rows])
        if not duplicates.kept:
            raise CohortError(
                "Every image is there under two labels.",
                do="Decide which class is right, remove the other files and import again.",
                code="two_labels",
            )
        slices = [gathered.slices[row] for row in duplicates.kept]
        rows = [gathered.rows[row] for row in duplicates.kept]
        usual = replace(slices[0], modality=_modality(slices) or None)
        intensity, why = pixels.intensity_of(
            stack, rows, usual, str(source), value_range=value_range, percentiles=percentiles
        )
        stored, clipped = stack.chosen(rows, intensity.low, intensity.high)
        values = value_facts.facts(stack, rows, slices, intensity, why=why, clipped=clipped)
        masks = mask_stack.chosen(rows)
        below = sum(stack.lows[row] < intensity.low for row in rows)
        above = sum(stack.highs[row] > intensity.high for row in rows)
    classes, labels = reading.labelled(slices)
    salt = b"" if str(source).startswith(PREFIX) else installation_salt()
    ids = image_ids.ids(stored, [image.source for image in slices], salt)

    own_split = any(image.role == ROLES[-1] for image in slices)
    limit = plan.near_duplicate_limit
    widest = limit if fixed or own_split else max(limit, patient_groups.WIDEST_LIMIT)
    pairs, distances, widest = _near_duplicates(intensity, stored, widest, limit, progress.searching)
    draft = _draft(gathered.slices, duplicates, near_duplicates=pairs, distances=distances, widest=widest, plan=plan)
    volumes = np.array(draft.volumes[: len(rows)], np.int64)
    empty = np.zeros(0, np.int64)
    proposed = Cohort(
        name=name,
        digest="",
        pixels=stored,
        labels=labels,
        roles=empty,
        ids=ids,
        patients=empty,
        groups=empty,
        classes=classes,
        intensity=intensity,
        near_duplicates=empty,
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=own_split,
        spacing_mm=reading.common_spacing(slices),
        duplicates=duplicates.counts,
        skipped=(*gathered.skipped, *duplicates.skipped),
        provenance={
            "ganaug": ganaug_core.__version__,
            "settings": {"size": size},
            "images": [
                *_about(slices, sum(row in mask_stack for row in rows)),
                *value_facts.sentences(values, intensity, below=below, above=above),
            ],
            "values": values,
            "clipped": [below, above],
            "dropped": gathered.dropped,
            "original_size": _original_size(slices),
        },
        volumes=volumes if (volumes >= 0).any() else empty,
        modality=_modality(slices),
        suspected_text={
            str(image): gathered.suspected[row]
            for image, row in zip(ids, duplicates.kept, strict=True)
            if row in gathered.suspected
        },
        fixed=fixed or own_split,
        masks=masks,
        columns=columns.keep if columns is not None else (),
        column_values=np.array([image.columns for image in slices], np.str_).reshape(len(slices), -1),
    )
    paths = dict(zip(ids.tolist(), (image.source for image in slices), strict=True))
    split = draft_split.tried(proposed, draft, plan, paths)
    report(1.0, f"{len(split):,} images")
    return Imported(replace(split, digest=draft_split.digest_of_content(split)), paths, draft)


def _original_size(slices: Sequence[Slice]) -> int | None:
    """Return the longer edge that all images had in pixels before they were brought to one size, None where it differs.

    Their pixels are not here any more; their shape is.
    """
    edges = {max(image.pixels.shape[1:]) for image in slices}
    return edges.pop() if len(edges) == 1 else None


def _check(size: int, value_range: tuple[float, float] | None, percentiles: tuple[float, float] | None) -> None:
    if not SIZES[0] <= size <= SIZES[1]:
        raise CohortError(
            f"Images of {size} pixels cannot be made.", do=f"Choose {SIZES[0]} to {SIZES[1]}.", code="size"
        )
    if value_range is not None and not value_range[0] < value_range[1]:
        raise CohortError(
            f"The range {value_range[0]:g} to {value_range[1]:g} is empty.",
            do="Give the lower value first.",
            code="range",
        )
    if percentiles is not None and not 0 <= percentiles[0] < percentiles[1] <= 100:
        raise CohortError(
            f"Percentiles from {percentiles[0]:g} to {percentiles[1]:g} cannot be.",
            do="Give two numbers from 0 to 100, the lower one first.",
            code="range",
        )


def _draft(
    slices: Sequence[Slice],
    duplicates: ExactDuplicates,
    *,
    near_duplicates: Integers,
    distances: Floats,
    widest: float,
    plan: Plan,
) -> Draft:
    """Return what the source told: the cohort's images first, then the exact duplicates that were left out."""
    kept = set(duplicates.kept)
    order = [*duplicates.kept, *(row for row in range(len(slices)) if row not in kept)]
    new_row = {row: number for number, row in enumerate(order)}
    linked = {row for pair in duplicates.pairs.tolist() for row in pair}
    ordered = [slices[row] for row in order if row in kept or row in linked]
    return Draft(
        patients=patient_groups.numbered([image.patient for image in ordered]),
        volumes=patient_groups.numbered([image.volume for image in ordered]),
        links=[[new_row[one], new_row[other]] for one, other in duplicates.pairs.tolist()],
        files=[image.source for image in ordered[len(kept) :]],
        given=[ROLES.index(image.role) if image.role else -1 for image in ordered[: len(kept)]],
        near=near_duplicates.tolist(),
        distances=distances.astype(float).tolist(),
        widest=widest,
        plan=asdict(plan),
    )


def _search_seconds(limit: float) -> Callable[[int], float]:
    if limit <= 0:
        return lambda images: 0.0
    from ganaug_core.neighbours import registered_search  # torch: only a worker imports cohorts

    return registered_search.expected_seconds


def _near_duplicates(
    intensity: Intensity, stored: Pixels, limit: float, least: float, report: Report
) -> tuple[Integers, Floats, float]:
    """Return pairs up to the limit with their distances, and the limit that they are complete for.

    Where far too many images resemble each other, only the closest pairs are kept, but all up to `least`.
    """
    if limit <= 0 or len(stored) < 2:
        return np.zeros((0, 2), np.int64), np.zeros(0, np.float32), limit
    from ganaug_core import neighbours  # torch: only a worker imports cohorts

    pairs, distances = neighbours.near_duplicate_pairs(pixels.reduced(stored, intensity), limit, report=report)
    if len(pairs) > patient_groups.MOST_PAIRS:
        limit = max(least, float(np.partition(distances, patient_groups.MOST_PAIRS)[patient_groups.MOST_PAIRS]))
        close = distances <= limit
        pairs, distances = pairs[close], distances[close]
    return pairs, distances, limit


def _modality(slices: Sequence[Slice]) -> str:
    """Return the modality of most images, empty where most name none."""
    return Counter(image.modality or "" for image in slices).most_common(1)[0][0]


def _about(slices: Sequence[Slice], masks: int) -> list[str]:
    """Say what was done to the images."""
    sentences = []
    colour = sum(image.colour for image in slices)
    if colour and len(slices[0].pixels) == 3:
        sentences.append(f"{colour:,} images are in colour and stay so: red, green and blue are three channels.")
        if colour < len(slices):
            sentences.append(f"{len(slices) - colour:,} images are grey: their three channels are equal.")
    elif colour:
        sentences.append(
            f"{colour:,} images were in colour and became grey (luminance, ITU-R BT.601); of 8-bit pictures and "
            "arrays it stays where you ask for it at import (--colour)."
        )
    if synthetic := sum(image.synthetic for image in slices):
        say = count(synthetic, "image says in its file that it is", "images say in their files that they are")
        sentences.append(
            f"{say} synthetic. A cohort is taken for real images: leave what is synthetic out, "
            "or bring it as synthetic images."
        )
    if masks:
        sentences.append(f"{masks:,} images have a mask, which is kept with them on the same grid.")
    return sentences
