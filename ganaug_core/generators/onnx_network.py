"""A network of another program as a generator: its ONNX graph, run by onnxruntime.

In a generator file it is the architecture `onnx`: one tensor of bytes, and settings that say where the latent vector
and the class go in. Its images are on a cohort's scale: what the network calls `low` is the lowest value of the unit.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ganaug_core.config import ArchitectureCard, ClassCard, IntensityCard, Passport
from ganaug_core.errors import GeneratorError
from ganaug_core.generators.onnx_claim import Claim
from ganaug_core.generators.onnx_graph import Ports, check, parsed, ports, refused, require_packages

if TYPE_CHECKING:
    import onnx

NAME = "onnx"
TENSOR = "network"
_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


class OnnxNetwork(nn.Module):
    """Latent (n, length) and labels (n,) -> images (n, channel, row, column) in [-1, 1] of the cohort's scale.

    Weights of several classes (n, class) in place of labels go to a network that takes its class as a vector; one that
    takes a number draws whole classes alone.
    """

    def __init__(self, content: bytes, where: Ports, classes: int, network_range: tuple[float, float]) -> None:
        super().__init__()
        self.content: bytes = content
        self.session = _session(content)
        self.ports, self.class_count, self.network_range = where, classes, network_range
        inputs = {value.name: value for value in self.session.get_inputs()}
        if {where.latent, where.classes} - {""} != set(inputs):
            raise refused("Its passport names other inputs than it has.")
        self.latent_input, self.class_input = inputs[where.latent], inputs.get(where.classes)
        whole = self.latent_input.shape[0]
        self.batch = whole if isinstance(whole, int) and whole > 0 else None

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        images = np.concatenate(
            [
                self._drawn(*part)
                for part in zip(*(self._parts(part.detach().numpy()) for part in (latent, labels)), strict=True)
            ]
        )[: len(latent)]
        low, high = self.network_range
        scaled = (_channels_first(images).astype(np.float32) - low) * (2 / (high - low)) - 1
        return torch.from_numpy(np.ascontiguousarray(scaled, np.float32))

    def _parts(self, values: Any) -> list[Any]:
        """Return arrays of as many rows as the network takes at once; the last one is filled with its first row."""
        if self.batch is None or not len(values):
            return [values]
        missing = -len(values) % self.batch
        filled = np.concatenate([values, np.repeat(values[:1], missing, 0)])
        return np.split(filled, len(filled) // self.batch)

    def _drawn(self, latent: Any, labels: Any) -> Any:
        given = {self.ports.latent: self._as_asked(self.latent_input, latent)}
        if self.class_input is not None:
            told = self._told(labels)
            given[self.ports.classes] = self._as_asked(self.class_input, told)
        try:
            (images,) = self.session.run([self.ports.image], given)
        except Exception as error:  # the runtime's errors have no common ancestor below it
            raise refused(f"It stopped while it drew: {str(error).splitlines()[0][:160]}.") from error
        return images

    def _told(self, labels: Any) -> Any:
        """Return classes as the network takes them: numbers (n,) or vectors (n, class)."""
        if labels.dtype.kind != "f":
            return np.eye(self.class_count)[labels] if self.ports.kind == "one-hot" else labels
        if self.ports.kind == "one-hot":
            return labels
        if (labels.max(1) < 1).any():
            raise GeneratorError(
                "This network takes its class as a number, so there is nothing between two classes.",
                do="Choose one class.",
                code="no_blending",
            )
        return labels.argmax(1)

    @staticmethod
    def _as_asked(value: Any, numbers: Any) -> Any:
        """Return numbers in the type of an input, with as many dimensions as it has."""
        further = max(0, len(value.shape) - numbers.ndim)
        return numbers.astype(_TYPES[value.type]).reshape(*numbers.shape, *[1] * further)


def passport_of(model: "onnx.ModelProto", content: bytes, claim: Claim) -> Passport:
    """Return the passport of a graph that was checked and has drawn one image.

    Args:
        content: The graph's bytes.

    Raises:
        GeneratorError: It is no network that draws images of these classes and this size.
    """
    check(model)
    where = ports(model, len(claim.classes), claim.latent, claim.class_input, claim.image)
    if where.kind == "none" and len(claim.classes) > 1:
        raise refused(
            f"It takes no class, and {len(claim.classes)} classes are said.",
            "Name the one class that it draws (--class-names NAME on the command line).",
        )
    network = OnnxNetwork(content, where, len(claim.classes), claim.network_range)
    _require_size(network, where.length, tuple(claim.shape))
    low, high = claim.network_range
    channels, rows, columns = claim.shape
    producer = " ".join(part for part in (model.producer_name, model.producer_version) if part) or "unknown program"
    return Passport(
        title=claim.title,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        software=f"ONNX, {''.join(sign for sign in producer if sign.isprintable())[:100]}",
        architecture=ArchitectureCard(
            name=NAME,
            settings=where.settings() | {"network_low": float(low), "network_high": float(high)},
            channels=channels,
            rows=rows,
            columns=columns,
        ),
        classes=[ClassCard(name=name, train=0) for name in claim.classes],
        intensity=IntensityCard(unit=claim.unit, low=claim.low, high=claim.high),
        spacing_mm=list(claim.spacing_mm) if claim.spacing_mm else None,
        patients=None,
        cohort_name="not stated",
        cohort_digest=None,
        recipe="made elsewhere",
        seed=0,
        images=0,
    )


def opened(passport: Passport, content: bytes) -> OnnxNetwork:
    """Return the network of a generator file.

    Raises:
        GeneratorError: It is not what its passport says, or takes what is refused.
        ConfigurationError: The packages are not installed.
    """
    require_packages()
    check(parsed(content))
    settings = passport.architecture.settings
    low, high = settings.get("network_low"), settings.get("network_high")
    if not (isinstance(low, float) and isinstance(high, float) and low < high):
        raise refused("Its passport does not say which values it makes.")
    return OnnxNetwork(content, Ports.of(settings), len(passport.classes), (low, high))


def _session(content: bytes) -> Any:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.use_deterministic_compute = True
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # it writes to the terminal what is said here in words
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's errors have no common ancestor below it
        raise refused(f"It cannot be run: {str(error).splitlines()[0][:160]}.") from error


def _require_size(network: OnnxNetwork, length: int, shape: tuple[int, ...]) -> None:
    """Draw one image and compare its size with the cohort's."""
    with torch.no_grad():
        drawn = tuple(network(torch.zeros(1, length), torch.zeros(1, dtype=torch.int64)).shape[1:])
    if drawn != shape:
        names = ["x".join(map(str, one)) for one in (drawn, shape)]
        raise refused(
            f"It draws images of {names[0]} (channels, rows, columns), and the cohort has {names[1]}.",
            "Import the cohort again at that size (--size, --colour), or name another cohort.",
        )


def _channels_first(images: Any) -> Any:
    """Return (n, channel, row, column) from that, from (n, row, column, channel) or from (n, row, column)."""
    if images.ndim == 3:
        return images[:, None]
    if images.ndim == 4 and images.shape[1] in (1, 3):
        return images
    if images.ndim == 4 and images.shape[3] in (1, 3):
        return images.transpose(0, 3, 1, 2)
    raise refused(f"What it makes is no image: an array of {' x '.join(map(str, images.shape))}.")
