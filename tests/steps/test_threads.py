"""One seed, one kind of run, one machine: one number of threads, so the same weights."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import digit_cohort
import pytest
import torch
from short_trainings import config, same
from small_cohort import squares

from ganaug_core import pipeline
from ganaug_core.config import Passport
from ganaug_core.config.requests import Train
from ganaug_core.jobs import runs, store
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace
from ganaug_core.training import Training, devices, threads

pytestmark = pytest.mark.numerical

Measure = Callable[[int], list[int]]


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation that has measured nothing, on a machine of four cores."""
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(threads, "available_cores", lambda: 4)
    return tmp_path / "home" / "threads.json"


@pytest.fixture
def fastest(monkeypatch: pytest.MonkeyPatch) -> Iterator[Measure]:
    """Return a function that says which number is fastest from now on; its list grows with each measurement."""
    before = torch.get_num_threads()

    def say(number: int) -> list[int]:
        measured: list[int] = []

        def measure(work: Callable[[], object]) -> int:
            measured.append(number)
            torch.set_num_threads(number)
            return number

        monkeypatch.setattr(devices, "fastest_threads", measure)
        return measured

    yield say
    torch.set_num_threads(before)


def test_a_second_start_that_would_measure_otherwise_gives_the_same_weights(fastest: Measure) -> None:
    fastest(2)
    first = Training(squares(), config(threads=0))
    first.advance(6)
    measured = fastest(1)
    second = Training(squares(), config(threads=0))
    assert torch.get_num_threads() == 2
    second.advance(6)
    assert (first.threads, second.threads, measured) == (2, 2, [])
    assert same(first.state(), second.state())


def test_a_resume_keeps_the_runs_own_number_whatever_is_remembered_now(fastest: Measure, file: Path) -> None:
    fastest(2)
    straight = Training(squares(), config(threads=0))
    straight.advance(6)
    state = straight.state()
    straight.advance(6)
    file.unlink()
    fastest(1)
    assert Training(squares(), config(threads=0)).threads == 1
    resumed = Training(squares(), config(threads=0), state=state)
    assert (resumed.threads, torch.get_num_threads()) == (2, 2)
    resumed.advance(6)
    assert same(straight.state(), resumed.state())


def test_the_users_number_wins_and_nothing_is_measured(fastest: Measure, file: Path) -> None:
    measured = fastest(2)
    training = Training(squares(), config(threads=3))
    assert (training.threads, torch.get_num_threads(), measured) == (3, 3, [])
    assert not file.exists()


@pytest.mark.parametrize(
    "changes",
    [{"batch_size": 16}, {"changes": {"architecture.width": 8}}, {"precision": "bfloat16"}, {"augment": "on"}],
)
def test_what_decides_the_speed_is_measured_anew(changes: dict[str, object], fastest: Measure) -> None:
    measured = fastest(1)
    Training(squares(), config(threads=0, precision="float32", augment="off"))
    Training(squares(), config(threads=0, **{"precision": "float32", "augment": "off", **changes}))
    assert len(measured) == 2


def test_seed_and_budget_do_not_decide_it_but_image_and_machine_do(
    fastest: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = fastest(1)
    Training(squares(), config(threads=0))
    Training(squares(seed=3), config(threads=0, seed=7, images=80))
    assert len(measured) == 1
    Training(squares(size=64), config(threads=0))
    assert len(measured) == 2
    monkeypatch.setattr(threads, "processor", lambda: "Another processor")
    Training(squares(), config(threads=0))
    assert len(measured) == 3


@pytest.mark.parametrize("content", [b"", b"\xff{", b"[" * 100_000, b"[1]", b'{"KIND": "2"}', b'{"KIND": 99}'])
def test_a_damaged_file_is_measured_over(content: bytes, fastest: Measure, file: Path) -> None:
    measured = fastest(2)
    Training(squares(), config(threads=0))
    (kind,) = json.loads(file.read_bytes())
    file.write_bytes(content.replace(b"KIND", kind.encode()))
    assert Training(squares(), config(threads=0)).threads == 2
    assert len(measured) == 2
    assert json.loads(file.read_bytes()) == {kind: 2}


def test_an_installation_that_cannot_be_written_measures_each_time(fastest: Measure, file: Path) -> None:
    file.parent.write_bytes(b"a file in the place of the folder")
    measured = fastest(2)
    assert [Training(squares(), config(threads=0)).threads for _ in range(2)] == [2, 2]
    assert len(measured) == 2


def test_of_two_that_measure_at_once_the_second_takes_the_number_of_the_first(file: Path) -> None:
    assert threads.remembered("kind", lambda: threads.remembered("kind", lambda: 1) + 1) == 1
    assert json.loads(file.read_bytes()) == {"kind": 1}


def test_while_another_process_writes_the_number_is_measured_and_not_kept(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "RETRY_SECONDS", 0.05)
    assert threads.remembered("kind", lambda: 1) == 1
    with locks.hold(file.with_suffix(".lock"), "The other"):
        assert threads.remembered("other", lambda: 2) == 2
    assert json.loads(file.read_bytes()) == {"kind": 1}


def test_run_and_passport_say_the_number(
    workspace: Workspace, fastest: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.launch, "ensure", lambda workspace: None)
    fastest(2)
    workspace.keep(digit_cohort.cohort(count=120), "digits")
    plan = config(threads=0, images=48).model_dump(mode="json")
    request = Train(name="d1", cohort="digits", config=plan)
    store.submit(workspace, request)
    pipeline.train(workspace, request)
    assert runs.as_json(workspace, "d1")["threads"] == 2
    card = workspace.manifest("generators", "d1")["passport"]
    assert card["threads"] == 2
    del card["threads"]  # as files were before
    assert Passport.model_validate(card).threads is None


def test_the_resolved_configuration_holds_the_number(fastest: Measure) -> None:
    fastest(2)
    assert Training(squares(), config(threads=0)).state()["config"]["threads"] == 2
