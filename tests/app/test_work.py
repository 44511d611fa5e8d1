"""Starting work from a page puts it into the job table, shows how far it is, and says what went wrong."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from looking_records import an_audit, kept
from small_workspace import a_generator
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from ganaug_core.config import RECIPES, TrainingConfig
from ganaug_core.config.requests import (
    AuditSamples,
    ImportCohort,
    ImportGenerator,
    ImportNetwork,
    ImportSamples,
    Request,
    Sample,
    Train,
)
from ganaug_core.errors import CohortError
from ganaug_core.generators import stored
from ganaug_core.jobs import store
from ganaug_core.records.made import Made
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.pages.training import recipes

Open = Callable[..., AppTest]


def button_named(app: AppTest, label: str) -> Button:
    return next(button for button in app.button if button.label == label)


def training(workspace: Workspace) -> Train:
    """Return what the only run was asked for."""
    (job,) = store.jobs(workspace, "train")
    assert isinstance(job.request, Train)
    return job.request


def test_one_click_imports_the_phantom(home: Workspace, page: Open) -> None:
    app = page("cohort")
    app.button(key="embedded-phantom").click().run()
    (job,) = store.jobs(home, "import_cohort")
    assert job.request == ImportCohort(source="embedded:phantom", name="phantom", size=64)
    assert not app.exception
    assert "Importing the cohort: phantom" in [element.value for element in app.text]


def test_an_import_that_failed_says_what_and_what_to_do(home: Workspace, page: Open) -> None:
    app = page("cohort")
    app.button(key="embedded-digits").click().run()
    (job,) = store.jobs(home, "import_cohort")
    store.claim(home, ("import_cohort",))
    store.begin(home, job.id)
    store.finish(home, job.id, "failed", error=CohortError("The file x_y.png is empty.", do="Copy it again."))
    app.run()
    assert "x\\_y.png is empty" in app.error[0].value
    assert "Copy it again." in app.error[0].value


def test_the_new_cohort_is_shown_when_its_import_is_done(filled: Workspace, page: Open) -> None:
    app = page("cohort", cohort="small")
    app.button(key="embedded-digits").click().run()
    (job,) = store.jobs(filled, "import_cohort")
    texts = [element.value for element in app.text]
    assert "Importing the cohort: digits" in texts
    (load,) = [expander for expander in app.expander if expander.label == "Load another cohort"]
    assert "Importing the cohort: digits" in [element.value for element in load.text]
    new = filled.cohort("small")
    filled.keep(type(new)(**{**vars(new), "name": "digits"}), "digits")
    store.claim(filled, ("import_cohort",))
    store.begin(filled, job.id)
    store.finish(filled, job.id, "done", result="digits")
    app.run()
    assert app.selectbox(key="cohort").value == "digits"
    assert app.query_params["cohort"] == "digits"


def test_training_starts_with_the_recommended_recipe(filled: Workspace, page: Open) -> None:
    app = page("training")
    next(field for field in app.number_input if field.label == "Minutes of training").set_value(2.0)
    button_named(app, "Start training").click().run()
    request = training(filled)
    assert (request.name, request.cohort) == ("small-recommended", "small")
    assert request.config["minutes"] == 2
    assert request.config["recipe"] == "recommended"
    assert app.query_params["run"] == "small-recommended"
    assert "Waiting for its turn." in [progress.text for progress in app.get("progress")]


def test_an_advanced_setting_reaches_the_run(filled: Workspace, page: Open) -> None:
    app = page("training")
    app.number_input(key="setting-recommended-small-r1: gamma").set_value(3.0)
    app.text_area(key="more-recommended-small").set_value("batch_size = 16")
    button_named(app, "Start training").click().run()
    config = training(filled).config
    assert config["regularisers"][0]["settings"]["gamma"] == 3
    assert config["batch_size"] == 16


def test_a_penalty_that_joins_the_recommended_recipe_says_how_far_its_weight_falls(
    filled: Workspace, page: Open
) -> None:
    app = page("training")
    app.multiselect(key="part-recommended-small-regularisers").set_value(["gradient_penalty"]).run()
    captions = " ".join(element.value for element in app.caption)
    assert "its weight falls from 10 to 1 over the second half" in captions
    assert "gamma falls" not in captions


def test_every_part_can_be_exchanged_and_brings_its_settings_and_its_line(filled: Workspace, page: Open) -> None:
    app = page("training")
    app.selectbox(key="part-recommended-small-architecture").set_value("dcgan").run()
    app.selectbox(key="part-recommended-small-loss").set_value("hinge").run()
    app.multiselect(key="part-recommended-small-terms").set_value([]).run()
    app.multiselect(key="part-recommended-small-regularisers").set_value(["spectral_norm", "dropout"]).run()
    app.checkbox(key="setting-recommended-small-dcgan: critic_batch_norm").set_value(False)
    app.selectbox(key="setting-recommended-small-dcgan: doubling").set_value("nearest")
    app.number_input(key="setting-recommended-small-dropout: share").set_value(0.5)
    app.selectbox(key="setting-recommended-small-augment").set_value("adaptive").run()
    captions = " ".join(element.value for element in app.caption)
    assert "workhorse of SAGAN" in captions
    assert "1705.02894" in captions
    assert not app.warning
    button_named(app, "Start training").click().run()
    config = training(filled).config
    assert config["architecture"] == {"name": "dcgan", "settings": {"critic_batch_norm": False, "doubling": "nearest"}}
    assert config["loss"] == {"name": "hinge", "settings": {}}
    assert config["regularisers"] == [
        {"name": "spectral_norm", "settings": {}},
        {"name": "dropout", "settings": {"share": 0.5}},
    ]
    assert (config["terms"], config["augment"]) == ([], "adaptive")


def test_a_part_that_is_added_leaves_the_recipes_settings_of_the_others(filled: Workspace, page: Open) -> None:
    app = page("training")
    app.button(key="recipe-small-cohort").click().run()
    app.multiselect(key="part-small-cohort-regularisers").set_value(["r1", "r2", "instance_noise"]).run()
    button_named(app, "Start training").click().run()
    parts = training(filled).config["regularisers"]
    assert parts[0] == {"name": "r1", "settings": {"gamma": 4.0}}  # every 4 steps is the part's own default
    assert [part["name"] for part in parts] == ["r1", "r2", "instance_noise"]


def test_parts_that_exclude_each_other_are_said_at_once_and_start_nothing(filled: Workspace, page: Open) -> None:
    app = page("training")
    app.selectbox(key="part-recommended-small-loss").set_value("hinge").run()
    assert "Leave label" in app.warning[0].value
    button_named(app, "Start training").click().run()
    assert "collapsed in our trials" in app.error[0].value
    assert store.jobs(filled, "train") == []


def test_every_recipe_is_chosen_and_started_by_clicks(filled: Workspace, page: Open) -> None:
    app = page("training")
    for name, recipe in RECIPES.items():
        if name != "recommended":  # which is chosen from the beginning
            app.button(key=f"recipe-{name}").click().run()
        button_named(app, "Start training").click().run()
        assert not app.error
        job = store.find(filled, "train", f"small-{name}")
        assert job is not None
        assert isinstance(job.request, Train)
        assert TrainingConfig.model_validate(job.request.config) == recipe.config_at(rows=16)


def test_a_card_says_what_a_recipe_is_for_and_what_speaks_against_it_here(
    filled: Workspace, page: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(recipes, "_GRAPHICS_CARD", tmp_path / "no-driver")
    app = page("training")
    texts = " ".join(element.value for element in app.markdown)
    assert "Trains for 5 minutes here, or as long as you like. Images of 32 or 64 pixels." in texts
    assert "For this cohort\\: 32 images a step, gamma 1 in R1, gamma 1 in R2." in texts
    app.button(key="recipe-gpu-256").click().run()
    texts = " ".join(element.value for element in app.text)
    assert "meant for images of 256 pixels; yours are 16 × 16." in texts
    assert "needs an NVIDIA graphics card" in texts


def test_a_wrong_setting_is_answered_in_words_and_starts_nothing(filled: Workspace, page: Open) -> None:
    app = page("training")
    app.text_area(key="more-recommended-small").set_value("no_such_part.size = 3")
    button_named(app, "Start training").click().run()
    assert "no part named" in app.error[0].value
    assert store.jobs(filled, "train") == []


@pytest.mark.parametrize(("button", "state"), [("Pause", "paused"), ("Stop and keep the generator", "stopped")])
def test_a_waiting_run_can_be_paused_stopped_and_resumed(
    filled: Workspace, page: Open, button: str, state: str
) -> None:
    app = page("training")
    button_named(app, "Start training").click().run()
    button_named(app, button).click().run()
    (job,) = store.jobs(filled, "train")
    assert job.state == state
    button_named(app, "Resume").click().run()
    assert store.get(filled, job.id).state == "queued"


def test_a_run_that_was_asked_to_stop_says_so_until_it_has(filled: Workspace, page: Open) -> None:
    app = page("training")
    button_named(app, "Start training").click().run()
    store.claim(filled, ("train",))
    with locks.hold(filled.supervisor_lock, "The test"):  # it answers for the process that comes up
        app.run()
        button_named(app, "Stop and keep the generator").click().run()
    assert any(progress.text.startswith("Stopping") for progress in app.get("progress"))
    assert {"Pause", "Stop and keep the generator"}.isdisjoint(button.label for button in app.button)
    (job,) = store.jobs(filled, "train")
    store.finish(filled, job.id, "stopped")
    app.run()
    assert "Stopped before the first image was seen." in [progress.text for progress in app.get("progress")]


def test_a_lost_run_says_so_and_can_be_resumed(filled: Workspace, page: Open) -> None:
    app = page("training")
    button_named(app, "Start training").click().run()
    (job,) = store.jobs(filled, "train")
    store.claim(filled, ("train",))
    store.progress(filled, job.id, 0.5, "training", 60)  # and nobody holds the run's lock
    app.run()
    assert any("interrupted" in progress.text.lower() for progress in app.get("progress"))
    assert "Resume" in [button.label for button in app.button]


def test_the_scrubber_goes_back_in_time(filled: Workspace, page: Open) -> None:
    app = page("training", run="r1")
    scrubber = next(slider for slider in app.select_slider if "training images" in slider.label)
    assert scrubber.value == 3000
    scrubber.set_value(1000).run()
    assert not app.exception
    titles = [chart.proto.spec for chart in app.get("plotly_chart")]
    assert any("after 1,000 images" in title for title in titles)


def test_drawing_images_is_a_job_and_what_is_drawn_is_there_at_once(filled: Workspace, page: Open) -> None:
    app = page("generators")
    app.button(key="start-sample-r1-64-seed0").click().run()
    (job,) = store.jobs(filled, "sample")
    wanted = Sample(generator="r1", per_class=64, seed=0, truncation=1.0)
    assert job.request == wanted
    samples = filled.samples("r1-6-seed0")
    assert kept(filled, samples, wanted) == "r1-64-seed0"
    app.run()
    assert "start-sample-r1-64-seed0" not in [button.key for button in app.button]
    assert len(app.get("image")) == 3
    app.slider(key="draw-truncation-r1").set_value(0.6).run()
    assert len(app.get("image")) == 0
    kept(filled, samples, replace(wanted, truncation=0.6))
    app.run()
    assert len(app.get("image")) == 6  # each class without truncation and with it


def test_styles_are_mixed_where_the_generator_has_them(filled: Workspace, page: Open) -> None:
    a_generator(filled, filled.cohort("small"), "styled", "style")
    app = page("generators", generator="r1")
    assert "Mix styles" not in [element.value for element in app.header]
    app = page("generators", generator="styled")
    assert "Mix styles" in [element.value for element in app.header]
    app.slider(key="mix-styled").set_value(0.3).run()
    app.button(key="start-sample-styled-mixed0.3-seed0").click().run()
    (job,) = store.jobs(filled, "sample")
    assert job.request == Sample(generator="styled", per_class=1, mixing=0.3)
    kept(filled, filled.samples("r1-6-seed0"), job.request)
    app.run()
    assert any("Images of a row share their coarse styles" in element.value for element in app.caption)
    assert not app.exception


def test_the_passport_says_on_how_many_threads_where_the_file_knows_it(filled: Workspace, page: Open) -> None:
    a_generator(filled, filled.cohort("small"), "counted", threads=2)
    texts = {name: page("generators", generator=name).text for name in ("r1", "counted")}
    assert any("seed 0, 3,000 images shown" in text.value for text in texts["r1"])
    assert any("seed 0, 2 processor threads, 3,000 images shown" in text.value for text in texts["counted"])


def test_the_card_of_a_generator_shows_its_audit_and_sets_its_licence(filled: Workspace, page: Open) -> None:
    app = page("generators", generator="r1")
    assert any("No audit of its images" in text.value for text in app.text)
    cohort, samples = filled.cohort("small"), filled.samples("r1-6-seed0")
    audit = an_audit(cohort, samples)
    whole = replace(audit.measurements[0], class_name=None)
    made = Made(date="2026-11-30T20:00:55+00:00", versions={})
    kept(filled, replace(audit, measurements=(whole,), made=made), AuditSamples(cohort="small", samples="r1-6-seed0"))
    app.run()
    assert any("Its newest audit, 2026-11-30, of 18 synthetic images:" in text.value for text in app.text)
    (table,) = [frame.value for frame in app.dataframe if "95 % interval" in frame.value]
    assert table.iloc[0].tolist() == ["Coverage", "SimCLR", "0.7", "0.5 to 0.9", 12, 6]
    app.selectbox(key="licence-r1").set_value("CC0-1.0").run()
    assert not app.exception
    assert app.selectbox(key="licence-r1").value == "CC0-1.0"
    assert stored.up_to_date(filled, "r1").licence == "CC0-1.0"


def test_a_cohort_can_be_deleted(filled: Workspace, page: Open) -> None:
    app = page("cohort")
    (listed,) = [
        element.value for element in app.text if element.value.startswith("Made from it, and kept without its images:")
    ]
    assert {"runs: r1", "generators: r1", "samples: r1-6-seed0"} <= {*listed.splitlines()}
    app.button(key="delete-small").click().run()
    assert filled.names("cohorts") == []
    assert not app.exception
    assert app.button(key="embedded-phantom")


LOAD = "Load another cohort"


def buttons(app: AppTest) -> list[str]:
    return [button.key for button in app.button]


@pytest.mark.usefixtures("as_it_begins")
def test_what_loads_another_cohort_is_made_when_it_is_opened_and_stays_when_it_is_closed(
    filled: Workspace, page: Open
) -> None:
    app = page("cohort", cohort="small")
    assert LOAD in [expander.label for expander in app.expander]
    assert "embedded-digits" not in buttons(app)
    app.session_state[f"folded-{LOAD}"] = True
    app.run()
    assert "embedded-digits" in buttons(app)
    app.text_input(key="source-path").set_value(str(filled.root)).run()
    app.session_state[f"folded-{LOAD}"] = False
    app.run()
    assert app.text_input(key="source-path").value == str(filled.root), "what was typed is kept"


@pytest.mark.usefixtures("as_it_begins")
def test_an_import_under_way_is_seen_by_whoever_comes_and_folds_in_when_it_is_done(
    filled: Workspace, page: Open
) -> None:
    job = store.submit(filled, ImportCohort(source="embedded:digits", name="digits", size=32))
    app = page("cohort", cohort="small")
    (load,) = [expander for expander in app.expander if expander.label == LOAD]
    assert load.proto.expanded
    assert "Importing the cohort: digits" in [element.value for element in load.text]
    store.claim(filled, ("import_cohort",))
    store.begin(filled, job.id)
    store.finish(filled, job.id, "done", result="small")
    app.run()
    (load,) = [expander for expander in app.expander if expander.label == LOAD]
    assert not load.proto.expanded
    assert not load.text
    assert "embedded-digits" not in buttons(app)


@pytest.mark.usefixtures("as_it_begins")
@pytest.mark.parametrize(
    ("label", "request_", "says"),
    [
        ("Bring a generator file", ImportGenerator(path="g.safetensors", name="g"), "Checking the generator: g"),
        (
            "Bring a network of another program (ONNX)",
            ImportNetwork(path="n.onnx", name="n", imitated="small"),
            "Checking a network of another program: n",
        ),
        (
            "Bring synthetic images of another program",
            ImportSamples(source="s.npz", cohort="small", name="s"),
            "Importing synthetic images: s",
        ),
    ],
)
def test_what_brings_something_is_made_when_it_is_opened_or_under_way(
    filled: Workspace, page: Open, label: str, request_: Request, says: str
) -> None:
    def content(app: AppTest) -> int:
        (folded,) = [expander for expander in app.expander if expander.label == label]
        return len(folded.children)

    app = page("generators")
    assert not content(app)
    app.session_state[f"folded-{label}"] = True
    app.run()
    assert content(app)
    store.submit(filled, request_)
    assert says in [element.value for element in page("generators").text]


def test_our_own_bugs_are_shown_with_a_number_and_without_details(
    filled: Workspace, page: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from ganaug_core.ui.pages.cohort import overview

    monkeypatch.setattr(overview, "headline", lambda cohort: {}["secret patient"])
    app = page("cohort")
    assert "not your fault" in app.error[0].value
    assert "secret patient" not in app.error[0].value
    number = app.error[0].value.split("number ")[1][:8]
    assert number in caplog.text
