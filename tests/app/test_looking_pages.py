"""Looking and evidence: galleries, decisions, map and audit say what the records hold, without a browser."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from looking_records import STATES, a_map, an_audit, kept
from PIL import Image
from streamlit.testing.v1 import AppTest

from ganaug_core import app_root, pipeline
from ganaug_core.cli import evidence
from ganaug_core.config.requests import AuditSamples, BuildMap
from ganaug_core.jobs import store
from ganaug_core.records import ROLES, Audit, Copied, Intensity, Map, Measurement, OddImage
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.pages.audit import evidence_figures, verdicts
from ganaug_core.ui.pages.feature_map import plotly_map
from ganaug_core.ui.pages.samples import decisions, export, samples_page
from ganaug_core.ui.shared import audited_map, caches, glossary, odd_order, pairs
from ganaug_core.ui.shared.components.feature_map import Lasso, lasso_of
from ganaug_core.wording import WITNESS

Open = Callable[..., AppTest]
SAMPLES = "r1-6-seed0"
MAP, AUDIT = BuildMap(cohort="small", samples=SAMPLES), AuditSamples(cohort="small", samples=SAMPLES)


@pytest.fixture
def judged(filled: Workspace) -> Workspace:
    """The filled workspace with a map and an audit."""
    cohort, samples = filled.cohort("small"), filled.samples(SAMPLES)
    kept(filled, a_map(cohort, samples), MAP)
    kept(filled, an_audit(cohort, samples), AUDIT)
    return filled


def the_map(workspace: Workspace) -> Map:
    return workspace.map(str(pipeline.existing_result(workspace, MAP)))


def the_audit(workspace: Workspace) -> Audit:
    return workspace.audit(str(pipeline.existing_result(workspace, AUDIT)))


def texts(app: AppTest) -> str:
    parts = [*app.markdown, *app.text, *app.subheader, *app.info, *app.error]
    return "\n".join(element.value for element in parts)


# pages


@pytest.mark.parametrize("name", ["samples", "feature_map", "audit"])
def test_without_a_cohort_a_page_leads_to_the_cohort(page: Open, name: str) -> None:
    app = page(name)
    assert not app.exception
    assert "Open the phantom or load your own images first" in app.info[0].value


@pytest.mark.parametrize("name", ["samples", "feature_map", "audit"])
def test_without_synthetic_images_a_page_leads_to_the_generators(filled: Workspace, page: Open, name: str) -> None:
    filled.remove("samples", SAMPLES)
    app = page(name)
    assert not app.exception
    assert "bring those of another program" in app.info[0].value


@pytest.mark.parametrize(("name", "label"), [("feature_map", "Draw the map"), ("audit", "Start the audit")])
def test_what_is_not_there_yet_is_one_button_away(filled: Workspace, page: Open, name: str, label: str) -> None:
    app = page(name)
    assert not app.exception
    assert label in [button.label for button in app.button]


def test_a_decision_is_kept_with_its_reason_and_the_next_image_is_chosen(judged: Workspace, page: Open) -> None:
    app = page("samples", samples=SAMPLES, image=f"{4096:012x}")
    app.button(key="because-1").click().run()
    assert not app.exception
    decided = Database(judged.database_path).decisions(judged.samples(SAMPLES).digest)
    assert [(decision.image, decision.decision, decision.reason) for decision in decided] == [
        (f"{4096:012x}", "reject", "artefact")
    ]
    assert app.session_state["image"] == f"{4097:012x}"
    assert "1 rejected" in texts(app)


def test_a_key_that_is_held_down_judges_one_image_only(
    judged: Workspace, page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "FASTEST_SECONDS", 60.0)
    app = page("samples", samples=SAMPLES, image=f"{4096:012x}")
    for _ in range(3):
        app.button(key="decide-keep").click().run()
    assert list(decisions.of(judged.samples(SAMPLES))) == [f"{4096:012x}"]


def test_a_key_before_the_next_image_is_there_does_not_judge_the_last_one_again(
    judged: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "FASTEST_SECONDS", 0.0)
    monkeypatch.setattr(decisions.st, "session_state", {})
    image, following = (f"{number:012x}" for number in (4096, 4097))
    decide = partial(decisions._decide, judged.samples(SAMPLES).digest, SAMPLES)
    decide(image, "keep", reason=None, following=following)
    decide(image, "reject", reason="artefact", following=following)
    assert {image: "keep"} == {
        key: decision.decision for key, decision in decisions.of(judged.samples(SAMPLES)).items()
    }
    monkeypatch.setattr(decisions, "STALE_SECONDS", 0.0)
    decide(image, "reject", reason="artefact", following=following)
    assert decisions.of(judged.samples(SAMPLES))[image].decision == "reject"


def test_a_later_decision_replaces_the_earlier_one(
    judged: Workspace, page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "FASTEST_SECONDS", 0.0)
    image = f"{4096:012x}"
    app = page("samples", samples=SAMPLES, image=image)
    app.toggle(key="onward").set_value(False).run()
    app.button(key="decide-reject").click().run()
    app.button(key="decide-keep").click().run()
    assert {image: "keep"} == {
        key: decision.decision for key, decision in decisions.of(judged.samples(SAMPLES)).items()
    }
    assert "This image is **kept**" in texts(app)


def test_an_unknown_image_in_the_address_is_said_in_words(judged: Workspace, page: Open) -> None:
    app = page("samples", samples=SAMPLES, image="ffffffffffff")
    assert not app.exception
    assert "No image of this set has that id" in texts(app)


def test_a_link_to_an_image_opens_its_class(judged: Workspace, page: Open) -> None:
    app = page("samples", samples=SAMPLES, image=f"{4096 + 12:012x}")
    assert app.selectbox(key="class").value == "two"
    app = page("samples", samples=SAMPLES, image=f"{4096 + 12:012x}", **{"class": "one"})  # what was looked at before
    assert app.selectbox(key="class").value == "two"


def test_a_link_to_an_image_further_on_opens_the_part_of_the_gallery_that_holds_it(
    judged: Workspace, monkeypatch: pytest.MonkeyPatch, page: Open
) -> None:
    monkeypatch.setattr(samples_page, "AMOUNTS", (2, 4))
    counts = []
    monkeypatch.setattr(
        samples_page, "gallery", lambda kind, name, shown, *rest, **more: counts.append((shown, more["picked"]))
    )
    page("samples", samples=SAMPLES, image=f"{4096 + 3:012x}")
    assert counts[-1] == ([f"{4096 + 2:012x}", f"{4096 + 3:012x}"], f"{4096 + 3:012x}")


def test_another_class_lets_go_of_the_chosen_image(judged: Workspace, page: Open) -> None:
    app = page("samples", samples=SAMPLES, image=f"{4096 + 12:012x}")
    before = app.selectbox(key="class").value
    other = next(name for name in app.selectbox(key="class").options if name != before)
    app.selectbox(key="class").select(other).run()
    assert (app.selectbox(key="class").value, app.session_state["image"]) == (other, "")


def test_the_map_says_how_faithful_it_is_and_shows_the_picked_pair(judged: Workspace, page: Open) -> None:
    app = page("feature_map", samples=SAMPLES, image=f"{4096 + 3:012x}")
    assert not app.exception
    assert "52 %" in texts(app)
    assert "0.97 of 1" in texts(app)
    assert "Found by the audit's registered search" in texts(app)


def test_a_group_of_another_feature_space_is_named_below_the_map_and_not_drawn(
    judged: Workspace, page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = the_audit(judged).missing_modes[0]
    modes = (mode, replace(mode, encoder="texture"), replace(mode, encoder="pixels"))
    audit, shown = replace(the_audit(judged), missing_modes=modes), []
    monkeypatch.setattr(caches, "audit_beside", lambda *_: audit)
    monkeypatch.setattr(audited_map, "feature_map", lambda *_, groups, **__: shown.extend(groups))
    app = page("feature_map", samples=SAMPLES)
    assert [len(group.members) for group in shown] == [len(mode.members), 0, 0]
    assert (
        "2 missing groups lie scattered here: their images are alike by brightness and position and by texture. "
        "The map of that feature space shows them together."
    ) in texts(app)
    shown.clear()
    page("feature_map", samples=SAMPLES, group="1")
    assert [len(group.members) for group in shown] == [len(mode.members), len(mode.members), 0]
    audit = replace(audit, missing_modes=(mode, replace(mode, encoder=WITNESS)))
    assert (
        "1 missing group lies scattered here: their images are alike by a mixture of shape and texture. What is alike "
        "by a mixture lies together on no map."
    ) in texts(page("feature_map", samples=SAMPLES))


def test_the_plotly_view_holds_the_same_points(judged: Workspace, page: Open) -> None:
    app = page("feature_map", samples=SAMPLES)
    app.segmented_control(key="view").set_value("plotly").run()
    assert not app.exception
    map_ = the_map(judged)
    figure, rows = plotly_map.feature_map(map_)
    assert sorted(np.concatenate(rows).tolist()) == list(range(len(map_.ids)))
    for trace, here in zip(figure.data, rows, strict=True):
        assert np.array_equal(np.stack([trace.x, trace.y], 1), map_.positions[here])


def test_the_audit_opens_with_its_worst_news(judged: Workspace, page: Open) -> None:
    app = page("audit", samples=SAMPLES)
    assert not app.exception
    assert app.subheader[0].value == (
        "Do not use these images as they are: there is a problem with copying. Look closer at variety."
    )
    words = texts(app)
    assert "11 % of the real images are like these by shape, but only 2 %" in words
    for name in STATES:
        assert f"Statement on {name}." in words
    assert "2 of 18 synthetic images score lower than every one of 4 real images" in words


def test_every_verdict_on_the_first_screen_has_a_gloss_and_leads_to_its_image(judged: Workspace, page: Open) -> None:
    app = page("audit", samples=SAMPLES)
    audit = the_audit(judged)
    assert "Realism" in app.subheader[0].help
    headings = {element.value: element.help for element in app.markdown if element.value.startswith("####")}
    assert all(headings[f"#### The {name}"] for name in ("closest pair", "missing group"))
    help_by_text = {element.value: element.help for element in app.text}
    group = next(value for value in help_by_text if "of the real images are like these" in value)
    for term in ("95 % interval", "synthetic", "**p**"):
        assert term in help_by_text[group]
    titles = {element.value: element.help for element in app.markdown}
    assert all(titles[f"**{title}**"] == meaning for title, meaning in glossary.VERDICTS.values())
    links = [str(link.proto.query_string) for link in app.get("page_link")]
    assert any(f"image={audit.suspects[0].synthetic}" in link for link in links)
    assert any(f"image={audit.missing_modes[0].exemplars[0]}" in link for link in links)


def test_the_grounds_lie_below_the_verdicts(judged: Workspace, page: Open) -> None:
    audit, samples = the_audit(judged), judged.samples(SAMPLES)
    classes = len(audit.cohort["classes"])
    shown = tuple(samples.ids[:3].tolist())
    drawings = {
        "confusion.synthetic": np.eye(classes, dtype=np.float32),
        "confusion.holdout": np.eye(classes, dtype=np.float32),
        "give_away.brightness": np.zeros((4, 4), np.float32),
        "give_away.detail": np.eye(4, dtype=np.float32),
        "histogram.edges": np.linspace(-160, 240, 5, dtype=np.float32),
        "histogram.labels": np.arange(2, dtype=np.float32),
        "histogram.holdout": np.full((2, 4), 0.25, np.float32),
        "histogram.synthetic": np.full((2, 4), 0.25, np.float32),
        "spectrum.frequency": np.array([0.1, 0.3], np.float32),
        "spectrum.holdout": np.zeros((3, 2), np.float32),
        "spectrum.synthetic": np.zeros((3, 2), np.float32),
        "region.labels": np.array([1], np.float32),
        **{f"region.{name}": np.eye(4, dtype=np.float32)[None] for name in ("inside", "holdout", "synthetic")},
    }
    number = Measurement(
        name="region_coarseness",
        encoder="region",
        value=0.4,
        interval=(0.3, 0.5),
        floor=0.2,
        null=0.2,
        n_real=12,
        n_synthetic=6,
        better="as real",
        class_name=audit.cohort["classes"][1],
    )
    near = replace(number, encoder="registered", class_name=None, reference="train+tuning")
    textbook = (
        replace(near, name="nearer_than_99", value=0.03, interval=(0.01, 0.07)),
        replace(near, name="nearest_distance_ratio", value=0.95, interval=(0.9, 1.0)),
    )
    copied = (Copied(audit.suspects[0].real, 17, "one", (audit.suspects[0].synthetic,), True),)
    rich = replace(
        audit,
        copied=copied,
        give_aways=shown,
        drawings=drawings,
        measurements=(*audit.measurements, number, *textbook),
        regions=("The lesion is where the masks lie.",),
        membership=("The training image is nearer in 61 % of pairs.",),
    )
    kept(judged, rich, AUDIT)
    app = page("audit", samples=SAMPLES)
    assert not app.exception
    labels = [expander.label for expander in app.expander]
    for name in ("Which real images are copied (1)", "What gives images away", "Fine and coarse detail"):
        assert name in labels
    assert "The lesion of each class" in labels
    assert "The lesion is where the masks lie." in texts(app)
    assert "The training image is nearer in 61 % of pairs." in texts(app)
    said = "3 % of the synthetic images (95 % interval 1 % to 7 %) are nearer to a training or tuning image than 99 %"
    assert said in texts(app)
    assert said in evidence._in_words(rich)
    told = evidence._in_words(rich).splitlines()[-2:]  # so says the command line
    assert told == [*rich.regions, *rich.membership]
    numbers = next(frame.value for frame in app.dataframe if "In the lesion" in frame.value)
    assert numbers[["In the lesion", "Synthetic", "Hold-out"]].to_numpy().tolist() == [
        ["Coarseness (NGTDM)", "0.4", "0.2"]
    ]
    assert "1 real image of 1 group of the split is behind the named copies" in texts(app)


def test_odd_images_come_first_and_say_what_is_odd(judged: Workspace, page: Open) -> None:
    samples, audit = judged.samples(SAMPLES), the_audit(judged)
    offered = [toggle.key for toggle in page("samples", samples=SAMPLES).toggle]
    assert "odd-first" not in offered  # nobody asked the audit
    ids = samples.ids[samples.labels == 0].tolist()
    odd = OddImage(
        synthetic=ids[3],
        class_name="one",
        score="doubt",
        says="the classifier doubts its class: looks like two",
        p_value=0.004,
        q_value=0.07,
        ordinary=audit.suspects[0].real,
    )
    scores = {name: np.zeros(len(samples), np.float32) for name in ("texture", "doubt")}
    scores |= {"p": np.ones(len(samples), np.float32), "q": np.ones(len(samples), np.float32)}
    row, unjudged = (int(np.flatnonzero(samples.ids == ids[place])[0]) for place in (3, 0))
    scores["p"][row] = 0.004
    scores["texture"][unjudged] = scores["doubt"][unjudged] = np.nan
    rich = replace(
        audit, odd_images=(odd, replace(odd, synthetic=ids[1], q_value=0.4)), odd=("Odd.",), odd_scores=scores
    )
    kept(judged, rich, AUDIT)
    app = page("audit", samples=SAMPLES)
    assert not app.exception
    assert "Odd images first (2)" in [expander.label for expander in app.expander]
    said = "one: the classifier doubts its class: looks like two (p = 0.004, q = 0.07; listed)."
    assert said in texts(app)
    assert "The oddest first; 1 of these 2 are listed." in texts(app)
    lines = evidence._in_words(rich).splitlines()
    assert lines[-2:] == [
        "Odd.",
        f"Odd: synthetic {ids[3]} of one, the classifier doubts its class: looks like two (p = 0.004, q = 0.07).",
    ]
    ordered = odd_order.odd_first(rich, samples, ids)
    assert (ordered[0], ordered[-1], sorted(ordered)) == (ids[3], ids[0], sorted(ids))
    app = page("samples", samples=SAMPLES)
    app.toggle(key="odd-first").set_value(True).run()
    assert not app.exception
    assert said in texts(app)  # the first undecided image is the oddest now


def test_odd_images_are_asked_for_by_a_tick(judged: Workspace, page: Open) -> None:
    app = page("audit", samples=SAMPLES)
    app.checkbox(key="odd").check().run()
    app.button(key="again").click().run()
    (job,) = store.jobs(judged)
    assert job.request == replace(AUDIT, odd=True)


def test_terms_of_a_sentence_are_explained_and_others_are_not() -> None:
    explained = glossary.gloss("Closer than held-out images (95 % interval 1 % to 2 %; p = 0.01).")
    assert explained is not None
    assert "Kept back from training" in explained
    assert "once in a hundred" in explained
    assert "Hounsfield" not in explained
    assert glossary.gloss("Nothing.") is None


def test_only_the_user_knows_whether_a_foreign_generator_saw_the_holdout(judged: Workspace, page: Open) -> None:
    samples = judged.samples(SAMPLES)
    assert not [checkbox for checkbox in page("audit", samples=SAMPLES).checkbox if checkbox.key == "trust-split"]
    judged.keep(replace(samples, name="foreign", source="folder", provenance={}), "foreign")
    app = page("audit", samples="foreign")
    assert "was not trained on the hold-out share" in app.checkbox(key="trust-split").label


def test_an_audit_can_be_saved_as_json_and_run_again(judged: Workspace, page: Open) -> None:
    kept(judged, the_audit(judged), AUDIT, {"audit.json": b"{}"})
    app = page("audit", samples=SAMPLES)
    assert "Save as JSON" in [button.label for button in app.get("download_button")]
    app.button(key="again").click().run()
    (job,) = store.jobs(judged)
    assert job.request == AUDIT
    assert "Stop" in [button.label for button in app.button]
    assert "Statement on copying." in texts(app)  # what is known stays until the new one is there


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["pass"] * 5, "No problem was found with copying, variety, classes, realism and intensities."),
        (["warn", *["pass"] * 4], "Use these images with care: look closer at copying."),
        (["not_assessable"] * 5, "Nothing could be judged with these images."),
        (
            ["pass", "pass", "pass", "not_assessable", "not_assessable"],
            "No problem was found with copying, variety and classes. Nothing can be said about realism or intensities.",
        ),
    ],
)
def test_the_first_sentence_never_promises_more_than_was_judged(
    filled: Workspace, states: list[str], said: str
) -> None:
    cohort, samples = filled.cohort("small"), filled.samples(SAMPLES)
    audit = an_audit(cohort, samples, dict(zip(glossary.VERDICTS, states, strict=True)))
    assert verdicts.in_one_sentence(audit) == said


# what the pages are made of


def test_the_audit_brings_the_pair_of_every_synthetic_image(judged: Workspace, page: Open) -> None:
    audit, ids = the_audit(judged), judged.samples(SAMPLES).ids
    map_ = the_map(judged)
    for row, image in enumerate(ids.tolist()):
        pair = pairs.of_sample("small", SAMPLES, image)
        assert {near.role: near.image for near in pair.neighbours} == {
            role: audit.nearest[f"{role}.id"][row].decode() for role in ROLES
        }
        assert pair.neighbours[0].distance == pytest.approx(
            min(audit.nearest[f"{role}.distance"][row] for role in ROLES)
        )
        assert pair.neighbours[0].movement is not None
        point = int(np.flatnonzero(map_.ids == image)[0])
        assert pairs.of_point(map_, point) == pair  # the map shows what the audit found, not its own neighbour
    assert pairs.of_sample("small", SAMPLES, audit.suspects[1].synthetic).suspect == audit.suspects[1]


def test_an_older_audit_brings_the_pairs_that_it_lists(judged: Workspace) -> None:
    older = replace(the_audit(judged), nearest={})
    pair = pairs.of_audit(older, older.suspects[1].synthetic, 1)
    assert pair is not None
    assert [(near.role, near.image) for near in pair.neighbours] == [
        ("train", older.suspects[1].real), ("holdout", older.suspects[1].holdout)
    ]  # fmt: skip
    assert pairs.of_audit(older, "nobody", 5) is None


def test_other_images_are_compared_by_correlation_with_each_role(judged: Workspace) -> None:
    cohort = judged.cohort("small")
    row = int(cohort.where(1)[0])
    pair = pairs.by_correlation(cohort, "query", cohort.images(np.array([row]))[0], synthetic=True)
    rows = {str(image): row for row, image in enumerate(cohort.ids)}
    assert sorted(near.role for near in pair.neighbours) == sorted(ROLES)
    assert [near.distance for near in pair.neighbours] == sorted(near.distance or 0 for near in pair.neighbours)
    for near in pair.neighbours:
        others = cohort.where(ROLES.index(near.role))
        flat = cohort.images(others).reshape(len(others), -1)
        by_hand = [1 - np.corrcoef(cohort.images(np.array([row])).ravel(), pixels)[0, 1] for pixels in flat]
        assert near.distance == pytest.approx(min(by_hand), abs=1e-4)
        assert rows[near.image] == others[int(np.argmin(by_hand))]


def test_an_image_is_never_its_own_nearest(judged: Workspace) -> None:
    cohort = judged.cohort("small")
    row = int(cohort.where(0)[0])
    pair = pairs.by_correlation(cohort, str(cohort.ids[row]), cohort.images(np.array([row]))[0], synthetic=False)
    assert str(cohort.ids[row]) not in {near.image for near in pair.neighbours}


def test_a_lasso_takes_the_points_inside_it_and_leaves_hidden_layers(judged: Workspace) -> None:
    map_ = the_map(judged)
    corners = np.array([[-1, -1], [8, -1], [8, 30], [-1, 30]], np.float32)
    inside = Lasso(corners, (0, 1, 2, 3), (0, 1, 2)).inside(map_)
    assert np.array_equal(inside, np.flatnonzero(map_.labels == 0))
    visible = Lasso(corners, (3,), (0, 1, 2)).inside(map_)
    assert np.array_equal(visible, np.flatnonzero((map_.labels == 0) & (map_.roles == 3)))


def test_a_lasso_with_a_notch_leaves_out_what_lies_in_the_notch(judged: Workspace) -> None:
    map_ = the_map(judged)
    corners = np.array([[-1, -1], [40, -1], [40, 30], [8, 0.5], [-1, 30]], np.float32)
    inside = Lasso(corners, (0, 1, 2, 3), (0, 1, 2)).inside(map_)
    across, up = map_.positions.T
    assert not np.isin(np.flatnonzero((across == 8) & (up > 0.5)), inside).any()


@pytest.mark.parametrize("sent", [None, {}, {"corners": [[0, 0]]}, {"corners": "x", "roles": [], "labels": []}])
def test_what_cannot_be_a_lasso_is_none(sent: dict | None) -> None:
    assert lasso_of(sent) is None


def test_the_deficit_of_a_missing_group_is_said_in_words(judged: Workspace) -> None:
    group = audited_map.missing_groups(the_audit(judged))[0]
    assert group.says.endswith("2 % instead of 11 %")
    assert len(group.members) == 5


def test_the_coverage_figure_shows_value_interval_floor_and_chance(judged: Workspace) -> None:
    figure = evidence_figures.coverage(the_audit(judged).measurements)
    value, floor, chance = figure.data
    assert list(value.x) == [0.7] * 3
    assert value.error_x.array == pytest.approx([0.2] * 3)
    assert list(floor.x) == [0.95] * 3
    assert list(chance.x) == [0.97] * 3


# taking images away


def test_saved_images_hold_the_physical_values_and_say_that_they_are_synthetic(filled: Workspace) -> None:
    samples = filled.samples(SAMPLES)
    intensity = Intensity("HU", -160, 240)
    rows = export.first_of_each(samples, 2)
    assert np.bincount(samples.labels[rows]).tolist() == [2, 2, 2]
    with zipfile.ZipFile(io.BytesIO(export.as_zip(samples, rows, intensity, "png"))) as archive:
        names = archive.namelist()
        table = archive.read(f"{SAMPLES}/manifest.csv").decode().splitlines()
        first = Image.open(io.BytesIO(archive.read(f"{SAMPLES}/{table[1].split(',')[0]}")))
    assert len([name for name in names if name.endswith(".png")]) == 6
    assert "Synthetic" in first.text["Synthetic"]
    slope, offset = map(float, table[1].split(",")[-2:])
    physical = intensity.physical(np.asarray(samples.images[rows[0], 0]))
    assert np.abs(np.asarray(first) * slope + offset - physical).max() <= slope / 2 + 1e-3


def test_images_brought_again_under_the_same_name_begin_without_decisions(judged: Workspace, page: Open) -> None:
    app = page("samples", samples=SAMPLES, image=f"{4096:012x}")
    app.button(key="decide-keep").click().run()
    before = judged.samples(SAMPLES)
    assert list(decisions.of(before)) == [f"{4096:012x}"]
    judged.keep(replace(before, digest="f" * 64), SAMPLES, replace=True)
    app = page("samples", samples=SAMPLES, image=f"{4096:012x}")
    assert not app.exception
    assert "0 kept" in texts(app)
    assert "This image is" not in texts(app)


def test_with_a_damaged_database_the_images_are_shown_and_a_decision_is_refused_in_words(
    judged: Workspace, page: Open
) -> None:
    judged.database_path.write_bytes(b"not a database" * 500)
    app = page("samples", samples=SAMPLES, image=f"{4096:012x}")
    assert not app.exception
    assert ["ganaug.sqlite is damaged" in element.value for element in app.error].count(True) == 1
    app.button(key="decide-keep").click().run()
    assert not app.exception
    assert any("The decision was not written" in element.value for element in app.error)
    assert app.session_state["image"] == f"{4096:012x}"


@pytest.mark.parametrize("name", ["cohort", "generators", "feature_map", "audit", "benefit", "failure_atlas"])
def test_with_a_damaged_database_a_page_says_so_once_and_shows_what_lies_in_files(
    judged: Workspace, page: Open, name: str
) -> None:
    sound = page(name)
    judged.database_path.unlink(missing_ok=True)
    judged.database_path.write_bytes(b"not a database" * 500)
    app = page(name)
    assert not app.exception
    assert [element.value for element in app.subheader] == [element.value for element in sound.subheader]
    assert ["is damaged" in element.value for element in app.error].count(True) == 1


def test_saving_images_does_not_load_torch() -> None:
    code = "import sys, ganaug_core.generators.export; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=app_root(), check=False).returncode == 0


def test_the_kept_images_are_those_that_were_kept_last(filled: Workspace) -> None:
    samples, base = filled.samples(SAMPLES), Database(filled.database_path)
    base.decide(samples.digest, str(samples.ids[0]), "keep", samples=SAMPLES)
    base.decide(samples.digest, str(samples.ids[3]), "keep", samples=SAMPLES)
    base.decide(samples.digest, str(samples.ids[3]), "reject", "blurred", samples=SAMPLES)
    assert export.kept_rows(samples, decisions.of(samples)).tolist() == [0]
