"""PET in SUV: activity by the injected dose and the body's weight, decay taken into account.

Runs in the decoder's process, so that weight, dose and times never leave it. Source: the vendor-neutral pseudo-code of
the Quantitative Imaging Biomarkers Alliance for SUV by body weight. We differ in that images are left in Bq/mL where a
series was written anew after the scan: then only private attributes tell when decay was corrected to.
"""

from datetime import datetime, timedelta
from typing import Any

from ganaug_core.errors import CohortError
from ganaug_core.readers.dicom_values import numbers, text, value

UNIT = "g/mL"
MOST_HALF_LIVES = 10
"""Nobody scans later than this after the injection: one of the times is wrong."""
MOST_FACTOR = 1e-2
"""An SUV for one Bq/mL; a whole body with the least useful dose stays far below."""


def factor(dataset: Any) -> float | None:
    """Return by what Bq/mL become SUV (g/mL), None where the header does not tell all that this takes."""
    try:
        return _factor(dataset)
    except CohortError:  # an attribute that cannot be read tells nothing
        return None


def _factor(dataset: Any) -> float | None:
    items: Any = value(dataset, "RadiopharmaceuticalInformationSequence") or ()
    corrected = {str(word) for word in value(dataset, "CorrectedImage") or ()}
    if text(dataset, "Units") != "BQML" or len(items) != 1 or not {"ATTN", "DECY"} <= corrected:
        return None
    weight_kg = _positive(dataset, "PatientWeight")
    dose_bq, half_life_s = _positive(items[0], "RadionuclideTotalDose"), _positive(items[0], "RadionuclideHalfLife")
    if weight_kg is None or dose_bq is None or half_life_s is None:
        return None
    half_lives = 0.0
    if text(dataset, "DecayCorrection") == "START":
        seconds = _from_injection_to_scan(dataset, items[0])
        if seconds is None or seconds > MOST_HALF_LIVES * half_life_s:
            return None
        half_lives = seconds / half_life_s
    elif text(dataset, "DecayCorrection") != "ADMIN":
        return None
    grams_a_becquerel = 1000 * weight_kg / (dose_bq * 2**-half_lives)
    return grams_a_becquerel if grams_a_becquerel < MOST_FACTOR else None


def _positive(dataset: Any, keyword: str) -> float | None:
    quantity = numbers(dataset, keyword, 1, "dicom.suv")
    return quantity[0] if quantity and quantity[0] > 0 else None


def _from_injection_to_scan(dataset: Any, injection: Any) -> float | None:
    """Return seconds, None where a time is missing or the series is younger than its images."""
    series = _moment(text(dataset, "SeriesDate"), text(dataset, "SeriesTime"))
    acquired = _moment(text(dataset, "AcquisitionDate"), text(dataset, "AcquisitionTime"))
    if series is None or (acquired is not None and series > acquired):
        return None
    stamp = text(injection, "RadiopharmaceuticalStartDateTime")
    injected = _moment(stamp[:8], stamp[8:].split("+")[0].split("-")[0])
    if injected is None:
        injected = _moment(text(dataset, "SeriesDate"), text(injection, "RadiopharmaceuticalStartTime"))
        if injected is not None and injected > series:
            injected -= timedelta(days=1)
    return None if injected is None or injected > series else (series - injected).total_seconds()


def _moment(date: str, time: str) -> datetime | None:
    """Return a moment of DICOM's YYYYMMDD and HHMMSS.ffffff."""
    try:
        return datetime.strptime(date + time.split(".")[0].ljust(6, "0")[:6], "%Y%m%d%H%M%S")
    except ValueError:
        return None
