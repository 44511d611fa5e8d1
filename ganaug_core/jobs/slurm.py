"""SLURM: what a job may ask for, submitting runs, and asking the queue about them. The only place that knows submitit.

submitit writes the batch script and puts a job that meets its time limit back into the queue. It hands Python objects
over by pickle, so a node reads what the submitting process wrote; nothing that a node wrote is read in that way.
"""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

from ganaug_core import pipeline
from ganaug_core.config.requests import Train
from ganaug_core.errors import ConfigurationError, GanaugError, TrainingError
from ganaug_core.jobs.node import TrainOnNode
from ganaug_core.records import codec
from ganaug_core.storage.workspace import Workspace, write_atomic

NOTE = "slurm.json"  # in the run's folder: which SLURM job trains it
LEAST_MINUTES = 5  # SLURM may give notice of the limit two and a half minutes before it, and a program has to start
NOTICE_SECONDS = 90
DEFAULT_MINUTES = 60
MOST_REQUEUES = 1000
COMMAND_SECONDS = 60.0
END_SECONDS = 120.0  # that a cancelled job may take to end; SLURM kills its program after half a minute
ENDED = (
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "TIMEOUT",
    "OUT_OF_MEMORY",
    "NODE_FAIL",
    "BOOT_FAIL",
    "DEADLINE",
    "PREEMPTED",
    "REVOKED",
)
UNKNOWN = ""
"""The state of a job that SLURM knows no more."""
_THREADS = (  # those of the submitting machine came along with its environment; libraries get half of a process's share
    "unset NUMBA_NUM_THREADS",
    "export OMP_NUM_THREADS=$(( (${SLURM_CPUS_ON_NODE:-2} / ${SLURM_NTASKS_PER_NODE:-1} + 1) / 2 ))",
)
_WORD = re.compile(r"[A-Za-z0-9_.,:=&|*()\[\]@+-]{1,200}")
_CLOCK = re.compile(r"(?:(\d+)-)?(\d+):(\d\d)(?::(\d\d))?")  # days-hours:minutes or hours:minutes:seconds


@dataclass(frozen=True)
class Job:
    """A run's job in SLURM's queue.

    Attributes:
        number: SLURM's, `12`, or `12_0` for the first run of a job array.
        folder: Where submitit and SLURM keep its files.
    """

    number: str
    folder: str

    @property
    def log(self) -> Path:
        """What the node says."""
        return Path(self.folder) / f"{self.number}_0_log.out"


@dataclass(frozen=True)
class Seen:
    """What the queue says of a job.

    Attributes:
        state: SLURM's word, such as PENDING; `UNKNOWN` where it knows the job no more.
        reason: Why it waits, SLURM's word.
    """

    state: str
    reason: str = ""

    @property
    def ended(self) -> bool:
        return self.state in ENDED or self.state == UNKNOWN


class Unreachable(TrainingError):
    """SLURM does not answer now."""

    code = "slurm_silent"


# what a job may ask for


def _minutes(text: str) -> int:
    if clock := _CLOCK.fullmatch(text):
        days, first, second, third = (int(part or 0) for part in clock.groups())
        with_days = clock.group(1) is not None
        hours, minutes, seconds = (first, second, third) if with_days or clock.group(4) else (0, first, second)
        return (days * 24 + hours) * 60 + minutes + (seconds > 0)
    return int(text)


def _at_least(least: int, read: Callable[[str], int] = int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if (value := read(text)) < least:
            raise ValueError(text)
        return value

    return number


def _gigabytes(text: str) -> str:
    return f"{_at_least(1)(text.upper().removesuffix('GB').removesuffix('G'))}GB"


def _word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise ValueError(text)
    return text


OPTIONS: Mapping[str, tuple[str, Callable[[str], Any], str]] = {
    "partition": ("partition", _word, "a name"),
    "time": (
        "time",
        _at_least(LEAST_MINUTES, _minutes),
        f"minutes, at least {LEAST_MINUTES}, or HOURS:MINUTES:SECONDS",
    ),
    "gpus": ("gpus_per_node", _at_least(1), "a number, 1 or more"),
    "cpus": ("cpus_per_task", _at_least(1), "a number, 1 or more"),
    "memory": ("mem", _gigabytes, "whole gigabytes"),
    "account": ("account", _word, "a name"),
    "qos": ("qos", _word, "a name"),
    "constraint": ("constraint", _word, "features of nodes"),
    "nodes": ("nodelist", _word, "names of nodes"),
    "exclude": ("exclude", _word, "names of nodes"),
    "reservation": ("reservation", _word, "a name"),
}
"""What may be asked for: submitit's name, how its value is read, and what it is, in words."""


def options(texts: Sequence[str], devices: int = 1) -> dict[str, str]:
    """Return what `KEY=VALUE` texts ask for.

    Args:
        devices: That train a run together on each node.

    Raises:
        ConfigurationError: An unknown name, a value that cannot be one, or fewer GPUs than devices.
    """
    asked: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise _unknown(text)
        asked[key] = value
    parameters(asked, devices)
    return asked


def _unknown(text: str) -> ConfigurationError:
    return ConfigurationError(
        f"SLURM cannot be asked for {text!r}.",
        do=f"Write --slurm KEY=VALUE, with KEY one of: {', '.join(OPTIONS)}.",
        code="unknown_name",
    )


def parameters(asked: Mapping[str, str], devices: int = 1, nodes: int = 1) -> dict[str, Any]:
    """Return submitit's parameters.

    Args:
        devices: That train a run together on each node: each is a process that srun starts.

    Raises:
        ConfigurationError: An unknown name, a value that cannot be one, or fewer GPUs than devices.
    """
    values: dict[str, Any] = {"time": DEFAULT_MINUTES}
    if devices * nodes > 1:
        values |= {"nodes": nodes, "ntasks_per_node": devices}
    for key, text in asked.items():
        if key not in OPTIONS:
            raise _unknown(key)
        name, read, in_words = OPTIONS[key]
        try:
            values[name] = read(text)
        except ValueError as error:
            raise ConfigurationError(
                f"--slurm {key}={text} cannot be asked for.", do=f"Give {key} as {in_words}.", code="value"
            ) from error
    if (gpus := values.get("gpus_per_node", devices)) < devices:
        raise ConfigurationError(
            f"{devices} devices on each node were asked for, and SLURM for gpus={gpus}.",
            do=f"Write --slurm gpus={devices}, or ask for fewer devices.",
            code="devices",
        )
    more = {"requeue": True} | {name: values.pop(name) for name in ("reservation",) if name in values}
    return {**values, "additional_parameters": more}


# submitting


def require() -> None:
    """Refuse where no job can be submitted.

    Raises:
        ConfigurationError: submitit is not installed, or this machine has no SLURM.
    """
    if find_spec("submitit") is None:
        raise ConfigurationError(
            "Training on SLURM needs a package that is not installed: submitit.",
            do='Install it: pip install "ganaug[slurm]".',
            code="package",
        )
    absent = [program for program in ("sbatch", "srun", "squeue", "scancel") if shutil.which(program) is None]
    if absent:
        raise ConfigurationError(
            f"This machine submits no jobs to SLURM: it has no {' and no '.join(absent)}.",
            do="Run ganaug on a login node of the cluster, or train here: --on local.",
            code="no_slurm",
        )


def submit(workspace: Workspace, requests: Sequence[Train]) -> list[Job]:
    """Submit runs that have their folders; several that ask SLURM for the same are one job array.

    Raises:
        ConfigurationError: No job can be submitted here.
        TrainingError: SLURM refused; the message holds its words.
    """
    require()
    import submitit
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    folder = workspace.slurm / uuid4().hex
    folder.mkdir(parents=True)
    tasks = [_task(workspace, request) for request in requests]
    first = requests[0]
    try:
        executor = submitit.SlurmExecutor(folder, max_num_timeout=MOST_REQUEUES)
        executor.update_parameters(
            **parameters(first.slurm or {}, first.devices, first.nodes),
            job_name=f"ganaug-{first.name}",
            signal_delay_s=NOTICE_SECONDS,
            stderr_to_stdout=True,
            setup=list(_THREADS),
        )
        with executor.batch():
            submitted = [executor.submit(task) for task in tasks]
        numbers = [str(job.job_id) for job in submitted]
    except (FailedJobError, FailedSubmissionError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _refused(error) from error
    jobs = [Job(number, str(folder)) for number in numbers]
    try:
        for job, request in zip(jobs, requests, strict=True):
            note = workspace.folder("runs", request.name) / NOTE
            write_atomic(note, json.dumps(asdict(job)).encode())
    except BaseException:  # nobody would know of them
        for job in jobs:
            cancel(job)
        raise
    return jobs


def _task(workspace: Workspace, request: Train) -> TrainOnNode:
    folder = pipeline.run_folder(workspace, request)
    (folder / TrainOnNode.STATE).unlink(missing_ok=True)
    return TrainOnNode(
        cohort=str(workspace.folder("cohorts", request.cohort)), run=str(folder), request=codec.plain(request)
    )


def _refused(error: Exception) -> TrainingError:
    lines = [line.strip() for line in str(error).splitlines() if "error:" in line] or str(error).strip().splitlines()
    said = "; ".join(line.removeprefix("sbatch: ").removeprefix("error: ") for line in lines)
    return TrainingError(
        f"SLURM did not take the job: {said}",
        do="Change what --slurm asks for, or ask whoever looks after the cluster.",
        code="slurm_refused",
    )


def noted(folder: Path) -> Job | None:
    """Return the job that trains the run in this folder, None where none does."""
    with suppress(OSError, ValueError, TypeError):
        return Job(**json.loads((folder / NOTE).read_bytes()))
    return None


def forget(folder: Path, job: Job) -> None:
    """Remove what submitit and SLURM kept of a job that has ended, and the note of it."""
    (folder / NOTE).unlink(missing_ok=True)
    files = Path(job.folder)
    for path in files.glob(f"{job.number}_*"):
        path.unlink(missing_ok=True)
    if not any(files.glob("*_submitted.pkl")):  # it was the last one of its array
        shutil.rmtree(files, ignore_errors=True)


# asking


def look(job: Job) -> Seen:
    """Ask the queue about a job; one that it knows no more, the accounting, where there is one.

    Raises:
        Unreachable: SLURM does not answer.
    """
    answer = _run("squeue", "--noheader", "--states=all", "--format=%T|%r", f"--jobs={job.number}")
    if answer.returncode == 0 and answer.stdout.strip():
        state, _, reason = answer.stdout.splitlines()[0].strip().partition("|")
        return Seen(state, "" if reason == "None" else reason)
    if answer.returncode != 0 and "invalid job id" not in answer.stderr.lower():
        raise Unreachable(f"SLURM does not answer: {answer.stderr.strip()}", do="Wait until it does.")
    with suppress(Unreachable, GanaugError):
        command = ("sacct", "--noheader", "--parsable2", "--allocations", "--format=State", f"--jobs={job.number}")
        words = _run(*command).stdout.split()
        return Seen(words[0]) if words and words[0] in ENDED else Seen(UNKNOWN)
    return Seen(UNKNOWN)


def cancel(job: Job, signal: str = "") -> None:
    """Cancel a job, or only send its program a signal; nothing where SLURM does not answer or knows it no more."""
    with suppress(Unreachable):
        _run("scancel", *([f"--signal={signal}"] if signal else []), job.number)


def end(folder: Path) -> None:
    """Cancel the job that trains the run in this folder, where one does, and wait until it writes there no more.

    Raises:
        Unreachable: SLURM does not answer, so the job may live on.
        TrainingError: The job does not end.
    """
    if (job := noted(folder)) is None:
        return
    cancel(job)
    deadline = time.monotonic() + END_SECONDS
    try:
        while not look(job).ended:
            if time.monotonic() > deadline:
                raise TrainingError(
                    f"The SLURM job {job.number} was cancelled and does not end.",
                    do=f"Look at it: squeue --jobs={job.number}. Then ask again.",
                    code="slurm_silent",
                )
            time.sleep(0.5)
    except Unreachable as error:
        raise Unreachable(
            f"The SLURM job {job.number} of this run may live on. {error.what}",
            do=f"Ask again where SLURM answers. If its cluster is no more, delete {NOTE} in the run's folder first.",
        ) from error
    forget(folder, job)


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreachable(f"{command[0]} does not answer: {error}", do="Wait until it does.") from error


def why(job: Job, seen: Seen, last_line: str) -> dict[str, str]:
    """Return in words why a job ended that could not say so itself."""
    said = f" The last line of its log: {last_line}" if last_line else ""
    what = {
        "CANCELLED": f"The SLURM job {job.number} was cancelled.",
        "TIMEOUT": f"The SLURM job {job.number} came to its time limit before it could write a checkpoint.",
        "DEADLINE": f"The SLURM job {job.number} came to its deadline.",
        "OUT_OF_MEMORY": f"The SLURM job {job.number} needed more memory than it may use.",
        "NODE_FAIL": f"The node of the SLURM job {job.number} failed.",
        "BOOT_FAIL": f"The node of the SLURM job {job.number} did not start.",
        "PREEMPTED": f"The node of the SLURM job {job.number} was given to another job.",
        "REVOKED": f"The SLURM job {job.number} was taken over by another cluster.",
        "FAILED": f"The program of the SLURM job {job.number} failed.{said}",
        "COMPLETED": f"The program of the SLURM job {job.number} ended before the run did.{said}",
        UNKNOWN: f"SLURM knows the job {job.number} no more, and the run had not ended.{said}",
    }[seen.state]
    do = "Resume the run: it goes on from its last checkpoint, as another job."
    if seen.state == "OUT_OF_MEMORY":
        do = "Resume it with more (--slurm memory=32, in gigabytes): it goes on from its last checkpoint."
    return {"what": what, "do": do, "code": f"slurm_{seen.state.lower() or 'gone'}"}
