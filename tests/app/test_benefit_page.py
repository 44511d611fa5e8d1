"""The Benefit page says the answer first, offers the experiment where there is none, and starts what is asked for."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from benefit_results import SECOND, STATEMENT, a_benefit
from looking_records import kept
from streamlit.testing.v1 import AppTest

from ganaug_core.config.requests import MeasureBenefit, ReduceClass
from ganaug_core.jobs import store
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.pages.benefit import benefit_figures

Open = Callable[..., AppTest]
SAMPLES = "r1-6-seed0"
ASKED = MeasureBenefit(cohort="small", samples=SAMPLES)


@pytest.fixture
def answered(filled: Workspace) -> Workspace:
    """The filled workspace with a finished experiment."""
    kept(filled, a_benefit(filled.cohort("small"), filled.samples(SAMPLES)), ASKED, {"benefit.json": b"{}"})
    return filled


def texts(app: AppTest) -> str:
    parts = [*app.markdown, *app.text, *app.header, *app.info, *app.error, *app.warning]
    return "\n".join(element.value for element in parts)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


@pytest.mark.parametrize("missing", ["cohorts", "samples"])
def test_without_images_the_page_leads_to_them(home: Workspace, filled: Workspace, page: Open, missing: str) -> None:
    filled.remove(missing, {"cohorts": "small", "samples": SAMPLES}[missing])
    app = page("benefit")
    assert not app.exception
    assert {"cohorts": "nothing to train on", "samples": "needs synthetic images"}[missing] in app.info[0].value


def test_the_experiment_is_one_button_away_and_says_what_it_does(filled: Workspace, page: Open) -> None:
    app = page("benefit")
    assert not app.exception
    assert "tested on real hold-out images only" in texts(app)
    next(button for button in app.button if button.label == "Start the experiment").click().run()
    (job,) = store.jobs(filled)
    assert job.request == MeasureBenefit(cohort="small", samples=SAMPLES, rare=None, repetitions=5, trust_split=False)
    assert "Stop" in labels(app)


def test_images_of_another_training_share_need_a_word_of_the_user(filled: Workspace, page: Open) -> None:
    samples = filled.samples(SAMPLES)
    filled.keep(replace(samples, provenance={"cohort": "0" * 64}), SAMPLES, replace=True)
    app = page("benefit")
    assert "not come from a generator that was trained on exactly this" in app.warning[0].value
    app.checkbox(key="trust-benefit").check().run()
    next(button for button in app.button if button.label == "Start the experiment").click().run()
    (job,) = store.jobs(filled)
    assert job.request == MeasureBenefit(cohort="small", samples=SAMPLES, trust_split=True)


def test_the_answer_comes_first_with_what_it_rests_on(answered: Workspace, page: Open) -> None:
    app = page("benefit", samples=SAMPLES)
    assert not app.exception
    assert app.header[0].value == STATEMENT
    assert "10 training images of zero beside 80 others; tested on 60 images of 30 held-out patients" in texts(app)
    assert "5 of 5 repetitions" in texts(app)
    assert "Without the arm after curation: Nothing was left out by curation." in texts(app)
    assert len(app.get("plotly_chart")) == 2


def test_more_repetitions_go_on_with_the_same_experiment(answered: Workspace, page: Open) -> None:
    app = page("benefit", samples=SAMPLES)
    app.button(key="more-repetitions").click().run()
    (job,) = store.jobs(answered)
    assert job.request == replace(ASKED, rare="zero", repetitions=10, trust_split=False)
    assert app.header[0].value == STATEMENT  # what is known stays while more is learnt


def test_a_stopped_experiment_shows_what_it_has_and_goes_on(answered: Workspace, page: Open) -> None:
    half = a_benefit(answered.cohort("small"), answered.samples(SAMPLES), state="not_assessable", done=1)
    kept(answered, half, ASKED)
    app = page("benefit", samples=SAMPLES)
    assert "1 of 5 repetitions" in texts(app)
    next(button for button in app.button if button.label == "Go on").click().run()
    (job,) = store.jobs(answered)
    assert job.request == replace(ASKED, rare="zero", repetitions=5)


def test_a_plan_that_is_made_longer_leaves_the_verdict_on_top_until_it_is_complete(
    answered: Workspace, page: Open
) -> None:
    longer = a_benefit(
        answered.cohort("small"), answered.samples(SAMPLES), state="not_assessable", done=7, asked=10, look=SECOND
    )
    part = replace(longer, verdict=replace(longer.verdict, statement="So far: nothing."))
    request = replace(ASKED, rare="zero", repetitions=10)
    kept(answered, part, request)
    store.submit(answered, request)
    app = page("benefit", samples=SAMPLES)
    assert app.header[0].value == STATEMENT
    assert "5 of 5 repetitions" in texts(app)


def test_another_look_says_what_it_costs_and_what_was_seen_before(answered: Workspace, page: Open) -> None:
    app = page("benefit", samples=SAMPLES)
    assert "claims something only where p is below 0.008 instead of 0.04" in texts(app)
    cohort, samples = answered.cohort("small"), answered.samples(SAMPLES)
    kept(answered, a_benefit(cohort, samples, done=10, asked=10, look=SECOND), replace(ASKED, repetitions=10))
    app = page("benefit", samples=SAMPLES)
    assert "10 of 10 repetitions" in texts(app)
    assert "Look 1, after 5 of 5 repetitions, alpha 0.04: harm shown." in texts(app)


def test_the_margin_is_asked_for_before_the_first_look(filled: Workspace, page: Open) -> None:
    app = page("benefit")
    app.number_input(key="margin").set_value(0.05).run()
    next(button for button in app.button if button.label == "Start the experiment").click().run()
    (job,) = store.jobs(filled)
    assert job.request == replace(ASKED, margin=0.05)


def test_the_next_look_keeps_the_margin(filled: Workspace, page: Open) -> None:
    cohort, samples = filled.cohort("small"), filled.samples(SAMPLES)
    kept(filled, a_benefit(cohort, samples, look=replace(SECOND, margin=0.05)), ASKED)
    app = page("benefit", samples=SAMPLES)
    app.button(key="more-repetitions").click().run()
    (job,) = store.jobs(filled)
    assert job.request == replace(ASKED, rare="zero", repetitions=10, margin=0.05)


def test_unknown_patients_are_not_called_patients(answered: Workspace, page: Open) -> None:
    benefit = a_benefit(answered.cohort("small"), answered.samples(SAMPLES))
    kept(answered, replace(benefit, cohort=benefit.cohort | {"holdout_patients": None}), ASKED)
    app = page("benefit", samples=SAMPLES)
    assert "tested on 60 held-out images, patients unknown; 5 of 5 repetitions" in texts(app)


def test_a_class_can_be_made_rarer(answered: Workspace, page: Open) -> None:
    app = page("benefit", samples=SAMPLES)
    app.selectbox(key="rarer-class").set_value("two")
    app.number_input(key="keep").set_value(4)
    app.button(key="make-rarer").click().run()
    job = store.find(answered, "reduce_class", "small-two-4")
    assert job is not None
    assert job.request == ReduceClass(cohort="small", class_name="two", keep=4)


def test_the_figures_hold_every_arm_and_the_doses_in_order(answered: Workspace) -> None:
    benefit = a_benefit(answered.cohort("small"), answered.samples(SAMPLES))
    figure = benefit_figures.arms(benefit, "auroc", "zero", {"classical": "data:image/png;base64,"})
    values = {name: value for trace in figure.data for name, value in zip(trace.y, trace.x, strict=True)}
    assert values["Classical augmentation"] == 0.9
    assert len(values) == len(benefit.arms)
    (doses,) = benefit_figures.doses(benefit, "auroc", "zero").data
    assert list(doses.x) == [0, 10, 25, 50]
    assert list(doses.y) == pytest.approx([0, 0.005, 0, -0.01])
    assert list(doses.error_y.array) == pytest.approx([0, 0.01, 0.01, 0.01])
