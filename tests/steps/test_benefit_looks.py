"""Looking again costs: plans, levels and margins of the benefit experiment, and what its rules claim by chance."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from benefit_results import a_benefit
from benefit_sides import made_of, with_holdout
from repeated_looks import World, experiments, opportunist, planned, watched

from ganaug_core import pipeline
from ganaug_core.benefit import Classifier, Experiment, bootstrap, looks
from ganaug_core.benefit.correction import corrected
from ganaug_core.config.requests import MARGIN, MeasureBenefit
from ganaug_core.errors import EvidenceError
from ganaug_core.metrics.statistics import holm
from ganaug_core.records.benefit import Benefit
from ganaug_core.storage.workspace import Workspace

CLASSIFIER = Classifier(steps=1, batch=4)
COUNT = 3000
ERROR = 4 * np.sqrt(0.05 * 0.95 / COUNT)  # four standard errors: .016


# what chance claims


def test_the_old_rule_with_a_verdict_after_each_repetition_claimed_three_times_too_much() -> None:
    means = experiments(World((0.0,)), COUNT, 10, np.random.default_rng(0))
    assert watched(means, [5]) == pytest.approx(0.05, abs=ERROR)
    assert watched(means, range(3, 11)) == pytest.approx(0.16, abs=2 * ERROR)


@pytest.mark.parametrize("of_patients", [0.0, 0.02, 0.5])
@pytest.mark.parametrize("effects", [(0.0,), (0.0, 0.0, 0.0), (-1.0, -1.0, 0.0)])
@pytest.mark.parametrize("plans", [(3,), (5, 10, 15, 20), tuple(range(3, 21))])
def test_planned_looks_together_claim_something_wrong_in_at_most_one_of_twenty(
    effects: tuple[float, ...], of_patients: float, plans: tuple[int, ...]
) -> None:
    world = World(effects, of_patients)
    assert planned(experiments(world, COUNT, 20, np.random.default_rng(1)), world, plans) <= 0.05 + ERROR


def test_who_stops_a_plan_at_its_best_moment_gains_nothing() -> None:
    world = World((0.0, 0.0, 0.0))
    assert opportunist(experiments(world, COUNT, 20, np.random.default_rng(2)), world, 20) <= 0.05


def test_a_gain_is_still_found() -> None:
    world = World((3.0, 0.0, 0.0), of_patients=0.2)
    helped = replace(world, effects=(-3.0, 0.0, 0.0))  # told the other way round, every claim of a gain counts as wrong
    assert planned(experiments(world, 300, 10, np.random.default_rng(3)), helped, (5, 10)) > 0.9


# several shares and two questions


def test_with_one_question_the_correction_is_holms() -> None:
    chances = {"a": 0.01, "b": 0.02, "c": 0.04, "d": 0.02}
    assert corrected(chances)[0] == pytest.approx(holm(chances))


def test_an_arm_stays_open_until_both_of_its_questions_are_answered() -> None:
    # in order: b worse .001 x 2, a differs .01 x 2, a worse .015 x 2, then b alone .02 x 1, but not below .03
    differs, worse = corrected({"a": 0.01, "b": 0.02}, {"a": 0.015, "b": 0.001})
    assert differs == pytest.approx({"a": 0.02, "b": 0.03})
    assert worse == pytest.approx({"a": 0.03, "b": 0.002})


def test_doses_are_corrected_among_themselves_and_tested_against_the_margin() -> None:
    random = np.random.default_rng(4)
    shape = 5, 2, 5, 101

    def measured(change: float) -> Any:
        return 0.8 + change + 0.001 * random.normal(size=shape)

    arms = {"classical": measured(0), "mixed50": measured(-0.03), "mixed25": measured(-0.005), "real": measured(-0.1)}
    by_seed = {(arm, seed): values[seed] for arm, values in arms.items() for seed in range(5)}
    options: dict[str, Any] = {"doses": {"mixed50", "mixed25"}}
    tested = {
        difference.arm: difference
        for difference in bootstrap.differences(by_seed, ("a", "rare"), "rare", "classical", margin=0.02, **options)
        if difference.adjusted is not None
    }
    assert tested.keys() == {"mixed50", "mixed25", "real"}
    assert tested["real"].not_worse is None
    assert tested["real"].adjusted == pytest.approx(tested["real"].p_value)  # alone in its family
    assert tested["mixed50"].not_worse == 1
    assert tested["mixed25"].not_worse < 0.01
    assert tested["mixed50"].adjusted == pytest.approx(2 * tested["mixed50"].p_value)
    unfinished = bootstrap.differences(by_seed, ("a", "rare"), "rare", "classical", **options)
    assert {(difference.adjusted, difference.not_worse) for difference in unfinished} == {(None, None)}


# which look it is


def test_levels_get_smaller_and_sum_to_less_than_all_that_may_be_spent() -> None:
    levels = [looks.level(number) for number in range(1, 40)]
    assert levels[:3] == [0.04, 0.008, 0.0016]
    assert sum(levels) <= 0.05


def finished(look_of: Experiment, *, done: int | None = None, state: str = "none") -> Benefit:
    """Return what an experiment might have answered."""
    data = look_of.data
    benefit = a_benefit(with_holdout(), made_of(with_holdout()), state=state)
    settings = {"revision": 3, **look_of.classifier.facts(), "resamples": bootstrap.RESAMPLES}
    return replace(
        benefit,
        rare=data.classes[data.rare],
        seed=look_of.seed,
        asked=look_of.repetitions,
        done=look_of.repetitions if done is None else done,
        settings=settings,
        synthetic=data.about_samples,
        look=look_of.look,
    )


def asked(*earlier: Benefit, **options: Any) -> Experiment:
    cohort = with_holdout()
    return Experiment.of(cohort, made_of(cohort), classifier=CLASSIFIER, earlier=earlier, **options)


def test_the_first_experiment_is_the_first_look_with_the_usual_margin() -> None:
    look = asked().look
    assert (look.number, look.alpha, look.next_alpha, look.margin, look.earlier) == (1, 0.04, 0.008, MARGIN, ())


def test_more_repetitions_another_seed_and_other_images_left_out_are_further_looks() -> None:
    first = finished(asked())
    cohort = with_holdout()
    samples = made_of(cohort)
    second = finished(asked(first, repetitions=10))
    assert (second.look.number, second.look.alpha) == (2, 0.008)
    assert [(look.number, look.done, look.state) for look in second.look.earlier] == [(1, 5, "none")]
    assert asked(first, second, seed=1).look.number == 3
    rejected = Experiment.of(
        cohort, samples, classifier=CLASSIFIER, earlier=[first, second], rejected=samples.ids[samples.labels == 1][:2]
    )
    assert rejected.look.number == 3
    assert asked(first, second, rare="side 4").look.number == 1


def test_the_same_experiment_again_is_the_same_look_and_a_stopped_one_goes_on_as_it_was() -> None:
    first = finished(asked())
    second = finished(asked(first, repetitions=10))
    assert asked(first, second).look == first.look
    assert asked(finished(asked(), done=4)).look.number == 1


def test_a_stopped_plan_counts_twice_once_it_has_shown_intervals() -> None:
    long = asked(repetitions=20)
    assert asked(finished(long, done=2)).look.number == 1
    assert asked(finished(long, done=7)).look.number == 3


def test_results_from_before_looks_were_counted_are_looks() -> None:
    old = replace(finished(asked()), look=None, settings={"revision": 1})
    assert asked(old).look.number == 2
    with pytest.raises(EvidenceError, match=r"0\.02 before the first look"):
        asked(old, margin=0.05)


def test_the_margin_stays_as_it_was_before_the_first_look() -> None:
    first = finished(asked(margin=0.03))
    assert asked(first, repetitions=10).look.margin == 0.03
    assert asked(first, repetitions=10, margin=0.03).look.margin == 0.03
    with pytest.raises(
        EvidenceError, match=r"0\.03 before the first look at these images and would now be 0\.1"
    ) as refused:
        asked(first, repetitions=10, margin=0.1)
    assert refused.value.code == "margin_fixed"
    for wrong in (0.0, -0.1, 0.5):
        with pytest.raises(EvidenceError, match=r"between 0 and 0\.5"):
            asked(margin=wrong)


def test_a_workspace_counts_the_looks_and_says_them(workspace: Workspace) -> None:
    cohort = with_holdout((24, 12))
    workspace.keep(cohort, cohort.name)
    workspace.keep(made_of(cohort, per_class=8), "made")

    def measured(repetitions: int) -> Benefit:
        request = MeasureBenefit(cohort=cohort.name, samples="made", repetitions=repetitions, steps=1)
        return workspace.benefit(pipeline.measure_benefit(workspace, request))

    first, second, again = measured(3), measured(4), measured(3)
    assert [benefit.look.number for benefit in (first, second, again) if benefit.look] == [1, 2, 1]
    assert again == first
    assert "(Look 2, alpha 0.008.)" in second.verdict.statement
    assert any(
        note.startswith("Looked at before: look 1 after 3 of 3 repetitions, alpha 0.04") for note in second.notes
    )
    assert any("between held-out patients and between repetitions" in note for note in second.notes)
    assert any("kept below 0.008 at this look and 0.05 at all looks" in note for note in second.notes)
