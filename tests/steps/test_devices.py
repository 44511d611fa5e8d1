"""Where training computes: device and precision in words, threads by measurement, the same game everywhere."""

from typing import Any

import numpy as np
import pytest
import torch
from small_cohort import squares

from ganaug_core.config import TrainingConfig, configure
from ganaug_core.errors import TrainingError
from ganaug_core.training import Training, devices


def config(**fields: Any) -> TrainingConfig:
    fields = {"images": 320, "batch_size": 8, "threads": 1, "device": "cpu", **fields}
    return configure(changes={"architecture.width": 16}, **fields)


def test_the_device_is_said_in_words() -> None:
    training = Training(squares(), config(precision="float32"))
    assert training.device_in_words.startswith("CPU (")
    assert training.device_in_words.endswith("threads, float32")


@pytest.mark.parametrize(("flags", "dtype"), [("avx512_bf16", torch.bfloat16), ("avx512f", torch.float32)])
def test_bfloat16_only_where_the_processor_multiplies_it(
    flags: str, dtype: torch.dtype, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(f"model name\t: Test processor\nflags\t\t: fpu {flags} sse\n")
    monkeypatch.setattr(devices, "_CPU_INFO", tmp_path / "cpuinfo")
    place = devices.choose("cpu", "auto")
    assert place.dtype == dtype
    assert "Test processor" in place.in_words()


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [({1: 1.0, 2: 0.6, 4: 0.4}, 4), ({1: 1.0, 2: 1.5, 4: 2.0}, 1), ({1: 1.0, 2: 0.95, 4: 0.93}, 1)],
)
def test_the_fastest_number_of_threads_is_measured(
    seconds: dict[int, float], chosen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, clock = torch.get_num_threads(), [0.0]
    monkeypatch.setattr(devices.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(devices, "available_threads", lambda: 4)

    def work() -> None:
        clock[0] += seconds[torch.get_num_threads()]

    try:
        assert devices.fastest_threads(work) == chosen == torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


def compare(one: Training, other: Training) -> None:
    """Two places may round differently, and Adam's first steps make much of little; the game must be the same."""
    for _ in range(5):
        assert one.advance(1) == pytest.approx(other.advance(1), rel=0.02)
    theirs = other.generator()
    for name, weights in one.generator().items():
        assert np.abs(weights - theirs[name]).mean() < 2e-4, name


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here: the run on the CPU has nothing to compare with")
def test_gpu_and_cpu_play_the_same_game(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    places = ("cpu", "cuda")
    compare(*(Training(squares(), config(device=each, precision="float32", augment="on")) for each in places))


def test_another_number_format_plays_the_same_game_up_to_rounding() -> None:
    """The tolerance of the comparison above, tried where there is no GPU: channels last against channels first."""
    usual = Training(squares(), config(precision="float32", augment="on"))
    other = Training(squares(), config(precision="float32", augment="on"))
    for network in (other._game.generator, other._game.discriminator, other._game.average):
        network.to(memory_format=torch.contiguous_format)
    compare(usual, other)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_missing_gpu_is_said_in_words() -> None:
    with pytest.raises(TrainingError, match=r"asks for a GPU, and PyTorch finds none"):
        Training(squares(), config(device="cuda"))
