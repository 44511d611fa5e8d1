"""What the processor has to offer: how many cores, how many of them we take, and whether it multiplies bfloat16."""

import os


def available_cores() -> int:
    """Return how many cores this process may use: in a container, or bound to some, fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def spare_cores() -> None:
    """Let numerical libraries use half of the cores, unless the user said otherwise; call it before they are imported.

    With a thread on every core of a busy machine they wait for each other: small operations on images were 10 to 90
    times slower on 4 threads than on 2. numba sets the number for the whole process, so it is told too.
    """
    half = str(max(1, available_cores() // 2))
    threads = os.environ.setdefault("OMP_NUM_THREADS", half)
    os.environ.setdefault("NUMBA_NUM_THREADS", threads)


def multiplies_bfloat16() -> bool:
    """Return whether the processor has instructions for bfloat16; elsewhere it is emulated and far slower than float32.

    PyTorch can be told to leave them alone (`ATEN_CPU_CAPABILITY=avx2`): it then emulates too.
    """
    import torch  # only who computes loads it

    if torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "NO AVX", "AVX2"):
        return False
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def launcher() -> str | None:
    """Return who started this process as one of several: `torchrun`, `slurm` (by srun), or None."""
    if "TORCHELASTIC_RUN_ID" in os.environ:
        return "torchrun"
    tasks = os.environ.get("SLURM_NTASKS", "")
    return "slurm" if "SLURM_PROCID" in os.environ and tasks.isdigit() and int(tasks) > 1 else None


def rank() -> int:
    """Return the number of this process among those that `launcher` started; 0 leads."""
    name = {"torchrun": "RANK", "slurm": "SLURM_PROCID"}.get(launcher() or "")
    return int(os.environ.get(name, "0")) if name else 0
