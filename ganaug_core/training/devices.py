"""Where a run computes: device, precision, number of threads."""

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ganaug_core.errors import TrainingError
from ganaug_core.processor import available_cores, multiplies_bfloat16

_CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Compute:
    """Device and number format of the networks' arithmetic.

    Attributes:
        deterministic: On a GPU, random numbers come from the CPU and kernels give the same bits every time, which costs
            time: every batch waits for its way to the GPU.
        compile_backend: Backend of `torch.compile`, None to run the networks as they are.
    """

    device: torch.device
    dtype: torch.dtype
    deterministic: bool = False
    compile_backend: str | None = None

    @contextmanager
    def autocast(self) -> Iterator[None]:
        """Run the networks in this number format; what they return may be in it too."""
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32):
            yield

    @property
    def draws_on_gpu(self) -> bool:
        """Whether random numbers are drawn on the GPU: another stream than the CPU's, but nothing to wait for."""
        return self.device.type == "cuda" and not self.deterministic

    def compiled(self, network: nn.Module) -> Callable[..., Tensor]:
        """Return the network, compiled where that is wanted; second derivatives need the network itself."""
        if self.compile_backend is None:
            return network
        compiled: Callable[..., Tensor] = torch.compile(network, backend=self.compile_backend, dynamic=False)
        return compiled

    def in_words(self) -> str:
        """Return what a person should know, such as `CPU (AMD EPYC), 2 of 4 threads, bfloat16`."""
        precision = str(self.dtype).removeprefix("torch.")
        if self.device.type == "cuda":
            repeatable = ", the same every time" if self.deterministic else ""
            return f"GPU ({torch.cuda.get_device_name(self.device)}), {precision}{repeatable}"
        threads = f"{torch.get_num_threads()} of {available_cores()} threads"
        return f"CPU ({processor()}), {threads}, {precision}"


def choose(
    device: str,
    precision: str,
    *,
    deterministic: bool = False,
    compiled: bool = False,
    given: torch.device | None = None,
) -> Compute:
    """Return where to compute for a configuration's `device` and `precision`.

    Where it is a GPU, this process's arithmetic on it is set: TF32 for what stays in float32 and the fastest kernels,
    or with `deterministic` only kernels that give the same bits every time. A `given` device is one of several and has
    been chosen.

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
    fast = torch.cuda.is_bf16_supported() if on_gpu else multiplies_bfloat16()
    bfloat16 = precision == "bfloat16" or (precision == "auto" and fast)
    if on_gpu:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when the first product is computed
        torch.use_deterministic_algorithms(deterministic)
        torch.backends.cudnn.benchmark = not deterministic
        torch.set_float32_matmul_precision("highest" if deterministic else "high")
    return Compute(
        given or torch.device("cuda:0" if on_gpu else "cpu"),
        torch.bfloat16 if bfloat16 else torch.float32,
        deterministic,
        "inductor" if compiled else None,
    )


@contextmanager
def seeded(*numbers: int, compute: Compute | None = None) -> Iterator[None]:
    """Make torch's random numbers a pure function of `numbers`, and leave the CPU's generator as it was.

    Usually they are drawn on the CPU and moved: a seed then means the same batches and latents on every device. With a
    `compute` that draws on its GPU they are made there, and so are new tensors.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(mixed(*numbers))
        if compute is None or not compute.draws_on_gpu:
            yield
            return
        torch.cuda.manual_seed(mixed(*numbers))
        with torch.device(compute.device):
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
            do=f"Train with fewer images per step (batch_size {max(2, batch_size // 2)}), a smaller "
            "architecture.width, or smaller images.",
            code="out_of_memory",
        ) from error


def fastest_threads(work: Callable[[], object]) -> int:
    """Return which of 1, 2, 4, ... threads does `work` fastest here and now; more must gain a tenth to be chosen.

    On a loaded machine more threads can be slower than one, so this is measured and not assumed.
    """
    best, best_time = 1, float("inf")
    threads = 1
    while threads <= available_cores():
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
    for line in _CPU_INFO.read_text("utf-8", "replace").splitlines() if _CPU_INFO.is_file() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
