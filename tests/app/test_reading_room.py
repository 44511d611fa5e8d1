"""Nothing but the picture tells a reader what an image is; and what the pages of the reading room show."""

import itertools
import json
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from reading_records import COHORT, SAMPLES, STUDY, a_study, read, sides
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from streamlit.testing.v1 import AppTest
from test_server import Answer, ask

from ganaug_core.reading import answers, taken_for_real
from ganaug_core.records.reading import Reading
from ganaug_core.server import reading as routes
from ganaug_core.storage.workspace import READINGS, Workspace
from ganaug_core.ui.shared.looking import bench

Open = Callable[..., AppTest]
CHANCE = 0.32  # four standard deviations of the area at 40 against 40 (by simulation, .079 each)
ANSWER = {"confidence": 4, "label": 0, "tags": ["blurred"], "seconds": 2.5, "pauses": 1}


def post(address: str, **answer: object) -> Answer:
    return ask(address, method="POST", body=json.dumps(answer).encode())


def seen(workspace: Workspace, reading: Reading, reader: int) -> list[tuple[str, Answer, float]]:
    """Return address, answer and seconds of every image that a reader is shown, in the reader's order."""
    address = routes.address(workspace, reading.name, str(reading.keys[reader]))
    shown = []
    for item in reading.items[reader]:
        begun = time.perf_counter()
        picture = ask(f"{address}/{item}.bmp")
        shown.append((f"{address}/{item}.bmp", picture, time.perf_counter() - begun))
        read(workspace, reading, reader, until=len(shown))
    return shown


def told(shown: list[tuple[str, Answer, float]]) -> np.ndarray:
    """Return (image, number) everything but the pixels: the name, headers, bytes, time, place."""
    rows = []
    for place, (url, picture, seconds) in enumerate(shown):
        name = url.rpartition("/")[2].removesuffix(".bmp")
        headers = [hash((key, value)) % 997 for key, value in sorted(picture.headers.items())]
        rows.append([*(int(name[k : k + 2], 16) for k in range(0, 32, 2)), *headers, len(picture.body), seconds, place])
    return np.array(rows, float)


def knows(numbers: np.ndarray, truth: np.ndarray) -> float:
    """Return the area under the ROC curve of a classifier that learns the truth from these numbers."""
    forest = RandomForestClassifier(60, random_state=0, min_samples_leaf=3)
    return float(roc_auc_score(truth, cross_val_predict(forest, numbers, truth, cv=4, method="predict_proba")[:, 1]))


def test_a_classifier_on_everything_but_the_pixels_is_at_chance(home: Workspace) -> None:
    reading = a_study(home, images=80, repeats=0.0, readers=2)
    shown = seen(home, reading, 0)
    truth = reading.truth[reading.orders[0]]
    numbers = told(shown)
    assert abs(knows(numbers, truth) - 0.5) < CHANCE
    assert abs(roc_auc_score(truth, numbers[:, -2]) - 0.5) < CHANCE  # how long the answer took
    # the same test finds the leak of an ordinary PNG, whose length tells smooth images from noisy ones
    compressed = numbers.copy()
    compressed[:, -3] = [len(routes.images.as_png(picture.picture)) for _, picture, _ in shown]
    assert knows(compressed, truth) > 0.9
    # and every single thing is one thing for all
    pictures = [picture.picture for _, picture, _ in shown]
    assert len({len(picture.body) for _, picture, _ in shown}) == 1
    assert {(picture.mode, picture.size, str(picture.info)) for picture in pictures} == {
        ("L", (512, 512), str(pictures[0].info))
    }
    assert len({tuple(sorted(picture.headers.items())) for _, picture, _ in shown}) == 1
    assert shown[0][1].headers["cache-control"] == "no-store"


def test_the_routes_never_tell_the_truth_and_give_two_images_at_most(home: Workspace) -> None:
    reading = a_study(home, images=40, readers=2)
    address = routes.address(home, STUDY, str(reading.keys[0]))
    state = json.loads(ask(f"{address}.json").body)
    assert state == {
        "done": 0,
        "total": 44,
        "item": str(reading.items[0, 0]),
        "following": str(reading.items[0, 1]),
        "ended": False,
        "closed": False,
    }
    can_be_had = [ask(f"{address}/{item}.bmp").status == 200 for item in reading.items[0, :6]]
    assert can_be_had == [True, True, False, False, False, False]
    assert ask(f"{address}/{reading.items[1, 0]}.bmp").status == 404
    other = address.replace(str(reading.keys[0]), "0" * 32)
    assert [ask(f"{other}.json").status, post(other, item="x", **ANSWER).status] == [404, 404]
    assert ask(f"{address}.json", cookie="").status == 401
    assert ask(address, method="POST", origin="http://evil.example").status == 403
    read(home, reading, 0)
    end = json.loads(ask(f"{address}.json").body)
    assert (end["ended"], end["item"]) == (True, None)
    assert set(end) == set(state)  # nor does it at the end
    everything = json.dumps([state, end])
    assert not [image for image in reading.ids.tolist() if image in everything]


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"confidence": 7}, 409, "confidence 7 is not on the scale"),
        ({"label": 5}, 409, "no class 5"),
        ({"tags": ["<b>"]}, 409, "not one of the list"),
        ({"seconds": -1}, 409, "cannot be"),
        ({"seconds": "long"}, 409, "seconds"),
        ({"item": "0" * 32}, 409, "another image than the next"),
        ({"item": 5}, 409, "item"),
    ],
)
def test_what_is_no_answer_is_refused_and_nothing_is_written(
    home: Workspace, change: dict[str, object], status: int, says: str
) -> None:
    reading = a_study(home, images=40, readers=2)
    address = routes.address(home, STUDY, str(reading.keys[0]))
    answer = post(address, **{"item": str(reading.items[0, 0]), **ANSWER, **change})
    assert answer.status == status
    assert says in json.loads(answer.body)["what"]
    assert ask(address, method="POST", body=b"{").status == 400
    assert ask(address, method="POST", body=b"[" + b" " * 5000).status == 413
    assert answers.state(home.folder(READINGS, STUDY), reading, 0).done == 0


def test_an_answer_that_is_confirmed_is_on_the_disk(home: Workspace) -> None:
    reading = a_study(home, images=40, readers=2)
    address = routes.address(home, STUDY, str(reading.keys[1]))
    for place, item in enumerate(reading.items[1, :3]):
        state = json.loads(post(address, item=str(item), **ANSWER).body)
        assert state["done"] == place + 1
    again = json.loads(post(address, item=str(reading.items[1, 2]), **{**ANSWER, "confidence": 1}).body)
    assert again["done"] == 3
    kept = answers.of_reader(home.folder(READINGS, STUDY), reading, 1)
    assert [(one.confidence, one.label, one.tags, one.pauses) for one in kept] == [(4, 0, ("blurred",), 1)] * 3


# pages


def texts(app: AppTest) -> str:
    shown = [*app.markdown, *app.text, *app.info, *app.caption, *app.metric, *app.warning]
    return " ".join(f"{getattr(element, 'label', '')} {element.value}" for element in shown)


def test_the_page_shows_progress_alone_until_the_study_is_over(home: Workspace, page: Open) -> None:
    reading = a_study(home, images=40, readers=2, margin=0.1)
    read(home, reading, 0)
    app = page("reading", study=STUDY)
    assert not app.exception
    assert "With 2 readers this cannot show equivalence within 10 points" in texts(app)
    assert [button.label for button in app.button][:2] == ["Result of R1", "Read as R2"]
    for secret in ("right calls", "Right calls", "ROC", "taken for real"):
        assert secret not in texts(app)
    assert not app.metric
    app.button(key="close-study").click().run()
    assert not app.exception
    assert "Fewer than two readers have ended" in texts(app)


def test_the_page_shows_the_results_of_a_study_that_is_over(home: Workspace, page: Open) -> None:
    reading = a_study(home, images=40, readers=2)
    for reader in range(2):
        read(home, reading, reader)
    app = page("reading", study=STUDY)
    assert not app.exception
    assert re.search(r"Readers told real from synthetic in \d+ % of the images", texts(app))
    assert "No equivalence was planned" in texts(app)
    assert [metric.label for metric in app.metric][:2] == ["Right calls, mean", "Area under the ROC curve"]
    assert len(app.get("download_button")) == 3


def test_a_reader_is_told_before_what_is_kept_and_nothing_about_any_image(home: Workspace, page: Open) -> None:
    reading = a_study(home, images=40, readers=2)
    app = page("reading", study=STUDY, reader=str(reading.keys[0]))
    assert not app.exception
    (component,) = app.get("bidi_component")
    sent = component.proto.json
    assert "What is kept" not in sent  # stands in the component; the list comes with the data
    assert "how often you paused" in sent
    assert not [image for image in (*reading.ids.tolist(), SAMPLES) if image in sent]
    assert not [item for item in itertools.chain(*reading.items.tolist()) if item in sent]
    read(home, reading, 0)
    app = page("reading", study=STUDY, reader=str(reading.keys[0]))
    assert app.title[0].value == "R1: your result"
    assert len(app.table[0].value) == 8


def test_too_few_images_for_a_study_are_said_before_anything_is_asked(filled: Workspace, page: Open) -> None:
    app = page("reading")
    assert not app.exception
    assert "a study can have 24 images at most, and needs 40" in app.info[0].value.replace("\\", "")


def test_a_study_is_made_on_the_page(home: Workspace, page: Open) -> None:
    for record in sides():
        home.keep(record, record.name)
    app = page("reading")
    assert not app.exception
    app.toggle(key="reading-planned").set_value(True).run()
    assert "With 3 readers this cannot show equivalence within 10 points" in texts(app)
    app.slider(key="reading-images").set_value(44).run()
    app.text_input(key="reading-name").set_value("first").run()
    app.button(key="make-study").click().run()
    assert not app.exception
    assert app.selectbox(key="study").value == "first"
    made = home.reading("first")
    assert (len(made), len(made.readers), made.places) == (44, 3, 48)
    assert made.equivalence is not None
    assert made.equivalence.margin == 0.1


def test_a_damaged_study_says_so_and_can_be_removed(home: Workspace, page: Open) -> None:
    a_study(home, images=40, readers=2)
    (home.folder(READINGS, STUDY) / "orders.npy").write_bytes(b"no array")
    app = page("reading", study=STUDY)
    assert "damaged" in app.error[0].value
    app.button(key=f"remove-readings-{STUDY}").click().run()
    assert not home.exists(READINGS, STUDY)


def test_what_was_taken_for_real_is_a_finding_of_the_workbench(home: Workspace) -> None:
    reading = a_study(home, readers=2, images=40)
    assert "taken" not in keys_of_findings()
    for reader in range(2):
        read(home, reading, reader, seed=reader)
    (taken,) = [one for one in found() if one["key"] == "taken"]
    counts = taken_for_real(home, SAMPLES)
    shares = [counts[image].called_real / counts[image].read_by for image in taken["images"]]
    assert shares == sorted(shares, reverse=True)
    assert min(shares) > 0
    assert taken["title"].startswith(f"Taken for real: {len(shares)} of 20 images")


def found() -> list[dict[str, Any]]:
    return list(bench.contents(COHORT, SAMPLES, space="simclr", view="gallery")["findings"])


def keys_of_findings() -> list[str]:
    return [one["key"] for one in found()]
