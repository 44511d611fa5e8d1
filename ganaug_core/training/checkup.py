"""What a checkpoint is worth: a few cheap measurements of generated images against the tuning share.

They cost less than a second: no network is fitted. Texture tells how faithful the images are, small pixels how much of
the tuning share they cover and whether they copy, a linear classifier whether they show their class. The audit has
better spaces and the hold-out; here the question is only which moment of one run to keep.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from ganaug_core.encoders import networks
from ganaug_core.encoders.fitted import FEWEST_IMAGES
from ganaug_core.encoders.pixels import Pixels
from ganaug_core.encoders.texture import Texture
from ganaug_core.metrics import copying
from ganaug_core.metrics.density_coverage import Coverage
from ganaug_core.metrics.kernel_distance import KernelDistance
from ganaug_core.metrics.statistics import spread_interval, wilson
from ganaug_core.metrics.vendi import vendi_score
from ganaug_core.neighbours import neighbours
from ganaug_core.neighbours.nearest import nearest
from ganaug_core.records import TRAIN, TUNING, Cohort, Floats, Integers, Measurement
from ganaug_core.records.training import Checkup

GENERATED = 256
LEAST_TUNING = 12
MOST_TUNING, MOST_TRAIN, MOST_FITTED = 512, 10_000, 1_000
HALVES = 20
FAR = 8.0  # a texture number beyond so many standard deviations counts as so many: one odd image decides nothing
K = 5


@dataclass(frozen=True)
class _Seen:
    """Images in both spaces, texture and pixels, (n, d) each, and their labels."""

    texture: Floats
    pixels: Floats
    labels: Integers

    def rows(self, index: Integers) -> "_Seen":
        return _Seen(self.texture[index], self.pixels[index], self.labels[index])

    def __len__(self) -> int:
        return len(self.labels)


class Examiner:
    """Measures generated images, always with the same reference images and the same labels.

    Images above 64 pixels are looked at in 64. The hold-out is never opened.

    Attributes:
        labels: (256,) class of each image that `examine` wants, in the class mix of the tuning share.
    """

    def __init__(self, cohort: Cohort, seed: int) -> None:
        """Read the references; below 12 tuning patients or 8 training images nothing can be judged, see `able`."""
        random = np.random.default_rng(seed)
        self.classes = cohort.classes
        tuning = random.permutation(cohort.where(TUNING))
        _, first = np.unique(cohort.groups[tuning], return_index=True)  # one image a patient: intervals count patients
        tuning = np.sort(tuning[first][:MOST_TUNING])
        train = np.sort(random.permutation(cohort.where(TRAIN))[:MOST_TRAIN])
        self.able = len(tuning) >= LEAST_TUNING and len(train) >= FEWEST_IMAGES
        if not self.able:
            self.labels = np.zeros(0, np.int64)
            return
        fitted = np.sort(random.permutation(train)[:MOST_FITTED])
        images = _small(cohort.images(fitted))
        self._texture = Texture().fit(images, cohort.labels[fitted])
        self._pixels = Pixels().fit(images, cohort.labels[fitted])
        self._train = self._see(images, cohort.labels[fitted])
        self._tuning = self._see(_small(cohort.images(tuning)), cohort.labels[tuning])
        self._copied_from = np.concatenate(
            [self._pixels.encode(_small(cohort.images(part))) for part in np.array_split(train, -(-len(train) // 512))]
        )
        order = np.sort(self._tuning.labels)
        self.labels = order[np.linspace(0, len(order) - 1, GENERATED).round().astype(int)]
        self._judge = _judge(self._train) if len(self.classes) > 1 else None
        self._alike = self._matched(random)
        self._floor = self._distance(self._train.rows(self._alike))
        self._covered_floor = self._covered(self._train.pixels[self._alike])
        self._halves = [
            (random.permutation(len(tuning))[: len(tuning) // 2], random.permutation(GENERATED)[: GENERATED // 2])
            for _ in range(HALVES)
        ]
        self._tuning_scores = self._scores(self._tuning.pixels, itself=True)

    def examine(self, generated: Floats, images: int) -> Checkup:
        """Return the measurements of (256, channel, row, column) images of `labels`, made after so many images."""
        seen = self._see(_small(generated), self.labels)
        copied, chance = self._copied(seen)
        found = (self._fidelity(seen), self._coverage(seen), self._variety(seen), *self._agreement(seen), copied)
        return Checkup(images, found, chance)

    def _see(self, images: Floats, labels: Integers) -> _Seen:
        texture = np.clip(np.nan_to_num(self._texture.encode(images)), -FAR, FAR)
        return _Seen(texture, self._pixels.encode(images), np.asarray(labels, np.int64))

    def _matched(self, random: np.random.Generator) -> Integers:
        """Return rows of the training images in the class mix of `labels`, none twice."""
        chosen = []
        for label, wanted in zip(*np.unique(self.labels, return_counts=True), strict=True):
            chosen.append(random.permutation(np.flatnonzero(self._train.labels == label))[:wanted])
        return np.concatenate(chosen)

    def _distance(self, seen: _Seen) -> float:
        return KernelDistance().compare(self._tuning.texture, seen.texture)

    def _fidelity(self, seen: _Seen) -> Measurement:
        value = self._distance(seen)
        spread = [
            KernelDistance().compare(self._tuning.texture[real], seen.texture[made]) for real, made in self._halves
        ]
        return self._said(
            "kernel_distance", "texture", value, spread_interval(value, spread), self._floor, 0.0, "lower"
        )

    def _coverage(self, seen: _Seen) -> Measurement:
        value, n = self._covered(seen.pixels), len(self._tuning)
        null = Coverage(K).null(n, GENERATED)
        return self._said("coverage", "pixels", value, wilson(value * n, n), self._covered_floor, null, "higher")

    def _covered(self, pixels: Floats) -> float:
        return Coverage(K).measure(neighbours(self._tuning.pixels, pixels, K))

    def _variety(self, seen: _Seen) -> Measurement:
        """Vendi ratio within the class that lost most, against as many training images."""
        lowest, sizes = 1.0, (0, 0)
        for label in np.unique(self.labels):
            real = self._train.pixels[self._train.labels == label]
            made = seen.pixels[seen.labels == label]
            size = min(len(real), len(made))
            if size < 8:
                continue
            middle = real.mean(0)
            ratio = vendi_score(made[:size] - middle) / vendi_score(real[:size] - middle)
            if ratio < lowest or sizes == (0, 0):
                lowest, sizes = ratio, (size, size)
        return Measurement(
            name="variety",
            encoder="pixels",
            value=lowest,
            interval=None,
            floor=1.0,
            null=1.0,
            n_real=sizes[0],
            n_synthetic=sizes[1],
            better="higher",
        )

    def _agreement(self, seen: _Seen) -> list[Measurement]:
        if self._judge is None:
            return []
        right, real = (self._judge.predict(_joined(each)) == each.labels for each in (seen, self._tuning))

        def share(made: NDArray[np.bool_], held: NDArray[np.bool_], name: str | None) -> Measurement:
            interval = wilson(float(made.sum()), len(made))
            floor = float(held.mean())
            sizes = len(held), len(made)
            value = float(made.mean())
            return Measurement(
                name="label_agreement",
                encoder="linear",
                value=value,
                interval=interval,
                floor=floor,
                null=None,
                n_real=sizes[0],
                n_synthetic=sizes[1],
                better="higher",
                class_name=name,
            )

        by_class = [
            share(right[seen.labels == label], real[self._tuning.labels == label], self.classes[label])
            for label in np.unique(self.labels)
        ]
        return [share(right, real, None), *by_class]

    def _scores(self, pixels: Floats, *, itself: bool = False) -> copying.Scores:
        """Return (n,) distance to the nearest training image over that to the nearest tuning image of somebody else."""
        numbers = np.arange(len(self._tuning))
        apart = (numbers if itself else np.full(len(pixels), -1), numbers)
        _, train = nearest(pixels, self._copied_from, 1)
        _, other = nearest(pixels, self._tuning.pixels, 1, apart=apart)
        return copying.scores(train[:, 0], other[:, 0])

    def _copied(self, seen: _Seen) -> tuple[Measurement, float]:
        groups = np.arange(len(self._tuning))
        scores = self._scores(seen.pixels)
        test, _ = copying.set_test(scores, self._tuning_scores, seen.labels, self._tuning.labels, groups)
        said = self._said("copied_share", "pixels", test.share, test.interval, None, 0.0, "lower")
        return replace(said, n_real=test.n_holdout, n_synthetic=test.n_synthetic), test.p_value

    def _said(
        self,
        name: str,
        space: str,
        value: float,
        interval: tuple[float, float] | None,
        floor: float | None,
        null: float | None,
        better: str,
    ) -> Measurement:
        return Measurement(
            name=name,
            encoder=space,
            value=value,
            interval=interval,
            floor=floor,
            null=null,
            n_real=len(self._tuning),
            n_synthetic=GENERATED,
            better=better,
        )


def _small(images: Floats) -> Floats:
    shrunk: Floats = networks.shrink(np.nan_to_num(images)).numpy()
    return shrunk


def _joined(seen: _Seen) -> Floats:
    """Return (n, d): texture, and pixels in units of the training images' spread."""
    return np.concatenate([seen.texture, seen.pixels], axis=1)


def _judge(train: _Seen) -> LinearDiscriminantAnalysis | None:
    """Return a linear classifier of the classes with two and more training images; None where those are too few."""
    known, counts = np.unique(train.labels, return_counts=True)
    rows = np.flatnonzero(np.isin(train.labels, known[counts > 1]))
    if (counts > 1).sum() < 2:
        return None
    some = train.rows(rows)
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(_joined(some), some.labels)
