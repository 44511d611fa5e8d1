"""What a run writes into its folder can be read at any moment and gone on from."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_cohort import squares

from ganaug_core.errors import TrainingError
from ganaug_core.jobs import runs
from ganaug_core.records.training import Progress
from ganaug_core.storage.workspace import Workspace
from ganaug_core.training import moments, recorder
from ganaug_core.training.recorder import sheet_of


class NoTraining:
    device_in_words, threads = "a test", 1


def test_a_resumed_run_cuts_what_it_will_do_again(tmp_path: Path) -> None:
    (tmp_path / "previews").mkdir()
    for images in (100, 200, 300):
        (tmp_path / "previews" / f"{images:09d}.png").touch()
    lines = [json.dumps({"images": images}) for images in (100, 200, 300)]
    (tmp_path / "history.jsonl").write_text("\n".join(lines) + '\n{"images": 40')
    recorder.Recorder(tmp_path, NoTraining(), images=200)  # type: ignore[arg-type]
    assert (tmp_path / "history.jsonl").read_text() == "\n".join(lines[:2]) + "\n"
    assert sorted(path.name for path in (tmp_path / "previews").iterdir()) == ["000000100.png", "000000200.png"]


def test_the_sheet_shows_eight_images_a_row_with_white_as_one() -> None:
    images = np.full((9, 1, 2, 3), -1, np.float32)
    images[8], images[1, 0, 0, 0] = 1, 0
    sheet = np.asarray(Image.open(io.BytesIO(sheet_of(images))))
    assert sheet.shape == (4, 24)
    assert (sheet[2:, :3] == 255).all()
    assert sheet[0, 3] == 128
    assert int(sheet.astype(int).sum()) == 2 * 3 * 255 + 128
    coloured = sheet_of(np.zeros((1, 3, 2, 3), np.float32))
    assert np.asarray(Image.open(io.BytesIO(coloured))).shape == (2, 24, 3)


def test_a_measure_that_is_no_number_becomes_null_and_the_history_stays_json(workspace: Workspace) -> None:
    folder = workspace.write("runs", "r", {})
    written = recorder.Recorder(folder, NoTraining(), images=0)  # type: ignore[arg-type]
    for images in (10, 20):
        loss = float("nan") if images == 20 else 1.5
        written.write(
            Progress(images=images, seconds=images / 10, share=images / 40, measures={"discriminator_loss": loss})
        )
    assert runs.history(workspace, "r")["discriminator_loss"] == [1.5, None]


def test_a_long_history_is_thinned_evenly_with_both_ends(workspace: Workspace) -> None:
    folder = workspace.write("runs", "r", {})
    lines = [{"images": n, "seconds": n / 10, "share": n / 5000, "measures": {"loss": -n}} for n in range(5000)]
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    curves = runs.history(workspace, "r", points=50)
    assert len(curves["images"]) == 50
    assert (curves["images"][0], curves["images"][-1]) == (0, 4999)
    assert curves["loss"] == [-images for images in curves["images"] if images is not None]
    assert runs.history(workspace.__class__(workspace.root), "r", points=9999)["images"][1] == 1


def test_what_a_run_drew_over_time_becomes_a_set_with_its_moments(tmp_path: Path) -> None:
    cohort = squares()
    random = np.random.default_rng(0)
    drawn = [random.uniform(-1, 1, (8 * len(cohort.classes), *cohort.shape)).astype(np.float32) for _ in range(3)]
    sheets = []
    for seen, images in zip((0, 500, 900), drawn, strict=True):
        sheets.append((seen, tmp_path / f"{seen:09d}.png"))
        sheets[-1][1].write_bytes(sheet_of(images))
    samples = moments.gathered(sheets, cohort, "run", "run-3-moments", "f" * 64)
    each = 8 * len(cohort.classes)
    np.testing.assert_allclose(samples.images, np.concatenate(drawn), atol=1 / 255 + 1e-6)
    assert samples.provenance["moments"] == [0] * each + [500] * each + [900] * each
    assert samples.labels[:each].tolist() == np.repeat(np.arange(len(cohort.classes)), 8).tolist()
    assert len(set(samples.ids.tolist())) == len(samples)
    with pytest.raises(TrainingError, match="no images yet"):
        moments.gathered([], cohort, "run", "none", "f" * 64)
    sheets[1][1].write_bytes(sheet_of(drawn[0][:8]))
    with pytest.raises(TrainingError, match="no sheet of images"):
        moments.gathered(sheets, cohort, "run", "other", "f" * 64)
