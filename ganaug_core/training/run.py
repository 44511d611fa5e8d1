"""One training run as an iterator."""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import ganaug_core
from ganaug_core.config import ArchitectureCard, ClassCard, IntensityCard, Passport, TrainingConfig
from ganaug_core.errors import ConfigurationError, TrainingError
from ganaug_core.records import TRAIN, UNKNOWN_PATIENT, Cohort, Progress
from ganaug_core.training import devices, parts, telemetry
from ganaug_core.training.game import Game
from ganaug_core.training.images import TrainingImages

_REPORT_SECONDS = 0.3
_PREVIEWS = 50
_TELEMETRY_SHARE = 0.03
_PATIENCE = 3
_FORMAT = 1

log = logging.getLogger(__name__)


class Training:
    """A run: iterate to train, break to stop, `state()` to go on later.

    Only the training share is learned from. The tuning share is shown to the discriminator for its logits, nothing
    else; the hold-out is never read.

    Attributes:
        device_in_words: Device, threads and precision, for people.
        images: Real images shown to the discriminator so far.
        seconds: Time spent training; time between two reports is not counted.
        telemetry_seconds: What the last report's logits and preview took of them, 0 without.
    """

    def __init__(self, cohort: Cohort, config: TrainingConfig, *, state: Mapping[str, Any] | None = None) -> None:
        """Prepare a run, or one that goes on from `state`.

        Raises:
            ConfigurationError: A part or setting that does not exist, or an image size that it cannot make.
            TrainingError: A class without training images, no GPU where one is asked for, or a state of another run.
        """
        self.cohort, self.config = cohort, config
        self.parts = parts.resolve(config, int((cohort.roles == TRAIN).sum()), cohort.intensity.unit)
        self.place = devices.choose(config.device, config.precision)
        self.training_images = TrainingImages(cohort, config, self.place.device)
        self.threads = self._choose_threads(state)
        self._game = self._new_game()
        self._shown = telemetry.Shown(cohort, config.seed, self.parts.architecture.latent, self.place)
        self.images, self.seconds, self.telemetry_seconds, self._steps = 0, 0.0, 0.0, 0
        if state is not None:
            self._go_on(state)

    @property
    def device_in_words(self) -> str:
        return self.place.in_words()

    @property
    def share(self) -> float:
        """Spent share of the budget, in [0, 1]."""
        if self.config.images is not None:
            return min(1.0, self.images / self.config.images)
        assert self.config.minutes is not None
        return min(1.0, self.seconds / (60 * self.config.minutes))

    def __iter__(self) -> Iterator[Progress]:
        """Train until the budget is spent; report several times a second, with a preview about every 2 % of it.

        Raises:
            TrainingError: Four updates in a row were not finite; the last checkpoint is still good.
        """
        yield self._report({}, 0, 0.0, telemetry_too=True)
        next_preview, cost, last_preview = self.share + 1 / _PREVIEWS, self.telemetry_seconds, self.seconds
        while self.share < 1:
            measures, steps, spent = self._train_for(_REPORT_SECONDS)
            affordable = self.seconds - last_preview >= cost / _TELEMETRY_SHARE
            wanted = self.share >= 1 or (self.share >= next_preview and affordable)
            report = self._report(measures, steps, spent, telemetry_too=wanted)
            if wanted:
                next_preview = self.share + 1 / _PREVIEWS
                cost, last_preview = self.telemetry_seconds, self.seconds
            yield report

    def advance(self, steps: int) -> dict[str, float]:
        """Play that many steps, whatever the budget says; return the mean of every measure."""
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
            "threads": self.threads,
            "device": self.place.device.type,
            "torch": str(torch.__version__),
            "game": self._game.state(),
        }

    def generator(self) -> dict[str, NDArray[np.float32]]:
        """Return the averaged generator's weights."""
        weights = self._game.average.state_dict()
        return {
            name: tensor.detach().float().cpu().contiguous().numpy().copy()
            for name, tensor in weights.items()
            if tensor.is_floating_point()
        }

    def passport(self, name: str) -> Passport:
        """Return the card of the averaged generator as it is now."""
        cohort, config = self.cohort, self.config
        channels, rows, columns = cohort.shape
        chosen = cohort.patients[cohort.where(TRAIN)]
        known = np.unique(chosen[chosen != UNKNOWN_PATIENT])
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
                ClassCard(name=each, train=int(count))
                for each, count in zip(cohort.classes, self.training_images.counts, strict=True)
            ],
            intensity=IntensityCard(
                unit=cohort.intensity.unit, low=float(cohort.intensity.low), high=float(cohort.intensity.high)
            ),
            spacing_mm=None if cohort.spacing_mm is None else [float(each) for each in cohort.spacing_mm],
            patients=len(known) or None,
            cohort_name=cohort.name,
            cohort_digest=cohort.digest,
            recipe=config.recipe,
            seed=config.seed,
            images=self.images,
        )

    def _train_for(self, seconds: float, steps: int | None = None) -> tuple[dict[str, float], int, float]:
        """Play steps for that long, or that many; return means, steps played and seconds spent."""
        before, begun = self.seconds, time.perf_counter()
        sums: dict[str, Tensor] = {}
        played = 0
        while played != steps and (steps is not None or self.share < 1):
            for name, value in self._game.step(self._steps, self.share).items():
                sums[name] = sums[name] + value if name in sums else value
            played += 1
            self._steps += 1
            self.images += self._game.images_per_step
            self.seconds = before + time.perf_counter() - begun
            if self._game.skipped > _PATIENCE:
                raise TrainingError(
                    f"Training became unstable: after {self.images:,} images {self._game.skipped} updates in a row "
                    "were not finite.",
                    do="Resume from the last checkpoint with a lower learning rate, or with precision=float32.",
                    code="nonfinite",
                )
            if self.seconds - before >= seconds:
                break
        return {name: float(value) / played for name, value in sums.items()}, played, self.seconds - before

    def _report(self, measures: dict[str, float], steps: int, spent: float, *, telemetry_too: bool) -> Progress:
        begun = time.perf_counter()
        logits = preview = None
        if telemetry_too:
            logits = self._shown.logits(self._game)
            preview = self._shown.preview(self._game)
        self.telemetry_seconds = time.perf_counter() - begun
        self.seconds += self.telemetry_seconds
        if steps:
            measures["images_per_second"] = steps * self._game.images_per_step / (spent + self.telemetry_seconds)
            measures["learning_rate"] = float(self._game.generator_optimiser.param_groups[0]["lr"])
        return Progress(self.images, self.seconds, self.share, measures, logits, preview)

    def _new_game(self) -> Game:
        return Game(self.parts, self.config, self.training_images, self.cohort.shape, self.place)

    def _choose_threads(self, state: Mapping[str, Any] | None) -> int:
        """A resumed run keeps its threads: another number rounds differently."""
        if self.place.device.type == "cuda":
            return torch.get_num_threads()
        asked = int(state["threads"]) if state is not None and not self.config.threads else self.config.threads
        if asked:
            torch.set_num_threads(asked)
            return asked
        trial = self._new_game()
        return devices.fastest_threads(lambda: trial.step(0, 0.0))

    def _go_on(self, state: Mapping[str, Any]) -> None:
        if state.get("format") != _FORMAT or state.get("cohort") != self.cohort.digest:
            raise TrainingError(
                f"The checkpoint belongs to another cohort than {self.cohort.name}, or to another version.",
                do="Resume it with the cohort that it was trained on, or start a new run.",
                code="foreign_state",
            )
        before = (state["device"], state["threads"], state["torch"])
        here = (self.place.device.type, self.threads, str(torch.__version__))
        if before != here:
            log.warning(
                "The run goes on, but not bit for bit: device, threads and PyTorch were %s, are %s.", before, here
            )
        try:
            self._game.load(state["game"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise ConfigurationError(
                "The checkpoint's networks are not those of this configuration.",
                do="Resume with the configuration that the run was started with.",
                code="foreign_state",
            ) from error
        self.images, self.seconds, self._steps = int(state["images"]), float(state["seconds"]), int(state["steps"])
