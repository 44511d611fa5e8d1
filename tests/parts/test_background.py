"""Work beside the caller's own: its result, its error and its progress reach the caller, and it ends with him."""

import threading

import pytest
import torch

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

    with Background(work) as background:
        assert background.result(listen) == "made"
        assert background.result(silent) == "made"
        assert (background.share, background.doing) == (1.0, "nearly all of it")
    assert (0.5, "half of it") in heard


def test_an_error_is_raised_where_somebody_waits_and_where_somebody_asks() -> None:
    def work(report: Report) -> None:
        raise EvidenceError("No image is here.", do="Import some.")

    with Background(work) as background:
        with pytest.raises(EvidenceError, match="No image is here"):
            background.result(silent)
        with pytest.raises(EvidenceError, match="No image is here"):
            background.check()


def test_it_ends_when_the_caller_fails() -> None:
    reports, begun = [], threading.Event()

    def work(report: Report) -> None:
        while True:
            reports.append(len(reports))
            report(0.0, "for ever")
            begun.set()

    def fail() -> None:
        with Background(work):
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
        with Background(lambda report: torch.set_num_threads(1)) as background:
            background.result(silent)
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
