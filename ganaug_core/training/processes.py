"""The processes that train one run together, one for each device.

The first process leads: it alone has the clock, the telemetry and the run folder, and before every step it tells the
others which one to take. All take the same step on their own rows of the batch and follow the mean of their gradients,
so all hold the same weights. Lightning Fabric chooses the devices and brings the processes together; the mean is one
sum over all processes after the backward pass, because penalties differentiate twice, where a wrapper that sends
gradients while they are computed is fragile.
"""

import importlib
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from io import BytesIO
from typing import Any

import torch
from torch import Tensor, distributed

from ganaug_core import draws
from ganaug_core.errors import ConfigurationError, TrainingError
from ganaug_core.processor import launcher

STEP_SECONDS = 300.0
"""How long a process waits for another one inside a step, and for the first meeting."""
ORDER_SECONDS = 3600.0
"""How long the others wait for the leader, who measures and writes between two steps."""
END_SECONDS = 20.0
"""How long the others may take to end."""
READY = b"ready\n"
"""What a process that the leader started says before it waits for the others."""

log = logging.getLogger(__name__)


class Kind(IntEnum):
    """What the leader can order."""

    END = 0
    STATE = 1
    STEP = 2


@dataclass(frozen=True)
class Order:
    """What all processes do next: END; take up a STATE of `number` bytes; or take STEP `number` at `share`."""

    kind: Kind
    number: int = 0
    share: float = 0.0


@dataclass
class Processes:
    """One of the processes of a run, as it sees all of them; alone it has nobody to tell or to wait for.

    Attributes:
        rank: Its number; 0 leads.
        size: How many there are.
        on_this_machine: How many of them share this machine's cores.
        device: Where it computes; None leaves the choice to the configuration.
    """

    rank: int = 0
    size: int = 1
    on_this_machine: int = 1
    device: torch.device | None = None
    _orders: Any = None  # a group of its own: whoever waits for an order waits longer than for a gradient
    _in_step: bool = field(default=False, init=False)

    @property
    def leads(self) -> bool:
        """Whether this is the first of several."""
        return self.size > 1 and self.rank == 0

    def own_rows(self, batch: int) -> draws.OwnRows | None:
        """Return which rows of a batch are this process's; None where all are."""
        count = batch // self.size
        return draws.OwnRows(self.rank * count, count, batch) if self.size > 1 else None

    # orders

    @contextmanager
    def step(self, number: int, share: float) -> Iterator[None]:
        """Take a step together; the leader tells the others which one."""
        if self.leads:
            self._tell(Order(Kind.STEP, number, share))
        self._in_step = True
        yield
        self._in_step = False

    def hand_over(self, state: Mapping[str, Any]) -> None:
        """Let all others go on from the leader's state; it is read as a checkpoint is, without pickled objects."""
        content = BytesIO()
        torch.save(dict(state), content)
        payload = torch.frombuffer(bytearray(content.getvalue()), dtype=torch.uint8)
        self._tell(Order(Kind.STATE, len(payload)))
        self._broadcast(payload)

    def end(self) -> None:
        """Let the others end; one that waits inside a step ends by itself when the leader is gone."""
        if self.leads and not self._in_step:
            self._tell(Order(Kind.END))

    def order(self) -> Order:
        """Wait for the leader's next order."""
        values = torch.zeros(3, dtype=torch.float64)
        self._broadcast(values)
        kind, number, share = values.tolist()
        return Order(Kind(int(kind)), int(number), share)

    def state_of(self, order: Order) -> dict[str, Any]:
        """Return the state that the leader hands over."""
        payload = torch.zeros(order.number, dtype=torch.uint8)
        self._broadcast(payload)
        state: dict[str, Any] = torch.load(BytesIO(payload.numpy().tobytes()), map_location="cpu", weights_only=True)
        return state

    def _tell(self, order: Order) -> None:
        self._broadcast(torch.tensor([order.kind, order.number, order.share], dtype=torch.float64))

    def _broadcast(self, values: Tensor) -> None:
        with _in_words():
            distributed.broadcast(values, 0, group=self._orders)

    # arithmetic

    def average(self, gradients: Sequence[Tensor], loss: Tensor) -> Tensor:
        """Put the mean over all processes into each gradient; return that of the loss, a scalar."""
        if self.size == 1:
            return loss
        values = torch.cat([*(gradient.reshape(-1) for gradient in gradients), loss.reshape(1)])
        values = self.sum(values) / self.size
        lengths = [gradient.numel() for gradient in gradients]
        for gradient, mean in zip(gradients, torch.split(values[:-1], lengths), strict=True):
            gradient.copy_(mean.view(gradient.shape))
        return values[-1]

    def mean(self, rows: Tensor) -> Tensor:
        """Return the mean of rows (n,) over the rows of all processes, a scalar without gradient."""
        if self.size == 1:
            return rows.detach().mean()
        return self.sum(rows.detach().sum()) / (self.size * len(rows))

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum over all processes; `values` hold it too."""
        with _in_words():
            distributed.all_reduce(values)
        return values


ALONE = Processes()


@contextmanager
def _in_words() -> Iterator[None]:
    """Say in words that another process is gone or does not answer."""
    try:
        yield
    except RuntimeError as error:
        log.warning("another process is lost: %s", error)
        raise TrainingError(
            "Another process of this run has ended or does not answer, so the run cannot go on.",
            do="Look at the run's log for its reason, then resume the run, with fewer devices if need be.",
            code="device_lost",
        ) from error


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")


# coming together


@contextmanager
def joined(devices: int, nodes: int, device: str, command: Sequence[str] = ()) -> Iterator[Processes]:
    """Bring the processes of a run together for the length of the block; one device needs none of this.

    Under torchrun or SLURM the processes are there, else the leader starts the others on this machine.

    Args:
        devices: Devices on each machine.
        nodes: Machines.
        device: auto, cpu or cuda; on a processor, a device is a process.
        command: What starts one more process. It writes `READY` to its output before it joins.

    Raises:
        ConfigurationError: The package for several devices is not installed, or there are not so many.
        TrainingError: The processes did not come together.
    """
    if devices * nodes == 1:
        yield ALONE
        return
    fabric_module = _fabric()
    on_gpu = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    if on_gpu and torch.cuda.device_count() < devices:
        raise ConfigurationError(
            f"{devices} GPUs were asked for on each machine, and PyTorch finds {torch.cuda.device_count()} here.",
            do="Ask for fewer devices, or choose device=cpu.",
            code="devices",
        )
    with ExitStack() as stack:
        environment = stack.enter_context(_environment(devices, nodes, command))
        strategy = importlib.import_module("lightning_fabric.strategies").DDPStrategy(
            cluster_environment=environment,
            process_group_backend="nccl" if on_gpu else "gloo",
            timeout=timedelta(seconds=STEP_SECONDS),
        )
        try:
            fabric = fabric_module.Fabric(
                accelerator="cuda" if on_gpu else "cpu", devices=devices, num_nodes=nodes, strategy=strategy
            )
            fabric.launch()
            orders = distributed.new_group(backend="gloo", timeout=timedelta(seconds=ORDER_SECONDS))
        except (RuntimeError, ValueError) as error:
            raise TrainingError(
                f"The {devices * nodes} processes of this run did not come together: {_line(error)}.",
                do="Look at the end of the run's log, and see that as many processes were started as were asked for.",
                code="devices",
            ) from error
        stack.callback(distributed.destroy_process_group)
        processes = Processes(fabric.global_rank, fabric.world_size, devices, fabric.device, orders)
        log.info("process %d of %d computes on %s", processes.rank + 1, processes.size, processes.device)
        try:
            yield processes
        finally:
            with suppress(TrainingError):  # nobody is there any more
                processes.end()


def _fabric() -> Any:
    try:
        return importlib.import_module("lightning_fabric")
    except ImportError as error:
        raise ConfigurationError(
            "Training on several devices needs the package lightning-fabric, which is not installed.",
            do='Install it with: pip install "ganaug[devices]", or train on one device.',
            code="no_fabric",
        ) from error


@contextmanager
def _environment(devices: int, nodes: int, command: Sequence[str]) -> Iterator[Any]:
    """Return how the processes find each other; the leader starts those of this machine where nobody else did."""
    environments = importlib.import_module("lightning_fabric.plugins.environments")
    if launcher() == "torchrun":
        yield environments.TorchElasticEnvironment()
        return
    if launcher() == "slurm":
        yield environments.SLURMEnvironment(auto_requeue=False)
        return
    started = "LOCAL_RANK" in os.environ
    if nodes > 1 and not started:
        raise ConfigurationError(
            f"ganaug starts processes on this machine alone, and {nodes} machines were asked for.",
            do="Start it on each of them with torchrun, or with srun of SLURM; see the README.",
            code="nodes",
        )
    if started:
        yield environments.LightningEnvironment()
        return
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    with _variables({**address, "LOCAL_RANK": "0", "NODE_RANK": "0"}), _started(command, devices - 1):
        yield environments.LightningEnvironment()


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in (*values, "WORLD_SIZE")}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _started(command: Sequence[str], count: int) -> Iterator[None]:
    """Start the other processes and wait until each is ready to join; none of them outlives the block."""
    others = [
        subprocess.Popen(
            command, env={**os.environ, "LOCAL_RANK": str(rank)}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        for rank in range(1, count + 1)
    ]
    try:
        for rank, other in enumerate(others, 1):
            assert other.stdout is not None
            if other.stdout.readline() != READY:  # nothing, where it ended
                raise TrainingError(
                    f"The process for device {rank + 1} of this run ended before it began.",
                    do="Look at the end of the run's log for its reason.",
                    code="devices",
                )
        yield
        for other in others:
            with suppress(subprocess.TimeoutExpired):
                other.wait(END_SECONDS)
    finally:
        for other in others:
            other.kill()
            other.wait()
            assert other.stdout is not None
            other.stdout.close()


def say_ready() -> None:
    """Tell the leader that started this process that it is there; what is printed later goes to the log."""
    if "LOCAL_RANK" in os.environ and launcher() is None:
        sys.stdout.buffer.write(READY)
        sys.stdout.flush()
        os.dup2(2, 1)
