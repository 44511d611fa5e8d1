"""One training run as an iterator."""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import ganaug_core
from ganaug_core.config import (
    ArchitectureCard,
    ClassCard,
    IntensityCard,
    Passport,
    SplitCard,
    TrainingConfig,
    issuing,
    refuse_division,
)
from ganaug_core.errors import ConfigurationError, TrainingError
from ganaug_core.processor import available_cores
from ganaug_core.records import TRAIN, UNKNOWN_PATIENT, Cohort
from ganaug_core.records.training import Progress
from ganaug_core.training import devices, parts, telemetry, threads
from ganaug_core.training.adversarial_step import AdversarialNetworks
from ganaug_core.training.alarm_watch import AlarmWatch
from ganaug_core.training.checkpoint_selection import CheckpointSelection
from ganaug_core.training.processes import ALONE, Processes
from ganaug_core.training.training_images import TrainingImages

REPORT_SECONDS = 0.3
_PREVIEWS = 50
TELEMETRY_SHARE = 0.025  # of the time goes into previews and logits, at most
_MOST_NONFINITE_STEPS = 3
_CHECK_STEPS = 20  # asking a GPU whether an update was left out waits for it
_RATES = ("discriminator_learning_rate", "generator_learning_rate")
_FORMAT = 2

log = logging.getLogger(__name__)


class Training:
    """A run: iterate to train, break to stop, `state()` to go on later.

    Only the training share is learned from. The tuning share is shown to the discriminator for its logits and judges
    the checkpoints, of which the best one without copying is kept, or the last; the hold-out is never read.

    Attributes:
        device_in_words: Device, threads and precision, for people.
        config: What is done; on a processor `threads` is the number that was asked for, remembered or measured.
        networks: Generator and discriminator as they are now, and one step of their training.
        images: Real images shown to the discriminator so far.
        rescues: How often the learning rates were halved because the arithmetic broke down.
        seconds: Time spent training; time between two reports is not counted.
        telemetry_seconds: What the last report's logits, preview and measurements took of them, 0 without.
    """

    def __init__(
        self,
        cohort: Cohort,
        config: TrainingConfig,
        *,
        state: Mapping[str, Any] | None = None,
        rescues: int = 0,
        processes: Processes = ALONE,
    ) -> None:
        """Prepare a run, or one that goes on from `state`.

        Args:
            cohort: Its training and tuning shares are used.
            config: What to do.
            state: What `state()` of an earlier part of this run returned.
            rescues: Each halves the learning rates; a state may hold more of them.
            processes: Those that train it together; the others go on from the state of the one that leads.

        Raises:
            ConfigurationError: A part or setting that does not exist, an image size that it cannot make, a cohort that
                no passport can hold, or a part that several devices cannot share.
            TrainingError: A class without training images, no GPU where one is asked for, or a state of another run.
        """
        self.cohort, self.config, self.processes = cohort, config, processes
        self.rescues = max(rescues, int(state.get("rescues", 0)) if state is not None else 0)
        refuse_division(config, processes.size)
        self.parts = parts.resolve(config, int((cohort.roles == TRAIN).sum()), cohort.intensity.unit)
        self.compute = devices.choose(
            config.device,
            config.precision,
            deterministic=config.deterministic,
            compiled=config.compiled,
            given=processes.device,
        )
        with devices.enough_memory(config.batch_size):
            self.training_images = TrainingImages(cohort, config, self.compute.device)
            self.threads = self._choose_threads(state)
            if self.compute.device.type == "cpu":
                self.config = config.model_copy(update={"threads": self.threads})
            self.networks = self._new_networks()
        self._fixed_inputs = telemetry.FixedInputs(cohort, config.seed, self.networks, self.compute)
        self._check_every = _CHECK_STEPS if self.compute.device.type == "cuda" else 1
        self._loss_averages, self._alarm_watch = telemetry.LossAverages(), AlarmWatch()
        self._selection = CheckpointSelection(cohort, config.seed, keep_last=config.keep == "last")
        self.images, self.seconds, self.telemetry_seconds, self._steps = 0, 0.0, 0.0, 0
        if state is not None:
            self._resume(state)
        self.passport("run")  # what it cannot hold is refused before the first step
        if processes.leads:
            processes.hand_over(self.state())

    @property
    def device_in_words(self) -> str:
        words = self.compute.in_words()
        return words if self.processes.size == 1 else f"{self.processes.size} devices, each {words}"

    @property
    def share(self) -> float:
        """Spent share of the budget, in [0, 1]."""
        if self.config.images is not None:
            return min(1.0, self.images / self.config.images)
        assert self.config.minutes is not None
        return min(1.0, self.seconds / (60 * self.config.minutes))

    def __iter__(self) -> Iterator[Progress]:
        """Train until the budget is spent; report several times a second, with a preview about every 2 % of it.

        About every 5 % of the budget, and at its end, the averaged generator is measured. Previews and measurements
        are put off where they would take more than 2 or 3 % of the time.

        Raises:
            TrainingError: Four updates in a row were not finite; the last checkpoint is still good.
        """
        yield self._report({}, 0, 0.0, with_telemetry=True)
        next_preview, cost, last_preview = self.share + 1 / _PREVIEWS, self.telemetry_seconds, self.seconds
        while self.share < 1:
            measures, steps, spent = self._train_for(REPORT_SECONDS)
            affordable = self.seconds - last_preview >= cost / TELEMETRY_SHARE
            wanted = self.share >= 1 or (self.share >= next_preview and affordable)
            report = self._report(measures, steps, spent, with_telemetry=wanted)
            if wanted:
                next_preview = self.share + 1 / _PREVIEWS
                cost, last_preview = self.telemetry_seconds, self.seconds
            if self._selection.due(self.share, self.images):
                report = self._measured(report)
            yield self._alarm_watch.check(report)

    def advance(self, steps: int) -> dict[str, float]:
        """Take that many steps, whatever the budget says; return the mean of every measure."""
        measures, _, _ = self._train_for(float("inf"), steps)
        return measures

    def state(self) -> dict[str, Any]:
        """Return everything that an exact resume needs; it loads with `weights_only=True`."""
        return {
            "format": _FORMAT,
            "config": self.config.model_dump(mode="json"),
            "cohort": self.cohort.digest,
            "images": self.images,
            "steps": self._steps,
            "seconds": self.seconds,
            "rescues": self.rescues,
            "threads": self.threads,
            "processes": self.processes.size,
            "device": self.compute.device.type,
            "torch": str(torch.__version__),
            "loss_averages": dict(self._loss_averages.values),
            "selection": self._selection.state(),
            "alarm_watch": self._alarm_watch.state(),
            "networks": self.networks.state(),
        }

    def settle(self) -> Progress | None:
        """Measure the averaged generator as it is, for a run that ends before its budget; None if it just was."""
        if self._selection.measured_images == self.images:
            return None
        return self._alarm_watch.check(self._measured(self._report({}, 0, 0.0, with_telemetry=False)))

    @property
    def kept_images(self) -> int:
        """Images shown until the kept checkpoint: the best, or the last if that is wanted or none could be measured."""
        selected = self._selection.selected_images
        return self.images if selected is None else selected

    def generator(self) -> dict[str, NDArray[np.float32]]:
        """Return the weights of the averaged generator at the kept checkpoint."""
        measured = self._selection.selected is not None
        weights = self._selection.weights if measured else self.networks.averaged_generator.state_dict()
        return {
            name: tensor.detach().float().cpu().contiguous().numpy().copy()
            for name, tensor in weights.items()
            if tensor.is_floating_point()
        }

    def passport(self, name: str) -> Passport:
        """Return the card of the generator at the kept checkpoint."""
        cohort, config = self.cohort, self.config
        channels, rows, columns = cohort.shape
        patients = np.unique(cohort.patients[cohort.where(TRAIN)])
        with issuing():
            return Passport(
                title=name,
                created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                software=f"ganaug {ganaug_core.__version__}",
                architecture=ArchitectureCard(
                    name=config.architecture.name,
                    settings=asdict(self.parts.architecture),  # type: ignore[call-overload]
                    channels=channels,
                    rows=rows,
                    columns=columns,
                ),
                classes=[
                    ClassCard(name=class_name, train=int(count))
                    for class_name, count in zip(cohort.classes, self.training_images.counts, strict=True)
                ],
                intensity=IntensityCard(
                    unit=cohort.intensity.unit, low=float(cohort.intensity.low), high=float(cohort.intensity.high)
                ),
                spacing_mm=None if cohort.spacing_mm is None else [float(spacing) for spacing in cohort.spacing_mm],
                patients=int((patients != UNKNOWN_PATIENT).sum()) or None,
                cohort_name=cohort.name,
                cohort_digest=cohort.digest,
                recipe=config.recipe,
                seed=config.seed,
                images=self.kept_images,
                threads=self.threads if self.compute.device.type == "cpu" else None,
                split=SplitCard.of(cohort),
            )

    def _train_for(self, seconds: float, steps: int | None = None) -> tuple[dict[str, float], int, float]:
        """Take steps for that long, or that many; return the means of the measures, steps taken and seconds spent."""
        seconds_before, begun = self.seconds, time.perf_counter()
        sums: dict[str, Tensor] = {}
        taken = 0
        left_out = torch.zeros((), device=self.compute.device)
        while taken != steps and (steps is not None or self.share < 1):
            with devices.enough_memory(self.config.batch_size):
                measures = self.networks.step(self._steps, self.share)
            for name, value in measures.items():
                sums[name] = sums[name] + value if name in sums else value
            taken += 1
            left_out += self.networks.nonfinite_steps > 0
            self._steps += 1
            self.images += self.networks.images_per_step
            self.seconds = seconds_before + time.perf_counter() - begun
            if not taken % self._check_every and self.networks.nonfinite_steps > _MOST_NONFINITE_STEPS:
                nonfinite = int(self.networks.nonfinite_steps)
                raise TrainingError(
                    f"Training became unstable: after {self.images:,} images {nonfinite} updates in a row "
                    "were not finite.",
                    do="Resume from the last checkpoint with a lower learning rate, or with precision=float32.",
                    code="nonfinite",
                )
            # a checkup comes at its own image, not at the clock's, so that a resumed run keeps the same checkpoint
            if self.seconds - seconds_before >= seconds or (
                steps is None and self._selection.due(self.share, self.images)
            ):
                break
        means = {name: float(value) / taken for name, value in sums.items()}
        return {**means, "left_out": float(left_out)}, taken, self.seconds - seconds_before

    def _report(self, measures: dict[str, float], steps: int, spent: float, *, with_telemetry: bool) -> Progress:
        begun = time.perf_counter()
        logits = variety = preview = None
        if steps:
            self._loss_averages.add(measures)
        if with_telemetry:
            logits, variety = self._fixed_inputs.logits_and_variety(self.networks)
            preview = self._fixed_inputs.preview(self.networks)
            measures |= telemetry.logit_measures(logits, self._fixed_inputs.logit_labels)
        self.telemetry_seconds = time.perf_counter() - begun
        self.seconds += self.telemetry_seconds
        if steps:
            measures["images_per_second"] = steps * self.networks.images_per_step / (spent + self.telemetry_seconds)
            measures["learning_rate"] = float(self.networks.generator_optimiser.param_groups[0]["lr"])
        return Progress(
            images=self.images,
            seconds=self.seconds,
            share=self.share,
            measures=measures,
            logits=logits,
            variety=variety,
            preview=preview,
            kept=self.kept_images,
        )

    def _measured(self, report: Progress) -> Progress:
        begun = time.perf_counter()
        labels = self._selection.labels  # the first time this reads the references
        ready = time.perf_counter()
        if len(labels):
            logits = report.logits or self._fixed_inputs.logits_and_variety(self.networks)[0]
            gap = telemetry.discriminator_gap(logits, self._fixed_inputs.logit_labels)
            generated = self._fixed_inputs.generate(self.networks, labels)
            self._selection.measure(generated, self.images, gap, self.networks.averaged_generator.state_dict())
        spent = time.perf_counter() - begun
        self._selection.record_cost(self.share, self.images, time.perf_counter() - ready, self.seconds)
        self.telemetry_seconds += spent
        self.seconds += spent
        return replace(
            report,
            seconds=self.seconds,
            share=self.share,
            checkup=self._selection.latest,
            kept=self.kept_images,
        )

    def _new_networks(self) -> AdversarialNetworks:
        slower = 0.5**self.rescues
        rates = {name: slower * getattr(self.config, name) for name in _RATES}
        return AdversarialNetworks(
            self.parts,
            self.config.model_copy(update=rates),
            self.training_images,
            self.cohort.shape,
            self.compute,
            processes=self.processes,
        )

    def _choose_threads(self, state: Mapping[str, Any] | None) -> int:
        """Return the number asked for, else the run's own, else that of its kind, measured if it is not known.

        A resumed run keeps its threads, for another number rounds differently; but never more than there are.
        """
        if self.compute.device.type == "cuda":
            return torch.get_num_threads()
        checkpoint_threads = min(int(state["threads"]), available_cores()) if state is not None else 0
        number = self.config.threads or checkpoint_threads
        if self.processes.size > 1:  # each has its share of the cores; measured together they would wait for each other
            number = self.config.threads or max(1, available_cores() // self.processes.on_this_machine)
        if not number:
            classes = len(self.cohort.classes)
            kind = threads.kind_of(self.parts, self.config, self.cohort.shape, classes, self.compute)
            number = threads.remembered(kind, self._measured_threads)
        torch.set_num_threads(number)
        return number

    def _measured_threads(self) -> int:
        trial = self._new_networks()
        return devices.fastest_threads(lambda: trial.step(0, 0.0))

    def _resume(self, state: Mapping[str, Any]) -> None:
        if state.get("format") != _FORMAT or state.get("cohort") != self.cohort.digest:
            raise TrainingError(
                f"The checkpoint belongs to another cohort than {self.cohort.name}, or to another version.",
                do="Resume it with the cohort that it was trained on, or start a new run.",
                code="foreign_state",
            )
        before = (state["device"], state.get("processes", 1), state["threads"], state["torch"])
        here = (self.compute.device.type, self.processes.size, self.threads, str(torch.__version__))
        if before != here:
            log.warning(
                "The run goes on, but not bit for bit: device, their number, threads and PyTorch were %s, are %s.",
                before,
                here,
            )
        try:
            self.networks.load(state["networks"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise ConfigurationError(
                "The checkpoint's networks are not those of this configuration.",
                do="Resume with the configuration that the run was started with.",
                code="foreign_state",
            ) from error
        self._loss_averages = telemetry.LossAverages(state.get("loss_averages"))
        self._selection.load(state.get("selection"))
        self._alarm_watch.load(state.get("alarm_watch"))
        self.images, self.seconds, self._steps = int(state["images"]), float(state["seconds"]), int(state["steps"])
        self._selection.rejoin(self.share)
