"""What a study shows: of each reader, and of the mean over readers.

The first reading of an image counts; the second one only tells how far a reader agrees with himself. A reader who did
not end is named and left out of every mean: who stops early has seen other images.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ganaug_core.reading import agreement, equivalence, estimates, multi_reader
from ganaug_core.reading.estimates import Estimate, share
from ganaug_core.records import Integers
from ganaug_core.records.reading import FIRST_SYNTHETIC, REAL, SYNTHETIC, TAGS, Answer, Reading
from ganaug_core.wording import count, listing, percent

CLASSES = "class_difference"


@dataclass(frozen=True, kw_only=True)
class OfReader:
    """What one reader did.

    Attributes:
        done, total: Images answered and to answer, repeats among them.
        accuracy: Share of calls, real or synthetic, that are right.
        sensitivity: Share of the synthetic images called synthetic; `false_alarms` of the real ones.
        class_real, class_synthetic: Share of images whose class was read as it was meant.
        repeats, repeated_classes: Share of second readings with the call, and the class, of the first.
        tags: How many real and how many synthetic images got each tag.
        seconds: Median of an image; `minutes` all of them together.
    """

    reader: str
    done: int
    total: int
    accuracy: Estimate
    sensitivity: Estimate
    false_alarms: Estimate
    d_prime: Estimate
    auc: Estimate
    class_real: Estimate
    class_synthetic: Estimate
    repeats: Estimate
    repeated_classes: Estimate
    tags: dict[str, tuple[int, int]]
    seconds: float | None
    minutes: float

    @property
    def ended(self) -> bool:
        return self.done >= self.total


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a study shows.

    Attributes:
        readers: Of each who answered anything.
        means: Over readers who ended: `accuracy`, `auc`, and `class_difference`, the share of classes read right in
            synthetic minus that in real images. Empty with fewer than two of them.
        agreement: Between readers who ended: AC1 of `calls` (real or synthetic) and of `classes`.
        equivalence: Whether it is shown, None where none was planned.
        said: In sentences the answer, then what is to be said of equivalence, then what limits the numbers.
    """

    readers: tuple[OfReader, ...]
    means: dict[str, Estimate] = field(default_factory=dict)
    agreement: dict[str, Estimate] = field(default_factory=dict)
    equivalence: bool | None = None
    said: tuple[str, ...] = ()


def of_reader(reading: Reading, reader: int, answers: Sequence[Answer]) -> OfReader:
    """Return what a reader did so far, against the truth: not for that reader's eyes before the end."""
    rows, again = _rows(reading, reader, answers)
    calls = np.array([answer.called for answer in answers], np.int64)
    confidence = np.array([answer.confidence for answer in answers], np.int64)
    classes = np.array([answer.label for answer in answers], np.int64)
    first = ~again
    is_synthetic = reading.truth[rows] == SYNTHETIC
    real, synthetic = first & ~is_synthetic, first & is_synthetic
    sizes = [len(np.unique(reading.clusters[rows[side]])) for side in (synthetic, real)]
    sensitivity = share(calls[synthetic] == SYNTHETIC, sizes[0])
    false_alarms = share(calls[real] == SYNTHETIC, sizes[1])
    right_class = classes == reading.labels[rows]
    before = _first_answers(rows)
    seconds = [answer.seconds for answer in answers]
    return OfReader(
        reader=reading.readers[reader],
        done=len(answers),
        total=reading.places,
        accuracy=share((calls == reading.truth[rows])[first], sum(sizes)),
        sensitivity=sensitivity,
        false_alarms=false_alarms,
        d_prime=estimates.d_prime(sensitivity, false_alarms, (sizes[0], sizes[1])),
        auc=estimates.auc_estimate(confidence[real], confidence[synthetic], (sizes[1], sizes[0])),
        class_real=share(right_class[real], sizes[1]),
        class_synthetic=share(right_class[synthetic], sizes[0]),
        repeats=share((calls == calls[before])[again], int(again.sum())),
        repeated_classes=share((classes == classes[before])[again], int(again.sum())),
        tags={tag: _tagged(tag, answers, first, is_synthetic) for tag in TAGS},
        seconds=float(np.median(seconds)) if seconds else None,
        minutes=sum(seconds) / 60,
    )


def results(reading: Reading, answers: Sequence[Sequence[Answer]]) -> Results:
    """Return what the study shows.

    Args:
        answers: Of each reader, in order.
    """
    each = tuple(of_reader(reading, reader, given) for reader, given in enumerate(answers) if given)
    ended = [reader for reader, given in enumerate(answers) if len(given) >= reading.places]
    said = _limits(reading, answers)
    if len(ended) < 2:
        return Results(readers=each, said=("Fewer than two readers have ended, so there is no mean.", *said))
    confidence, classes = _first_readings(reading, [answers[reader] for reader in ended], ended)
    calls = np.array(confidence >= FIRST_SYNTHETIC, np.int64)
    accuracy = multi_reader.mean(_accuracy, reading.truth, calls.astype(float), reading.clusters)
    area = multi_reader.mean(_area, reading.truth, confidence.astype(float), reading.clusters)
    right = (classes == reading.labels).astype(float)
    difference = multi_reader.mean(_difference, reading.truth, right, reading.clusters)
    means = {
        "accuracy": _mean(accuracy, len(reading), (0.0, 1.0)),
        "auc": _mean(area, len(reading), (0.0, 1.0)),
        CLASSES: _mean(difference, len(reading), (-1.0, 1.0)),
    }
    agree = {"calls": agreement.ac1(calls.T, 2)}
    if len(reading.classes) > 1:
        agree["classes"] = agreement.ac1(classes.T, len(reading.classes))
    shown, answer = _equivalence(reading, accuracy, is_whole=len(ended) == len(answers))
    said = (_headline(means["accuracy"]), answer, *said)
    return Results(readers=each, means=means, agreement=agree, equivalence=shown, said=said)


def _equivalence(reading: Reading, accuracy: multi_reader.Mean, *, is_whole: bool) -> tuple[bool | None, str]:
    """Return whether readers are shown to be at chance, None where that was not planned, and the sentence."""
    if reading.equivalence is None:
        return None, "No equivalence was planned before the first answer, so none is stated."
    if not is_whole:
        return False, "Equivalence was planned with all readers, and not all have ended: it is not shown."
    return equivalence.answer(reading.equivalence, accuracy)


def _headline(accuracy: Estimate) -> str:
    told = f"Readers told real from synthetic in {percent(accuracy.value or 0)} of the images; 50 % is chance."
    if accuracy.interval is None:
        return told
    low, high = map(percent, accuracy.interval)
    return f"{told} For other readers and images like these it may be {low} to {high} (95 % interval)."


def _limits(reading: Reading, answers: Sequence[Sequence[Answer]]) -> tuple[str, ...]:
    said = []
    unended = [name for name, given in zip(reading.readers, answers, strict=True) if len(given) < reading.places]
    if unended:
        said.append(f"{listing(unended)} did not end, and {'is' if len(unended) == 1 else 'are'} in no mean.")
    real = reading.truth == REAL
    patients = len(np.unique(reading.clusters[real]))
    whose = "patient" if reading.patients_known else "group of images"
    if patients < real.sum():
        many = count(patients, whose, "patients" if reading.patients_known else "groups of images")
        said.append(f"The {count(int(real.sum()), 'real image')} come from {many}: each counts once in the intervals.")
    if not reading.patients_known:
        said.append("The patients of the real images are not known, so images of one patient may count as several.")
    if reading.own_digest != reading.digest:
        said.append("The study is not what was written when it was made: its digest is another one.")
    return tuple(said)


def _rows(reading: Reading, reader: int, answers: Sequence[Answer]) -> tuple[Integers, NDArray[np.bool_]]:
    """Return the row of each image that was answered, and whether it came for the second time."""
    done = len(answers)
    return np.asarray(reading.orders[reader, :done]), reading.is_repeat(reader)[:done]


def _first_answers(rows: Integers) -> Integers:
    """Return (place,) where the same image was answered first."""
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    return first[inverse] if len(rows) else np.zeros(0, np.int64)


def _first_readings(
    reading: Reading, answers: Sequence[Sequence[Answer]], readers: Sequence[int]
) -> tuple[Integers, Integers]:
    """Return (reader, image) confidence and class of the first reading."""
    confidence = np.zeros((len(answers), len(reading)), np.int64)
    classes = np.zeros_like(confidence)
    for number, (reader, given) in enumerate(zip(readers, answers, strict=True)):
        rows, again = _rows(reading, reader, given)
        for row, repeated, answer in zip(rows, again, given, strict=True):
            if not repeated:
                confidence[number, row], classes[number, row] = answer.confidence, answer.label
    return confidence, classes


def _accuracy(truth: Integers, calls: multi_reader.Values) -> float:
    return float((calls == truth).mean())


def _area(truth: Integers, confidence: multi_reader.Values) -> float:
    return estimates.auc(confidence[truth == REAL], confidence[truth == SYNTHETIC])


def _difference(truth: Integers, right: multi_reader.Values) -> float:
    return float(right[truth == SYNTHETIC].mean() - right[truth == REAL].mean())


def _mean(found: multi_reader.Mean, images: int, bounds: tuple[float, float]) -> Estimate:
    interval = found.interval()
    if interval is not None:
        interval = max(bounds[0], interval[0]), min(bounds[1], interval[1])
    return Estimate(value=found.value, interval=interval, n=images, method=multi_reader.METHOD)


def _tagged(
    tag: str, answers: Sequence[Answer], first: NDArray[np.bool_], is_synthetic: NDArray[np.bool_]
) -> tuple[int, int]:
    has = np.array([tag in answer.tags for answer in answers], bool)
    return int((has & first & ~is_synthetic).sum()), int((has & first & is_synthetic).sum())
