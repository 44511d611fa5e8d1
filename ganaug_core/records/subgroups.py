"""How the values of a kept column make subgroups of real images, and which of these may be shown.

A subgroup of fewer than 11 patients is not shown: its number would say something about single persons. Where it would
follow from what is shown (all, less the others), further subgroups of the column are withheld too.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import TRAIN, UNKNOWN_PATIENT, Cohort, Integers, Names

LEAST = 11  # patients: the usual limit of public statistics on health
MOST_VALUES = 12  # numbers with more are cut into thirds
NOT_STATED = "not stated"
FEW, WITHHELD = "10 or fewer", "withheld"
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})


@dataclass(frozen=True)
class Column:
    """The subgroups of one column.

    Attributes:
        groups: Their names; `of` (n,) the subgroup of each image, -1 where none is stated.
        patients: Of each subgroup; images where patients are unknown, near-duplicates counted once.
        not_stated: Patients of none.
        withheld: Why a subgroup is not shown, by its name; also `NOT_STATED`.
        cuts: Where numbers were cut, empty for values as they are.
    """

    name: str
    groups: tuple[str, ...]
    of: Integers
    patients: tuple[int, ...]
    not_stated: int
    withheld: Mapping[str, str]
    cuts: tuple[float, ...] = ()

    def shown(self, group: str) -> int | None:
        """Return how many patients a subgroup has, None where that is withheld."""
        if group in self.withheld:
            return None
        return self.not_stated if group == NOT_STATED else self.patients[self.groups.index(group)]


def stated(text: str) -> str:
    """Return a value without the space around it, empty where it only says that there is none."""
    value = text.strip()
    return "" if value.casefold() in MISSING else value


def as_number(text: str) -> float | None:
    """Return the finite number that a value is, None where it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def column(cohort: Cohort, name: str) -> Column:
    """Return the subgroups of a column that the cohort kept; numbers with many values become thirds.

    The thirds are cut at the terciles of the training patients. A patient whose images state different values belongs
    to the one that most of them state.
    """
    values = cohort.column_values[:, cohort.columns.index(name)].astype(str)
    distinct = sorted({value for value in values.tolist() if value})
    numbers = [as_number(value) for value in distinct]
    cuts: tuple[float, ...] = ()
    if len(distinct) > MOST_VALUES and None not in numbers:
        values, cuts = _thirds(cohort, values)
        distinct = [group for group in _third_names(cuts) if (values == group).any()]
    elif None not in numbers:
        distinct.sort(key=float)
    stated_of = np.array([distinct.index(value) if value else -1 for value in values.tolist()], np.int64)
    of = _of_patients(cohort.groups, stated_of, len(distinct))
    _, first = np.unique(cohort.groups, return_index=True)
    sizes = [int((of[first] == number).sum()) for number in range(-1, len(distinct))]
    withheld = suppressed(dict(zip((NOT_STATED, *distinct), sizes, strict=True)))
    return Column(name, tuple(distinct), of, tuple(sizes[1:]), sizes[0], withheld, cuts)


def suppressed(sizes: Mapping[str, int]) -> dict[str, str]:
    """Return the subgroups that must not be shown, and what is said instead.

    Beside those of 1 to 10 patients the smallest others, until two at least are withheld, who are 11 patients together:
    otherwise the number that is left of the whole tells what was withheld.
    """
    present = {name: size for name, size in sizes.items() if size > 0}
    hidden = {name: FEW for name, size in present.items() if size < LEAST}
    for name in sorted(present, key=lambda name: present[name]):
        if hidden and (len(hidden) < 2 or sum(present[one] for one in hidden) < LEAST):
            hidden.setdefault(name, WITHHELD)
    return hidden


def unit(cohort: Cohort) -> str:
    """Return what a subgroup's number counts: `patient`, or `image` where patients are unknown."""
    return "patient" if (cohort.patients != UNKNOWN_PATIENT).all() else "image"


def _thirds(cohort: Cohort, values: Names) -> tuple[Names, tuple[float, ...]]:
    numbers = np.array([float(value) if value else np.nan for value in values.tolist()])
    training = (cohort.roles == TRAIN) & ~np.isnan(numbers)
    if not training.any():
        training = ~np.isnan(numbers)
    _, first = np.unique(cohort.groups[training], return_index=True)
    low, high = np.quantile(numbers[training][first], (1 / 3, 2 / 3), method="inverted_cdf")
    cuts = (float(low), float(high))
    names = _third_names(cuts)
    thirds = np.searchsorted(np.array(cuts), numbers, side="left")  # nan is sorted last
    grouped = ["" if np.isnan(number) else names[third] for number, third in zip(numbers, thirds, strict=True)]
    return np.array(grouped, np.str_), cuts


def _third_names(cuts: tuple[float, ...]) -> tuple[str, str, str]:
    low, high = cuts
    return f"up to {low:g}", f"above {low:g} up to {high:g}", f"above {high:g}"


def _of_patients(groups: Integers, of: Integers, count: int) -> Integers:
    """Return (n,) the subgroup that most images of the patient state, the first of several; -1 where none does."""
    _, patient = np.unique(groups, return_inverse=True)
    votes: NDArray[np.int64] = np.zeros((patient.max(initial=-1) + 1, count), np.int64)
    np.add.at(votes, (patient[of >= 0], of[of >= 0]), 1)
    if not count:
        return np.full(len(groups), -1, np.int64)
    most = np.where(votes.max(1) > 0, votes.argmax(1), -1)
    return most[patient].astype(np.int64)
