"""Every metric: what all must do, values worked out by hand, numbers from other people's code."""

import numpy as np
import pytest
from prdc import compute_prdc
from scipy import linalg, ndimage, stats

from ganaug_core.audit.matched_detail import matched_detail
from ganaug_core.errors import EvidenceError
from ganaug_core.interfaces import MomentMetric, NeighbourMetric
from ganaug_core.metrics import (
    METRICS,
    copying,
    identical_images,
    label_agreement,
    missing_modes,
    repetition,
    statistics,
)
from ganaug_core.metrics.vendi import vendi_score
from ganaug_core.neighbours import neighbours
from ganaug_core.records import Floats, Intensity

pytestmark = pytest.mark.numerical


def value(name: str, real: Floats, synthetic: Floats) -> float:
    metric = METRICS[name]()
    if isinstance(metric, NeighbourMetric):
        return metric.measure(neighbours(real, synthetic, 5))
    assert isinstance(metric, MomentMetric)
    return metric.compare(real, synthetic)


@pytest.fixture(scope="module")
def pair() -> tuple[Floats, Floats]:
    random = np.random.default_rng(123)
    return random.standard_normal((300, 8)), random.standard_normal((300, 8)) * 0.8 + 0.3


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_prefers_fresh_images_to_a_faraway_heap(name: str) -> None:
    random = np.random.default_rng(0)
    real, fresh = (random.standard_normal((200, 6)).astype(np.float32) for _ in range(2))
    heap = np.full((200, 6), 9, np.float32) + random.standard_normal((200, 6)).astype(np.float32) * 0.01
    good, bad = value(name, real, fresh), value(name, real, heap)
    assert good > bad if METRICS[name].better == "higher" else good < bad


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_the_same_for_any_order_of_images(name: str) -> None:
    random = np.random.default_rng(1)
    real, fresh = (random.standard_normal((60, 6)).astype(np.float32) for _ in range(2))
    shuffled = value(name, real[random.permutation(60)], fresh[random.permutation(60)])
    assert shuffled == pytest.approx(value(name, real, fresh), rel=1e-6)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_in_words_that_images_are_too_few(name: str) -> None:
    one, two = np.zeros((1, 4), np.float32), np.ones((2, 4), np.float32)
    with pytest.raises(EvidenceError) as caught:
        value(name, one, two)
    assert caught.value.do


def test_frechet_equals_the_root_of_the_product_by_scipy(pair: tuple[Floats, Floats]) -> None:
    real, synthetic = pair
    left, right = np.cov(real.T), np.cov(synthetic.T)
    root = np.real(linalg.sqrtm(left @ right))
    expected = np.square(real.mean(0) - synthetic.mean(0)).sum() + np.trace(left + right - 2 * root)
    assert value("frechet", real, synthetic) == pytest.approx(expected, abs=1e-10)
    assert value("frechet", real, synthetic) == pytest.approx(1.294522369030, abs=1e-11)


def test_frechet_of_known_covariances_is_the_closed_form() -> None:
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 8)).reshape(8, -1).T  # covariance exactly c * identity
    scale = np.sqrt((len(signs) - 1) / len(signs))
    left = np.sqrt(np.arange(1, 9))
    right = left[::-1]
    distance = value("frechet", signs * scale * left, signs * scale * right + 1.5)
    assert distance == pytest.approx(((left - right) ** 2).sum() + 8 * 1.5**2, rel=1e-12)


def test_frechet_of_fewer_images_than_dimensions_is_that_of_their_own_plane() -> None:
    random = np.random.default_rng(2)
    real, synthetic = random.standard_normal((20, 5)), random.standard_normal((30, 5)) + 1
    turn = np.linalg.qr(random.standard_normal((400, 400)))[0][:5]
    assert value("frechet", real @ turn, synthetic @ turn) == pytest.approx(value("frechet", real, synthetic), abs=1e-9)


def test_kernel_distance_equals_the_reference_number(pair: tuple[Floats, Floats]) -> None:
    assert value("kernel_distance", *pair) == pytest.approx(0.3509627887, abs=1e-9)


def test_kernel_distance_of_one_distribution_is_zero_on_average() -> None:
    random = np.random.default_rng(3)
    values = [
        value("kernel_distance", random.standard_normal((50, 8)), random.standard_normal((50, 8))) for _ in range(200)
    ]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(200)


def test_precision_recall_density_coverage_equal_the_package_prdc(pair: tuple[Floats, Floats]) -> None:
    theirs = compute_prdc(real_features=pair[0], fake_features=pair[1], nearest_k=5)
    for name in ("precision", "recall", "density", "coverage"):
        assert value(name, *pair) == pytest.approx(theirs[name], abs=1e-12)
    assert value("coverage", *pair) == pytest.approx(0.91)
    assert value("recall", *pair) == pytest.approx(0.64)


def test_the_five_points_of_the_note_give_one_one_one_and_four_fifths() -> None:
    real = np.linspace(0, 1, 5)[:, None]
    near = neighbours(real, np.array([[0.1], [0.9], [0.12], [0.88]]), 2)
    measured = [METRICS[name](k=2).measure(near) for name in ("precision", "recall", "density", "coverage")]  # type: ignore[call-arg, union-attr]
    assert measured == pytest.approx([1, 1, 1, 0.8])


def test_the_nulls_of_density_and_coverage_are_what_fresh_images_give() -> None:
    random = np.random.default_rng(4)
    nears = [neighbours(random.standard_normal((100, 4)), random.standard_normal((80, 4)), 5) for _ in range(60)]
    for name in ("density", "coverage"):
        metric = METRICS[name]()
        values = [metric.measure(near) for near in nears]  # type: ignore[union-attr]
        assert abs(np.mean(values) - metric.null(100, 80)) < 4 * np.std(values) / np.sqrt(60)  # type: ignore[union-attr]
    assert METRICS["coverage"]().null(300, 300) == pytest.approx(0.9695, abs=1e-4)  # type: ignore[union-attr]


def test_vendi_counts_six_orthogonal_clusters_as_six_and_one_image_as_one() -> None:
    assert vendi_score(np.repeat(np.eye(6), 50, 0)) == pytest.approx(6)
    assert vendi_score(np.ones((50, 4))) == pytest.approx(1)


def test_wilson_benjamini_hochberg_and_holm_give_the_textbook_numbers() -> None:
    assert statistics.wilson(88, 100) == pytest.approx((0.8020, 0.9300), abs=1e-3)
    assert statistics.wilson(0, 0) == (0, 1)
    assert statistics.benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5])) == pytest.approx(
        [0.04, 0.16 / 3, 0.16 / 3, 0.5]
    )
    assert statistics.holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})


def test_the_chance_of_one_image_is_its_rank_among_the_held_out() -> None:
    p_values = statistics.conformal(np.array([0.5, 2.0, 9.0]), np.array([1.0, 2.0, 3.0]))
    assert p_values == pytest.approx([1 / 4, 3 / 4, 1])


def test_weights_make_every_patient_count_once_in_each_class() -> None:
    weights = statistics.weights(np.array([1, 1, 1, 2]), np.array([0, 0, 1, 0]))
    assert weights == pytest.approx([0.5, 0.5, 1, 1])


def test_the_set_test_counts_by_the_beta_binomial() -> None:
    design = copying.Design((300,), (500,))
    assert stats.betabinom.sf(9, 500, 3, 298) == pytest.approx(0.111743, abs=1e-6)
    counts = np.array([[[0, 0, 10, 0]]])
    assert copying.levels(300) == (1, 2, 3, 6)
    assert design.smallest(counts)[0] == pytest.approx(0.111743, abs=1e-6)


def test_the_set_test_is_calibrated_whatever_the_class_mix_and_clusters() -> None:
    random = np.random.default_rng(5)
    labels, synthetic_labels = np.repeat([0, 1], [90, 10]), np.repeat([0, 1], [100, 100])
    groups = np.arange(100) // 2
    p_values = []
    for trial in range(150):
        patient = random.standard_normal(50)[groups]
        holdout = patient + 0.1 * random.standard_normal(100) + 3 * labels
        fresh = random.standard_normal(200) * np.sqrt(1.01) + 3 * synthetic_labels
        p_values.append(copying.set_test(fresh, holdout, synthetic_labels, labels, groups, seed=trial)[0].p_value)
    assert np.mean(np.array(p_values) < 0.05) <= 0.1
    assert np.mean(np.array(p_values) < 0.01) <= 0.04


def test_the_set_test_finds_five_percent_copies_and_says_so() -> None:
    random = np.random.default_rng(6)
    fresh, holdout = random.standard_normal(400), random.standard_normal(200)
    none = np.zeros(400, np.int64), np.zeros(200, np.int64), np.arange(200)
    clean, design = copying.set_test(fresh, holdout, *none)
    fresh[:20] = -9
    test, _ = copying.set_test(fresh, holdout, *none)
    assert clean.p_value > 0.05
    assert test.p_value < 0.01
    assert test.interval[0] <= 0.05 <= test.interval[1]
    assert clean.interval[0] == 0
    assert 0.02 < (design.detectable_share(0.01) or 1) < 0.05
    assert copying.needed(copying.Design((20,), (400,)), 0.01, 0.05) is not None


def test_images_that_resemble_each_other_count_as_one_in_the_set_test() -> None:
    random = np.random.default_rng(7)
    alarms = {"counted alone": 0, "counted as one": 0}
    none = np.zeros(400, np.int64), np.zeros(200, np.int64), np.arange(200)
    for trial in range(60):
        holdout, views = random.standard_normal(200), np.repeat(np.arange(40), 10)
        synthetic = random.standard_normal(40)[views] + 0.05 * random.standard_normal(400)
        for name, weights in (("counted alone", None), ("counted as one", np.full(400, 0.1))):
            alarms[name] += copying.set_test(synthetic, holdout, *none, weights=weights, seed=trial)[0].p_value < 0.05
    assert alarms["counted alone"] >= 10
    assert alarms["counted as one"] <= 6
    synthetic[:20] = -9  # copies stand whatever the others weigh
    weights = np.concatenate([np.ones(20), np.full(380, 0.1)])
    assert copying.set_test(synthetic, holdout, *none, weights=weights)[0].p_value < 0.01


def test_natural_near_duplicates_are_allowed_and_more_than_that_is_found() -> None:
    random = np.random.default_rng(11)
    holdout = random.standard_normal(200)
    none = np.zeros(400, np.int64), np.zeros(200, np.int64), np.arange(200)
    near_duplicates = {0: (0.05, 200.0)}
    tests = []
    for twins in (20, 100):
        synthetic = np.concatenate([np.full(twins, -9.0), random.standard_normal(400 - twins)])
        tests.append(copying.set_test(synthetic, holdout, *none, near_duplicates=near_duplicates)[0])
        assert copying.set_test(synthetic, holdout, *none)[0].p_value < 0.001
    assert tests[0].p_value > 0.05
    assert tests[1].p_value < 0.001
    assert tests[1].interval[0] <= 0.2 <= tests[1].interval[1] + 0.02


def test_more_held_out_images_show_smaller_shares() -> None:
    shares = [copying.Design((n,), (400,)).detectable_share(0.01) or 1 for n in (25, 100, 400)]
    assert shares == sorted(shares, reverse=True)
    assert copying.Design((1,), (3,)).detectable_share(0.001) is None


def test_scores_that_come_in_pairs_make_the_set_test_wider() -> None:
    random = np.random.default_rng(12)
    p_values: dict[str, list[float]] = {"paired": [], "alone": []}
    for trial in range(300):
        half = random.standard_normal(100)
        references = np.concatenate([half, half + 1e-3])  # each the other's nearest: low together
        partners = np.concatenate([np.arange(100, 200), np.arange(100)])
        fresh = random.standard_normal(400)
        none = np.zeros(400, np.int64), np.zeros(200, np.int64), np.arange(200)
        assert 1.8 < copying.bunch(references, partners) <= 2
        for name, mates in (("paired", partners), ("alone", None)):
            p_values[name].append(copying.set_test(fresh, references, *none, partners=mates, seed=trial)[0].p_value)
    alarms = {name: float((np.array(values) < 0.05).mean()) for name, values in p_values.items()}
    assert alarms["paired"] <= 0.075
    assert alarms["alone"] > 0.09
    assert copying.bunch(np.arange(50.0), np.full(50, -1)) == 1


def test_none_near_leaves_room_for_copies_that_were_not_drawn() -> None:
    low, high = copying.Design((300,), (200,)).interval(0, len(copying.SHARES) - 1)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 200))


def test_stated_power_does_not_count_on_other_images_being_near() -> None:
    """A generator whose other images are all far must not hide as many copies as are said to be found."""
    design = copying.Design((300,), (400,))
    share = design.detectable_share(0.01)
    assert share is not None
    taken = round(share * 400)
    references = np.linspace(0.5, 1.5, 300)
    none = np.zeros(400, np.int64), np.zeros(300, np.int64), np.arange(300)
    for copies, found in ((taken, True), (taken - 1, False)):
        far = np.concatenate([np.full(copies, 0.01), np.full(400 - copies, 9.0)])
        assert (copying.set_test(far, references, *none)[0].p_value < 0.01) == found
    half = design.detectable_share(0.01, (0.5,) * len(copying.SHARES))
    assert half == pytest.approx(2 * share, abs=2 / 400)
    assert design.detectable_share(0.01, (0.0,) * len(copying.SHARES)) is None


def test_references_get_the_detail_of_the_synthetic_images() -> None:
    random = np.random.default_rng(13)
    fine, other = np.clip(random.standard_normal((2, 120, 1, 32, 32)) / 4, -1, 1).astype(np.float32)
    labels = np.arange(120) % 2

    def blurred(images: Floats) -> Floats:  # by another width in each class
        widths = zip(images, labels + 0.5, strict=True)
        return np.stack([ndimage.gaussian_filter(image, (0, s, s), mode="reflect") for image, s in widths])

    matched, wanted = matched_detail(other, labels, blurred(fine), labels)[:], blurred(other)
    # contrast is free: the correlation with a truly blurred image tells whether the detail is right
    alike = [np.corrcoef(left.ravel(), right.ravel())[0, 1] for left, right in zip(wanted, matched, strict=True)]
    assert min(np.mean(np.array(alike)[labels == label]) for label in (0, 1)) > 0.97
    assert np.abs(matched_detail(fine, labels, fine, labels)[:] - fine).max() < 1e-4


def test_an_equal_image_is_found_turned_or_mirrored_but_a_flat_one_is_nobody() -> None:
    random = np.random.default_rng(7)
    real = random.uniform(-1, 1, (5, 1, 8, 8)).astype(np.float32)
    synthetic = np.stack([real[3], np.rot90(real[1], 1, (1, 2)), np.zeros((1, 8, 8)), -real[0]]).astype(np.float32)
    training = np.concatenate([real, np.zeros((1, 1, 8, 8), np.float32)])
    assert identical_images.equal_pairs(synthetic, training).tolist() == [[0, 3], [1, 1]]


def test_slices_of_nothing_but_air_are_nobodys_copies() -> None:
    random = np.random.default_rng(3)
    air = -1 + random.uniform(0, 0.003, (6, 1, 16, 16)).astype(np.float32)  # less than half of a grey level
    assert len(identical_images.equal_pairs(air[:3], air[3:])) == 0


def test_a_cohort_with_near_duplicates_of_its_own_leaves_only_equality_as_a_proof() -> None:
    rounding, holdout, nothing = np.full(9, 0.01, np.float32), np.array([0.2], np.float32), np.zeros(0, np.float32)
    assert identical_images.residual_limit(rounding, holdout, nothing) == pytest.approx(0.01)
    assert identical_images.residual_limit(rounding, np.array([0.02], np.float32), nothing) == pytest.approx(0.005)
    assert identical_images.residual_limit(rounding, holdout, np.array([0.003], np.float32)) == 0
    images = np.random.default_rng(0).uniform(-1, 1, (3, 1, 8, 8)).astype(np.float32)
    noise = np.abs(identical_images.rounded_off(images, Intensity("intensity", 0, 255), seed=0) - images)
    assert 0 < noise.max() <= 1 / 255 + 1e-6


def test_a_missing_group_is_named_and_a_complete_class_is_not() -> None:
    random = np.random.default_rng(8)
    centres = random.standard_normal((4, 6)) * 8

    def draw(weights: list[float], count: int) -> Floats:
        return centres[random.choice(4, count, p=weights)] + random.standard_normal((count, 6))

    real, fresh, lacking = (
        draw([0.4, 0.3, 0.2, 0.1], 300),
        draw([0.4, 0.3, 0.2, 0.1], 300),
        draw([0.5, 0.3, 0.2, 0], 300),
    )
    nought, everybody = np.zeros(300, np.int64), np.arange(300)
    assert next(missing_modes.scan(real, fresh, nought, nought, everybody).worst(), (0, 0, 1.0))[2] > 0.01
    scanned = missing_modes.scan(real, lacking, nought, nought, everybody)
    label, region, p_value = next(scanned.worst())
    assert p_value < 0.001
    worst = missing_modes.described(scanned, label, region, p_value)
    nearest = np.linalg.norm(real[worst.members][:, None] - centres, axis=2).argmin(1)
    assert (nearest == 3).mean() > 0.75
    assert len(worst.members) == pytest.approx(30, abs=12)
    assert worst.real_share == pytest.approx(len(worst.members) / 300)
    assert worst.synthetic_share < 0.02


def test_the_worst_region_of_fresh_images_is_as_bad_as_its_p_says() -> None:
    random = np.random.default_rng(9)
    smallest = []
    for seed in range(100):
        real, fresh = random.standard_normal((60, 4)), random.standard_normal((80, 4))
        labels, others = np.arange(60) % 2, np.arange(80) % 2
        scanned = missing_modes.scan(real, fresh, labels, others, np.arange(60), seed=seed)
        smallest.append(next(scanned.worst(), (0, 0, 1.0))[2])
    for level in (0.05, 0.2, 0.5):
        low, high = statistics.wilson(round(level * 100), 100, 0.998)
        assert low <= np.mean(np.array(smallest) <= level) <= high


def test_a_region_lacks_what_the_likelihood_ratio_of_two_shares_says() -> None:
    lacking = missing_modes.lack(np.array([30.0, 30.0]), 100, np.array([5.0, 20.0]), 100)
    table = [[30, 70], [5, 95]]
    assert lacking[0] == pytest.approx(np.sqrt(stats.chi2_contingency(table, False, lambda_="log-likelihood")[0]))
    assert lacking[1] == 0, "it lost less than half"


def test_fresh_slices_of_few_patients_are_not_counted_one_by_one() -> None:
    random, alarms, crowds = np.random.default_rng(15), [0, 0], []
    for _ in range(20):
        real, fresh = (
            np.repeat(random.standard_normal((n, 6)), 8, 0) + 0.1 * random.standard_normal((8 * n, 6)) for n in (80, 40)
        )
        patients, none = np.arange(640) // 8, np.zeros(640, np.int64)
        for number, slices in enumerate((False, True)):
            scanned = missing_modes.scan(real, fresh, none, none[:320], patients, slices=slices)
            alarms[number] += next(scanned.worst(), (0, 0, 1.0))[2] < 0.01
        crowds.append(missing_modes.crowding(real, patients, fresh))
    assert alarms[0] >= 5  # counted one by one
    assert alarms[1] <= 1
    assert np.mean(crowds) == pytest.approx(8, rel=0.15)
    alone = random.standard_normal((320, 6))
    assert missing_modes.crowding(real, patients, alone) < 1.5
    assert missing_modes.crowding(alone, np.arange(320), alone) == 1


def test_what_varies_much_does_not_drown_what_is_measured_once() -> None:
    random = np.random.default_rng(18)
    real = random.standard_normal((400, 12)).astype(np.float32)
    real[:, :6] = 10 * real[:, :1]  # one thing, measured six times
    standard, others = missing_modes.whitened(real, real[:50])
    assert standard.shape == (400, 7)
    assert np.std(standard, axis=0) == pytest.approx(1, abs=0.01)
    assert np.allclose(others, standard[:50], atol=1e-4)


def test_a_direction_is_seen_from_the_middle_of_the_real_images() -> None:
    real = np.array([[3.0, 1], [1, 1], [2, 2], [2, 0]])
    before, after = missing_modes.directions(real, np.array([[2.0, 5], [2, 1]]))
    assert np.allclose(before, [[1, 0], [-1, 0], [0, 1], [0, -1]])
    assert np.allclose(after, [[0, 1], [0, 0]])


def test_the_smallest_visible_group_is_where_its_absence_becomes_significant() -> None:
    share = missing_modes.smallest_visible(100, 100, 4.0)
    assert share is not None
    hits = share * 100
    assert missing_modes.lack(hits, 100, 0.0, 100) > 4 >= missing_modes.lack(hits - 1, 100, 0.0, 100)
    assert missing_modes.smallest_visible(3, 3, 4.0) is None


def test_one_image_in_many_versions_repeats_itself_and_a_smooth_set_does_not() -> None:
    random = np.random.default_rng(9)
    real = random.uniform(0.3, 0.4, 60)
    smooth = repetition.near_duplicates(real * 0.8, real)
    assert min(smooth.p_value, smooth.p_more) > 0.05
    again = repetition.near_duplicates(np.full(60, 0.05), real)
    assert (again.share, again.usual) == (1, 0)
    assert again.p_value < 1e-6
    features = random.standard_normal((60, 12))
    tight = features[:1] + 0.05 * random.standard_normal((60, 12))
    assert repetition.variety(tight, features)[2] < 1e-6
    assert repetition.variety(random.standard_normal((60, 12)), features)[2] > 0.05


def test_a_fifth_of_near_duplicates_against_a_hundredth_is_more_though_it_is_allowed() -> None:
    random = np.random.default_rng(12)
    real, synthetic = random.uniform(0.8, 1.2, (2, 200))
    synthetic[:43], real[:3] = 0.1, 0.1
    near = repetition.near_duplicates(synthetic, real)
    assert (near.share, near.usual) == (0.215, 0.015)
    assert near.interval[0] > near.usual
    assert near.p_more < 1e-4
    assert near.p_value > 0.05
    few = repetition.near_duplicates(synthetic, real, patients=6)
    assert few.p_more > 0.05  # six patients tell nothing


def test_fresh_sets_have_no_more_near_duplicates_than_real_ones() -> None:
    random = np.random.default_rng(14)
    p_values = []
    for _ in range(300):
        twins = random.random((2, 150)) < 0.1
        distances = np.where(twins, 0.1, random.uniform(0.8, 1.2, (2, 150)))
        p_values.append(repetition.near_duplicates(*distances).p_more)
    assert np.mean(np.array(p_values) < 0.01) <= 0.01


def log_probabilities(right: float, count: int, random: np.random.Generator) -> Floats:
    sure = random.uniform(0.6, 0.9, count)
    sure = np.where(random.random(count) < right, sure, 1 - sure)
    return np.log(np.stack([sure, 1 - sure], 1))


def test_agreement_is_two_sided_and_notices_images_that_are_too_easy() -> None:
    random = np.random.default_rng(10)
    nought, ones = np.zeros(300, np.int64), np.ones(300)
    real, fresh, worse, easier = (log_probabilities(share, 300, random) for share in (0.85, 0.85, 0.6, 1.0))
    p_values = [
        label_agreement.agreements(real, probabilities, nought, nought, real_weights=ones)[0].p_value
        for probabilities in (fresh, worse, easier)
    ]
    assert p_values[0] > 0.05
    assert max(p_values[1:]) < 1e-6
    sharp = np.log(np.tile([0.999, 0.001], (300, 1)))
    agreement = label_agreement.agreements(real, sharp, nought, nought, real_weights=ones)[0]
    assert agreement.sureness.chance == 1
    assert agreement.sureness.p_value < 1e-6
    assert label_agreement.agreements(real, fresh, nought, nought, real_weights=ones)[0].sureness.p_value > 0.05


def test_a_little_more_agreement_than_among_real_images_is_no_caricature() -> None:
    assert label_agreement.different(3900, 4000, 1900, 2000) > 0.5  # 97.5 % against 95 %
    assert label_agreement.different(3600, 4000, 1900, 2000) > 0.3  # 90 %, at the margin
    assert label_agreement.different(3400, 4000, 1900, 2000) < 1e-6
    assert label_agreement.different(6, 6, 0, 6) > 0.001  # as sure as twelve images can be


def test_the_power_to_see_a_loss_of_agreement_is_what_draws_show() -> None:
    alpha, random = 0.001, np.random.default_rng(2)
    for real in (0.7, 0.95):
        enough = next(n for n in range(20, 400, 5) if label_agreement.sees_drop(real, n, 2 * n, alpha))
        hits, fewer = random.binomial(enough, real, 400), random.binomial(2 * enough, real - label_agreement.DROP, 400)
        found = statistics.exceeds(hits, enough, fewer, 2 * enough, label_agreement.MARGIN) < alpha
        assert found.mean() == pytest.approx(0.8, abs=0.08)
    assert not label_agreement.sees_drop(0.9, 10, 1000, 1e-4)
