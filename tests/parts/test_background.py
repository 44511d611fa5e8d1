"""Work beside the caller's own: its result, its error and its progress reach the caller, and it ends with him."""

import threading

import pytest
import torch

from ganaug_core import background
from ganaug_core.background import Background
from ganaug_core.errors import EvidenceError
from ganaug_core.interfaces import Report, silent

SECONDS = 30


def test_the_result_and_the_progress_reach_the_caller() -> None:
    go_on = threading.Event()
    heard = []

    def work(report: Report) -> str:
        report(0.5, "half of it")
        assert go_on.wait(SECONDS)
        report(0.9, "nearly all of it")
        return "made"

    def listen(share: float, doing: str) -> None:
        heard.append((share, doing))
        if share == 0.5:
            go_on.set()

    with Background({"it": work}) as tasks:
        assert tasks.results(listen) == {"it": "made"}
        assert tasks.results(silent) == {"it": "made"}
        assert (tasks.share, tasks.doing) == (1.0, "nearly all of it")
    assert (0.5, "half of it") in heard


def test_an_error_is_raised_where_somebody_waits_and_where_somebody_asks() -> None:
    def work(report: Report) -> None:
        raise EvidenceError("No image is here.", do="Import some.")

    with Background({"it": work}) as tasks:
        with pytest.raises(EvidenceError, match="No image is here"):
            tasks.results(silent)
        with pytest.raises(EvidenceError, match="No image is here"):
            tasks.check()


def test_it_ends_when_the_caller_fails() -> None:
    reports, begun = [], threading.Event()

    def work(report: Report) -> None:
        while True:
            reports.append(len(reports))
            report(0.0, "for ever")
            begun.set()

    def fail() -> None:
        with Background({"it": work}):
            assert begun.wait(SECONDS)
            raise KeyError("the caller")

    with pytest.raises(KeyError, match="the caller"):
        fail()
    count = len(reports)
    assert not [thread for thread in threading.enumerate() if thread.name == "ganaug-background"]
    assert len(reports) == count


def test_threads_of_the_work_are_not_those_of_the_caller() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with Background({"it": lambda report: torch.set_num_threads(1)}) as tasks:
            tasks.results(silent)
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_task_waits_for_a_free_core_until_the_caller_waits_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "available_cores", lambda: 2)
    go_on, begun, order = threading.Event(), threading.Event(), []

    def first(report: Report) -> int:
        begun.set()
        assert go_on.wait(SECONDS)
        return 1

    def second(report: Report) -> int:
        order.append("second")
        go_on.set()  # so the first one still computes
        return 2

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with Background({"first": first, "second": second}) as tasks:
            assert begun.wait(SECONDS)
            assert torch.get_num_threads() == 1
            order.append("caller")
            assert tasks.results(silent) == {"first": 1, "second": 2}
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert order == ["caller", "second"]


def test_the_caller_has_his_threads_where_tasks_are_at_hand_or_done(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, before = threading.Event(), torch.get_num_threads()
    monkeypatch.setattr(background, "available_cores", lambda: 2)
    torch.set_num_threads(2)
    try:
        with Background({"it": lambda report: 1}):
            assert torch.get_num_threads() == 2
        with Background({"it": lambda report: go_on.wait(SECONDS)}) as tasks:
            assert torch.get_num_threads() == 1
            go_on.set()
            tasks._thread.join(SECONDS)
            tasks.check()
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
