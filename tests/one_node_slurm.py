"""A SLURM of one node, for as long as a block lasts: munged, slurmctld and slurmd in a folder of their own.

It needs Debian's packages slurmctld, slurmd, slurm-client and munge, and root; neither cgroups nor systemd, and no file
in /etc or /run. Ports are free ones, so that two may run beside each other.
"""

import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

STARTS = 3
START_SECONDS = 60.0
END_SECONDS = 15.0
COMMAND_SECONDS = 20.0
SEARCHED = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")
# four processors are said, not counted: jobs of a test do not wait for each other. A job that is put back waits for as
# long as a credential lives: SLURM's 120 s are five here. Processes of one job find each other by the node's name
CONFIGURATION = """\
ClusterName=ganaug-test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdSpoolDir={folder}/slurmd
StateSaveLocation={folder}/slurmctld
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2
KillWait=30
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=localhost NodeHostname={host} NodeAddr=127.0.0.1 Port={node_port} CPUs=4 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=localhost MaxTime=INFINITE State=UP PriorityTier=2
"""


def missing() -> str | None:
    """Return why no SLURM can run here, None where it can."""
    absent = [program for program in PROGRAMS if shutil.which(program, path=SEARCHED) is None]
    if absent:
        return f"SLURM is not installed here (Debian: slurmctld slurmd slurm-client munge): no {', '.join(absent)}"
    return None if os.geteuid() == 0 else "a node of SLURM needs root"


@contextmanager
def running() -> Iterator[Path]:
    """Run SLURM and yield its folder, in which `slurm.conf` is what `SLURM_CONF` has to name.

    What was started, jobs included, is ended whatever happens.

    Raises:
        NoStart: It did not come up; the message holds its logs.
    """
    with ExitStack() as stack:
        for left in range(STARTS - 1, -1, -1):
            try:
                folder = stack.enter_context(_started())
                break
            except NoStart:  # somebody else may have taken a port meanwhile
                if not left:
                    raise
        yield folder


class NoStart(RuntimeError):
    """SLURM did not come up."""


@contextmanager
def _started() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))  # short: a socket's path has 108 characters
    configuration = folder / "slurm.conf"
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        for name in ("slurmd", "slurmctld"):
            (folder / name).mkdir()
        key = folder / "munge.key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o400)
        controller_port, node_port = _free_ports(2)
        host = platform.node().partition(".")[0]
        configuration.write_text(
            CONFIGURATION.format(folder=folder, host=host, controller_port=controller_port, node_port=node_port)
        )
        environment = {**os.environ, "SLURM_CONF": str(configuration)}
        stack.callback(_end_all_of, configuration)

        def start(is_up: Callable[[], bool], program: str, *arguments: str) -> None:
            process = _start(folder, environment, program, *arguments)
            stack.callback(_end, process)
            deadline = time.monotonic() + START_SECONDS
            while not is_up():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise NoStart(f"{program} did not come up\n{logs(folder)}")
                time.sleep(0.1)

        files = [f"--{kind}-file={folder}/munge.{kind}" for kind in ("pid", "log", "seed")]
        own = [f"--socket={folder}/munge.socket", f"--key-file={key}", *files]
        start((folder / "munge.socket").exists, "munged", "--foreground", "--force", *own)
        start(lambda: "UP" in _answer(environment, "scontrol", "ping"), "slurmctld", "-D")
        start(lambda: "State=IDLE" in _answer(environment, "scontrol", "show", "node", "localhost"), "slurmd", "-D")
        stack.callback(_answer, environment, "scancel", "--user=root")
        yield folder


def logs(folder: Path) -> str:
    """Return the ends of SLURM's logs, for the message of a failure."""
    parts = []
    for path in sorted((*folder.glob("*.log"), *folder.glob("*.out"))):
        lines = path.read_text("utf-8", errors="replace").splitlines()
        parts.append("\n".join([f"--- {path.name}", *lines[-40:]]))
    return "\n".join(parts)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _start(folder: Path, environment: dict[str, str], program: str, *arguments: str) -> "subprocess.Popen[bytes]":
    path = shutil.which(program, path=SEARCHED)
    assert path is not None
    with (folder / f"{program}.out").open("wb") as out:
        return subprocess.Popen(
            [path, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_SECONDS)


def _end_all_of(configuration: Path) -> None:
    """Kill what still runs of this SLURM: its steps and their programs have its configuration in their environment."""
    mark = f"SLURM_CONF={configuration}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0") and int(folder.name) != os.getpid():
                os.kill(int(folder.name), signal.SIGKILL)


def _answer(environment: dict[str, str], *command: str) -> str:
    with suppress(subprocess.TimeoutExpired):
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        ).stdout
    return ""
