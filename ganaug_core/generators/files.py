"""The generator file: one `.safetensors`, tensors and a passport in JSON.

Loading goes from the cheapest check to the dearest and refuses in words. Nothing in the file is executed, and nothing
is mapped into memory, where a file that somebody shortens would kill the process.
"""

import hashlib
import json
import math
import stat
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from torch import Tensor, nn

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.architectures.layers import draw_latents
from ganaug_core.config import Passport
from ganaug_core.errors import ConfigurationError, GeneratorError
from ganaug_core.generators import onnx_network
from ganaug_core.generators.container import KEY, data_start, with_passport
from ganaug_core.generators.sampling import Generator, image_shape, run
from ganaug_core.interfaces import Architecture, look_up
from ganaug_core.storage.workspace import write_atomic

_FILE_BYTES = (16, 1 << 30)
_HEADER_BYTES = 1 << 20
_PASSPORT_CHARACTERS = 256 << 10
_TYPES = {"F32": (4, "torch.float32"), "U8": (1, "torch.uint8")}  # bytes hold the network of another program
_LARGEST_WEIGHT = 1e4
_SMALLEST_SPREAD = 1e-3
_SMALLEST_DIFFERENCE = 1e-6


def write(path: Path, passport: Passport, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Write a generator file whole or not at all.

    Raises:
        GeneratorError: The weights are not finite or do not fit the passport.
        WorkspaceError: The disk is full.
    """
    write_atomic(path, packed(passport, weights))


def packed_network(passport: Passport, network: bytes) -> bytes:
    """Return the bytes of a generator file for a network of another program: one tensor of bytes."""
    tensor = torch.frombuffer(bytearray(network), dtype=torch.uint8)
    return _joined(passport, safetensors.torch.save({onnx_network.TENSOR: tensor}))


def packed(passport: Passport, weights: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Return the bytes of a generator file.

    Raises:
        GeneratorError: The weights are not finite or do not fit the passport.
    """
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in weights.items()}
    wrong = _wrong_weights(tensors) or _wrong_shapes(
        {name: (str(tensor.dtype), tuple(tensor.shape)) for name, tensor in tensors.items()}, passport
    )
    if wrong:
        raise GeneratorError(
            f"The generator was not written. {wrong[0]}", do="Resume the run from its last checkpoint.", code=wrong[1]
        )
    return _joined(passport, safetensors.torch.save(tensors))


def _joined(passport: Passport, bare: bytes) -> bytes:
    complete = passport.model_copy(update={"tensors_sha256": hashlib.sha256(bare[data_start(bare) :]).hexdigest()})
    return with_passport(bare, complete.model_dump(mode="json"))


def load(path: Path) -> Generator:
    """Read a generator file, check it and try it.

    Raises:
        GeneratorError: The file is foreign, damaged, changed, or does not do what it says; `code` says which.
    """
    return loads(read(path))


def loads(content: bytes) -> Generator:
    """Return the generator of a file's bytes, checked and tried.

    Raises:
        GeneratorError: As `load`.
    """
    _require_safetensors(content[:9])
    passport, _ = _checked_header(content)
    if hashlib.sha256(content[data_start(content) :]).hexdigest() != passport.tensors_sha256:
        raise _refused("Its weights are not those that were written: the file is damaged or was changed.", "checksum")
    try:
        tensors = safetensors.torch.load(content)
    except SafetensorError as error:
        raise _refused(f"Its tensors cannot be read ({str(error)[:80]}).", "tensors") from error
    wrong = _wrong_weights(tensors)
    if wrong:
        raise _refused(*wrong)
    if passport.architecture.name == onnx_network.NAME:
        foreign = onnx_network.opened(passport, tensors[onnx_network.TENSOR].numpy().tobytes())
        network, latent = cast(nn.Module, foreign), foreign.ports.length
    else:
        architecture = _architecture(passport)
        network = architecture.generator(image_shape(passport), len(passport.classes))
        network.load_state_dict(tensors, strict=False)
        latent = architecture.latent
    network.eval().requires_grad_(False)
    _try_out(network, latent, len(passport.classes))
    return Generator(passport, passport.identity, latent, network)


def _refused(what: str, code: str) -> GeneratorError:
    return GeneratorError(
        f"This generator file is refused. {what}",
        do="Ask for a file that ganaug has exported (page Generators, or `ganaug generator export`).",
        code=code,
    )


def read(path: Path) -> bytes:
    """Return the file's bytes, read once: what is checked is what is used."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _refused("It is not an ordinary file.", "file")
        if not _FILE_BYTES[0] <= status.st_size <= _FILE_BYTES[1]:
            raise _refused(f"It holds {status.st_size:,} bytes; from 16 bytes to 1 GB can be a generator.", "size")
        with path.open("rb") as file:
            start = file.read(9)
            _require_safetensors(start)
            length = _data_start(start, status.st_size)
            head = start + file.read(length - len(start))
            size = length + _bytes_of_tensors(_checked_header(head)[1])
            if size != status.st_size:
                held = f"it holds {status.st_size:,} bytes, and its header tells of {size:,}"
                raise _refused(f"It is damaged or was changed: {held}.", "size")
            content = head + file.read(size - length + 1)
    except OSError as error:
        raise GeneratorError(
            f"{path.name} cannot be read ({error.strerror}).", do="Check the path and its permissions.", code="file"
        ) from error
    if len(content) != size:
        raise _refused("It was changed while it was read.", "size")
    return content


def _require_safetensors(start: bytes) -> None:
    """Refuse another format by the ninth byte: the length before it may look like a pickle's or a ZIP's beginning."""
    if start[8:9] == b"{":
        return
    if start[:2] == b"PK" or start[:1] == b"\x80":
        raise _refused(
            "It is a pickle or a PyTorch file, which can run programs when it is opened; it was not opened.", "pickle"
        )
    raise _refused("It is not a safetensors file.", "foreign")


def _data_start(content: bytes, size: int) -> int:
    start = data_start(content)
    if start > 8 + _HEADER_BYTES or start > size:
        raise _refused("Its header is longer than the file or than 1 MB.", "header")
    return start


def _checked_header(content: bytes) -> tuple[Passport, dict[str, Any]]:
    """Return passport and tensors of a header, which fit each other; nothing is allocated for the tensors.

    Args:
        content: The file's bytes, at least up to the first tensor.
    """
    header = _strict_json(content[8 : _data_start(content, len(content))], "header")
    if not isinstance(header, dict):
        raise _refused("Its header is not an object.", "header")
    passport = _passport(header)
    wrong = _wrong_shapes({name: _described(name, entry) for name, entry in header.items()}, passport)
    if wrong:
        raise _refused(*wrong)
    return passport, header


def _bytes_of_tensors(header: Mapping[str, Any]) -> int:
    return sum(_TYPES[entry["dtype"]][0] * math.prod(entry["shape"]) for entry in header.values())


def _passport(header: dict[str, Any]) -> Passport:
    """Take the passport out of the header."""
    metadata = header.pop("__metadata__", None)
    text = metadata.get(KEY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise _refused("It holds weights without a ganaug passport, so nobody knows what they are.", "no_passport")
    if len(text) > _PASSPORT_CHARACTERS:
        raise _refused("Its passport is longer than 256 kB.", "passport")
    _strict_json(text.encode("utf-8", "surrogatepass"), "passport")
    try:
        return Passport.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        location = ".".join(str(step) for step in first["loc"]) or "passport"
        raise _refused(f"Its passport is wrong at {location[:60]}: {first['msg'][:80]}.", "passport") from error


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


def _described(name: str, entry: Any) -> tuple[str, tuple[int, ...]]:
    """Return type and shape of a tensor; an entry that says anything else, or does not add up, is refused."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"} or entry["dtype"] not in _TYPES:
        raise _refused(f"Its tensor {name[:40]} is not an array of float32.", "tensors")
    size, dtype = _TYPES[entry["dtype"]]
    shape, place = entry["shape"], entry["data_offsets"]
    whole = all(type(number) is int and number >= 0 for numbers in (shape, place) for number in _listed(numbers))
    if not whole or len(_listed(place)) != 2 or place[1] - place[0] != size * math.prod(_listed(shape)):
        raise _refused(f"Its tensor {name[:40]} has a shape that its place in the file does not fit.", "tensors")
    return dtype, tuple(shape)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [None]


def _wrong_shapes(described: Mapping[str, tuple[str, tuple[int, ...]]], passport: Passport) -> tuple[str, str] | None:
    """Compare names, types and shapes with those of the architecture, without allocating any memory for them."""
    if passport.architecture.name == onnx_network.NAME:
        whole = [(name, dtype, len(shape)) for name, (dtype, shape) in described.items()]
        return None if whole == [(onnx_network.TENSOR, "torch.uint8", 1)] else ("It holds no network.", "tensors")
    try:
        with torch.device("meta"):
            network = _architecture(passport).generator(image_shape(passport), len(passport.classes))
    except ConfigurationError as error:
        raise _refused(error.what, "architecture") from error
    expected = {
        name: (str(tensor.dtype), tuple(tensor.shape))
        for name, tensor in network.state_dict().items()
        if tensor.is_floating_point()
    }
    if set(described) != set(expected):
        missing, surplus = len(set(expected) - set(described)), len(set(described) - set(expected))
        return f"Its tensors are not those of its architecture: {missing} missing, {surplus} unknown.", "tensors"
    for name, (dtype, shape) in described.items():
        if (dtype, shape) != expected[name]:
            return f"Its tensor {name} is {dtype} {list(shape)} and should be {list(expected[name][1])}.", "tensors"
    return None


def _architecture(passport: Passport) -> Architecture:
    card = passport.architecture
    try:
        architecture = look_up(ARCHITECTURES, card.name, "architecture", card.settings)
    except ConfigurationError as error:
        raise _refused(f"{error.what} {error.do}", "architecture") from error
    required = {field.name for field in fields(architecture) if not field.metadata.get("later")}  # type: ignore[arg-type]
    if required - set(card.settings):
        raise _refused("Its passport does not give every setting of the architecture.", "architecture")
    return architecture


def _wrong_weights(tensors: Mapping[str, Tensor]) -> tuple[str, str] | None:
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            return f"Its tensor {name} holds values that are not numbers.", "nonfinite"
        largest = float(tensor.abs().max())
        if largest > _LARGEST_WEIGHT:
            return f"Its tensor {name} holds {largest:.3g}, which no training makes.", "range"
        if name.endswith("running_var") and bool((tensor < 0).any()):
            return f"Its tensor {name} holds a negative variance.", "range"
    return None


def _try_out(network: nn.Module, latent: int, classes: int) -> None:
    """Draw the same two latents for every class and look at the images."""
    source = torch.Generator().manual_seed(0)
    latents = draw_latents(network, latent, 2, source).repeat(classes, 1)  # (2 * class, latent)
    images = run(network, latents, torch.arange(classes).repeat_interleave(2))
    if not torch.isfinite(images).all():
        raise _refused("It makes images that are not finite.", "self_test")
    by_class = images.view(classes, -1)  # (class, pixel of the two images)
    if float(by_class.std(1).min()) < _SMALLEST_SPREAD:
        raise _refused("It makes empty images, all of one grey.", "self_test")
    if classes > 1 and float((by_class - by_class[:1]).abs().max()) < _SMALLEST_DIFFERENCE:
        raise _refused("It makes the same images for every class, so it ignores the class.", "self_test")
