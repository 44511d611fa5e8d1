"""What the benefit experiment is made of: the arms' draws, measures with weights, honest intervals, the sentence."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from benefit_sides import made_of, with_holdout
from scipy import stats
from sklearn import metrics as golden
from small_cohort import squares

from ganaug_core.benefit import Classifier, Experiment, as_json, bootstrap, classification_scores
from ganaug_core.benefit.arms import arms, chances, class_chances
from ganaug_core.benefit.classifier import as_prevalent
from ganaug_core.benefit.estimate import estimate, half_width, two_sided_p
from ganaug_core.benefit.verdict import answer
from ganaug_core.errors import EvidenceError
from ganaug_core.records import HOLDOUT, UNKNOWN_PATIENT
from ganaug_core.records.benefit import Arm, Difference, Look, Score
from ganaug_core.storage.workspace import Workspace

QUICK = Classifier(steps=12, batch=16)


# what is drawn


def test_every_arm_draws_what_it_says() -> None:
    labels = np.repeat([0, 1, 0, 1], [30, 10, 5, 8])  # real 30 and 10, synthetic 5 and 8
    synthetic = np.repeat([False, True], [40, 13])
    of_rare = {}
    for arm in arms(10, 30):
        chosen = np.flatnonzero(~synthetic | (arm.uses_synthetic & ((labels == 1) | (arm.mix == "synthetic"))))
        chosen = chosen[synthetic[chosen]] if arm.mix == "synthetic" else chosen
        chance = chances(arm, labels[chosen], synthetic[chosen], 1)
        shares = class_chances(chance, labels[chosen], 2)
        assert shares == pytest.approx([0.75, 0.25] if arm.mix == "natural" else [0.5, 0.5]), arm.name
        of_rare[arm.name] = chance[synthetic[chosen] & (labels[chosen] == 1)].sum() / shares[1]
        assert chance[synthetic[chosen] & (labels[chosen] == 0)].sum() == pytest.approx(
            0.5 if arm.mix == "synthetic" else 0
        )
    assert of_rare == pytest.approx(
        {
            **{name: 0 for name in ("real", "weights", "duplication", "classical")},
            **{"mixed10": 0.1, "mixed25": 0.25, "mixed50": 0.5, "curated": 0.5, "synthetic": 1},
            "topped": 2 / 3,  # 20 of 30 to reach the larger class
        }
    )


def test_a_class_that_is_nearly_as_frequent_is_doubled_all_the_same() -> None:
    shares = {arm.name: arm.share for arm in arms(29, 30)}
    assert shares["topped"] == 0.5


def test_a_network_trained_on_balanced_draws_is_led_back_to_the_true_frequency() -> None:
    probabilities = np.array([[0.5, 0.5], [0.2, 0.8]], np.float32)
    back = as_prevalent(probabilities, np.array([0.5, 0.5]), np.array([0.9, 0.1]))
    assert back == pytest.approx(np.array([[0.9, 0.1], [0.18 / 0.26, 0.08 / 0.26]]), abs=1e-6)


# measures: numbers of scikit-learn


@pytest.mark.parametrize("ties", [False, True])
def test_weighted_measures_are_those_of_scikit_learn(ties: bool) -> None:
    random = np.random.default_rng(0)
    truth = random.random(80) < 0.3
    probability = np.clip(random.normal(0.35 + 0.2 * truth, 0.2), 0, 1)
    probability = np.round(probability, 1) if ties else probability
    weights = np.concatenate([np.ones((1, 80)), random.integers(0, 3, (3, 80))]).astype(float)
    for row, weight in enumerate(weights):
        assert classification_scores.auroc(probability, truth, weights)[row] == pytest.approx(
            golden.roc_auc_score(truth, probability, sample_weight=weight)
        )
        assert classification_scores.auprc(probability, truth, weights)[row] == pytest.approx(
            golden.average_precision_score(truth, probability, sample_weight=weight)
        )
        assert classification_scores.brier(probability, truth, weights)[row] == pytest.approx(
            golden.brier_score_loss(truth, probability, sample_weight=weight)
        )
        false, true, _ = golden.roc_curve(truth, probability, sample_weight=weight, drop_intermediate=False)
        assert classification_scores.sensitivity(probability, truth, weights)[row] == pytest.approx(
            true[false <= 0.1 + 1e-9].max()
        )


def test_calibration_by_hand() -> None:
    probability = np.array([0.05, 0.05, 0.95, 0.95])
    truth = np.array([False, True, True, True])
    # lower bin: mean 0.05 against one half of two images; upper bin 0.95 against 1
    assert classification_scores.calibration(probability, truth, np.ones((1, 4))) == pytest.approx(
        [(2 * 0.45 + 2 * 0.05) / 4]
    )


def test_without_an_image_of_one_side_there_is_no_area() -> None:
    assert np.isnan(classification_scores.auroc(np.array([0.1, 0.9]), np.array([True, False]), np.array([[1.0, 0.0]])))


# intervals


def test_a_bootstrap_draws_patients_and_keeps_the_number_of_those_with_the_rare_class() -> None:
    groups = np.array([0, 0, 1, 2, 2, 3])
    labels = np.array([1, 1, 1, 0, 0, 0])
    weights = bootstrap.resampled(groups, labels, 1, seed=0)
    assert (weights[0] == 1).all()
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 4]).all()
    assert (weights[:, 0] + weights[:, 2] == 2).all()
    assert len(np.unique(weights[:, 0])) == 3


@pytest.mark.parametrize(("between_patients", "between_seeds"), [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_an_interval_of_five_repetitions_covers_the_truth_as_often_as_it_says(
    between_patients: float, between_seeds: float
) -> None:
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        patients = between_patients * random.normal(size=40)
        values = patients + between_seeds * random.normal(size=(5, 1)) + 0.3 * random.normal(size=(5, 40))
        counts = random.integers(0, 40, (200, 40))
        repetitions = np.concatenate([values.mean(1, keepdims=True), values[:, counts].mean(2)], axis=1)
        low, high = estimate(repetitions).interval
        covered += low <= 0 <= high
    assert 0.92 <= covered / 400 <= 0.99


def test_arms_that_never_differ_have_no_interval_and_no_finding() -> None:
    same = estimate(np.zeros((5, 10)))
    assert (same.value, same.interval, same.p_value, same.not_worse(0.02)) == (0, (0, 0), 1, 1)


def test_half_widths_by_hand_and_p_is_the_level_at_which_an_interval_begins_to_hold_zero() -> None:
    assert half_width(0.05, 4e-4, 0, 5) == pytest.approx(0.02 * 1.959964)
    assert half_width(0.05, 0, 4e-4, 5) == pytest.approx(0.02 * 2.776445)  # Student's t with four degrees of freedom
    assert half_width(0.05, 4e-4, 4e-4, 5) == pytest.approx(0.02 * np.hypot(1.959964, 2.776445))
    for level in (0.5, 0.01, 1e-12):
        reach = half_width(level, 3e-4, 1e-4, 5)
        assert two_sided_p(-reach, 3e-4, 1e-4, 5) == pytest.approx(level)
    values = np.array([0.01, 0.03, 0.02, 0.05, 0.0])  # where only repetitions vary: scipy's t-test
    assert two_sided_p(values.mean(), 0, values.var(ddof=1) / 5, 5) == pytest.approx(
        stats.ttest_1samp(values, 0).pvalue
    )


# the sentence

DOSE = Arm(name="mixed50", title="50 % synthetic", says="", share=0.5, classical=True)
TOPPED = Arm(name="topped", title="Synthetic on top of real", says="", share=0.5)


LOOK = Look(number=1, alpha=0.04, next_alpha=0.008, margin=0.02)


def said(
    changes: Mapping[str, tuple[float, ...]], base: float = 0.9, done: int = 5, asked: int = 5, look: Look = LOOK
) -> Any:
    """Return the verdict on changes by arm: value, corrected p, and corrected p of losing the margin, else 1."""
    differences = [
        Difference(
            arm=arm,
            against="classical",
            measure="auroc",
            class_name="rare",
            value=value,
            interval=(value - 0.01, value + 0.01),
            p_value=p,
            adjusted=p,
            not_worse=worse[0] if worse else 1.0,
        )
        for arm, (value, p, *worse) in changes.items()
    ]
    score = Score(
        arm="classical",
        measure="auroc",
        class_name="rare",
        value=base,
        interval=(base - 0.02, base + 0.02),
        repetitions=(base,) * done,
        better="higher",
    )
    arms = [DOSE, replace(DOSE, name="mixed25", title="25 % synthetic"), TOPPED]
    return answer(arms, [score], differences, "rare", done=done, asked=asked, look=look)


def test_the_sentence_says_how_much_it_helps_with_the_interval() -> None:
    verdict = said({"mixed50": (0.03, 0.01), "mixed25": (0.02, 0.2)})
    assert verdict.state == "helps"
    assert "with 50 % synthetic" in verdict.statement
    assert "rises by 0.030 (95 % interval of this change +0.020 to +0.040) from 0.900" in verdict.statement


def test_one_dose_may_help_while_another_harms_and_both_are_said() -> None:
    verdict = said({"mixed50": (-0.03, 0.01), "mixed25": (0.02, 0.02)})
    assert verdict.state == "helps"
    assert "But 50 % synthetic harms." in verdict.statement


def test_no_benefit_names_the_gain_that_cannot_be_ruled_out() -> None:
    verdict = said({"mixed50": (0.005, 0.3), "mixed25": (-0.002, 0.7)})
    assert verdict.state == "none"
    assert verdict.statement.startswith("No benefit shown")
    assert "changes by -0.002 to +0.005" in verdict.statement
    assert "a gain of up to 0.015 cannot be ruled out" in verdict.do


def test_a_ceiling_is_said() -> None:
    verdict = said({"mixed50": (0.0, 1.0), "mixed25": (0.0, 1.0)}, base=0.995)
    assert "near the ceiling" in verdict.do
    assert "changes by +0.000 at every share" in verdict.statement


def test_the_images_are_advised_against_only_where_every_dose_harms() -> None:
    verdict = said({"mixed50": (-0.03, 0.01), "mixed25": (-0.02, 0.02)})
    assert verdict.state == "harms"
    assert verdict.statement.startswith("Synthetic images harm: with 50 % synthetic")
    assert "falls by 0.030" in verdict.statement
    assert "So do all other shares." in verdict.statement
    assert verdict.do.startswith("Do not train classifiers with these images.")


def test_harm_of_some_doses_is_said_of_them_alone() -> None:
    verdict = said({"mixed50": (-0.03, 0.01), "mixed25": (-0.02, 0.2)})
    assert verdict.state == "harms"
    assert verdict.statement.startswith("Harm is shown with 50 % synthetic beside classical augmentation: AUROC falls")
    assert "Neither benefit nor harm is shown with 25 % synthetic." in verdict.statement
    assert "these images" not in verdict.do
    assert verdict.do.startswith("Do not train classifiers with 50 % synthetic.")


def test_a_verdict_says_its_look_and_alpha_and_a_later_look_asks_for_more() -> None:
    changes = {"mixed50": (-0.03, 0.01)}
    assert "(Look 1, alpha 0.04.)" in said(changes).statement
    second = said(changes, look=replace(LOOK, number=2, alpha=0.008))
    assert second.state == "none"
    assert "(Look 2, alpha 0.008.)" in second.statement


def test_a_loss_of_the_margin_is_ruled_out_for_the_doses_where_it_is() -> None:
    doses = {"mixed50": (-0.015, 0.3, 0.2), "mixed25": (0.001, 0.9, 0.03)}
    statement = said(doses).statement
    assert (
        "loss of 0.02 or more (the margin, fixed before the first look) is ruled out with 25 % synthetic." in statement
    )
    open_still = {name: values[:2] for name, values in doses.items()}
    assert "ruled out" not in said(open_still).statement
    assert "0.05 or more" in said(doses, look=replace(LOOK, margin=0.05)).statement
    assert "ruled out" not in said({"mixed50": (0.03, 0.01, 0.001)}).statement  # it helps: nothing is lost


def test_arms_without_classical_augmentation_never_decide() -> None:
    assert said({"topped": (-0.1, 0.001), "mixed50": (0.0, 1.0)}).state == "none"


@pytest.mark.parametrize(("done", "asked"), [(1, 5), (3, 5), (4, 5), (2, 2)])
def test_there_is_no_verdict_before_the_plan_is_complete(done: int, asked: int) -> None:
    verdict = said({"mixed50": (0.03, 0.001)}, done=done, asked=asked)
    assert verdict.state == "not_assessable"
    assert verdict.statement.startswith("So far: ")
    assert ("after all 5 repetitions" if asked == 5 else "at least 3 repetitions") in verdict.do


# what is refused, and what is left out


def test_a_generator_of_another_training_share_is_refused_unless_told() -> None:
    cohort = with_holdout()
    foreign = made_of(cohort, provenance={"cohort": "0" * 64})
    with pytest.raises(EvidenceError, match="trained on other images") as refused:
        Experiment.of(cohort, foreign)
    assert refused.value.code == "other_training_share"
    with pytest.raises(EvidenceError, match="not known"):
        Experiment.of(cohort, made_of(cohort, source="folder", provenance={}))
    trusted = Experiment.of(cohort, foreign, trust_split=True)
    assert any("your word" in note for note in trusted.data.notes)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"rare": "side 9"}, "no class"),
        ({"samples": {"images": np.zeros((24, 1, 8, 8), np.float32)}}, "another size"),
        ({"samples": {"classes": ("side 4", "other")}}, "no class other"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(change: dict[str, Any], match: str) -> None:
    cohort = with_holdout()
    samples = made_of(cohort, **change.pop("samples", {}))
    with pytest.raises(EvidenceError, match=match):
        Experiment.of(cohort, samples, **change)


def test_too_small_a_holdout_is_refused() -> None:
    cohort = squares()
    with pytest.raises(EvidenceError, match="too few to test on"):
        Experiment.of(cohort, made_of(cohort))


def test_patients_are_counted_only_where_they_are_known() -> None:
    cohort = with_holdout()
    known = Experiment.of(cohort, made_of(cohort)).data
    assert known.about_cohort["holdout_patients"] == known.about_cohort["holdout_groups"] == 26
    assert known.notes == ()
    tested = np.flatnonzero(cohort.roles == HOLDOUT)
    for rows, said in (
        (tested, "Patients are unknown"),
        (tested[:3], "Patients of 3 of 52 hold-out images are unknown"),
    ):
        patients = cohort.patients.copy()
        patients[rows] = UNKNOWN_PATIENT
        unknown = replace(cohort, patients=patients)
        data = Experiment.of(unknown, made_of(unknown)).data
        assert data.about_cohort["holdout_patients"] is None
        assert data.about_cohort["holdout_groups"] == 26
        assert data.notes[0].startswith(said)


def test_arms_that_cannot_be_had_are_named_with_the_reason() -> None:
    cohort = with_holdout()
    samples = made_of(cohort)
    rare = samples.labels == 1
    only = replace(samples, images=samples.images[rare], labels=samples.labels[rare], ids=samples.ids[rare])
    left_out = Experiment.of(cohort, only).data.left_out
    assert left_out.keys() == {"synthetic", "curated"}
    assert "no audit named a copy" in left_out["curated"]


def test_curation_drops_rejected_images_and_copies_or_takes_those_kept_by_hand() -> None:
    cohort = with_holdout((60, 60))
    samples = made_of(cohort, per_class=40)
    ids = samples.ids[samples.labels == 0].tolist()
    rejected_some = Experiment.of(cohort, samples, rare="side 4", rejected=ids[:3], copies=ids[3:5])
    assert rejected_some.data.about_samples["curated"] == 35
    by_hand = Experiment.of(cohort, samples, rare="side 4", kept=ids[:25], rejected=ids[30:], copies=ids[:2])
    assert by_hand.data.about_samples["curated"] == 23
    arm = next(arm for arm in by_hand.data.arms if arm.curated)
    shown = by_hand.data.shown(arm)
    assert by_hand.data.synthetic[shown].sum() == 23


# the whole, quickly


def test_the_first_estimate_comes_after_two_classifiers_and_the_last_one_has_every_arm(tmp_path: Any) -> None:
    cohort = with_holdout()
    samples = made_of(cohort)
    workspace = Workspace(tmp_path)
    reports: list[tuple[float, str]] = []

    def report(share: float, doing: str) -> None:
        reports.append((share, doing))

    experiment = Experiment.of(cohort, samples, repetitions=2, classifier=QUICK)
    answers = list(experiment.run(workspace, report=report))
    assert [arm.name for arm in answers[1].arms] == ["classical", "mixed50"]
    assert answers[1].done == 0
    assert answers[1].verdict.statement.startswith("So far")
    last = answers[-1]
    assert (last.done, last.asked) == (2, 2)
    assert len(last.arms) == 9
    assert {difference.against for difference in last.differences} == {"classical", "duplication"}
    assert {score.class_name for score in last.scores} == set(cohort.classes)
    assert all(len(score.repetitions) == 2 for score in last.scores)
    assert all(difference.adjusted is None for difference in last.differences)  # of two repetitions nothing is tested
    shares = [share for share, _ in reports]
    assert shares == sorted(shares)
    assert shares[-1] == 1

    workspace.keep(last, "kept")
    assert workspace.benefit("kept") == last
    assert as_json(last)["schema"] == "ganaug.benefit/1"

    before = {name: workspace.manifest("trials", name)["written"] for name in workspace.names("trials")}
    assert len(before) == 18
    again = list(Experiment.of(cohort, samples, repetitions=2, classifier=QUICK).run(workspace))[-1]
    assert again == last
    reversed_samples = replace(samples, images=samples.images[::-1].copy(), digest="1" * 64)
    list(Experiment.of(cohort, reversed_samples, repetitions=2, classifier=QUICK).run(workspace))
    assert len(workspace.names("trials")) == 18 + 2 * 5  # real, weights, duplication and classical were there


def test_all_arms_take_the_same_steps_on_the_same_first_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = Classifier.fit

    def counted(self: Classifier, images: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append((self.steps, self.batch, kwargs["seed"]))
        return original(self, images, *args, **kwargs)

    monkeypatch.setattr(Classifier, "fit", counted)
    cohort = with_holdout()
    list(Experiment.of(cohort, made_of(cohort), repetitions=1, classifier=QUICK).run())
    assert calls == [(12, 16, 0)] * 9


def test_each_arm_has_a_picture_of_what_is_shown_with_synthetic_images_framed() -> None:
    import io

    from PIL import Image

    cohort = with_holdout()
    pictures = Experiment.of(cohort, made_of(cohort)).sheets()
    framed = {}
    for name, data in pictures.items():
        colours = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
        corners = colours[:: colours.shape[0] // 2, :: colours.shape[1] // 10]
        framed[name] = int((corners[..., 0] > corners[..., 2] + 100).sum())
    assert framed["classical"] == framed["real"] == 0
    assert framed["mixed50"] == 5
    assert framed["synthetic"] == 20
