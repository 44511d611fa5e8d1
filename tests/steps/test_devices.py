"""Where training computes: device and precision in words, threads by measurement, the same training everywhere."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_cohort import squares

from ganaug_core.config import TrainingConfig, configure
from ganaug_core.errors import TrainingError
from ganaug_core.processor import multiplies_bfloat16
from ganaug_core.training import Training, devices
from ganaug_core.training import run as training_run

pytestmark = pytest.mark.numerical


def config(**fields: Any) -> TrainingConfig:
    fields = {"images": 320, "batch_size": 8, "threads": 1, "device": "cpu", **fields}
    return configure(changes={"architecture.width": 16}, **fields)


def test_the_device_is_said_in_words() -> None:
    training = Training(squares(), config(precision="float32"))
    assert training.device_in_words.startswith("CPU (")
    assert training.device_in_words.endswith("threads, float32")


@pytest.mark.parametrize(("multiplies", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_bfloat16_only_where_the_processor_multiplies_it(
    multiplies: bool, dtype: torch.dtype, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text("model name\t: Test processor\n")
    monkeypatch.setattr(devices, "_CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(devices, "multiplies_bfloat16", lambda: multiplies)
    compute = devices.choose("cpu", "auto")
    assert compute.dtype == dtype
    assert "Test processor" in compute.in_words()


@pytest.mark.skipif(not Path("/proc/cpuinfo").is_file(), reason="only Linux says it in a file")
def test_what_torch_says_of_the_processor_is_what_the_system_says() -> None:
    flags = Path("/proc/cpuinfo").read_text("utf-8").split()
    allowed = torch.backends.cpu.get_cpu_capability() == "AVX512"
    assert multiplies_bfloat16() == (allowed and any(flag in flags for flag in ("avx512_bf16", "amx_bf16")))


def test_bfloat16_that_pytorch_may_not_use_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    for capability, there in (("AVX512", True), ("AVX2", False), ("DEFAULT", False)):
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda capability=capability: capability)
        assert multiplies_bfloat16() == there


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [({1: 1.0, 2: 0.6, 4: 0.4}, 4), ({1: 1.0, 2: 1.5, 4: 2.0}, 1), ({1: 1.0, 2: 0.95, 4: 0.93}, 1)],
)
def test_the_fastest_number_of_threads_is_measured(
    seconds: dict[int, float], chosen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, clock = torch.get_num_threads(), [0.0]
    monkeypatch.setattr(devices.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(devices, "available_cores", lambda: 4)

    def work() -> None:
        clock[0] += seconds[torch.get_num_threads()]

    try:
        assert devices.fastest_threads(work) == chosen == torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


def test_a_run_resumed_where_cores_are_fewer_takes_no_more_threads_than_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = Training(squares(), config()).state()
    monkeypatch.setattr(training_run, "available_cores", lambda: 1)
    assert Training(squares(), config(threads=0), state={**state, "threads": 8}).threads == 1


def compare(one: Training, other: Training) -> None:
    """Two devices may round differently, and Adam's first steps make much of little; the training must be the same."""
    for _ in range(5):
        assert one.advance(1) == pytest.approx(other.advance(1), rel=0.02)
    theirs = other.generator()
    for name, weights in one.generator().items():
        assert np.abs(weights - theirs[name]).mean() < 2e-4, name


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here: the run on the CPU has nothing to compare with")
def test_gpu_and_cpu_train_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    device_names = ("cpu", "cuda")
    compare(
        *(
            Training(squares(), config(device=device, precision="float32", augment="on", deterministic=True))
            for device in device_names
        )
    )


def test_another_number_format_plays_the_same_game_up_to_rounding() -> None:
    """The tolerance of the comparison above, tried where there is no GPU: channels last against channels first."""
    usual = Training(squares(), config(precision="float32", augment="on"))
    other = Training(squares(), config(precision="float32", augment="on"))
    for network in (other.networks.generator, other.networks.discriminator, other.networks.averaged_generator):
        network.to(memory_format=torch.contiguous_format)
    compare(usual, other)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_missing_gpu_is_said_in_words() -> None:
    with pytest.raises(TrainingError, match=r"asks for a GPU, and PyTorch finds none"):
        Training(squares(), config(device="cuda"))


# on a GPU

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here: nothing to run it on")


@on_gpu
def test_no_step_waits_for_the_gpu() -> None:
    training = Training(squares(), config(device="cuda", augment="on"))
    training.advance(5)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for number in range(5, 13):
            training.networks.step(number, 0.1)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@on_gpu
def test_a_deterministic_run_on_a_gpu_gives_the_same_bits_twice() -> None:
    runs = [Training(squares(), config(device="cuda", augment="on", deterministic=True)) for _ in range(2)]
    for run in runs:
        run.advance(20)
    try:
        ours, theirs = (run.state()["networks"]["generator"] for run in runs)
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    finally:
        torch.use_deterministic_algorithms(False)


@on_gpu
@pytest.mark.parametrize("size", [64, 128, 256])
def test_the_presets_take_a_step_on_a_gpu(size: int) -> None:
    recipe = "recommended-gpu" if size == 64 else f"gpu-{size}"
    training = Training(squares((20, 20), size=size), configure(recipe, images=10_000))
    assert np.isfinite(training.advance(4)["discriminator_loss"])


# what of that can be tried on a processor


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # the compiler looks at it, not we
def test_compiled_networks_train_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traced and differentiated as for a GPU, but run kernel by kernel: another compiler is not tried here."""
    usual = Training(squares(), config(precision="float32", augment="on"))
    compute = devices.Compute(torch.device("cpu"), torch.float32, compile_backend="aot_eager")
    monkeypatch.setattr(devices, "choose", lambda *_, **__: compute)
    compiled = Training(squares(), config(precision="float32", augment="on", compiled=True))
    assert compiled.networks._compiled_generator is not compiled.networks.generator
    compare(usual, compiled)


def test_a_processor_neither_compiles_nor_changes_its_kernels_unless_asked() -> None:
    compute = devices.choose("cpu", "float32", deterministic=True)
    assert (compute.compile_backend, compute.draws_on_gpu) == (None, False)
    assert not torch.are_deterministic_algorithms_enabled()


def test_an_update_that_is_left_out_is_known_without_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(squares(), config())
    networks = training.networks
    before = {name: weight.clone() for name, weight in networks.generator.state_dict().items()}
    monkeypatch.setattr(
        networks, "_generator_loss", lambda share: next(networks.generator.parameters()).sum() * float("inf")
    )
    networks.step(0, 0.0)
    networks.step(1, 0.0)
    assert isinstance(networks.nonfinite_steps, torch.Tensor)
    assert int(networks.nonfinite_steps) == 2
    assert all(torch.equal(weight, before[name]) for name, weight in networks.generator.state_dict().items())
    assert all(int(state["step"]) == 0 for state in networks.generator_optimiser.state.values())
