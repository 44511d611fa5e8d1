"""The Training page says which alarm holds and what the checkpoints are worth; the Compare page weighs runs."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from small_workspace import HOSTILE, a_cohort, a_run
from streamlit.testing.v1 import AppTest

from ganaug_core.jobs import runs
from ganaug_core.records import Measurement
from ganaug_core.records.training import Checkup, Raised
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.pages.compare import compare_page
from ganaug_core.ui.shared import checkpoint_measurements, run_figures

Open = Callable[..., AppTest]


def checkup(images: int, distance: float, copying_p: float = 0.4) -> Checkup:
    interval = (distance - 0.5, distance + 0.5)
    return Checkup(
        images,
        (
            Measurement(
                name="kernel_distance",
                encoder="texture",
                value=distance,
                interval=interval,
                floor=0.9,
                null=0.0,
                n_real=60,
                n_synthetic=256,
                better="lower",
            ),
            Measurement(
                name="coverage",
                encoder="pixels",
                value=0.41,
                interval=(0.3, 0.52),
                floor=0.6,
                null=0.95,
                n_real=60,
                n_synthetic=256,
                better="higher",
            ),
            Measurement(
                name="label_agreement",
                encoder="linear",
                value=0.9,
                interval=(0.85, 0.94),
                floor=0.98,
                null=None,
                n_real=60,
                n_synthetic=256,
                better="higher",
            ),
            Measurement(
                name="label_agreement",
                encoder="linear",
                value=0.9,
                interval=(0.8, 1.0),
                floor=0.98,
                null=None,
                n_real=20,
                n_synthetic=85,
                better="higher",
                class_name=f"one {HOSTILE}",
            ),
            Measurement(
                name="copied_share",
                encoder="pixels",
                value=0.0,
                interval=(0.0, 0.02),
                floor=None,
                null=0.0,
                n_real=60,
                n_synthetic=256,
                better="lower",
            ),
        ),
        copying_p,
    )


def measured(workspace: Workspace, name: str, *checkups: Checkup, kept: int) -> None:
    lines = [json.dumps({**checkup.plain(), "kept": kept}) for checkup in checkups]
    (workspace.folder("runs", name) / "checkups.jsonl").write_text("\n".join(lines) + "\n")


def alarmed(workspace: Workspace, name: str) -> None:
    say, do = f"The generated images of one {HOSTILE} differ 9 % as much (alarm below 25 %).", "Stop."
    lines: list[dict[str, Any]] = [
        asdict(Raised("collapse", 1000, say, do)),
        asdict(Raised("divergence", 1500, "The loss ran away.", "Halve the rates.")),
        {"images": 2000, "name": "divergence", "over": True},
    ]
    path = workspace.folder("runs", name) / "alarms.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"name": "half a li')


@pytest.fixture
def two(filled: Workspace) -> Workspace:
    """Two runs on one cohort, the first measured better."""
    a_run(filled, a_cohort(), name="r2")
    measured(filled, "r1", checkup(2000, 3.0), checkup(3000, 2.0), kept=3000)
    measured(filled, "r2", checkup(2000, 9.0), checkup(3000, 8.0), kept=3000)
    return filled


def test_an_alarm_that_holds_is_said_and_one_that_is_over_is_folded_away(filled: Workspace, page: Open) -> None:
    alarmed(filled, "r1")
    app = page("training", run="r1")
    assert not app.exception
    (warning,) = app.warning
    assert warning.value.startswith("**The images are all alike** (alarm after 1,000 images).")
    assert "**What to try:** Stop." in warning.value
    assert "![x](" not in warning.value
    assert "1 alarm is over" in [expander.label for expander in app.expander]


def test_only_a_run_that_was_watched_says_that_no_alarm_has_gone_off(filled: Workspace, page: Open) -> None:
    sentence = "No alarm has gone off."
    assert sentence not in [element.value for element in page("training", run="r1").text]
    reports = filled.folder("runs", "r1") / "history.jsonl"
    first = {"images": 0, "seconds": 0.1, "share": 0.0, "measures": {"separation": 0.6}}
    reports.write_text(json.dumps(first) + "\n" + reports.read_text("utf-8"), "utf-8")
    assert sentence in [element.value for element in page("training", run="r1").text]


def test_the_kept_checkpoint_is_said_with_intervals_and_references(two: Workspace, page: Open) -> None:
    app = page("training", run="r1")
    (sentence,) = [element.value for element in app.markdown if element.value.startswith("Kept is the checkpoint")]
    assert "after 3,000 images" in sentence
    assert "90 % (85 % to 94 %) of its images show their class (real ones 98 %)" in sentence
    assert "no copying was found" in sentence
    assert "60 tuning images and 256 generated" in sentence


def test_suspected_copying_of_the_kept_checkpoint_is_not_hidden() -> None:
    assert "**copying is suspected**" in checkpoint_measurements.verdict(checkup(10, 1.0, copying_p=1e-4))


def test_run_json_names_alarms_and_measured_checkpoints(two: Workspace) -> None:
    alarmed(two, "r1")
    document = json.loads(json.dumps(runs.as_json(two, "r1"), allow_nan=False))
    assert [(alarm["name"], alarm["images"], alarm["over"]) for alarm in document["alarms"]] == [
        ("collapse", 1000, None),
        ("divergence", 1500, 2000),
    ]
    assert [(checkpoint["images"], checkpoint["kept"]) for checkpoint in document["checkpoints"]] == [
        (2000, False),
        (3000, True),
    ]
    measurements = document["checkpoints"][1]["measurements"]
    assert measurements["kernel_distance"]["interval"] == [1.5, 2.5]
    assert measurements["copied_share"]["p_value"] == 0.4
    assert measurements[f"label_agreement/one {HOSTILE}"]["value"] == 0.9


# side by side


def test_two_runs_are_weighed_with_their_intervals(two: Workspace, page: Open) -> None:
    app = page("compare")
    assert not app.exception
    assert not app.error
    words = " ".join(element.value for element in app.markdown)
    assert "**r1 came closest to the tuning images.**" in words
    assert "r1 2 (1.5 to 2.5), r2 8 (7.5 to 8.5)" in words
    assert app.multiselect[0].value == ["r2", "r1"]


def test_runs_within_each_others_interval_are_not_ranked() -> None:
    verdict = compare_page.verdict({"a": checkup(1, 2.0), "b": checkup(1, 2.4)}, one_cohort=True)
    assert verdict.startswith("**The two best runs cannot be told apart.**")


def test_runs_on_different_cohorts_are_not_weighed() -> None:
    verdict = compare_page.verdict({"a": checkup(1, 2.0), "b": checkup(1, 9.0)}, one_cohort=False)
    assert "different cohorts" in verdict


def test_only_the_settings_that_differ_are_listed() -> None:
    loss = {"name": "hinge", "settings": {"margin": 1.0}}
    parts = [{"name": "r1", "settings": {"gamma": 1.0}}]
    one = {"seed": 0, "loss": loss, "regularisers": parts, "batch_size": 32, "minutes": None}
    other = {**one, "loss": {"name": "hinge", "settings": {"margin": 2.0}}, "regularisers": [], "minutes": 5.0}
    rows = compare_page.differences({"a": one, "b": other}).to_dict("records")
    assert rows == [
        {"Setting": "Hinge: margin", "a": "1", "b": "2"},
        {"Setting": "Regularisers", "a": "R1", "b": "none"},
        {"Setting": "R1: gamma", "a": "1", "b": "–"},
        {"Setting": "Minutes", "a": "–", "b": "5"},
    ]


def test_runs_that_computed_on_other_numbers_of_threads_differ_there(two: Workspace, page: Open) -> None:
    for name, threads in (("r1", 1), ("r2", 2)):
        file = two.folder("runs", name) / "state.json"
        file.write_text(json.dumps({**json.loads(file.read_bytes()), "threads": threads}))
    (row,) = [row for row in page("compare").table[0].value.to_dict("records") if "threads" in row["Setting"]]
    assert (row["r1"], row["r2"]) == ("1", "2")


def test_the_address_names_the_runs(two: Workspace, page: Open) -> None:
    a_run(two, a_cohort(), name="r3")
    app = page("compare")
    app.multiselect[0].set_value(["r1", "r3"]).run()
    assert app.query_params["runs"] == ["r1", "r3"]
    assert "Fewer than two of the runs have a measured checkpoint" in " ".join(
        element.value for element in app.markdown
    )


def test_a_single_spike_runs_out_of_the_chart_and_leaves_the_rest_readable() -> None:
    calm = [1 + 0.1 * (number % 3) for number in range(200)]
    spiked = [*calm[:100], 300.0, *calm[101:]]
    history = {"images": list(range(200)), "discriminator_loss": spiked, "generator_loss": calm}
    low, high = run_figures.losses(history).layout.yaxis.range
    assert 0.9 < low < 1
    assert 1.2 < high < 1.4
    assert run_figures.losses({**history, "discriminator_loss": calm}).layout.yaxis.range is None
