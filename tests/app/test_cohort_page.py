"""The Cohort page of a draft: patients tried on screen, near-duplicates, text to confirm, then it is fixed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import bad_input
import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from ganaug_core import neighbours, pipeline
from ganaug_core.cohort import draft_split
from ganaug_core.config.importing import Choices, Columns, Plan
from ganaug_core.config.requests import ImportCohort
from ganaug_core.jobs import store
from ganaug_core.storage.workspace import Workspace
from tests.mask_files import Series, write_seg, write_series

Open = Callable[..., AppTest]


def shown(app: AppTest) -> str:
    """Return everything that the page says in words."""
    assert not app.exception
    return "\n".join(
        element.value for kind in (app.text, app.markdown, app.warning, app.success, app.error) for element in kind
    )


def button_named(app: AppTest, label: str) -> Button:
    return next(button for button in app.button if button.label == label)


@pytest.fixture
def draft(home: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A draft whose file names tell the patient; two pairs of images resemble each other."""
    random = np.random.default_rng(0)
    for label in ("a", "b"):
        (tmp_path / "s" / label).mkdir(parents=True)
        for number in range(20):
            image = Image.fromarray(random.integers(0, 256, (16, 16), np.uint8))
            image.save(tmp_path / "s" / label / f"P{label}{number // 2}_{number}.png")
    near = np.array([[0, 5], [1, 25]]), np.array([0.03, 0.07], np.float32)
    monkeypatch.setattr(neighbours, "near_duplicate_pairs", lambda *_, **__: near)
    return pipeline.import_cohort(home, ImportCohort(source=str(tmp_path / "s"), name="d", size=16, draft=True))


def test_a_pattern_is_tried_on_screen_before_it_is_used(home: Workspace, page: Open, draft: str) -> None:
    app = page("cohort")
    assert "no patient is known" in shown(app)
    assert "{patient}_* (20 patients)" in shown(app)
    app.text_input(key="pattern").set_value("{patient}.png").run()
    assert "Every image would be a patient of its own" in shown(app)
    app.text_input(key="pattern").set_value("nobody_*").run()
    assert "needs \\{patient\\} once" in shown(app) or "needs {patient} once" in shown(app)
    app.text_input(key="pattern").set_value("{patient}_*").run()
    assert "40 of 40 names tell a patient: 20 patients, with 2 to 2 images each." in shown(app)
    assert (home.cohort(draft).patients == -1).all(), "to try is not to use"
    button_named(app, "Use these patients").click().run()
    assert len(np.unique(home.cohort(draft).patients)) == 20
    assert "It is not known which images belong to one patient" not in shown(app)


def test_the_pairs_at_the_near_duplicate_limit_are_on_screen_and_it_can_be_moved(
    home: Workspace, page: Open, draft: str
) -> None:
    app = page("cohort")
    assert "1 pair within this limit, 1 pair beyond it" in shown(app)
    assert "a, distance 0.030" in shown(app)
    assert "a and b, distance 0.070" in shown(app)
    limit = next(slider for slider in app.slider if slider.label == "Limit for near-duplicates")
    limit.set_value(0.08).run()
    assert "2 pairs within this limit, 0 pairs beyond it" in shown(app)
    button_named(app, "Use this limit").click().run()
    assert len(home.cohort(draft).near_duplicates) == 2
    assert "1 pair of near-duplicates with two classes" in shown(app)


def test_near_duplicates_that_the_sources_split_tears_apart_are_said(home: Workspace, page: Open, draft: str) -> None:
    assert "Each group lies on one side of the split" in shown(page("cohort"))
    cohort = home.cohort(draft)
    first, second = cohort.near_duplicates[0]
    roles = cohort.roles.copy()
    roles[[first, second]] = 0, 2
    home.remove("cohorts", draft)
    home.keep(replace(cohort, roles=roles, fixed=True), draft)
    said = shown(page("cohort"))
    assert "puts 1 pair of them on two sides" in said
    assert "on one side of the split" not in said


@pytest.mark.parametrize("limit", [0.0, 0.03])
def test_that_nothing_appears_twice_is_only_said_where_it_was_looked_for(
    home: Workspace, page: Open, tmp_path: Path, limit: float
) -> None:
    random = np.random.default_rng(1)
    for number in range(16):
        (tmp_path / "t" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(random.integers(0, 256, (16, 16), np.uint8))
        image.save(tmp_path / "t" / "ab"[number % 2] / f"{number}.png")
    plan = Plan(near_duplicate_limit=limit)
    pipeline.import_cohort(home, ImportCohort(source=str(tmp_path / "t"), name="t", size=16, plan=plan))
    said = shown(page("cohort"))
    assert ("No image appears twice" in said) == (limit > 0)
    assert ("were not looked for" in said) == (limit == 0)


def test_shares_can_be_drawn_again_and_the_split_is_fixed_by_one_click(home: Workspace, page: Open, draft: str) -> None:
    app = page("cohort")
    assert "The split is a proposal." in shown(app)
    app.slider(key="share-holdout").set_value(50).run()
    app.button(key="share-draw").click().run()
    assert (home.cohort(draft).roles == 2).sum() == pytest.approx(20, abs=2)
    app.button(key="fix-split").click().run()
    assert home.cohort(draft).fixed
    assert "The split is a proposal." not in shown(app)
    assert "Limit for near-duplicates" not in [slider.label for slider in app.slider]


def test_unit_range_and_histogram_are_shown_before_the_split_is_fixed(page: Open, draft: str) -> None:
    app = page("cohort")
    said = shown(app)
    assert "Unit and range." in said
    assert "Black is 0, white 255 intensity: it is all that 8 bits hold. 0 % of the values are lower" in said
    assert said.index("Unit and range.") < said.index("The split is a proposal.")
    app.button(key="fix-split").click().run()
    assert "Unit and range." not in shown(app)


def test_images_with_likely_text_must_be_looked_at_first(home: Workspace, page: Open, draft: str) -> None:
    cohort, split_draft = home.cohort(draft), draft_split.of(home, draft)
    suspected = {str(cohort.ids[3]): "There seems to be text in the image."}
    changed = type(cohort)(**{**vars(cohort), "suspected_text": suspected})
    home.revise(changed, {draft_split.FILE: split_draft.to_bytes(), draft_split.PATHS: b"{}"})
    app = page("cohort")
    assert "1 image may hold text" in shown(app)
    app.button(key="fix-split").click().run()
    assert "nobody has looked at them" in shown(app)
    assert not home.cohort(draft).fixed
    app = page("cohort")
    app.checkbox(key="text-seen").check().run()
    assert "You have looked at them" in shown(app)
    app.button(key="fix-split").click().run()
    assert home.cohort(draft).fixed


def test_what_the_files_held_besides_is_listed(home: Workspace, page: Open, draft: str) -> None:
    cohort, split_draft = home.cohort(draft), draft_split.of(home, draft)
    provenance = cohort.provenance | {"dropped": {"PatientName": 40, "private attribute": 7}}
    home.revise(type(cohort)(**{**vars(cohort), "provenance": provenance}), {draft_split.FILE: split_draft.to_bytes()})
    app = page("cohort")
    assert "2 kinds of information" in shown(app)
    tables = [frame.value for frame in app.dataframe if "Dropped" in frame.value.columns]
    assert tables[0].to_dict("records") == [
        {"Dropped": "PatientName", "Images": 40},
        {"Dropped": "private attribute", "Images": 7},
    ]


def test_the_lesion_of_a_dicom_series_is_chosen_in_the_form(home: Workspace, page: Open, tmp_path: Path) -> None:
    source = tmp_path / "liver"
    for name, first in (("benign", 0), ("malignant", 30)):
        for number in range(first, first + 3):
            series = Series(uid=f"1.2.{number}", origin=(number, 0, 0))
            voxels = np.random.default_rng(number).integers(-500, 500, series.shape).astype(np.int16)
            write_series(source / name / str(number), series, voxels)
            marked = np.zeros((20, 30))
            marked[5:12, 10:20] = 1
            frames = [(1, 2, marked), (1, 3, marked[::-1]), (2, 5, marked)]
            write_seg(source / name / str(number) / "seg.dcm", series, frames)
    app = page("cohort")
    app.text_input(key="source-path").set_value(str(source)).run()
    assert "2 classes, called as their folders: benign (21 files) and malignant (21 files)." in shown(app)
    next(toggle for toggle in app.toggle if "choose how they become slices" in toggle.label).set_value(True).run()
    next(selectbox for selectbox in app.selectbox if selectbox.label == "Slices").set_value("mask").run()
    next(toggle for toggle in app.toggle if toggle.label.startswith("Cut around")).set_value(True).run()
    next(field for field in app.number_input if field.label.startswith("Region")).set_value(1).run()
    button_named(app, "Import these images").click().run()
    assert not app.exception
    (job,) = store.jobs(home)
    assert isinstance(job.request, ImportCohort)
    assert job.request.choices == Choices(slices="mask", every=1, plane="axial", crop=True, mask_label=1)
    cohort = home.cohort(pipeline.import_cohort(home, replace(job.request, size=16)))
    assert (len(cohort), len(cohort.with_mask())) == (12, 12)
    assert 0.2 < cohort.inside(cohort.with_mask()).mean() < 0.6, "the crop is around the lesion"
    words = shown(page("cohort", cohort=cohort.name))
    assert "12 images have a mask" in words
    assert "6 notes on masks, which are no images themselves" in words
    assert "could not be used" not in words


def test_before_an_import_of_coarse_pixels_a_size_and_a_crop_are_proposed(
    home: Workspace, page: Open, tmp_path: Path
) -> None:
    series = Series(shape=(3, 20, 30), spacing=(4.0, 8.0, 8.0))  # 240 mm wide
    for name in ("benign", "malignant"):
        voxels = np.random.default_rng(len(name)).integers(-500, 500, series.shape).astype(np.int16)
        write_series(tmp_path / "one" / "s" / name / "one", replace(series, uid=f"1.2.{len(name)}"), voxels)
    app = page("cohort")
    app.text_input(key="source-path").set_value(str(tmp_path / "one")).run()
    assert "One class: s (6 files). It holds folders (benign, malignant): go into it" in shown(app).replace(
        " and ", ", "
    )
    app.text_input(key="source-path").set_value(str(tmp_path / "one" / "s")).run()
    assert "At 64 pixels a pixel is 3.8 mm wide, since an image spans 240 mm" in shown(app)
    assert not store.jobs(home)
    button_named(app, "Take 128 pixels of 1.9 mm; training takes longer").click().run()
    assert "a pixel is" not in shown(app)
    assert app.select_slider(key="import-size").value == 128
    app.select_slider(key="import-size").set_value(64).run()
    button_named(app, "Keep the middle 128 mm at 2 mm a pixel").click().run()
    assert "a pixel is" not in shown(app)
    button_named(app, "Import these images").click().run()
    (job,) = store.jobs(home)
    assert isinstance(job.request, ImportCohort)
    assert (job.request.size, job.request.choices) == (64, Choices(spacing_mm=2.0))


def test_what_numbers_in_a_table_or_an_archive_mean_is_said_in_the_form(
    home: Workspace, page: Open, tmp_path: Path
) -> None:
    bad_input.pictures(tmp_path / "s", {"files": 20})
    rows = [["image", "label"], *([f"files/{row:02}.png", str(row % 2)] for row in range(20))]
    table = bad_input.table(tmp_path / "s" / "t.csv", rows)
    app = page("cohort")
    app.text_input(key="source-path").set_value(str(table)).run()
    app.text_input(key="label-names").set_value("0=benign,1").run()
    assert "does not name each label once" in shown(app)
    app.text_input(key="label-names").set_value("0=benign, 1=malignant").run()
    button_named(app, "Import these images").click().run()
    (job,) = store.jobs(home)
    assert isinstance(job.request, ImportCohort)
    assert job.request.columns == Columns(names={"0": "benign", "1": "malignant"})
    assert home.cohort(pipeline.import_cohort(home, replace(job.request, size=16))).classes == ("benign", "malignant")
    np.savez(tmp_path / "some.npz", images=np.zeros((4, 8, 8), np.uint8), labels=np.eye(4, 3, dtype=np.uint8))
    app.text_input(key="source-path").set_value(str(tmp_path / "some.npz")).run()
    app.text_input(key="label-contains").set_value("2").run()
    button_named(app, "Import these images").click().run()
    assert "2" in {job.request.columns.contains for job in store.jobs(home) if isinstance(job.request, ImportCohort)}


def test_pixels_that_hide_small_findings_are_warned_of(filled: Workspace, page: Open) -> None:
    cohort = filled.cohort("small")
    for spacing, warned in (((1.9, 1.9), False), ((3.9, 3.9), True)):
        provenance = {**cohort.provenance, "original_size": 512}
        filled.keep(replace(cohort, spacing_mm=spacing, provenance=provenance), "small", replace=True)
        told = [element.value for element in page("cohort").warning if "A pixel is" in element.value]
        assert len(told) == warned
    assert "A pixel is 3.9 mm wide: what is smaller than about 8 mm cannot be seen" in told[0]
    assert "The originals had 512 pixels a side." in told[0]
