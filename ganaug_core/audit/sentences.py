"""Numbers and sentences of the audit as a clinician reads them."""

import re
from dataclasses import dataclass, field, replace

from ganaug_core.records import Measurement, Subgroup, Verdict
from ganaug_core.wording import count

FAIL, WARN = 0.01, 0.05
VERDICTS = ("copying", "mode_coverage", "fidelity", "label_fidelity", "intensity")


def of_images(verdict: Verdict) -> Verdict:
    """Return the verdict as it is said of a cohort whose patients are unknown: of images, of which twins count once."""
    statement, do, null = map(without_patients, (verdict.statement, verdict.do, verdict.null))
    return replace(verdict, statement=statement, do=do, null=null)


def measured_of_images(measurement: Measurement) -> Measurement:
    """Return the measurement with its test and the way of its interval told of images, as `of_images`."""
    test, method = without_patients(measurement.test), without_patients(measurement.interval_method)
    return replace(measurement, test=test, interval_method=method)


def subgroup_of_images(subgroup: Subgroup) -> Subgroup:
    """Return what is said of a subgroup told of images, as `of_images`."""
    return replace(subgroup, says=without_patients(subgroup.says))


def without_patients(text: str) -> str:
    """Return a sentence that speaks of images where it spoke of patients."""
    return re.sub(r"\bpatient(s?)\b", r"image\1", text)


def synthetic_images(images: int, independent: int) -> str:
    """Return how many synthetic images there are, and as how many they count where slices are not independent."""
    said = count(int(images), "synthetic image")
    return (
        said if independent == images else f"{said} that lie as close as slices of one body and count as {independent}"
    )


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one part of the audit found, before the verdicts are corrected for each other.

    Attributes:
        p_value: Smallest corrected p inside the part, None where nothing could be tested.
        trouble: Sentence if something is found, with its `do`.
        clear: Sentence if nothing is found, with its `do`; None where nothing found would mean nothing.
        unable: Why nothing can be said, with its `do`.
        rule: A rule was broken, so that it fails whatever a test says: no p.
        named: Something is shown by name, so that a pass would contradict it.
        caution: Sentence about what asks for a second look but proves no fault, with its `do`: a warning, never more.
        test, null, margin, patients, images: What `p_value` belongs to, as in `Verdict`.
    """

    p_value: float | None
    trouble: tuple[str, str] = ("", "")
    clear: tuple[str, str] | None = None
    unable: tuple[str, str] = ("", "")
    rule: bool = False
    named: bool = False
    caution: tuple[str, str] | None = None
    measurements: tuple[Measurement, ...] = field(default_factory=tuple)
    test: str = ""
    null: str = ""
    margin: float | None = None
    patients: int | None = None
    images: int | None = None

    def not_judged(self, why: str, do: str) -> "Finding":
        """Return it as one that says nothing but why; a broken rule stays broken."""
        return self if self.rule else replace(self, p_value=None, caution=None, unable=(f"Not judged: {why}.", do))

    def verdict(self, adjusted: float | None) -> Verdict:
        """Return the verdict at the p-value after Holm's correction."""
        if self.rule:
            return Verdict("fail", *self.trouble)
        state, (statement, do) = self._state(adjusted)
        if self.p_value is None:
            return Verdict(state, statement, do)
        return Verdict(
            state,
            statement,
            do,
            self.p_value,
            adjusted,
            self.test,
            self.null,
            self.margin,
            self.patients,
            self.images,
        )

    def _state(self, adjusted: float | None) -> tuple[str, tuple[str, str]]:
        if adjusted is not None and (adjusted < WARN or self.named):
            return ("fail" if adjusted < FAIL else "warn"), self.trouble
        if self.caution is not None:
            return "warn", self.caution
        if self.p_value is not None and self.clear is not None:
            return "pass", self.clear
        return "not_assessable", self.unable
