"""What a checkpoint is worth: a few cheap measurements of generated images against the tuning share.

They cost less than a second: no network is fitted. Texture tells how faithful the images are, small pixels how much of
the tuning share they cover and whether they copy, a linear classifier whether they show their class. The audit has
better spaces and the hold-out; here the question is only which moment of one run to keep.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from ganaug_core.encoders import networks
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
from ganaug_core.records.training import Checkup, can_be_judged

GENERATED = 256
MOST_TUNING, MOST_TRAIN, MOST_FITTED = 512, 10_000, 1_000
HALVES = 20
FAR = 8.0  # a texture number beyond so many standard deviations counts as so many: one odd image decides nothing
K = 5


@dataclass(frozen=True)
class _Encoded:
    """Images in both spaces, texture and pixels, (n, d) each, and their labels."""

    texture: Floats
    pixels: Floats
    labels: Integers

    def rows(self, index: Integers) -> "_Encoded":
        return _Encoded(self.texture[index], self.pixels[index], self.labels[index])

    def __len__(self) -> int:
        return len(self.labels)


class CheckpointEvaluator:
    """Measures generated images, always with the same reference images and the same labels.

    Images above 64 pixels are looked at in 64. The hold-out is never opened.

    Attributes:
        labels: (256,) class of each image that `evaluate` wants, in the class mix of the tuning share.
    """

    def __init__(self, cohort: Cohort, seed: int) -> None:
        """Read the references; below 12 tuning patients or 8 training images nothing can be judged, see `able`."""
        random = np.random.default_rng(seed)
        self.classes = cohort.classes
        tuning = random.permutation(cohort.where(TUNING))
        _, first = np.unique(cohort.groups[tuning], return_index=True)  # one image a patient: intervals count patients
        tuning = np.sort(tuning[first][:MOST_TUNING])
        train = np.sort(random.permutation(cohort.where(TRAIN))[:MOST_TRAIN])
        self.able = can_be_judged(cohort)
        if not self.able:
            self.labels = np.zeros(0, np.int64)
            return
        fitted = np.sort(random.permutation(train)[:MOST_FITTED])
        images = _small(cohort.images(fitted))
        self._texture = Texture().fit(images, cohort.labels[fitted])
        self._pixels = Pixels().fit(images, cohort.labels[fitted])
        self._train = self._encoded(images, cohort.labels[fitted])
        self._tuning = self._encoded(_small(cohort.images(tuning)), cohort.labels[tuning])
        self._train_pixels = np.concatenate(
            [self._pixels.encode(_small(cohort.images(rows))) for rows in np.array_split(train, -(-len(train) // 512))]
        )
        order = np.sort(self._tuning.labels)
        self.labels = order[np.linspace(0, len(order) - 1, GENERATED).round().astype(int)]
        self._classifier = _classifier(self._train) if len(self.classes) > 1 else None
        matched = self._matched(random)
        self._distance_floor = self._distance(self._train.rows(matched))
        self._coverage_floor = self._coverage_of(self._train.pixels[matched])
        self._halves = [
            (random.permutation(len(tuning))[: len(tuning) // 2], random.permutation(GENERATED)[: GENERATED // 2])
            for _ in range(HALVES)
        ]
        self._tuning_scores = self._scores(self._tuning.pixels, itself=True)

    def evaluate(self, generated: Floats, images: int) -> Checkup:
        """Return the measurements of (256, channel, row, column) images of `labels`, made after so many images."""
        fake = self._encoded(_small(generated), self.labels)
        copied_share, copying_p = self._copied_share(fake)
        measurements = (
            self._kernel_distance(fake),
            self._coverage(fake),
            self._variety(fake),
            *self._label_agreement(fake),
            copied_share,
        )
        return Checkup(images, measurements, copying_p)

    def _encoded(self, images: Floats, labels: Integers) -> _Encoded:
        texture = np.clip(np.nan_to_num(self._texture.encode(images)), -FAR, FAR)
        return _Encoded(texture, self._pixels.encode(images), np.asarray(labels, np.int64))

    def _matched(self, random: np.random.Generator) -> Integers:
        """Return rows of the training images in the class mix of `labels`, none twice."""
        rows = []
        for label, count in zip(*np.unique(self.labels, return_counts=True), strict=True):
            rows.append(random.permutation(np.flatnonzero(self._train.labels == label))[:count])
        return np.concatenate(rows)

    def _distance(self, images: _Encoded) -> float:
        return KernelDistance().compare(self._tuning.texture, images.texture)

    def _kernel_distance(self, fake: _Encoded) -> Measurement:
        value = self._distance(fake)
        by_halves = [
            KernelDistance().compare(self._tuning.texture[real_rows], fake.texture[fake_rows])
            for real_rows, fake_rows in self._halves
        ]
        return Measurement(
            name="kernel_distance",
            encoder="texture",
            value=value,
            interval=spread_interval(value, by_halves),
            floor=self._distance_floor,
            null=0.0,
            n_real=len(self._tuning),
            n_synthetic=GENERATED,
            better="lower",
        )

    def _coverage(self, fake: _Encoded) -> Measurement:
        value, n = self._coverage_of(fake.pixels), len(self._tuning)
        return Measurement(
            name="coverage",
            encoder="pixels",
            value=value,
            interval=wilson(value * n, n),
            floor=self._coverage_floor,
            null=Coverage(K).null(n, GENERATED),
            n_real=n,
            n_synthetic=GENERATED,
            better="higher",
        )

    def _coverage_of(self, pixels: Floats) -> float:
        return Coverage(K).measure(neighbours(self._tuning.pixels, pixels, K))

    def _variety(self, fake: _Encoded) -> Measurement:
        """Vendi ratio within the class that lost most, against as many training images."""
        lowest, sizes = 1.0, (0, 0)
        for label in np.unique(self.labels):
            real_pixels = self._train.pixels[self._train.labels == label]
            fake_pixels = fake.pixels[fake.labels == label]
            size = min(len(real_pixels), len(fake_pixels))
            if size < 8:
                continue
            mean = real_pixels.mean(0)
            ratio = vendi_score(fake_pixels[:size] - mean) / vendi_score(real_pixels[:size] - mean)
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

    def _label_agreement(self, fake: _Encoded) -> list[Measurement]:
        if self._classifier is None:
            return []
        fake_right, real_right = (
            self._classifier.predict(_joined(images)) == images.labels for images in (fake, self._tuning)
        )
        by_class = [
            _agreement(fake_right[fake.labels == label], real_right[self._tuning.labels == label], self.classes[label])
            for label in np.unique(self.labels)
        ]
        return [_agreement(fake_right, real_right, None), *by_class]

    def _scores(self, pixels: Floats, *, itself: bool = False) -> copying.Scores:
        """Return (n,) distance to the nearest training image over that to the nearest tuning image of somebody else."""
        patients = np.arange(len(self._tuning))
        apart = (patients if itself else np.full(len(pixels), -1), patients)
        _, train_distances = nearest(pixels, self._train_pixels, 1)
        _, tuning_distances = nearest(pixels, self._tuning.pixels, 1, apart=apart)
        return copying.scores(train_distances[:, 0], tuning_distances[:, 0])

    def _copied_share(self, fake: _Encoded) -> tuple[Measurement, float]:
        """Return the share of copies, and the chance of it where there are none."""
        groups = np.arange(len(self._tuning))
        scores = self._scores(fake.pixels)
        test, _ = copying.set_test(scores, self._tuning_scores, fake.labels, self._tuning.labels, groups)
        measurement = Measurement(
            name="copied_share",
            encoder="pixels",
            value=test.share,
            interval=test.interval,
            floor=None,
            null=0.0,
            n_real=test.n_references,
            n_synthetic=test.n_synthetic,
            better="lower",
        )
        return measurement, test.p_value


def _small(images: Floats) -> Floats:
    shrunk: Floats = networks.shrink(np.nan_to_num(images)).numpy()
    return shrunk


def _agreement(fake_right: NDArray[np.bool_], real_right: NDArray[np.bool_], class_name: str | None) -> Measurement:
    return Measurement(
        name="label_agreement",
        encoder="linear",
        value=float(fake_right.mean()),
        interval=wilson(float(fake_right.sum()), len(fake_right)),
        floor=float(real_right.mean()),
        null=None,
        n_real=len(real_right),
        n_synthetic=len(fake_right),
        better="higher",
        class_name=class_name,
    )


def _joined(images: _Encoded) -> Floats:
    """Return (n, d): texture, and pixels in units of the training images' spread."""
    return np.concatenate([images.texture, images.pixels], axis=1)


def _classifier(train: _Encoded) -> LinearDiscriminantAnalysis | None:
    """Return a linear classifier of the classes with two and more training images; None where those are too few."""
    labels, counts = np.unique(train.labels, return_counts=True)
    if (counts > 1).sum() < 2:
        return None
    images = train.rows(np.flatnonzero(np.isin(train.labels, labels[counts > 1])))
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(_joined(images), images.labels)
