"""Looking and evidence: galleries, decisions, map and audit say what the records hold, without a browser."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from looking_records import STATES, a_map, an_audit, kept
from PIL import Image
from small_workspace import a_run
from streamlit.testing.v1 import AppTest
from test_server import ask

from ganaug_core import app_root, pipeline
from ganaug_core.cli import evidence
from ganaug_core.config.requests import AuditSamples, BuildMap, Sample, SelectSamples
from ganaug_core.errors import GeneratorError
from ganaug_core.generators.export_manifest import Known
from ganaug_core.generators.selection import selected
from ganaug_core.jobs import store
from ganaug_core.records import ROLES, Audit, Copied, Intensity, Map, Measurement, OddImage
from ganaug_core.server import decisions as written
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.pages.audit import evidence_figures, verdicts
from ganaug_core.ui.pages.compare import sets_page
from ganaug_core.ui.pages.feature_map import plotly_map, saving
from ganaug_core.ui.shared import audited_map, glossary, words
from ganaug_core.ui.shared.looking import bench, decisions, export, findings, repeats
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
    parts = [*app.markdown, *app.text, *app.header, *app.info, *app.error]
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


def decide(workspace: Workspace, *entries: dict, session: str = "a") -> dict:
    """Let a browser send what it has decided; return what it hears."""
    numbered = [{"number": number, "reason": "", "note": "", **entry} for number, entry in enumerate(entries, 1)]
    samples = written.decided(workspace.samples(SAMPLES))
    return written.take(workspace, samples, {"session": session, "entries": numbered})


def decided(workspace: Workspace) -> dict[str, tuple[str, str]]:
    return {image: (one.decision, one.reason) for image, one in decisions.of(workspace.samples(SAMPLES)).items()}


FIRST, SECOND = f"{4096:012x}", f"{4097:012x}"


def test_many_images_are_decided_about_at_once_with_reason_and_note(judged: Workspace) -> None:
    heard = decide(
        judged, {"images": [FIRST, SECOND], "decision": "reject", "reason": "artefact", "note": "ring\nat 3 h"}
    )
    assert decided(judged) == dict.fromkeys((FIRST, SECOND), ("reject", "artefact; ring at 3 h"))
    known = {key: ["reject", "artefact", "ring at 3 h"] for key in (FIRST, SECOND)}
    assert heard == {"applied": 1, "problem": None, "decisions": {"local": known}}


def test_an_entry_that_comes_again_counts_once_and_another_session_begins_anew(judged: Workspace) -> None:
    keep, undo = {"images": [FIRST], "decision": "keep"}, {"images": [FIRST], "decision": "undo"}
    decide(judged, keep)
    decide(judged, keep, undo)
    assert decided(judged) == {}
    decide(judged, keep, undo)  # neither is done again
    assert decided(judged) == {}
    decide(judged, keep, session="b")
    assert decided(judged) == {FIRST: ("keep", "")}


def test_what_is_taken_back_gives_way_to_the_decision_before(judged: Workspace) -> None:
    decide(
        judged,
        {"images": [FIRST], "decision": "keep"},
        {"images": [FIRST, SECOND], "decision": "reject"},
        {"images": [FIRST, SECOND], "decision": "undo"},
    )
    assert decided(judged) == {FIRST: ("keep", "")}


def test_what_no_browser_sends_decides_nothing(judged: Workspace) -> None:
    decide(judged, {"images": ["f" * 12], "decision": "keep"}, {"images": [FIRST], "decision": "delete"})
    assert decided(judged) == {}
    decide(judged, {}, {}, {"images": [FIRST], "decision": "keep", "reason": "=1+1"})
    assert decided(judged) == {FIRST: ("keep", "")}


def test_the_table_says_what_draws_each_image_again(judged: Workspace) -> None:
    decide(judged, {"images": [SECOND], "decision": "reject", "reason": "blurred", "note": '=edge; "left", far'})
    samples = judged.samples(SAMPLES)
    (row,) = csv.DictReader(io.StringIO(decisions.table(samples, decisions.of(samples).values())))
    assert row.pop("time")
    assert row == {
        "set": SAMPLES,
        "id": SECOND,
        "generator": "r1",
        "seed": "0",
        "index": "1",
        "class": samples.classes[0],
        "truncation": "1.0",
        "decision": "reject",
        "reason": "blurred",
        "note": '\'=edge; "left", far',
        "reader": "local",
    }


def test_of_two_readers_the_stricter_counts_and_the_table_has_both(judged: Workspace) -> None:
    samples = judged.samples(SAMPLES)
    entry = {"images": [FIRST], "note": ""}
    decide(
        judged,
        {**entry, "decision": "reject", "reason": "blurred", "reader": "ann"},
        {**entry, "decision": "keep", "reason": "", "reader": "=ben"},
    )
    assert decided(judged) == {FIRST: ("reject", "blurred")}
    rows = list(csv.DictReader(io.StringIO(decisions.table(samples, decisions.of_every_reader(samples)))))
    assert [(row["reader"], row["decision"]) for row in rows] == [("ann", "reject"), ("'=ben", "keep")]
    decide(judged, {"images": [FIRST], "decision": "undo", "reader": "ann"}, session="second")
    assert decided(judged) == {FIRST: ("keep", "")}


def test_chosen_images_become_a_set_that_knows_where_they_were_drawn(judged: Workspace) -> None:
    drawn = judged.samples(SAMPLES)
    for samples, images, name in (
        (SAMPLES, [*drawn.ids[[7, 3, 11]].tolist(), "f" * 12], "three"),
        ("three", drawn.ids[[11, 3]].tolist(), "two"),
    ):
        pipeline.select_samples(judged, SelectSamples(samples=samples, images=tuple(images), name=name))
    two = judged.samples("two")
    assert two.ids.tolist() == drawn.ids[[3, 11]].tolist()
    assert np.array_equal(two.images, np.asarray(drawn.images)[[3, 11]])
    assert (two.source, two.provenance["seed"]) == ("generator", 0)
    Database(judged.database_path).decide(two.digest, str(two.ids[1]), "keep", samples="two")
    (row,) = csv.DictReader(io.StringIO(decisions.table(two, decisions.of(two).values())))
    assert row["index"] == "11"  # of the set that was drawn
    assert ("samples", "two") in judged.dependents("samples", SAMPLES)  # so a withdrawal finds it
    with pytest.raises(GeneratorError, match="None of these images"):
        pipeline.select_samples(judged, SelectSamples(samples=SAMPLES, images=("f" * 12,), name="none"))


def test_the_workbench_says_how_faithful_its_map_is_and_where_everything_is(judged: Workspace) -> None:
    shown = bench.contents("small", SAMPLES, space="simclr", view="both")
    assert "52 %" in shown["map"]["says"]
    assert "0.97 of 1" in shown["map"]["says"]
    listed = json.loads(ask(shown["lists"]["real"]).body)
    assert listed["ids"] == "".join(judged.cohort("small").ids.tolist())
    assert listed["roles"] == judged.cohort("small").roles.tolist()
    assert json.loads(ask(shown["lists"]["synthetic"]).body)["roles"] == [3] * 18
    assert bench.contents("small", SAMPLES, space="texture", view="both")["map"] is None
    assert shown["seen"] == "Seen at 16 × 16 pixels; how large they are is not known."
    sized = replace(judged.cohort("small"), spacing_mm=(0.5, 0.5))
    assert bench.seen_at(sized) == "Seen at 16 × 16 pixels of 0.5 mm. Nothing smaller can be judged."
    had = replace(sized, provenance={"original_size": 512})
    assert (
        bench.seen_at(had) == "Seen at 16 × 16 pixels of 0.5 mm; the originals had 512. Nothing smaller can be judged."
    )


def test_copies_are_grouped_by_the_image_that_they_copy_the_nearest_first(judged: Workspace) -> None:
    audit = the_audit(judged)
    one, other, third = audit.suspects
    suspects = (
        replace(one, identical=False),
        replace(other, distance=0.01),
        replace(third, real=one.real, q_value=0.05),
    )
    groups = findings.copied_groups(suspects)
    assert groups == ((other.real, (other.synthetic,)), (one.real, (one.synthetic, third.synthetic)))
    shown = {finding.key: finding for finding in found(replace(audit, suspects=suspects))}
    assert shown["copies"].title == "3 suspected copies of 2 training images"
    assert shown["copies"].thumbs == (other.real, other.synthetic, one.real, one.synthetic)


def found(audit: Audit, space: str = "simclr") -> list[findings.Finding]:
    ids = [f"{row + 4096:012x}" for row in range(18)]
    return findings.of_audit(audit, ids, space)


def test_where_no_copy_is_named_the_closest_pairs_stand_with_what_would_have_been_found(judged: Workspace) -> None:
    audit = replace(the_audit(judged), suspects=())
    nearest = {**audit.nearest, "holdout.distance": audit.nearest["holdout.distance"].copy()}
    nearest["holdout.distance"][7] = 0.001  # the smallest number of all, of another role
    passed = {**audit.verdicts, "copying": replace(audit.verdicts["copying"], state="pass")}
    (copies,) = [one for one in found(replace(audit, nearest=nearest, verdicts=passed)) if one.key == "copies"]
    assert copies.title == "No copying found"
    assert copies.says.startswith("Copies as near as exact ones would have been noticed from 5 % of the images on.")
    assert copies.images[0] == f"{4096 + 7:012x}"
    assert copies.thumbs[0] == nearest["holdout.id"][7].decode()
    blind = found(replace(audit, verdicts=passed, detectable_share=None))
    assert any("no share of copies would be told from chance" in one.says for one in blind)


def test_a_missing_group_says_how_many_were_made_and_where_it_lies_scattered(judged: Workspace) -> None:
    mode = the_audit(judged).missing_modes[0]
    modes = (mode, replace(mode, encoder="texture", synthetic_share=0.0, n_synthetic=600))
    groups = [one for one in found(replace(the_audit(judged), missing_modes=modes)) if one.is_group]
    assert [one.key for one in groups] == ["missing-1", "missing-0"]  # the one that lacks most first
    assert groups[0].title.endswith("11 % of the real, none of 600")
    assert groups[1].title.endswith("only 2 % of the synthetic ones")
    assert "they lie scattered" in groups[0].says
    assert "scattered" not in groups[1].says
    assert groups[1].real == mode.members
    nothing = found(replace(the_audit(judged), missing_modes=()))
    assert [one.says for one in nothing if one.key == "missing"] == ["Statement on mode_coverage."]


def test_the_worst_news_comes_first_and_before_an_audit_there_is_the_quick_measure(judged: Workspace) -> None:
    states = [findings.ORDER.index(one.state) for one in found(the_audit(judged))]
    assert states == sorted(states)
    judged.remove("audits", str(pipeline.existing_result(judged, AUDIT)))
    (only,) = bench.contents("small", SAMPLES, space="simclr", view="gallery")["findings"]
    assert "nearest by the quick measure" in only["title"]
    assert only["sort"] == "distance"


def test_a_class_that_repeats_itself_shows_the_images_that_do(judged: Workspace) -> None:
    samples, audit = judged.samples(SAMPLES), the_audit(judged)
    images = np.array(samples.images)
    images[1:4] = images[0]
    images[5] = -images[5]
    kept(judged, replace(samples, images=images, digest="e" * 64), Sample(generator="r1", per_class=6))
    kept(judged, audit, AUDIT)
    same = Measurement(
        name="self_similarity",
        encoder="simclr",
        value=0.6,
        interval=None,
        floor=0.01,
        null=None,
        n_real=12,
        n_synthetic=6,
        better="as real",
        class_name=audit.cohort["classes"][0],
        p_value=1e-6,
    )
    calm = replace(same, class_name=audit.cohort["classes"][2], p_value=0.4)
    audit = replace(audit, measurements=(same, calm))
    (finding,) = repeats.of_audit(audit)
    assert "repeats itself: 60 %, real images 1 %" in finding.title
    group = max(finding.groups, key=lambda group: len(group.images))
    assert {f"{4096 + row:012x}" for row in range(4)} <= {group.real, *group.images}


def test_hundreds_of_links_wait_for_their_button(judged: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict] = []
    monkeypatch.setattr(audited_map, "feature_map", lambda *_, **options: shown.append(options))
    audit = the_audit(judged)
    audited_map.show("m", the_map(judged), audit, key="k")
    audited_map.show("m", the_map(judged), replace(audit, suspects=audit.suspects[:1] * 61), key="k")
    assert [options["show_links"] for options in shown] == [True, False]


def test_a_group_of_another_feature_space_is_named_below_the_map_and_not_drawn(
    judged: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = the_audit(judged).missing_modes[0]
    shown, said = [], []
    monkeypatch.setattr(audited_map, "feature_map", lambda *_, groups, **__: shown.extend(groups))
    monkeypatch.setattr(audited_map.st, "text", said.append)
    modes = (mode, replace(mode, encoder="texture"), replace(mode, encoder="pixels"))
    audited_map.show("m", the_map(judged), replace(the_audit(judged), missing_modes=modes), key="k")
    assert [len(group.members) for group in shown] == [len(mode.members), 0, 0]
    modes = (mode, replace(mode, encoder=WITNESS))
    audited_map.show("m", the_map(judged), replace(the_audit(judged), missing_modes=modes), key="k")
    assert said == [
        "2 missing groups lie scattered here: their images are alike by brightness and position and by texture. "
        "The map of that feature space shows them together.",
        "1 missing group lies scattered here: their images are alike by a mixture of shape and texture. What is alike "
        "by a mixture lies together on no map.",
    ]


def test_the_plotly_view_holds_the_same_points(judged: Workspace, page: Open) -> None:
    app = page("feature_map", samples=SAMPLES)
    app.toggle(key="plotly").set_value(True).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    map_ = the_map(judged)
    figure, rows = plotly_map.feature_map(map_)
    assert sorted(np.concatenate(rows).tolist()) == list(range(len(map_.ids)))
    for trace, here in zip(figure.data, rows, strict=True):
        assert np.array_equal(np.stack([trace.x, trace.y], 1), map_.positions[here])


def test_sets_of_any_program_are_compared_in_one_table_and_on_one_map(judged: Workspace, page: Open) -> None:
    other = replace(judged.samples(SAMPLES), name="theirs", digest="f" * 64, source="folder")
    judged.keep(other, "theirs")
    app = page("compare", what="Sets of images", cohort="small")
    assert not app.exception
    assert sorted(app.multiselect(key="sets").value) == sorted([SAMPLES, "theirs"])
    assert "theirs has no audit yet, so nothing is known of it here." in texts(app)
    (table,) = [frame.value for frame in app.table if "Real against real" in frame.value]
    rows = {row["What"]: row[words.plain(SAMPLES)].replace("\\", "") for row in table.to_dict("records")}
    assert rows["Copying"] == "problem"
    first_class = words.clean(judged.cohort("small").classes[0])
    assert rows[f"Coverage, {first_class}"] == "70 % (50 % to 90 %)"
    map_ = the_map(judged)
    moved = replace(map_, positions=map_.positions + 1)
    assert list(sets_page.on_one_canvas({"a": map_, "b": map_, "c": moved})) == ["a", "b"]
    drawn = sets_page.figure({"a": map_, "b": map_})
    real, first, second = drawn.data
    assert [len(trace.x) for trace in (first, second)] == [int((map_.roles == 3).sum())] * 2
    assert np.array_equal(real.x, map_.positions[map_.roles < 3, 0])
    assert (first.marker.color, first.marker.symbol) != (second.marker.color, second.marker.symbol)


def test_runs_are_compared_by_the_audits_of_their_images(judged: Workspace, page: Open) -> None:
    a_run(judged, judged.cohort("small"), name="r2")
    app = page("compare")
    assert not app.exception
    (table,) = [frame.value for frame in app.table if "Audited images" in frame.value]
    assert table[["Run", "Copying", "Variety"]].to_numpy().tolist() == [["r1", "problem", "look closer"]]


def test_the_audit_opens_with_its_worst_news(judged: Workspace, page: Open) -> None:
    app = page("audit", samples=SAMPLES)
    assert not app.exception
    assert app.header[0].value == (
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
    assert "Realism" in app.header[0].help
    headings = {element.value: element.help for element in app.markdown if element.value.startswith("###")}
    assert all(headings[f"### The {name}"] for name in ("closest pair", "missing group"))
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
    answer = json.loads(ask(bench.contents("small", SAMPLES, space="simclr", view="gallery")["audited"]).body)
    places = answer["scores"]["odd"]
    assert places[row] == 0
    assert places[unjudged] == len(samples) - 1
    assert answer["scores"]["texture"][unjudged] is None
    assert answer["said"][ids[3]] == [
        "The classifier doubts its class: looks like two (listed as odd).",
        "Odd: p = 0.004, q = 0.07.",
    ]
    (shown,) = [one for one in found(rich) if one.key == "odd"]
    assert (shown.title, shown.images) == ("1 odd image", (ids[3],))


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


def test_the_audit_brings_the_nearest_images_of_every_synthetic_one(judged: Workspace) -> None:
    audit = the_audit(judged)
    shown = bench.contents("small", SAMPLES, space="simclr", view="gallery")
    assert shown["hasNearest"]
    answer = json.loads(ask(shown["audited"]).body)
    for role in ROLES:
        near = answer["nearest"][role]
        assert near["ids"] == [image.decode() for image in audit.nearest[f"{role}.id"]]
        assert near["distances"] == pytest.approx(audit.nearest[f"{role}.distance"].tolist(), abs=1e-5)
        assert near["movements"][0] == [0, 1, 0, 1, 0, 0]
    assert answer["scores"]["copy"] == pytest.approx(audit.scores["synthetic"].tolist(), abs=1e-5)
    assert answer["said"][audit.suspects[0].synthetic] == ["The same image up to noise.", ""]
    assert answer["said"][audit.suspects[1].synthetic] == ["Named as a copy.", "Copy score 0.2, p = 0.01, q = 0.02."]
    assert answer["said"][audit.suspects[2].synthetic][0].startswith("Not named as a copy")


def test_the_quick_measure_is_the_correlation_with_each_role_and_never_with_itself(judged: Workspace) -> None:
    cohort, samples = judged.cohort("small"), judged.samples(SAMPLES)
    quick = bench.contents("small", SAMPLES, space="simclr", view="gallery")["quick"]
    rows = {str(image): row for row, image in enumerate(cohort.ids)}
    for side, images, ids in (
        ("synthetic", np.asarray(samples.images[:3]), samples.ids[:3]),
        ("real", cohort.images(np.arange(3)), cohort.ids[:3]),
    ):
        answer = json.loads(ask(f"{quick[side]}?ids={','.join(ids)}").body)
        assert sorted(answer) == sorted(ROLES)
        for number, role in enumerate(ROLES):
            others = cohort.where(number)
            flat = cohort.images(others).reshape(len(others), -1)
            for place, image in enumerate(images):
                by_hand = np.array([1 - np.corrcoef(image.ravel(), pixels)[0, 1] for pixels in flat])
                by_hand[cohort.ids[others] == ids[place]] = np.inf
                assert answer[role]["distances"][place] == pytest.approx(by_hand.min(), abs=1e-4)
                assert rows[answer[role]["ids"][place]] == others[by_hand.argmin()]
    assert ask(f"{quick['real']}?ids={'0' * 12},x").status == 404
    assert ask(f"{quick['real']}?ids={','.join(['0' * 12] * 513)}").status == 404


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
    chosen = selected(samples, samples.ids[rows].tolist(), SAMPLES)
    with zipfile.ZipFile(io.BytesIO(export.as_zip(chosen, intensity, "png", Known()))) as archive:
        names = archive.namelist()
        table = archive.read(f"{SAMPLES}/manifest.csv").decode().splitlines()
        first = Image.open(io.BytesIO(archive.read(f"{SAMPLES}/{table[1].split(',')[0]}")))
    assert len([name for name in names if name.endswith(".png")]) == 6
    assert "Synthetic" in first.text["Synthetic"]
    slope, offset = map(float, table[1].split(",")[-2:])
    physical = intensity.physical(np.asarray(samples.images[rows[0], 0]))
    assert np.abs(np.asarray(first) * slope + offset - physical).max() <= slope / 2 + 1e-3


def test_images_brought_again_under_the_same_name_begin_without_decisions(judged: Workspace) -> None:
    decide(judged, {"images": [FIRST], "decision": "keep"})
    before = judged.samples(SAMPLES)
    assert list(bench.contents("small", SAMPLES, space="simclr", view="gallery")["decisions"]["local"]) == [FIRST]
    judged.keep(replace(before, digest="f" * 64), SAMPLES, replace=True)
    assert bench.contents("small", SAMPLES, space="simclr", view="gallery")["decisions"] == {}


def test_with_a_damaged_database_the_images_are_shown_and_a_decision_is_refused_in_words(
    judged: Workspace, page: Open
) -> None:
    judged.database_path.write_bytes(b"not a database" * 500)
    app = page("samples", samples=SAMPLES, image=FIRST)
    assert not app.exception
    assert ["ganaug.sqlite is damaged" in element.value for element in app.error].count(True) == 1
    heard = decide(judged, {"images": [FIRST], "decision": "keep"})
    assert bench.contents("small", SAMPLES, space="simclr", view="gallery")["decisions"] == heard["decisions"] == {}
    assert heard["problem"].startswith(
        "The decision was not written. The workspace's database ganaug.sqlite is damaged"
    )


@pytest.mark.parametrize("name", ["cohort", "generators", "feature_map", "audit", "benefit", "failure_atlas"])
def test_with_a_damaged_database_a_page_says_so_once_and_shows_what_lies_in_files(
    judged: Workspace, page: Open, name: str
) -> None:
    sound = page(name)
    judged.database_path.unlink(missing_ok=True)
    judged.database_path.write_bytes(b"not a database" * 500)
    app = page(name)
    assert not app.exception
    assert [element.value for element in app.header] == [element.value for element in sound.header]
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


def test_the_map_leaves_as_a_drawing_a_picture_and_a_page_and_none_holds_an_id(filled: Workspace) -> None:
    map_ = replace(a_map(filled.cohort("small"), filled.samples(SAMPLES)), synthetic="<b>made</b>")
    drawing = saving.as_file(map_, "texture & shape", "svg")
    root = ElementTree.fromstring(drawing)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    shapes = [len(root.findall(f"{{http://www.w3.org/2000/svg}}{shape}")) for shape in ("circle", "path", "rect")]
    roles = np.bincount(map_.roles)
    key = len(map_.classes)
    assert shapes == [roles[0] + roles[2] + 2 + key, roles[3] + 1, roles[1] + 1 + 2], "with the key, frame and paper"
    texts = [str(word.text) for word in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "feature space: texture & shape" in texts
    assert any("52 % are neighbours here; trustworthiness 0.97" in text for text in texts)
    picture = Image.open(io.BytesIO(saving.as_file(map_, "texture", "png")))
    assert picture.width == 2160
    assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3)[::97], axis=0)) > 20
    page = saving.as_file(map_, "texture", "html").decode()
    assert "Plotly.newPlot" in page
    assert "<script src=" not in page
    for content in (drawing.decode(), page):
        assert "<b>made" not in content
        assert not [image for image in map_.ids[map_.roles == 3].tolist() if image in content]
