"""Which columns of a table may stay with the images: those that make subgroups, none that tells persons apart."""

from collections.abc import Sequence

from ganaug_core.errors import CohortError
from ganaug_core.records.subgroups import MOST_VALUES, as_number, stated

__all__ = ["check_use", "check_values", "stated"]

IDENTIFYING = 0.8  # values over patients
MOST_LETTERS = 60
USES = {
    "image": "names the images, so it tells persons apart",
    "patient": "names the patients, so it tells persons apart",
    "label": "is the class, which every image has already",
    "split": "is the split, which every image has already",
}


def check_use(name: str, use: str | None) -> None:
    """Refuse a column that has a use of its own.

    Raises:
        CohortError: It is the column of the images, patients, classes or of the split.
    """
    if use is not None:
        raise CohortError(
            f"The column {name} cannot be kept for subgroups: it {USES[use]}.",
            do="Keep columns such as sex, age or scanner.",
            code="keep_column",
        )


def check_values(name: str, values: Sequence[tuple[str, str]]) -> None:
    """Refuse a column whose values make no subgroups.

    Args:
        values: Patient (the image where none is named) and value of each row, empty where it is not stated.

    Raises:
        CohortError: It states one value or none, free text, a value for nearly every patient, or many that are no
            numbers.
    """
    distinct = {value for _, value in values if value}
    patients = len({patient for patient, value in values if value})
    if len(distinct) < 2:
        raise _refusal(
            name,
            "it states the same value everywhere" if distinct else "it states no value",
            "Leave it out, or fill it in.",
        )
    if max(map(len, distinct)) > MOST_LETTERS:
        raise _refusal(
            name, f"a value has more than {MOST_LETTERS} letters, as free text has", "Keep a column of short values."
        )
    if len(distinct) > IDENTIFYING * patients:
        raise _refusal(
            name,
            f"{len(distinct):,} values for {patients:,} patients (images where none is named) tell persons apart",
            "Keep a column that many patients share a value of; round numbers, such as age to whole years or decades.",
        )
    if len(distinct) > MOST_VALUES and any(as_number(value) is None for value in distinct):
        raise _refusal(
            name,
            f"it has {len(distinct):,} values, and subgroups need few: {MOST_VALUES} at most, or numbers, which are "
            "cut into thirds",
            "Join values in the table.",
        )


def _refusal(name: str, why: str, do: str) -> CohortError:
    return CohortError(f"The column {name} cannot be kept for subgroups: {why}.", do=do, code="keep_column")
