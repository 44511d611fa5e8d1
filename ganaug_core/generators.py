"""Generator files: write, load with distrust, sample, draw, export.

A generator is one `.safetensors` file: tensors, and in the header a passport in JSON. Loading goes from the cheapest
check to the dearest and refuses in words; nothing in the file is ever executed and nothing is mapped into memory, where
a file that somebody shortens would kill the process.
"""

import hashlib
import json
import stat
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from torch import Tensor, nn

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.config import Passport
from ganaug_core.errors import ConfigurationError, GeneratorError
from ganaug_core.interfaces import Architecture, look_up
from ganaug_core.records import Floats, Integers, Samples
from ganaug_core.workspace import digest_of, write_atomic

_KEY = "ganaug"
_FILE_BYTES = (16, 1 << 30)
_HEADER_BYTES = 1 << 20
_PASSPORT_CHARACTERS = 256 << 10
_LARGEST_WEIGHT = 1e4
_SMALLEST_SPREAD = 1e-3
_SMALLEST_DIFFERENCE = 1e-6
_CHUNK = 64


def silent(share: float, message: str) -> None:
    """Report to nobody."""


@dataclass(frozen=True)
class Generator:
    """A loaded generator, ready to sample.

    Attributes:
        passport: What it says about itself; tested where that can be tested.
        digest: SHA-256 of the file, 64 hex digits.
        network: The module on the CPU, in evaluation mode.
    """

    passport: Passport
    digest: str
    architecture: Architecture
    network: nn.Module

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.passport.classes)

    def sample(
        self,
        labels: Integers,
        *,
        seed: int,
        truncation: float = 1.0,
        report: Callable[[float, str], None] = silent,
    ) -> Floats:
        """Return one image for each label, (n, channel, row, column) float32 in [-1, 1].

        Image i depends on the seed, on i and on label i alone: asking for more images does not change the first ones.

        Args:
            labels: (n,) class indices.
            truncation: Scales the latent vectors, > 0; below 1 images are more typical and less varied.

        Raises:
            GeneratorError: A label that the generator does not have, or an image that is not finite.
        """
        labels = np.asarray(labels, np.int64)
        if labels.size and not (0 <= labels.min() and labels.max() < len(self.classes)):
            raise GeneratorError(
                f"The generator has {len(self.classes)} classes, numbered from 0; {labels.max()} is not one of them.",
                do=f"Ask for: {', '.join(self.classes)}.",
                code="unknown_class",
            )
        if not 0 < truncation <= 10:
            raise GeneratorError(
                f"A truncation of {truncation} cannot be.", do="Choose a number above 0; 1 changes nothing."
            )
        made: list[Floats] = []
        source = torch.Generator().manual_seed(seed)
        for start in range(0, len(labels), _CHUNK):
            chunk = torch.from_numpy(labels[start : start + _CHUNK])
            # always whole chunks: the arithmetic of a network rounds differently for another number of images
            latents = torch.randn(_CHUNK, self.architecture.latent, generator=source) * truncation
            asked = torch.zeros(_CHUNK, dtype=torch.int64)
            asked[: len(chunk)] = chunk
            made.append(_run(self.network, latents, asked)[: len(chunk)].numpy())
            report(min(1.0, (start + _CHUNK) / len(labels)), "Drawing images")
        channels, rows, columns = _shape(self.passport)
        images: Floats = np.concatenate([np.zeros((0, channels, rows, columns), np.float32), *made])
        if not np.isfinite(images).all():
            raise GeneratorError(
                "The generator made images that are not finite.", do="Use a truncation of 1 or less, or another file."
            )
        return images


def write(path: Path, passport: Passport, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Write a generator file whole or not at all.

    Raises:
        GeneratorError: The weights are not finite or do not fit the passport.
        WorkspaceError: The disk is full.
    """
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in weights.items()}
    _check_weights(tensors)
    _check_names({name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in tensors.items()}, passport)
    bare = safetensors.torch.save(tensors)
    complete = passport.model_copy(update={"tensors_sha256": hashlib.sha256(bare[_data_start(bare) :]).hexdigest()})
    write_atomic(path, safetensors.torch.save(tensors, metadata={_KEY: complete.model_dump_json()}))


def load(path: Path) -> Generator:
    """Read a generator file, check it and try it.

    Raises:
        GeneratorError: The file is foreign, damaged, changed, or does not do what it says; `code` says which.
    """
    content = _read(path)
    header = _header(content)
    passport = _passport(header)
    _check_names({name: _described(name, entry) for name, entry in header.items()}, passport)
    if hashlib.sha256(content[_data_start(content) :]).hexdigest() != passport.tensors_sha256:
        raise _refused(
            "Its weights are not those that were written: the file is damaged or was changed.", "checksum"
        )
    try:
        tensors = safetensors.torch.load(content)
    except SafetensorError as error:
        raise _refused(f"Its tensors cannot be read ({str(error)[:80]}).", "tensors") from error
    _check_weights(tensors)
    architecture = _architecture(passport)
    network = architecture.generator(_shape(passport), len(passport.classes))
    network.load_state_dict(tensors, strict=False)
    network.eval().requires_grad_(False)
    _try_out(network, architecture.latent, len(passport.classes))
    return Generator(passport, hashlib.sha256(content).hexdigest(), architecture, network)


def draw(
    generator: Generator,
    name: str,
    *,
    per_class: int,
    classes: Sequence[str] | None = None,
    seed: int = 0,
    truncation: float = 1.0,
    report: Callable[[float, str], None] = silent,
) -> Samples:
    """Return `per_class` images of each class, class after class, as a record.

    Args:
        classes: Names; all classes if none is given.

    Raises:
        GeneratorError: A class that the generator does not have, or no image asked for.
    """
    chosen = list(classes) if classes else list(generator.classes)
    unknown = [each for each in chosen if each not in generator.classes]
    if unknown:
        raise GeneratorError(
            f"The generator has no class named {', '.join(unknown)}.",
            do=f"Choose from: {', '.join(generator.classes)}.",
            code="unknown_class",
        )
    if per_class < 1:
        raise GeneratorError(f"{per_class} images of a class cannot be drawn.", do="Ask for at least one.")
    labels = np.repeat([generator.classes.index(each) for each in chosen], per_class).astype(np.int64)
    images = generator.sample(labels, seed=seed, truncation=truncation, report=report)
    ids = [
        hashlib.sha256(f"{generator.digest}/{seed}/{truncation!r}/{label}/{index}".encode()).hexdigest()[:12]
        for index, label in enumerate(labels)
    ]
    return Samples(
        name=name,
        digest=digest_of(images, labels),
        images=images,
        labels=labels,
        ids=np.array(ids),
        classes=generator.classes,
        source="generator",
        provenance={
            "generator": generator.digest,
            "title": generator.passport.title,
            "cohort": generator.passport.cohort_digest,
            "seed": seed,
            "truncation": truncation,
            "per_class": per_class,
        },
    )


def _run(network: nn.Module, latents: Tensor, labels: Tensor) -> Tensor:
    with torch.no_grad():
        images: Tensor = network(latents, labels).clamp(-1, 1).contiguous()
    return images


def _refused(what: str, code: str) -> GeneratorError:
    return GeneratorError(
        f"This generator file is refused. {what}", do="Ask for a file that `ganaug generator export` wrote.", code=code
    )


def _read(path: Path) -> bytes:
    """Return the file's bytes, read once: what is checked is what is used."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise _refused("It is not an ordinary file.", "file")
        if not _FILE_BYTES[0] <= found.st_size <= _FILE_BYTES[1]:
            raise _refused(f"It holds {found.st_size:,} bytes; from 16 bytes to 1 GB can be a generator.", "size")
        with path.open("rb") as file:
            content = file.read(_FILE_BYTES[1] + 1)
    except OSError as error:
        raise GeneratorError(
            f"{path.name} cannot be read ({error.strerror}).", do="Check the path and its permissions.", code="file"
        ) from error
    # by the ninth byte, because the length before it may look like a pickle's or a ZIP's beginning
    if content[8:9] != b"{":
        if content[:2] == b"PK" or content[:1] == b"\x80":
            raise _refused(
                "It is a pickle or a PyTorch file, which can run programs when it is opened; it was not opened.",
                "pickle",
            )
        raise _refused("It is not a safetensors file.", "foreign")
    return content


def _data_start(content: bytes) -> int:
    length: int = struct.unpack("<Q", content[:8])[0]
    return 8 + length


def _header(content: bytes) -> dict[str, Any]:
    start = _data_start(content)
    if start > 8 + _HEADER_BYTES or start > len(content):
        raise _refused("Its header is longer than the file or than 1 MB.", "header")
    header = _strict_json(content[8:start], "header")
    if not isinstance(header, dict):
        raise _refused("Its header is not an object.", "header")
    return header


def _passport(header: dict[str, Any]) -> Passport:
    """Take the passport out of the header."""
    metadata = header.pop("__metadata__", None)
    text = metadata.get(_KEY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise _refused("It holds weights without a ganaug passport, so nobody knows what they are.", "no_passport")
    if len(text) > _PASSPORT_CHARACTERS:
        raise _refused("Its passport is longer than 256 kB.", "passport")
    _strict_json(text.encode("utf-8", "surrogatepass"), "passport")
    try:
        return Passport.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "passport"
        raise _refused(f"Its passport is wrong at {place[:60]}: {first['msg'][:80]}.", "passport") from error


def _strict_json(text: bytes, name: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(pairs)
        if len(content) != len(pairs):
            raise ValueError("a key twice")
        return content

    def no_constant(constant: str) -> None:
        raise ValueError(constant)

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise _refused(f"Its {name} is not proper JSON.", name) from error


def _described(name: str, entry: Any) -> tuple[torch.dtype, tuple[int, ...]]:
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or entry.get("dtype") != "F32":
        raise _refused(f"Its tensor {name[:40]} is not an array of float32.", "tensors")
    return torch.float32, tuple(shape)


def _check_names(found: Mapping[str, tuple[torch.dtype, tuple[int, ...]]], passport: Passport) -> None:
    """Compare names and shapes with those of the architecture, without allocating any."""
    with torch.device("meta"):
        network = _architecture(passport).generator(_shape(passport), len(passport.classes))
    expected = {name: tuple(each.shape) for name, each in network.state_dict().items() if each.is_floating_point()}
    if set(found) != set(expected):
        missing, surplus = len(set(expected) - set(found)), len(set(found) - set(expected))
        raise _refused(f"Its tensors are not those of its architecture: {missing} missing, {surplus} more.", "tensors")
    for name, (dtype, shape) in found.items():
        if dtype != torch.float32 or shape != expected[name]:
            raise _refused(f"Its tensor {name} is {list(shape)} and should be {list(expected[name])}.", "tensors")


def _architecture(passport: Passport) -> Architecture:
    card = passport.architecture
    try:
        part = look_up(ARCHITECTURES, card.name, "architecture", card.settings)
    except ConfigurationError as error:
        raise _refused(f"{error.what} {error.do}", "architecture") from error
    if {each.name for each in fields(part)} != set(card.settings):  # type: ignore[arg-type]
        raise _refused("Its passport does not give every setting of the architecture.", "architecture")
    return part


def _shape(passport: Passport) -> tuple[int, int, int]:
    card = passport.architecture
    return card.channels, card.rows, card.columns


def _check_weights(tensors: Mapping[str, Tensor]) -> None:
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise _refused(f"Its tensor {name} holds values that are not numbers.", "nonfinite")
        if tensor.abs().max() > _LARGEST_WEIGHT:
            raise _refused(f"Its tensor {name} holds {float(tensor.abs().max()):.3g}, which no training makes.", "range")
        if name.endswith("running_var") and (tensor < 0).any():
            raise _refused(f"Its tensor {name} holds a negative variance.", "range")


def _try_out(network: nn.Module, latent: int, classes: int) -> None:
    """Draw the same two latents for every class and look at the images."""
    source = torch.Generator().manual_seed(0)
    latents = torch.randn(2, latent, generator=source).repeat(classes, 1)
    images = _run(network, latents, torch.arange(classes).repeat_interleave(2))
    if not torch.isfinite(images).all():
        raise _refused("It makes images that are not finite.", "self_test")
    if bool((images.flatten(1).std(1) < _SMALLEST_SPREAD).any()):
        raise _refused("It makes an empty image, all of one grey.", "self_test")
    pairs = images.view(classes, -1)
    if classes > 1 and float((pairs - pairs[:1]).abs().amax(1)[1:].min()) < _SMALLEST_DIFFERENCE:
        raise _refused("It makes the same image for two classes, so it ignores the class.", "self_test")
