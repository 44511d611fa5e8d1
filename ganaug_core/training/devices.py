"""Where a run computes: device, precision, number of threads."""

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from ganaug_core.errors import TrainingError

_CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Place:
    """Device and number format of the networks' arithmetic."""

    device: torch.device
    dtype: torch.dtype

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """Run the networks in this number format; what they return may be in it too."""
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32):
            yield

    def in_words(self) -> str:
        """Return what a person should know, such as `CPU (AMD EPYC), 2 of 4 threads, bfloat16`."""
        precision = str(self.dtype).removeprefix("torch.")
        if self.device.type == "cuda":
            return f"GPU ({torch.cuda.get_device_name(self.device)}), {precision}"
        threads = f"{torch.get_num_threads()} of {available_threads()} threads"
        return f"CPU ({processor()}), {threads}, {precision}"


def choose(device: str, precision: str) -> Place:
    """Return the place for a configuration's `device` and `precision`.

    Raises:
        TrainingError: CUDA was asked for and is not there.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError(
            "This recipe asks for a GPU, and PyTorch finds none here.",
            do="Choose device=auto or device=cpu, or install the CUDA build of PyTorch.",
            code="no_gpu",
        )
    on_gpu = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    fast = torch.cuda.is_bf16_supported() if on_gpu else _multiplies_bfloat16()
    half = precision == "bfloat16" or (precision == "auto" and fast)
    return Place(torch.device("cuda:0" if on_gpu else "cpu"), torch.bfloat16 if half else torch.float32)


@contextmanager
def seeded(*numbers: int) -> Iterator[None]:
    """Make torch's random numbers on the CPU a pure function of `numbers`, and leave the generator as it was.

    Runs draw on the CPU alone and move the result: a seed means the same batches and latents on every device.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(mixed(*numbers))
        yield


def mixed(*numbers: int) -> int:
    """Return a 63-bit seed in which every bit of every number counts (SplitMix64)."""
    state = 0
    for number in numbers:
        state = (state ^ number) + 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        state = (state ^ state >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 31
    return state >> 1


@contextmanager
def enough_memory(batch_size: int) -> Iterator[None]:
    """Say in words when the memory of the GPU or the computer does not hold a step.

    Raises:
        TrainingError: It does not; half as many images a step are suggested.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        on_gpu = isinstance(error, torch.OutOfMemoryError) or "ALLOC_FAILED" in str(error)
        if not (on_gpu or isinstance(error, MemoryError) or "allocate memory" in str(error)):
            raise
        raise TrainingError(
            f"The memory of the {'GPU' if on_gpu else 'computer'} does not hold a step with {batch_size} images.",
            do=f"Train with fewer images per step (--set batch_size={max(2, batch_size // 2)}), a smaller "
            "architecture.width, or smaller images.",
            code="out_of_memory",
        ) from error


def available_threads() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fastest_threads(work: Callable[[], object]) -> int:
    """Return which of 1, 2, 4, ... threads does `work` fastest here and now; more must gain a tenth to be chosen.

    On a loaded machine more threads can be slower than one, so this is measured and not assumed.
    """
    best, best_time = 1, float("inf")
    threads = 1
    while threads <= available_threads():
        torch.set_num_threads(threads)
        work()
        times = []
        for _ in range(5):
            started = time.perf_counter()
            work()
            times.append(time.perf_counter() - started)
        median = sorted(times)[2]
        if median > 0.9 * best_time:
            break
        best, best_time = threads, median
        threads *= 2
    torch.set_num_threads(best)
    return best


def processor() -> str:
    """Return the processor's name as the system gives it."""
    for line in _cpu_info():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _multiplies_bfloat16() -> bool:
    """Whether the processor has instructions for it; elsewhere it is emulated and slower than float32."""
    flags = next((line.split() for line in _cpu_info() if line.startswith("flags")), [])
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _cpu_info() -> list[str]:
    return _CPU_INFO.read_text("utf-8", "replace").splitlines() if _CPU_INFO.is_file() else []
