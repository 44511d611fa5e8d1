"""Numbers that mislead, shown on sets whose truth is known: our own metrics on normal distributions."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from ganaug_core.lessons.demonstrations.figure import Chart, Figure, Line, followed, numbers, with_slider
from ganaug_core.metrics.density_coverage import Coverage
from ganaug_core.metrics.frechet import Frechet
from ganaug_core.metrics.inception_score import inception_score as score_of
from ganaug_core.metrics.memorisation import authentic_share
from ganaug_core.metrics.precision_recall import Precision, Recall
from ganaug_core.metrics.statistics import clopper_pearson, conformal
from ganaug_core.neighbours import neighbours
from ganaug_core.records import Floats
from ganaug_core.wording import percent

DRAWS = 10


def frechet_over_n(seed: int = 0) -> Figure:
    """Fréchet distance of two sets of one and the same distribution: what is left is the number of images."""
    random, features = np.random.default_rng(seed), 64
    sizes = (25, 50, 100, 200, 500, 1000, 2000, 5000)
    values = [[_frechet(random, size, features) for _ in range(DRAWS)] for size in sizes]
    means = [float(np.mean(row)) for row in values]
    says = tuple(
        f"With {size:,} images on each side the distance is {mean:.2f} on average ({min(row):.2f} to {max(row):.2f} in "
        f"{DRAWS} draws), though both sides are one distribution of {features} features."
        for size, mean, row in zip(sizes, means, values, strict=True)
    )
    return with_slider(
        "Images on each side",
        sizes,
        "{:,}".format,
        1,
        says,
        Chart(
            title="Fréchet distance of equal distributions",
            x="images on each side",
            y="distance",
            log_x=True,
            log_y=True,
            lines=(
                Line(
                    name=f"lowest and highest of {DRAWS} draws",
                    role="synthetic",
                    kind="band",
                    x=sizes,
                    y=numbers(map(max, values)),
                    low=numbers(map(min, values)),
                ),
                *followed(sizes, {"mean": ("synthetic", means)}),
            ),
        ),
    )


def inception_score(seed: int = 0) -> Figure:
    """Ten classes whose true probabilities are known; images drawn nearer and nearer to the middle of their class."""
    random, classes, per_class, features = np.random.default_rng(seed), 10, 60, 8
    centres = 1.1 * random.standard_normal((classes, features))
    real, fresh = _around(random, centres, per_class), _around(random, centres, per_class)
    middles = np.repeat(centres, per_class, axis=0)
    nearer = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
    sets = [(middles + (1 - share) * (fresh - middles)).astype(np.float32) for share in nearer]
    scores = [_inception_score(images, centres) for images in sets]
    covered = [Coverage().measure(neighbours(real, images)) for images in sets]
    of_real = _inception_score(real, centres)
    return with_slider(
        "Way to the middle of the class",
        nearer,
        percent,
        0,
        (
            f"Each image is drawn {percent(share)} of the way to the middle of its class. The Inception score is "
            f"{score:.2f}, that of {len(real)} real images {of_real:.2f}; coverage is {coverage:.2f}."
            for share, score, coverage in zip(nearer, scores, covered, strict=True)
        ),
        Chart(
            title="Inception score, by the true probabilities of the classes",
            x="way to the middle of the class",
            y="score",
            lines=(
                *followed(nearer, {"these images": ("synthetic", scores)}),
                Line(name="real images", role="plain", x=[0, 1], y=numbers([of_real] * 2), kind="dashes"),
            ),
        ),
        Chart(
            title="Share of real images that are reached",
            x="way to the middle of the class",
            y="coverage",
            y_range=(0, 1),
            lines=followed(nearer, {"coverage": ("synthetic", covered)}),
        ),
    )


def precision_and_collapse(seed: int = 0) -> Figure:
    """Ten modes, of which a generator draws fewer and fewer, each perfectly: precision sees nothing of it."""
    random, modes, per_mode = np.random.default_rng(seed), 10, 60
    centres = 8 * random.standard_normal((modes, 8))
    real = _around(random, centres, per_mode)
    kept = tuple(range(modes, 0, -1))
    measured = []
    for left in kept:
        synthetic = _around(random, centres[:left], modes * per_mode // left)
        near = neighbours(real, synthetic)
        measured.append((Precision().measure(near), Coverage().measure(near)))
    says = tuple(
        f"The generator draws {left} of {modes} modes. Precision is {precision:.2f}, coverage {coverage:.2f}."
        for left, (precision, coverage) in zip(kept, measured, strict=True)
    )
    return with_slider(
        "Modes that are drawn",
        kept,
        lambda left: f"{left} of {modes}",
        modes - 2,
        says,
        Chart(
            title="Share of modes that are lost, and what is measured",
            x="modes that are lost",
            y="precision, and coverage",
            y_range=(0, 1),
            lines=followed(
                (modes - left for left in kept),
                {
                    "precision": ("synthetic", (row[0] for row in measured)),
                    "coverage": ("real", (row[1] for row in measured)),
                },
            ),
        ),
    )


def malformed_precision_recall(seed: int = 0) -> Figure:
    """The modes of `precision_and_collapse`, by precision and recall as published and by a form that cannot fall."""
    random, modes, per_mode = np.random.default_rng(seed), 10, 60
    centres = 8 * random.standard_normal((modes, 8))
    real = _around(random, centres, per_mode)
    kept = tuple(range(modes, 0, -1))
    right: list[tuple[float, float]] = []
    wrong: list[tuple[float, float]] = []
    for left in kept:
        near = neighbours(real, _around(random, centres[:left], modes * per_mode // left))
        right.append((Precision().measure(near), Recall().measure(near)))
        wrong.append((_malformed_share(near.synthetic_real), _malformed_share(near.real_synthetic)))
    return with_slider(
        "Modes that are drawn",
        kept,
        lambda left: f"{left} of {modes}",
        modes - 1,
        (
            f"The generator draws {left} of {modes} modes. The malformed form says precision {wrong_one[0]:.2f} and "
            f"recall {wrong_one[1]:.2f}, the published one {right_one[0]:.2f} and {right_one[1]:.2f}."
            for left, right_one, wrong_one in zip(kept, right, wrong, strict=True)
        ),
        *(
            Chart(
                title=title,
                x="modes that are lost",
                y="precision, and recall",
                y_range=(0, 1.05),
                lines=followed(
                    (modes - left for left in kept),
                    {
                        "precision": ("synthetic", (row[0] for row in rows)),
                        "recall": ("real", (row[1] for row in rows)),
                    },
                ),
            )
            for title, rows in (("Malformed: it cannot fall", wrong), ("As published", right))
        ),
    )


def coverage_over_m(seed: int = 0) -> Figure:
    """Coverage of equal distributions by the number of synthetic images, beside what the formula says."""
    random, real_images, features = np.random.default_rng(seed), 300, 8
    real = _normal(random, real_images, features)
    counts = (30, 75, 150, 300, 600, 1200, 2400)
    measured = [Coverage().measure(neighbours(real, _normal(random, count, features))) for count in counts]
    expected = [Coverage().null(real_images, count) for count in counts]
    says = tuple(
        f"{count:,} synthetic images of the same distribution as {real_images} real ones reach a coverage of "
        f"{value:.2f}; {chance:.2f} is expected of a perfect generator."
        for count, value, chance in zip(counts, measured, expected, strict=True)
    )
    return with_slider(
        "Synthetic images",
        counts,
        "{:,}".format,
        1,
        says,
        Chart(
            title=f"Coverage of {real_images} real images by a perfect generator",
            x="synthetic images",
            y="coverage",
            y_range=(0, 1),
            log_x=True,
            lines=(
                *followed(counts, {"measured": ("synthetic", measured)}),
                Line(name="expected", role="plain", x=counts, y=numbers(expected), kind="dashes"),
            ),
        ),
    )


def threshold_of_one_percent(seed: int = 0) -> Figure:
    """A limit at the 1 % quantile of held-out distances: how many fresh images fall below it, beside a p by ranks."""
    random, fresh, repeats = np.random.default_rng(seed), 2000, 400
    holdouts = (20, 50, 99, 200, 500, 1000)
    below, by_rank = [], []
    for size in holdouts:
        shares, ranked = [], []
        for _ in range(repeats):
            references, images = random.chisquare(4, size), random.chisquare(4, fresh)
            shares.append(float((images < np.quantile(references, 0.01)).mean()))
            ranked.append(float((conformal(images, references) <= 0.01).mean()))
        below.append(shares)
        by_rank.append(float(np.mean(ranked)))
    means = [float(np.mean(row)) for row in below]
    says = []
    for size, mean, row, rank in zip(holdouts, means, below, by_rank, strict=True):
        often, low, high = float(np.quantile(row, 0.9)), *clopper_pearson(sum(share > 0.02 for share in row), repeats)
        says.append(
            f"With {size} held-out images the limit is passed by {percent(mean)} of fresh images on average, and by "
            f"{percent(often)} or more in one cohort of ten; more than twice as many as promised in "
            f"{percent(low)} to {percent(high)} of cohorts. Ranks call {percent(rank)} of them near: "
            + ("with so few no p of 1 % exists." if size < 99 else "about as many as promised.")
        )
    return with_slider(
        "Held-out images",
        holdouts,
        str,
        1,
        says,
        Chart(
            title='Fresh images that a limit of "1 %" calls near',
            x="held-out images",
            y="share of fresh images",
            log_x=True,
            lines=(
                Line(
                    name="nine cohorts of ten",
                    role="synthetic",
                    kind="band",
                    x=holdouts,
                    y=numbers(np.quantile(row, 0.95) for row in below),
                    low=numbers(np.quantile(row, 0.05) for row in below),
                ),
                *followed(holdouts, {"limit at the quantile": ("synthetic", means), "p by ranks": ("real", by_rank)}),
                Line(name="1 %", role="plain", x=[holdouts[0], holdouts[-1]], y=[0.01, 0.01], kind="dashes"),
            ),
        ),
    )


def authenticity_of_bad_images(seed: int = 0) -> Figure:
    """The authentic share of fresh images to which more and more noise is added: it praises what is worse."""
    random, features = np.random.default_rng(seed), 8
    train, fresh = _normal(random, 400, features), _normal(random, 400, features)
    noises = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
    measured = [
        (authentic_share(train, worse), Precision().measure(neighbours(train, worse)))
        for worse in (fresh + noise * _normal(random, 400, features) for noise in noises)
    ]
    says = tuple(
        f"Noise of {noise:g} standard deviations: {percent(share)} of the images count as authentic, and the "
        f"precision of the same images is {precision:.2f}."
        for noise, (share, precision) in zip(noises, measured, strict=True)
    )
    return with_slider(
        "Noise",
        noises,
        "{:g}".format,
        3,
        says,
        Chart(
            title="Fresh images, made worse",
            x="noise, in standard deviations",
            y="authentic share, and precision",
            y_range=(0, 1),
            lines=followed(
                noises,
                {
                    "authentic share": ("synthetic", (row[0] for row in measured)),
                    "precision": ("real", (row[1] for row in measured)),
                },
            ),
        ),
    )


def nearest_ratio(seed: int = 0) -> Figure:
    """Mean nearest distance synthetic-training over training-training, by the share of slightly changed copies."""
    random, images, features = np.random.default_rng(seed), 400, 8
    train, fresh = _normal(random, images, features), _normal(random, images, features)
    copies = train + np.float32(0.05) * _normal(random, images, features)
    shares = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
    ratios = []
    for share in shares:
        copied = np.arange(images) < share * images
        near = neighbours(train, np.where(copied[:, None], copies, fresh))
        ratios.append(float(near.synthetic_real[:, 0].mean() / near.real_real[:, 0].mean()))
    says = tuple(
        f"{percent(share)} of the synthetic images are slightly changed copies of training images: on average they are "
        f"{ratio:.2f} times as far from their nearest training image as training images are from their nearest "
        "other one."
        for share, ratio in zip(shares, ratios, strict=True)
    )
    return with_slider(
        "Share of copies",
        shares,
        percent,
        1,
        says,
        Chart(
            title="Ratio of mean nearest distances",
            x="share of copies",
            y="ratio",
            y_range=(0, 1.2),
            lines=(
                *followed(shares, {"measured": ("synthetic", ratios)}),
                Line(name="1: as training images", role="plain", x=[0, 1], y=[1, 1], kind="dashes"),
            ),
        ),
    )


def _malformed_share(distances: Floats, k: int = 5) -> float:
    """Return how many images have a nearest one of the other set that is no farther than their k-th there: all.

    The balls should be those of the other set's images, each as wide as its own k-th neighbour in its own set.
    """
    return float((distances[:, 0] <= distances[:, k - 1]).mean())


def _normal(random: np.random.Generator, count: int, features: int) -> Floats:
    return random.standard_normal((count, features)).astype(np.float32)


def _around(random: np.random.Generator, centres: NDArray[np.float64], each: int) -> Floats:
    """Return `each` points around every centre."""
    return (np.repeat(centres, each, axis=0) + random.standard_normal((each * len(centres), centres.shape[1]))).astype(
        np.float32
    )


def _inception_score(images: Floats, centres: NDArray[np.float64]) -> float:
    """Return the score by the exact probabilities of equally frequent classes around their centres."""
    logits = -0.5 * np.square(images[:, None] - centres[None]).sum(2)
    return score_of(logits - logsumexp(logits, axis=1, keepdims=True))


def _frechet(random: np.random.Generator, size: int, features: int) -> float:
    return Frechet().compare(_normal(random, size, features), _normal(random, size, features))
