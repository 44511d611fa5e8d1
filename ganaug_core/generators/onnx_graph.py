"""What an ONNX file holds, found without running any of it: what goes in, what comes out, and why it is refused.

An ONNX file is a graph of named operations, not a program: none of its operations reaches files or the network. What
could still harm or hang the machine is refused here (operations of other libraries, loops, data outside its folder);
memory and time are bounded by the process that tries it (`guard.py`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ganaug_core.errors import ConfigurationError, GeneratorError

if TYPE_CHECKING:
    import onnx

MOST_BYTES = 1 << 30
_OWN_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")  # what the runtime itself knows
_LOOPS = ("Loop", "Scan", "SequenceMap")
_CLASS_NAMES = re.compile(r"(^|_|\.)(y|c|labels?|class(es)?|cond(ition)?|one_?hot)($|_|\.|\d)", re.IGNORECASE)
_IMAGE_NAMES = re.compile(r"image|img|fake|sample|picture", re.IGNORECASE)


@dataclass(frozen=True)
class Ports:
    """Where a network takes what it draws from, and where its images come out.

    Attributes:
        latent: Name of the input for the latent vector.
        length: Numbers in a latent vector.
        classes: Name of the input for the class, empty where there is none.
        kind: How the class is told.
        image: Name of the output.
    """

    latent: str
    length: int
    classes: str
    kind: Literal["none", "integer", "one-hot"]
    image: str

    def settings(self) -> dict[str, bool | int | float | str]:
        """Return the same as settings of a passport, which hold no empty text."""
        return {name: value for name, value in asdict(self).items() if value != ""}

    @classmethod
    def of(cls, settings: dict[str, Any]) -> "Ports":
        """Return the ports of a passport's settings.

        Raises:
            GeneratorError: They are not those of a network.
        """
        try:
            return cls(**{name: settings.get(name, "") for name in cls.__dataclass_fields__})
        except TypeError as error:
            raise refused("Its passport does not say where its class goes in and its images come out.") from error


_DO = "Export the network again, or draw its images with its own program."


def refused(what: str, do: str = _DO) -> GeneratorError:
    """Return why an ONNX file is not taken."""
    return GeneratorError(f"This ONNX file is refused. {what}", do=do, code="onnx")


def require_packages() -> None:
    """Refuse where the packages that read and run ONNX files are not installed.

    Raises:
        ConfigurationError: They are not.
    """
    from importlib.util import find_spec

    missing = [name for name in ("onnx", "onnxruntime", "onnxscript") if find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f"ONNX files need packages that are not installed: {', '.join(missing)}.",
            do='Install them: pip install "ganaug[onnx]".',
            code="package",
        )


def read(path: Path) -> "onnx.ModelProto":
    """Return the graph of a file with its numbers, also those that lie in files beside it.

    Raises:
        GeneratorError: No ONNX file, too large, or what it needs lies elsewhere.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MOST_BYTES else b""
    except OSError as error:
        raise refused(
            f"{path.name} cannot be read ({error.strerror}).", "Check the path and its permissions."
        ) from error
    if not content:
        raise refused(f"It holds {size:,} bytes; up to 1 GB can be a generator.")
    model = parsed(content)
    _take_in(model, path.parent, size)
    return model


def parsed(content: bytes) -> "onnx.ModelProto":
    """Return the graph of a file's bytes.

    Raises:
        GeneratorError: It is no ONNX file, or damaged.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(content)
    except (DecodeError, ValueError) as error:
        raise refused("It cannot be read as an ONNX graph: it is damaged or something else.") from error
    if not model.graph.node:
        raise refused("It holds no operations, so it is no network.")
    return model


def check(model: "onnx.ModelProto") -> None:
    """Refuse a graph that is not whole, or that holds what nobody can foresee.

    Raises:
        GeneratorError: Operations of other libraries, loops, or a graph that breaks the format's rules.
    """
    import onnx

    known = {(function.domain, function.name) for function in model.functions}
    nodes = list(_nodes(model))
    foreign = sorted(
        {
            f"{node.domain}.{node.op_type}"
            for node in nodes
            if node.domain not in _OWN_DOMAINS and (node.domain, node.op_type) not in known
        }
    )
    if foreign:
        raise refused(f"It needs operations of another library: {', '.join(foreign[:5])[:200]}.")
    loops = sorted({node.op_type for node in nodes if node.op_type in _LOOPS})
    if loops:
        raise refused(f"It has a loop ({', '.join(loops)}), whose end nobody can foresee.")
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as error:
        raise refused(f"It breaks the format's rules: {_first_line(error)}.") from error


def ports(model: "onnx.ModelProto", classes: int, latent: str = "", class_input: str = "", image: str = "") -> Ports:
    """Return where the latent vector and the class go in and where the images come out, by type, shape and name.

    Args:
        classes: How many classes the network is said to draw.
        latent: Name of that input where somebody has said it; likewise `class_input` and `image`.

    Raises:
        GeneratorError: Nothing fits, or more than one thing does.
    """
    given = {tensor.name for tensor in model.graph.initializer}
    inputs = {value.name: value for value in model.graph.input if value.name not in given}
    outputs = {value.name: value for value in model.graph.output}
    for name, there in ((latent, inputs), (class_input, inputs), (image, outputs)):
        if name and name not in there:
            raise refused(f"It has no {name!r}; it has {_listed(inputs)} and makes {_listed(outputs)}.", _SAY)
    classes_at, kind = _class_input(inputs, classes, latent, class_input)
    latent = _one([name for name in inputs if name != classes_at and _length(inputs[name])], latent, "latent", inputs)
    left = [name for name in inputs if name not in (latent, classes_at)]
    if left:
        raise refused(
            f"Besides latent vector and class it takes {', '.join(left)[:200]}, of which nobody knows what to give.",
            "Export the network with fixed values for these inputs.",
        )
    pictures = [name for name, value in outputs.items() if _is_float(value) and len(_shape(value)) in (0, 3, 4)]
    named = [name for name in pictures if _IMAGE_NAMES.search(name)]
    chosen = _one(named if len(named) == 1 else pictures, image, "image", outputs)
    return Ports(latent, _length(inputs[latent]), classes_at, kind, chosen)


def described(model: "onnx.ModelProto") -> str:
    """Return inputs and outputs in words, and what made the file."""
    given = {tensor.name for tensor in model.graph.initializer}
    inputs = {value.name: value for value in model.graph.input if value.name not in given}
    outputs = {value.name: value for value in model.graph.output}
    return f"It takes {_listed(inputs)} and makes {_listed(outputs)}."


_SAY = "Say which by name (on the command line --latent NAME, --class-input NAME, --image NAME)."


def _class_input(
    inputs: dict[str, Any], classes: int, latent: str, class_input: str
) -> tuple[str, Literal["none", "integer", "one-hot"]]:
    """Return the name of the input that takes the class, and how; integers come first, then names, then widths."""
    left = {name: value for name, value in inputs.items() if name != latent}
    integers = [name for name, value in left.items() if _is_integer(value)]
    vectors = [name for name, value in left.items() if _is_float(value) and _length(value)]
    if class_input:
        return class_input, "integer" if class_input in integers else "one-hot"
    if integers:
        return _one(integers, "", "class", inputs), "integer"
    if len(vectors) < (1 if latent else 2):
        return "", "none"
    named = [name for name in vectors if _CLASS_NAMES.search(name)]
    wide = [name for name in vectors if _length(left[name]) == classes]
    return _one(named if len(named) == 1 else wide, "", "class", inputs), "one-hot"


def _one(candidates: Sequence[str], said: str, what: str, there: dict[str, Any]) -> str:
    if said:
        return said
    if len(candidates) != 1:
        why = "nothing there can be" if not candidates else f"{', '.join(candidates)[:200]} could each be"
        raise refused(f"Of {_listed(there)}, {why} the {what}.", _SAY)
    return candidates[0]


def _shape(value: Any) -> list[int]:
    """Return the sizes of an input or output, 0 where one is free."""
    return [int(size.dim_value) for size in value.type.tensor_type.shape.dim]


def _length(value: Any) -> int:
    """Return how many numbers a vector for one image has: (n, length) or (n, length, 1, 1); 0 where it is none."""
    shape = _shape(value)
    return shape[1] if _is_float(value) and len(shape) >= 2 and all(size == 1 for size in shape[2:]) else 0


def _is_float(value: Any) -> bool:
    return "FLOAT" in _type(value) or _type(value) == "DOUBLE"


def _is_integer(value: Any) -> bool:
    return _type(value) in ("INT32", "INT64")


def _type(value: Any) -> str:
    import onnx

    return str(onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type))


def _listed(values: dict[str, Any]) -> str:
    """Return names, types and shapes in words."""
    words = []
    for name, value in values.items():
        sizes = " x ".join(str(size) if size else "any" for size in _shape(value)) or "one number"
        words.append(f"{name} ({_type(value).lower()}, {sizes})")
    return ", ".join(words)[:400] or "nothing"


def _nodes(model: "onnx.ModelProto") -> Iterator["onnx.NodeProto"]:
    """Yield every operation, also those inside branches and functions."""
    waiting = [*model.graph.node, *(node for function in model.functions for node in function.node)]
    while waiting:
        node = waiting.pop()
        yield node
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                waiting.extend(graph.node)


def _take_in(model: "onnx.ModelProto", folder: Path, size: int) -> None:
    """Read the numbers that lie in files beside the graph.

    Raises:
        GeneratorError: They lie outside its folder, are not there, or are too many.
    """
    from onnx import TensorProto
    from onnx.checker import ValidationError
    from onnx.external_data_helper import load_external_data_for_model

    attributes = [attribute for node in _nodes(model) for attribute in node.attribute]
    graphs = [model.graph, *(graph for attribute in attributes for graph in (attribute.g, *attribute.graphs))]
    tensors = [tensor for graph in graphs for tensor in graph.initializer]
    tensors += [tensor for attribute in attributes for tensor in (attribute.t, *attribute.tensors)]
    elsewhere = [tensor for tensor in tensors if tensor.data_location == TensorProto.EXTERNAL]
    names = {entry.value for tensor in elsewhere for entry in tensor.external_data if entry.key == "location"}
    for name in sorted(names):
        path = folder / name
        if Path(name).name != name or path.is_symlink():
            raise refused(f"Its numbers lie outside its folder ({name[:80]}).", "Put the data file beside it.")
        if not path.is_file():
            raise refused(f"Its numbers lie in {name[:80]}, which is not beside it.", "Put both files into one folder.")
        size += path.stat().st_size
    if size > MOST_BYTES:
        raise refused(f"With its data it holds {size:,} bytes; up to 1 GB can be a generator.")
    try:
        if names:
            load_external_data_for_model(model, str(folder))
    except (ValidationError, ValueError, OSError) as error:
        raise refused(f"The data beside it cannot be read: {_first_line(error)}.") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0][:160].rstrip(".")
