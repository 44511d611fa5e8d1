"""A page shows as current only what was made from the very images that have the names now, by the present method.

Whatever lies damaged in the workspace is named, can be removed, and hides nothing else.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benefit_results import STATEMENT, a_benefit
from looking_records import a_map, an_audit, kept
from small_workspace import a_run
from streamlit.testing.v1 import AppTest
from test_server import FIRST, SYNTHETIC, ask, at

from ganaug_core import pipeline, server
from ganaug_core.config.requests import MAP_SPACE, AuditSamples, BuildMap, MeasureBenefit, Sample
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.generators.stored import WEIGHTS
from ganaug_core.jobs import store
from ganaug_core.records import Cohort, Measurement, Samples
from ganaug_core.records.training import Checkup
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace, digest_of
from ganaug_core.ui.shared import run_quality, words
from ganaug_core.ui.shared.looking import bench

Open = Callable[..., AppTest]
COHORT, SAMPLES = "small", "r1-6-seed0"
ABOUT = {"cohort": COHORT, "samples": SAMPLES}
PAGES = ("cohort", "training", "compare", "generators", "samples", "feature_map", "audit", "benefit")
EARLIER = "Earlier audits (1)"
JUDGED = "Statement on copying."


@pytest.fixture
def judged(filled: Workspace) -> Workspace:
    """The filled workspace with a map, an audit and an experiment."""
    cohort, samples = filled.cohort(COHORT), filled.samples(SAMPLES)
    kept(filled, a_map(cohort, samples), BuildMap(**ABOUT))
    kept(filled, an_audit(cohort, samples), AuditSamples(**ABOUT))
    kept(filled, a_benefit(cohort, samples), MeasureBenefit(**ABOUT))
    return filled


def mirrored(workspace: Workspace) -> Cohort:
    """Delete the cohort and import another one under its name: other patients, whose images have other ids."""
    old = workspace.cohort(COHORT)
    pixels = np.array(old.pixels[..., ::-1])
    ids = np.array([f"{row + 900:012x}" for row in range(len(old))])
    workspace.remove_with_caches("cohorts", COHORT)
    workspace.keep(replace(old, pixels=pixels, ids=ids, digest=digest_of(pixels)), COHORT)
    return workspace.cohort(COHORT)


def redrawn(workspace: Workspace) -> Samples:
    """Delete the synthetic images and draw others under their name."""
    old = workspace.samples(SAMPLES)
    images = np.array(old.images[:, :, ::-1])
    ids = np.array([f"{row + 7000:012x}" for row in range(len(old))])
    workspace.remove_with_caches("samples", SAMPLES)
    kept(workspace, replace(old, images=images, ids=ids, digest=digest_of(images)), Sample(generator="r1", per_class=6))
    return workspace.samples(SAMPLES)


def words_of(block: object) -> str:
    """Return what a page or a part of it says."""
    kinds = ("markdown", "text", "header", "info", "error", "warning", "success", "caption")
    return "\n".join(str(element.value) for kind in kinds for element in getattr(block, kind))


def seen() -> dict:
    """What the workbench shows of the images that have the names now."""
    return bench.contents(COHORT, SAMPLES, space=MAP_SPACE, view="both")


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def errors(app: AppTest) -> list[str]:
    """Return what went wrong, in the page's words; that an image is a copy is no error."""
    return [element.value.replace("\\", "") for element in app.error if "What to do:" in element.value]


def unharmed(app: AppTest) -> AppTest:
    """Return the page if it is whole and says nothing of an error."""
    assert not app.exception
    assert errors(app) == []
    return app


def nothing_is_current(app: AppTest) -> str:
    """Return what is listed as earlier on the Audit page, if nothing is shown as current there."""
    unharmed(app)
    assert not app.header
    assert "Start the audit" in buttons(app)
    (expander,) = [expander for expander in app.expander if expander.label == EARLIER]
    assert words_of(app).count(JUDGED) == words_of(expander).count(JUDGED) == 1
    assert "Do not use these images as they are" in words_of(expander)
    return words_of(expander)


def only_listed_as_earlier(app: AppTest) -> None:
    """The answer of an experiment stands folded away among the earlier ones, and nowhere else on the Benefit page."""
    assert not any(STATEMENT in header.value for header in app.header)
    (expander,) = [expander for expander in app.expander if expander.label == "Earlier experiments (1)"]
    assert words_of(app).count(STATEMENT) == words_of(expander).count(STATEMENT) == 1


# another cohort under the name


def test_the_verdict_on_a_deleted_cohort_is_not_that_of_another_one_with_its_name(
    judged: Workspace, page: Open
) -> None:
    assert page("audit", **ABOUT).header[0].value.startswith("Do not use these images")
    mirrored(judged)
    words = nothing_is_current(page("audit", **ABOUT))
    assert "made from an earlier small. It says nothing about the images that have this name now." in words


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_on_a_cohort_whose_name_another_one_had(judged: Workspace, page: Open, name: str) -> None:
    mirrored(judged)
    for query in (ABOUT, {**ABOUT, "image": SYNTHETIC}, {**ABOUT, "image": FIRST}, {**ABOUT, "group": "0"}):
        unharmed(page(name, **query))


def test_map_experiment_and_pairs_of_a_deleted_cohort_are_made_anew_for_another_one(
    judged: Workspace, page: Open
) -> None:
    assert "52 %" in seen()["map"]["says"]
    assert STATEMENT in words_of(page("benefit", **ABOUT))
    assert seen()["hasNearest"]
    mirrored(judged)
    app = unharmed(page("feature_map", **ABOUT))
    assert "Draw the map" in buttons(app)
    (expander,) = [expander for expander in app.expander if expander.label == "Earlier maps (1)"]
    assert "made from an earlier small" in words_of(expander)
    expander.toggle[0].set_value(True).run()
    assert len(unharmed(app).get("plotly_chart")) == 1
    app = unharmed(page("benefit", **ABOUT))
    only_listed_as_earlier(app)
    assert "Start the experiment" in buttons(app)
    unharmed(page("samples", **ABOUT, image=SYNTHETIC))
    assert not seen()["hasNearest"]
    assert [finding["key"] for finding in seen()["findings"]] == ["quick"]


def test_an_audit_that_runs_for_a_deleted_cohort_is_not_that_of_another_one(judged: Workspace, page: Open) -> None:
    store.submit(judged, AuditSamples(**ABOUT))
    assert "Stop" in buttons(page("audit", **ABOUT))
    mirrored(judged)
    app = page("audit", **ABOUT)
    assert "Stop" not in buttons(app)
    assert "Start the audit" in buttons(app)


def test_the_same_images_under_another_name_find_their_results_again(judged: Workspace, page: Open) -> None:
    same = judged.cohort(COHORT)
    mirrored(judged)
    judged.keep(replace(same, name="again"), "again")
    where = {"cohort": "again", "samples": SAMPLES}
    app = unharmed(page("audit", **where))
    assert app.header[0].value.startswith("Do not use these images")
    links = [str(link.proto.query_string) for link in app.get("page_link")]
    assert any("cohort=again" in link for link in links)
    assert not any("cohort=small" in link for link in links)
    unharmed(page("feature_map", **where))
    assert "52 %" in bench.contents(**where, space=MAP_SPACE, view="map")["map"]["says"]
    assert STATEMENT in words_of(unharmed(page("benefit", **where)))


def test_a_run_without_measured_checkpoints_is_worth_what_an_audit_of_its_images_says(judged: Workspace) -> None:
    said = run_quality.sentence(SAMPLES, an_audit(judged.cohort(COHORT), judged.samples(SAMPLES)))
    assert said.startswith(f"Its checkpoints were not measured; the audit of its images {words.plain(SAMPLES)} says **")
    assert " says **problem: Copying; look closer: Variety; " in said


def test_a_run_tells_that_it_learnt_from_an_earlier_cohort(judged: Workspace, page: Open) -> None:
    mirrored(judged)
    app = page("training", run="r1")
    assert "It was trained on an earlier small, which is not here any more." in words_of(app)
    (table,) = [frame.value for frame in app.table if "Recipe" in frame.value]
    assert table["Cohort"].tolist() == ["small (an earlier one)"]


def test_a_run_tells_the_present_name_of_its_cohort(judged: Workspace, page: Open) -> None:
    same = judged.cohort(COHORT)
    mirrored(judged)
    judged.keep(replace(same, name="again"), "again")
    app = page("training", run="r1")
    assert "an earlier" not in words_of(app)
    (table,) = [frame.value for frame in app.table if "Recipe" in frame.value]
    assert table["Cohort"].tolist() == ["again"]


def test_runs_on_two_cohorts_that_had_one_name_are_not_weighed_against_each_other(
    judged: Workspace, page: Open
) -> None:
    a_run(judged, mirrored(judged), name="r2")
    for name, distance in (("r1", 1.5), ("r2", 9.5)):
        interval = (distance - 0.5, distance + 0.5)
        measurement = Measurement(
            name="kernel_distance",
            encoder="texture",
            value=distance,
            interval=interval,
            floor=0.9,
            null=0.0,
            n_real=60,
            n_synthetic=256,
            better="lower",
        )
        line = {**Checkup(3000, (measurement,), None).plain(), "kept": 3000}
        (judged.folder("runs", name) / "checkups.jsonl").write_text(json.dumps(line) + "\n")
    app = unharmed(page("compare"))
    assert "different cohorts" in words_of(app)
    assert "closest to the tuning images" not in words_of(app)
    assert ["Cohort", "small", "small (an earlier one)"] in app.table[0].value.to_numpy().tolist()


# other synthetic images under the name


def test_the_verdict_on_earlier_synthetic_images_is_not_that_of_others_with_their_name(
    judged: Workspace, page: Open
) -> None:
    redrawn(judged)
    words = nothing_is_current(page("audit", **ABOUT))
    assert f"made from an earlier {SAMPLES}. It says nothing about the images that have this name now." in words


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_on_samples_whose_name_others_had(judged: Workspace, page: Open, name: str) -> None:
    redrawn(judged)
    for query in (ABOUT, {**ABOUT, "image": FIRST}, {**ABOUT, "group": "0"}):
        app = unharmed(page(name, **query))
        if name == "benefit":
            only_listed_as_earlier(app)
        else:
            assert STATEMENT not in words_of(app)
        assert seen()["map"] is None


def test_decisions_about_earlier_synthetic_images_are_not_counted_for_others_with_their_name(
    judged: Workspace, page: Open
) -> None:
    Database(judged.database_path).decide(judged.samples(SAMPLES).digest, SYNTHETIC, "reject", samples=SAMPLES)
    assert list(seen()["decisions"]["local"]) == [SYNTHETIC]
    redrawn(judged)
    assert seen()["decisions"] == {}


# an earlier method


def test_a_verdict_by_an_earlier_audit_is_listed_and_not_headlined(
    judged: Workspace, page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REVISIONS, "audits", REVISIONS["audits"] + 1)
    words = nothing_is_current(page("audit", **ABOUT))
    assert "made by an earlier version of the method, whose numbers were others. Run it again to compare." in words
    assert not seen()["hasNearest"]


@pytest.mark.parametrize(
    ("kind", "name", "said", "offer"),
    [
        ("maps", "feature_map", "52 %", "Draw the map"),
        ("benefits", "benefit", STATEMENT, "Start the experiment"),
    ],
)
def test_what_an_earlier_method_made_is_made_anew(
    judged: Workspace, page: Open, monkeypatch: pytest.MonkeyPatch, *, kind: str, name: str, said: str, offer: str
) -> None:
    told = words_of(page(name, **ABOUT)) + str(seen()["map"])
    assert said in told
    monkeypatch.setitem(REVISIONS, kind, REVISIONS[kind] + 1)
    app = unharmed(page(name, **ABOUT))
    listed = "".join(words_of(expander) for expander in app.expander if expander.label.startswith("Earlier"))
    assert words_of(app).count(said) == listed.count(said), "folded away among the earlier ones, if at all"
    assert offer in buttons(app)
    assert kind != "maps" or seen()["map"] is None


def test_an_audit_by_the_present_method_stands_before_the_earlier_one(
    judged: Workspace, page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REVISIONS, "audits", REVISIONS["audits"] + 1)
    passed = dict.fromkeys(("copying", "mode_coverage", "label_fidelity", "fidelity", "intensity"), "pass")
    kept(judged, an_audit(judged.cohort(COHORT), judged.samples(SAMPLES), passed), AuditSamples(**ABOUT))
    app = unharmed(page("audit", **ABOUT))
    assert app.header[0].value.startswith("No problem was found")
    (expander,) = [expander for expander in app.expander if expander.label == EARLIER]
    assert "Do not use these images as they are" in words_of(expander)


# the image routes


@pytest.mark.parametrize(("kind", "image"), [("cohorts", FIRST), ("samples", SYNTHETIC)])
def test_the_address_of_an_image_never_shows_another_one(judged: Workspace, kind: str, image: str) -> None:
    name = {"cohorts": COHORT, "samples": SAMPLES}[kind]
    before = at(judged, kind, name)
    old = judged.cohort(COHORT) if kind == "cohorts" else judged.samples(SAMPLES)
    urls = ("/api/pixels/{}/{}.bin", "/api/pixels/{}/{}.json", "/api/image/{}/{}.png", "/api/sprite/{}.png?ids={}")
    shown = {url: ask(url.format(before, image)).body for url in urls}
    pixels = np.array(old.pixels if isinstance(old, Cohort) else old.images)[..., ::-1].copy()
    turned = {"pixels": pixels} if isinstance(old, Cohort) else {"images": pixels}
    judged.remove(kind, name)
    judged.keep(replace(old, **turned, digest=digest_of(pixels)), name)  # other images under the same ids
    after = at(judged, kind, name)
    assert after != before
    for url in urls:
        assert ask(url.format(before, image)).status == 404, "what was deleted is not shown from memory"
        answer = ask(url.format(after, image))
        assert answer.status == 200
        assert (answer.body == shown[url]) == url.endswith(".json")


def test_the_address_of_a_map_never_shows_another_one(judged: Workspace) -> None:
    name = str(pipeline.existing_result(judged, BuildMap(**ABOUT)))
    before = judged.artefact("maps", name)
    shown = ask(f"/api/map/{before}.bin").body
    map_ = judged.map(name)
    kept(judged, replace(map_, positions=np.array(map_.positions + 1)), BuildMap(**ABOUT))
    assert ask(f"/api/map/{before}.bin").status == 404
    assert ask(f"/api/map/{judged.artefact('maps', name)}.bin").body != shown


def test_a_split_that_is_changed_while_a_page_is_open_gives_its_images_a_new_address(judged: Workspace) -> None:
    before = at(judged, "cohorts", COHORT)
    cohort = judged.cohort(COHORT)
    judged.revise(replace(cohort, roles=np.array(cohort.roles[::-1])), {})
    assert at(judged, "cohorts", COHORT) != before


# something damaged


def _manifest(content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / "manifest.json").write_bytes(content) and None


def _labels(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        np.save(folder / "labels.npy", change(np.load(folder / "labels.npy")))

    return spoil


DEEP = b"[" * 200_000 + b"]" * 200_000
MANIFESTS = {
    "half a manifest": _manifest(b"{"),
    "a list for a manifest": _manifest(b"[1]"),
    "an empty manifest": _manifest(b"{}"),
    "a manifest 200,000 levels deep": _manifest(DEEP),
    "a deep value in the manifest": _manifest(b'{"a": ' + DEEP + b"}"),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
}
ARRAYS = {
    "an array of no bytes": lambda folder: (folder / "labels.npy").write_bytes(b""),
    "a missing array": lambda folder: (folder / "labels.npy").unlink(),
    "an array that is too short": _labels(lambda labels: labels[:-1]),
    "labels out of range": _labels(lambda labels: labels + 7),
    "labels below zero": _labels(lambda labels: labels - 7),
    "labels that are no numbers": _labels(lambda labels: labels.astype(str)),
}
DAMAGES = MANIFESTS | ARRAYS
SOME = ("half a manifest", "an empty manifest", "a manifest 200,000 levels deep", "no manifest")


def twice(workspace: Workspace, kind: str) -> str:
    """Keep a second, newer cohort or samples beside the first; return its name."""
    if kind == "cohorts":
        workspace.keep(replace(workspace.cohort(COHORT), name="newer"), "newer")
        return "newer"
    return kept(workspace, workspace.samples(SAMPLES), Sample(generator="r1", per_class=6, seed=1))


def damaged(workspace: Workspace, kind: str, name: str, how: str) -> None:
    DAMAGES[how](workspace.folder(kind, name))


def said_to_be_damaged(app: AppTest, name: str) -> None:
    """The page names the damage once, in words, and offers to remove it."""
    assert not app.exception
    (error,) = errors(app)
    assert f"{name} is damaged" in error
    assert f"Remove {name}" in buttons(app)


@pytest.mark.parametrize("how", list(DAMAGES))
@pytest.mark.parametrize("kind", ["cohorts", "samples"])
def test_a_damaged_set_of_images_hides_no_other(judged: Workspace, page: Open, kind: str, how: str) -> None:
    name, chooser = twice(judged, kind), {"cohorts": "cohort", "samples": "samples"}[kind]
    damaged(judged, kind, name, how)
    assert ask(f"/api/image/{at(judged, kind, name)}/{FIRST}.png").status == 404
    assert ask(f"/api/image/{at(judged, 'cohorts', COHORT)}/{FIRST}.png").status == 200
    assert ask(f"/api/image/{at(judged, 'samples', SAMPLES)}/{SYNTHETIC}.png").status == 200
    for page_name in ("cohort", "samples", "audit"):
        app = unharmed(page(page_name, **ABOUT))
        if page_name != "cohort" or kind == "cohorts":
            assert {name, *ABOUT.values()} & {*app.selectbox(key=chooser).options} == {name, ABOUT[chooser]}
    app = page("samples", **{**ABOUT, chooser: name})
    said_to_be_damaged(app, name)
    app.button(key=f"remove-{kind}-{name}").click().run()
    unharmed(app)
    assert not judged.exists(kind, name)
    assert app.selectbox(key=chooser).value == ABOUT[chooser]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_names_a_damaged_cohort_that_it_needs(judged: Workspace, page: Open, name: str) -> None:
    damaged(judged, "cohorts", COHORT, "an empty manifest")
    app = page(name, **ABOUT)
    if name in ("generators", "compare"):
        unharmed(app)
    else:
        said_to_be_damaged(app, COHORT)


def test_a_damaged_cohort_hides_neither_the_runs_nor_their_list(judged: Workspace, page: Open) -> None:
    damaged(judged, "cohorts", COHORT, "a missing array")
    app = page("training", run="r1")
    said_to_be_damaged(app, COHORT)
    assert any("images seen" in element.value for element in app.text)
    assert [frame.value["Run"].tolist() for frame in app.table if "Recipe" in frame.value] == [["r1"]]


@pytest.mark.parametrize("how", list(MANIFESTS))
def test_a_damaged_run_hides_no_other(judged: Workspace, page: Open, how: str) -> None:
    a_run(judged, judged.cohort(COHORT), name="r2")
    damaged(judged, "runs", "r2", how)
    app = page("training", run="r1")
    assert not app.exception
    (error,) = errors(app)
    assert "run r2 is damaged" in error
    assert [frame.value["Run"].tolist() for frame in app.table if "Recipe" in frame.value] == [["r1"]]
    app = page("training", run="r2")
    assert [frame.value["Run"].tolist() for frame in app.table if "Recipe" in frame.value] == [["r1"]]
    app.button(key="remove-runs-r2").click().run()
    unharmed(app)
    assert judged.names("runs") == ["r1"]


@pytest.mark.parametrize("how", list(MANIFESTS))
def test_a_damaged_generator_hides_no_other_and_another_one_can_be_brought(
    judged: Workspace, page: Open, how: str
) -> None:
    source = judged.reference("generators", "r1")
    card = judged.manifest("generators", "r1")
    judged.write("generators", "g2", card, identity="f" * 64, origin=source.origin)
    damaged(judged, "generators", "g2", how)
    unharmed(page("generators", generator="r1"))
    app = page("generators", generator="g2")
    assert not app.exception
    (error,) = errors(app)
    assert "generator g2 is damaged" in error
    assert "Bring a generator file" in [expander.label for expander in app.expander]
    assert ask(f"/api/image/{at(judged, 'samples', SAMPLES)}/{SYNTHETIC}.png").status == 200
    app.button(key="remove-generators-g2").click().run()
    unharmed(app)
    assert judged.names("generators") == ["r1"]


@pytest.mark.parametrize("content", [None, b"", b"\xff" * 30, "cut", "no tensors"])
def test_damaged_weights_are_named_before_anybody_saves_them(
    judged: Workspace, page: Open, content: bytes | str | None
) -> None:
    weights = judged.folder("generators", "r1") / WEIGHTS
    if content is None:
        weights.unlink()
    elif content == "cut":
        weights.write_bytes(weights.read_bytes()[:-1])
    else:
        weights.write_bytes(content if isinstance(content, bytes) else (2).to_bytes(8, "little") + b"{}")
    app = page("generators", generator="r1")
    assert not app.exception
    assert "The weights of the generator r1 are missing or damaged." in errors(app)[0]
    assert not app.get("download_button")
    app.button(key="remove-generators-r1").click().run()
    unharmed(app)


@pytest.mark.parametrize("how", SOME)
@pytest.mark.parametrize(
    ("kind", "own", "offer"),
    [
        ("maps", "feature_map", "Draw the map"),
        ("audits", "audit", "Start the audit"),
        ("benefits", "benefit", "Start the experiment"),
    ],
)
def test_a_damaged_result_is_named_on_its_own_page_and_can_be_made_anew(
    judged: Workspace, page: Open, *, kind: str, own: str, offer: str, how: str
) -> None:
    (name,) = judged.names(kind)
    damaged(judged, kind, name, how)
    for other in {"samples", "feature_map", "audit", "benefit"} - {own}:
        unharmed(page(other, **ABOUT, image=SYNTHETIC))
    app = page(own, **ABOUT)
    said_to_be_damaged(app, name)
    app.button(key=f"remove-{kind}-{name}").click().run()
    unharmed(app)
    assert offer in buttons(app)


@pytest.mark.parametrize(
    "how", ["an array of no bytes", "a missing array", "an array that is too short", "labels out of range"]
)
def test_a_map_with_a_damaged_array_is_named_and_not_drawn(judged: Workspace, page: Open, how: str) -> None:
    (name,) = judged.names("maps")
    damaged(judged, "maps", name, how)
    assert ask(f"/api/map/{judged.artefact('maps', name)}.bin").status == 404
    said_to_be_damaged(page("feature_map", **ABOUT), name)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"{}", DEEP])
@pytest.mark.parametrize("kind", ["cohorts", "samples", "generators", "runs"])
def test_a_damaged_reference_hides_no_other(judged: Workspace, page: Open, kind: str, content: bytes) -> None:
    (judged.root / kind / "spoilt.json").write_bytes(content)
    for name in PAGES:
        app = page(name, **ABOUT)
        assert not app.exception
        assert [error for error in errors(app) if "spoilt" not in error] == []
    chooser, page_name = {
        "cohorts": ("cohort", "cohort"),
        "samples": ("samples", "samples"),
        "generators": ("generator", "generators"),
        "runs": ("run", "training"),
    }[kind]
    app = page(page_name, **{**ABOUT, chooser: "spoilt"})
    assert "spoilt is damaged" in errors(app)[0]
    app.button(key=f"remove-{kind}-spoilt").click().run()
    unharmed(app)
    assert "spoilt" not in judged.names(kind)


def test_a_result_that_is_replaced_while_it_is_read_is_read_again(
    judged: Workspace, page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganaug_core.ui.shared import caches

    request = MeasureBenefit(**ABOUT)
    name = str(pipeline.existing_result(judged, request))
    stale = judged.artefact("benefits", name)
    kept(judged, a_benefit(judged.cohort(COHORT), judged.samples(SAMPLES), done=1), request)
    monkeypatch.setattr(caches, "artefact", lambda *_: stale)
    assert caches.benefit(name).done == 1


def test_what_no_name_means_is_removed_when_the_app_starts(judged: Workspace) -> None:
    left = judged.root / "artefacts" / "new-by-a-process-that-died"
    left.mkdir()
    (left / "pixels.npy").write_bytes(b"half")
    server._make_ready(judged)
    assert not left.exists()
    assert len(judged.cohort(COHORT)) == 36


def test_a_damaged_reference_never_costs_what_it_meant(judged: Workspace) -> None:
    reference = judged.root / "cohorts" / f"{COHORT}.json"
    healthy = reference.read_bytes()
    reference.write_bytes(healthy[:-20])
    server._make_ready(judged)
    reference.write_bytes(healthy)  # as from a backup
    assert len(judged.cohort(COHORT)) == 36
