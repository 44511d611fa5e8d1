"""Comparing whole sets: discrepancy, what gives images away, spectrum, intensity, and the scores for teaching."""

import numpy as np
import pytest
from scipy import ndimage, stats
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel

from ganaug_core.errors import EvidenceError
from ganaug_core.metrics import (
    classifier_two_sample,
    detectable_deletion,
    dominance,
    frechet,
    half_sampling,
    inception_score,
    intensity,
    missing_modes,
    power_spectrum,
    statistics,
    structural_similarity,
    two_sample,
)
from ganaug_core.readers import phantom
from ganaug_core.records import Floats, Intensity

pytestmark = pytest.mark.numerical

HU = Intensity("HU", -160, 240)


def noise_images(count: int, random: np.random.Generator, sigma: float = 0.0) -> Floats:
    images = random.normal(0, 0.3, (count, 1, 32, 32))
    return np.clip(ndimage.gaussian_filter(images, (0, 0, sigma, sigma)), -1, 1).astype(np.float32)


# statistics


def test_dominance_is_the_area_under_the_curve_and_counts_patients() -> None:
    random = np.random.default_rng(0)
    real, synthetic = random.normal(0, 1, 80).round(1), random.normal(0.4, 1, 60).round(1)
    sides = np.repeat([0, 1], [80, 60])
    once = dominance.dominance(real, np.ones(80), synthetic, 0.15)
    assert once.chance == pytest.approx(roc_auc_score(sides, np.concatenate([real, synthetic])), abs=1e-12)
    twice = dominance.dominance(np.repeat(real, 2), np.full(160, 0.5), synthetic, 0.15)
    crowded = dominance.dominance(real, np.ones(80), np.repeat(synthetic, 3), 0.15, crowd=3)
    assert np.allclose([crowded.p_value, *crowded.interval], [once.p_value, *once.interval], rtol=1e-6)
    each = dominance.dominance(real, np.ones(80), np.repeat(synthetic, 3), 0.15).interval
    assert each[1] - each[0] < once.interval[1] - once.interval[0]
    assert twice.interval == pytest.approx(once.interval, abs=1e-9)
    assert twice.p_value == pytest.approx(once.p_value, rel=1e-6)


def test_few_patients_on_one_side_are_as_sure_as_so_many_heads_in_a_row() -> None:
    for patients in (1, 6, 20):
        above = dominance.dominance(np.zeros(patients), np.ones(patients), np.ones(4000), 0.15)
        assert above.p_value == pytest.approx(0.65**patients, rel=0.05)
        turned = dominance.dominance(np.zeros(patients), np.ones(patients), -np.ones(4000), 0.15)
        assert turned.p_value == pytest.approx(above.p_value, rel=1e-9)
        assert above.interval[1] == 1


def test_the_weighted_mean_of_yes_and_no_is_the_beta_distribution() -> None:
    for yes, no, limit in ((30, 11, 0.55), (2, 40, 0.2), (6, 1, 0.65)):
        chance = dominance._mean_at_most(np.array([1.0, 0.0]), np.array([yes, no]), np.array([limit]))[0]
        assert chance == pytest.approx(stats.beta.cdf(limit, yes, no), rel=0.02)


def draws_at_the_margin(kind: str, n: int, m: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Return real and synthetic values of which a synthetic one is higher in 65 % of pairs."""
    spread = {"alike": (1, 1), "patients differ": (5, 1), "images differ": (1, 5)}.get(kind)
    if spread is None:  # patients lie on one side of all images or on the other
        return np.where(random.random(n) < 0.65, 0.0, 2.0), 1 + random.normal(0, 0.01, m)
    shift = stats.norm.ppf(0.65) * np.hypot(*spread)
    return random.normal(0, spread[0], n), random.normal(shift, spread[1], m)


@pytest.mark.parametrize("kind", ["alike", "patients differ", "images differ", "two groups"])
@pytest.mark.parametrize(("n", "m"), [(4, 60), (6, 200), (10, 200), (100, 5), (30, 30)])
def test_a_chance_at_the_margin_is_rarely_called_beyond_it(kind: str, n: int, m: int) -> None:
    random = np.random.default_rng(13)
    results = [
        dominance.dominance(real, np.ones(n), synthetic, 0.15)
        for real, synthetic in (draws_at_the_margin(kind, n, m, random) for _ in range(200))
    ]
    p_values = np.array([result.p_value for result in results])
    assert np.mean(p_values < 0.05) <= 0.07
    assert np.mean(p_values < 0.01) <= 0.02
    assert not (p_values < 0.001).any()
    assert np.mean([result.interval[0] <= 0.65 <= result.interval[1] for result in results]) >= 0.9


def test_so_many_patients_as_are_said_notice_the_shift_four_times_in_five() -> None:
    alpha, shift = 0.001, np.sqrt(2) * stats.norm.ppf(0.85)
    enough = next(n for n in range(10, 200, 5) if dominance.sees(0.85, n, n, 0.15, alpha))
    assert 40 < enough < 90
    random = np.random.default_rng(3)
    found = [
        dominance.dominance(random.normal(0, 1, enough), np.ones(enough), random.normal(shift, 1, enough), 0.15).p_value
        for _ in range(200)
    ]
    assert np.mean(np.array(found) < alpha) == pytest.approx(0.8, abs=0.1)


def test_two_shares_are_compared_as_fisher_does_and_with_a_margin() -> None:
    for table in ([5, 20, 1, 30], [19, 125, 0, 9], [218, 254, 142, 204]):
        hits, total, other, other_total = table
        fisher = stats.fisher_exact([[hits, total - hits], [other, other_total - other]], alternative="greater").pvalue
        assert statistics.exceeds(hits, total, other, other_total, 0) == pytest.approx(fisher, rel=1e-6)
    assert statistics.exceeds(0, 10, 3, 10, 0.1) == statistics.exceeds(5, 10, 4, 4, 0.1) == 1


@pytest.mark.parametrize(("n", "m", "margin"), [(6, 40, 0.05), (40, 40, 0.05), (30, 90, 0.25)])
def test_a_share_at_the_margin_is_called_beyond_it_no_more_often_than_is_said(n: int, m: int, margin: float) -> None:
    hits, others = np.meshgrid(np.arange(m + 1), np.arange(n + 1), indexing="ij")
    p_values = statistics.exceeds(hits, m, others, n, margin)
    for share in np.linspace(0.02, 0.98 - margin, 12):
        chances = stats.binom.pmf(hits, m, share + margin) * stats.binom.pmf(others, n, share)
        for level in (0.05, 0.01, 0.001):
            assert chances[p_values < level].sum() <= level


def test_the_interval_of_a_median_holds_it_nineteen_times_in_twenty() -> None:
    random = np.random.default_rng(2)
    inside = [
        low <= 0 <= high for low, high in (statistics.median_interval(random.normal(size=41)) for _ in range(600))
    ]
    assert 0.93 <= np.mean(inside) <= 0.985
    assert statistics.weighted_median(np.array([1.0, 5.0, 9.0]), np.array([0.2, 0.2, 1.0])) == 9


# discrepancy


def side(values: Floats, images: int = 1) -> two_sample.Side:
    """Return a set of one class with so many images of each patient."""
    rows = np.arange(len(values))
    return two_sample.Side(values, np.full(len(rows), 1 / images), rows // images, np.zeros(len(rows), np.int64))


def test_the_discrepancy_leaves_out_pairs_of_one_patient_and_weighs_the_rest() -> None:
    random = np.random.default_rng(3)
    values = [random.normal(0, 1, (6, 4)), random.normal(0.5, 1, (4, 4))]
    kernel = rbf_kernel(np.concatenate(values), gamma=1 / 7)
    patients = np.array([0, 0, 1, 1, 2, 2])
    within = kernel[:6, :6][patients[:, None] != patients].mean()
    expected = within + kernel[6:, 6:][~np.eye(4, dtype=bool)].mean() - 2 * kernel[:6, 6:].mean()
    distance = two_sample.discrepancy(side(values[0], 2), side(values[1]), two_sample.gaussian(7.0))
    assert (distance.value, distance.unit) == pytest.approx((expected, 1 - within), abs=1e-12)


def test_the_discrepancy_is_zero_on_average_and_its_unit_is_what_counting_all_pairs_adds() -> None:
    random = np.random.default_rng(14)
    unbiased, counted, units = [], [], []
    for _ in range(60):
        patients = random.normal(0, 1, (25, 3))
        sides = [side(np.repeat(patients, 2, 0), 2), *(side(random.normal(0, 1, (50, 3))) for _ in range(2))]
        unbiased.append(two_sample.discrepancy(sides[0], sides[1], two_sample.gaussian(6.0)).value)
        features = np.concatenate([sides[1].values, sides[2].values])
        kernel = rbf_kernel(features, gamma=1 / 6)
        counted.append(kernel[:50, :50].mean() + kernel[50:, 50:].mean() - 2 * kernel[:50, 50:].mean())
        units.append(2 / 50 * two_sample.discrepancy(sides[1], sides[2], two_sample.gaussian(6.0)).unit)
    assert abs(np.mean(unbiased)) < 3 * np.std(unbiased) / np.sqrt(60)
    assert np.mean(counted) == pytest.approx(np.mean(units), rel=0.1)


@pytest.mark.parametrize("kernel", [two_sample.gaussian(16.0), two_sample.cubic])
@pytest.mark.parametrize("shift", [0.0, 0.15, 0.6])
def test_the_interval_of_the_discrepancy_holds_and_is_not_too_wide(kernel: two_sample.Kernel, shift: float) -> None:
    random = np.random.default_rng(5)
    values, deviations, intervals = [], [], []
    for _ in range(120):
        patients = random.normal(0, 1, (40, 8))
        real = np.repeat(patients, 3, 0) * 0.9 + random.normal(0, 0.19**0.5, (120, 8))
        synthetic = random.normal(shift, 1, (80, 8))
        distance = two_sample.discrepancy(side(real, 3), side(synthetic), kernel, 100, random)
        values.append(distance.value)
        deviations.append(half_sampling.spread(distance.halves).deviation)
        intervals.append(half_sampling.distance_interval(values[-1], half_sampling.spread(distance.halves), 40))
    held = [low <= np.mean(values) <= high for low, high in intervals]
    assert 0.9 <= np.mean(held) <= 0.995
    assert np.mean(deviations) == pytest.approx(np.std(values), rel=0.35)  # halves alone: 1.7 times at no shift


def test_the_test_of_a_distance_knows_the_variance_at_its_limit() -> None:
    spread = half_sampling.Spread(variance=4.0, pairs=0.0)  # the root of the distance has one spread everywhere
    root = stats.t.sf((9**0.5 - 4**0.5) / (2.0 / 2 / 9**0.5), 49)
    assert half_sampling.distance_p(9.0, 4.0, spread, 50) == pytest.approx(root)
    low, high = half_sampling.distance_interval(9.0, spread, 50)
    reach = stats.t.ppf(0.975, 49) / 3
    assert (low, high) == pytest.approx(((3 - reach) ** 2, (3 + reach) ** 2))
    assert half_sampling.distance_p(low, low, spread, 50) == 0.5
    by_chance = half_sampling.Spread(variance=4.0, pairs=4.0)
    assert half_sampling.distance_p(3.0, 1.0, by_chance, 50) == pytest.approx(stats.t.sf(1, 49))


def test_halves_are_complements_of_whole_patients_within_classes() -> None:
    groups, labels = np.arange(60) // 3, np.repeat([0, 1], [24, 36])
    splits = half_sampling.complements(groups, labels, 30, np.random.default_rng(0))
    assert splits.shape == (30, 60)
    for half in splits:
        assert set(groups[half]).isdisjoint(groups[~half])
        assert len(set(groups[half & (labels == 0)])) == 4
    assert splits.mean(0).min() > 0.3
    assert len(half_sampling.complements(groups[:20], labels[:20], 30, np.random.default_rng(0))) == 0


def test_the_deviation_of_a_mean_is_the_textbooks() -> None:
    random = np.random.default_rng(1)
    values = random.normal(0, 1, 100)
    splits = half_sampling.complements(np.arange(100), np.zeros(100, np.int64), 400, random)
    halves = np.array([[values[half].mean(), values[~half].mean()] for half in splits])
    assert half_sampling.spread(halves).deviation == pytest.approx(values.std() / 10, rel=0.08)
    low, high = half_sampling.interval(0.0, halves, 100) or (0, 0)
    assert high - low == pytest.approx(2 * 1.984 * values.std() / 10, rel=0.08)
    hits = values > 1.3  # about a tenth
    shares = np.array([[hits[half].mean(), hits[~half].mean()] for half in splits])
    expected = statistics.wilson(hits.sum(), 100)
    assert half_sampling.share_interval(float(hits.mean()), shares, 100) == pytest.approx(expected, abs=0.02)
    assert half_sampling.share_interval(1.0, np.ones((20, 2)), 30) == pytest.approx(statistics.wilson(30, 30))


def test_the_weighted_frechet_distance_is_the_plain_one_with_its_own_divisor() -> None:
    random = np.random.default_rng(2)
    real, synthetic = random.normal(0, 1, (50, 4)), random.normal(0.5, 2, (40, 4))
    scale = np.sqrt(50 / 49), np.sqrt(40 / 39)
    centred = [
        values.mean(0) + (values - values.mean(0)) / by for values, by in zip((real, synthetic), scale, strict=True)
    ]
    weighted = frechet.weighted_frechet(real, np.full(50, 0.1), synthetic, np.ones(40))
    assert weighted == pytest.approx(frechet.Frechet().compare(*centred), rel=1e-9)
    doubled = frechet.weighted_frechet(np.repeat(real, 2, 0), np.full(100, 0.5), synthetic, np.ones(40))
    assert doubled == pytest.approx(weighted, rel=1e-9)


@pytest.mark.parametrize("kernel", [two_sample.gaussian(24.0), two_sample.cubic])
def test_swapping_patients_is_calibrated_where_images_of_a_patient_are_alike(kernel: two_sample.Kernel) -> None:
    random = np.random.default_rng(4)
    groups, labels, synthetic_labels = np.arange(60) // 3, np.repeat([0, 1], 30), np.repeat([0, 1], [80, 30])
    p_values: dict[str, list[float]] = {"fresh": [], "shifted": []}
    for _ in range(120):
        patients = random.normal(0, 1, (20, 3))[groups]
        real = patients + 0.3 * random.normal(0, 1, (60, 3)) + 3 * labels[:, None]
        for name, values in p_values.items():
            synthetic = random.normal(0, 1.05, (110, 3)) + 3 * synthetic_labels[:, None] + 1.5 * (name == "shifted")
            rows = two_sample.paired(labels, groups, synthetic_labels, random, 300)
            assert (labels[rows.real] == synthetic_labels[rows.synthetic]).all()
            one, two = real[rows.real], synthetic[rows.synthetic]
            values.append(two_sample.swapped(one, two, rows.patient, kernel, random))
    assert np.mean(np.array(p_values["fresh"]) < 0.05) <= 0.1
    assert np.mean(np.array(p_values["shifted"]) < 0.05) >= 0.9


def test_pairs_keep_patients_whole_and_classes_apart() -> None:
    labels, groups = np.array([0, 0, 0, 1, 1]), np.array([7, 7, 8, 9, 9])
    rows = two_sample.paired(labels, groups, np.array([0, 0, 0, 1]), np.random.default_rng(5), 100)
    assert sorted(rows.real.tolist()) == [0, 1, 2]  # one synthetic image cannot stand for a patient of two
    assert len(set(rows.synthetic.tolist())) == 3


# what gives images away


def test_the_discriminant_agrees_with_scikit_learn_where_images_are_many() -> None:
    random = np.random.default_rng(6)
    one, two = random.normal(0, 1, (600, 5)), random.normal(0, 1, (600, 5)) + np.eye(5)[0]
    labels, groups = np.zeros(600, np.int64), np.arange(600)
    result = classifier_two_sample.discriminant(
        one, two, real_labels=labels, synthetic_labels=labels, real_groups=groups, random=random
    )
    sides = np.repeat([0, 1], 600)
    theirs = LinearDiscriminantAnalysis().fit(np.concatenate([one, two]), sides)
    area = roc_auc_score(sides, np.concatenate([result.real, result.synthetic]))
    best = roc_auc_score(sides, theirs.decision_function(np.concatenate([one, two])))
    assert area == pytest.approx(best, abs=0.02)
    assert area == pytest.approx(stats.norm.cdf(1 / np.sqrt(2)), abs=0.03)
    assert np.abs(result.pattern).argmax() == 0
    assert result.pattern[0] > 0


def test_a_classifier_learns_nothing_from_the_classes_or_from_the_patients() -> None:
    random = np.random.default_rng(7)
    areas = []
    for _ in range(20):
        labels, synthetic_labels = np.repeat([0, 1], [60, 20]), np.repeat([0, 1], [60, 20])
        groups = np.arange(80) // 4
        real = random.normal(0, 1, (20, 40))[groups] + 0.1 * random.normal(0, 1, (80, 40)) + 4 * labels[:, None]
        synthetic = random.normal(0, 1, (80, 40)) + 4 * synthetic_labels[:, None]
        result = classifier_two_sample.discriminant(
            real, synthetic, real_labels=labels, synthetic_labels=synthetic_labels, real_groups=groups, random=random
        )
        areas.append(dominance.dominance(result.real, np.ones(80), result.synthetic, 0.1)[0])
    assert np.mean(areas) == pytest.approx(0.5, abs=0.06)


def test_the_picture_shows_where_detail_is_missing() -> None:
    random = np.random.default_rng(8)
    real, synthetic = noise_images(120, random), noise_images(120, random)
    smooth = ndimage.gaussian_filter(synthetic, (0, 0, 1.5, 1.5))
    synthetic[:, :, :16, :16] = smooth[:, :, :16, :16]
    labels = np.zeros(120, np.int64)
    views = [classifier_two_sample.brightness_and_detail(images) for images in (real, synthetic)]
    result = classifier_two_sample.discriminant(
        *views, real_labels=labels, synthetic_labels=labels, real_groups=np.arange(120), random=random
    )
    brightness, detail = classifier_two_sample.as_pictures(result.pattern)
    assert brightness.shape == detail.shape == (32, 32)
    assert detail[:14, :14].mean() < 5 * abs(detail[18:, 18:].mean()) * -1
    assert dominance.dominance(result.real, np.ones(120), result.synthetic, 0.25)[0] > 0.99


@pytest.mark.parametrize("side", [28, 48, 64, 70])
def test_the_picture_shows_every_part_of_an_image_of_any_size(side: int) -> None:
    image = np.zeros((1, 1, side, side), np.float32)
    image[:, :, -5:] = image[:, :, :, -5:] = 1
    brightness, _ = classifier_two_sample.as_pictures(classifier_two_sample.brightness_and_detail(image)[0])
    assert brightness[-1, -1] == pytest.approx(1)
    assert brightness.mean() == pytest.approx(image.mean(), abs=1e-6)


# spectrum


@pytest.mark.parametrize("side", [8, 11, 15])
def test_a_very_small_image_has_fewer_rings_and_power_in_each(side: int) -> None:
    random = np.random.default_rng(3)
    power = power_spectrum.rings(random.normal(0, 0.3, (200, 1, side, side)).astype(np.float32))
    assert power.shape == (200, len(power_spectrum.frequencies(side, side)))
    assert np.isfinite(power).all()
    assert np.ptp(power.mean(0)) < 0.5  # white noise has the same power everywhere


def test_a_wave_lies_in_the_ring_of_its_frequency_and_blur_lowers_the_highest() -> None:
    column = np.arange(64)
    wave = np.tile(np.cos(2 * np.pi * 0.25 * column), (64, 1))[None, None].astype(np.float32)
    power = power_spectrum.rings(wave)[0]
    assert power_spectrum.frequencies(32, 32)[power.argmax()] == 0.25 - 1 / 32  # the edge belongs to the lower ring
    random = np.random.default_rng(9)
    images = noise_images(20, random)
    lost = power_spectrum.rings(images) - power_spectrum.rings(ndimage.gaussian_filter(images, (0, 0, 1, 1)))
    assert (np.diff(lost.mean(0)) > 0).all()


# intensity


def test_the_numbers_of_an_image_are_in_the_unit() -> None:
    image = np.full((1, 1, 10, 10), 0.5, np.float32)
    image[0, 0, :2] = -1
    numbers = intensity.numbers(image, HU)[0]
    assert numbers == pytest.approx([140, -160, 140, 0.2])


def test_peaks_have_the_names_of_tissues_and_follow_a_shift() -> None:
    random = np.random.default_rng(10)
    values = np.concatenate([random.normal(-100, 8, 30_000), random.normal(60, 10, 30_000)])
    images = HU.normalise(values.reshape(-1, 1, 20, 50))
    shifted = HU.normalise((values + 12).reshape(-1, 1, 20, 50))
    peaks = intensity.peaks(*(intensity.histograms(images_of_set).mean(0) for images_of_set in (images, shifted)), HU)
    assert [peak.name for peak in peaks] == ["fat", "soft tissue"]
    assert [peak.real for peak in peaks] == pytest.approx([-100, 60], abs=6)
    assert [peak.synthetic - peak.real for peak in peaks] == pytest.approx([12, 12], abs=5)


def test_noise_is_measured_in_the_unit_and_a_sharp_kernel_has_a_higher_frequency() -> None:
    random = np.random.default_rng(11)
    ramp = np.linspace(-0.5, 0.5, 64, dtype=np.float32)[None, None, None]
    white = ramp + random.normal(0, 0.02, (30, 1, 64, 64)).astype(np.float32)
    smooth = ramp + ndimage.gaussian_filter(white - ramp, (0, 0, 1.5, 1.5))
    noise_of_set = [intensity.noise(images).mean(0) for images in (white, smooth)]
    assert 10 ** noise_of_set[0][0] == pytest.approx(0.02, rel=0.1)
    assert noise_of_set[0][1] > noise_of_set[1][1] + 0.1


def test_the_two_kernels_of_the_phantom_are_found_without_being_told() -> None:
    lesions = phantom.lesions(120, 3)
    noise_of_images = intensity.noise(HU.normalise(lesions.pixels))
    groups = intensity.kernel_groups(noise_of_images)
    assert groups is not None
    sharp = noise_of_images[:, 1] > groups[:, 1].mean()
    assert np.mean(sharp == (lesions.kernels == phantom.KERNELS.index("sharp"))) > 0.95
    one_kernel = noise_of_images[lesions.kernels == 0]
    assert intensity.kernel_groups(one_kernel) is None


def test_fresh_images_break_two_in_a_hundred_bounds_and_strange_ones_all() -> None:
    random = np.random.default_rng(12)
    training, fresh = random.normal(0, 1, (4000, 6)), random.normal(0, 1, (3000, 6))
    assert intensity.violations(training, fresh).mean() == pytest.approx(0.02, abs=0.004)
    assert intensity.violations(training, fresh + 9).mean() == 1


# for teaching


def test_the_inception_score_of_sure_and_even_classes_is_their_number_and_of_unsure_ones_is_one() -> None:
    sure = np.log(np.tile(np.eye(4) + 1e-12, (10, 1)))
    assert inception_score.inception_score(sure) == pytest.approx(4, rel=1e-6)
    assert inception_score.inception_score(np.log(np.full((9, 4), 0.25))) == pytest.approx(1)
    with pytest.raises(EvidenceError):
        inception_score.inception_score(np.zeros((0, 4)))


def test_the_mode_score_by_hand_and_its_loss_by_a_wrong_mix() -> None:
    probability = np.array([[0.9, 0.1], [0.2, 0.8]])
    marginal, shares = probability.mean(0), np.array([0.5, 0.5])
    divergence = (probability * np.log(probability / marginal)).sum(1).mean()
    expected = np.exp(divergence - (marginal * np.log(marginal / shares)).sum())
    assert inception_score.mode_score(np.log(probability), shares) == pytest.approx(expected, rel=1e-12)
    assert inception_score.mode_score(np.log(probability), marginal) == pytest.approx(
        inception_score.inception_score(np.log(probability)), rel=1e-12
    )
    assert inception_score.mode_score(np.log(probability), np.array([0.1, 0.9])) < expected


# variety within a class


def test_the_structural_similarity_of_an_image_to_itself_is_one_and_to_noise_little() -> None:
    random = np.random.default_rng(15)
    images = noise_images(12, random, 2.0)
    assert structural_similarity.structural_similarity(images, images) == pytest.approx(np.ones(12))
    assert structural_similarity.structural_similarity(images, images[::-1]).mean() < 0.5
    noisy = np.clip(images + random.normal(0, 0.01, images.shape), -1, 1).astype(np.float32)
    similarity = structural_similarity.structural_similarity(images, noisy)
    assert (similarity > structural_similarity.structural_similarity(images, images[::-1])).all()
    assert structural_similarity.structural_similarity(noisy, images) == pytest.approx(similarity)


def test_a_batch_of_twenty_three_people_shares_a_birthday_half_of_the_time() -> None:
    random = np.random.default_rng(16)
    days = random.integers(0, 365, (1500, 1)) * 10.0
    assert structural_similarity.birthday_batch(days, np.arange(1500), 1.0) == pytest.approx(22.5, abs=1)
    twins = np.repeat(np.arange(300.0), 2)[:, None] * 10
    assert structural_similarity.birthday_batch(twins, np.arange(600) // 2, 1.0) > 500  # nobody is one's own twin
    train, fresh = random.normal(0, 1, (2, 400, 6))
    limit = structural_similarity.near_duplicate(train, np.arange(400))
    assert structural_similarity.birthday_batch(fresh, np.arange(400), limit) == pytest.approx(
        structural_similarity.birthday_null(), rel=0.3
    )


def test_the_planted_deletion_knows_how_large_a_group_must_be() -> None:
    random = np.random.default_rng(17)
    centres = random.normal(0, 8, (10, 6))
    real = centres[np.arange(400) % 10] + random.normal(0, 1, (400, 6))
    nought, everybody = np.zeros(400, np.int64), np.arange(400)

    def smallest(points: Floats, synthetic: int) -> detectable_deletion.Smallest:
        drawn = points[random.integers(0, 400, synthetic)]
        scanned = missing_modes.scan(points, drawn, nought, np.zeros(synthetic, np.int64), everybody)
        return detectable_deletion.smallest_deleted(scanned.classes[0], points, scanned.critical(0.01), random)

    results = [smallest(real, synthetic) for synthetic in (20, 150, 600)]
    shares = [result.share for result in results]
    assert shares[2] is not None
    assert shares[1] is not None
    assert shares[2] <= shares[1] <= (shares[0] or 1)
    assert shares[2] <= 0.12  # ten groups of a tenth each lie in a cell of their own
    for result in results:  # all shares that cannot be told from it, and not one step of the grid
        assert result.interval[0] <= (result.share or 1) <= result.interval[1]
    smeared = random.normal(0, 1, (400, 6))
    assert (smallest(smeared, 600).share or 1) > shares[2]
