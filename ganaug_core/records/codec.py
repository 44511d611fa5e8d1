"""Records as they are kept: plain values for a JSON manifest, and arrays beside it; the types say how to read them."""

import math
import types
from collections.abc import Collection, Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from functools import cache, lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

Record = TypeVar("Record")
_FITTING: dict[Any, frozenset[type]] = {
    float: frozenset((float, int)),
    **{kind: frozenset((kind,)) for kind in (int, str, bool)},
}
"""Types of values that a plain type takes as they are."""


def encode(record: Any) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return a record's values for the manifest, and its arrays; those of a dictionary are named `field.key`."""
    values, arrays = dict[str, Any](), dict[str, NDArray[Any]]()
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, np.ndarray):
            arrays[field.name] = value
        elif _holds_arrays(type(record), field.name):
            arrays.update({f"{field.name}.{key}": np.asarray(array) for key, array in value.items()})
        else:
            values[field.name] = plain(value)
    return values, arrays


def decode(kind: type[Record], values: Mapping[str, Any], arrays: Mapping[str, Any] | None = None) -> Record:
    """Return the record that `encode` took apart; fields that are missing take their default.

    A field whose name changed is read under the name that it `was` kept under.

    Raises:
        ValueError: A value is missing or of another form than its type; the message names the field.
    """
    given: dict[str, Any] = {}
    for name, was, hint, fitting, holds_arrays, is_required in _fields(kind):  # type: ignore[arg-type]
        if holds_arrays:
            start = f"{name}."
            given[name] = {
                key.removeprefix(start): array for key, array in (arrays or {}).items() if key.startswith(start)
            }
        elif arrays is not None and name in arrays:
            given[name] = arrays[name]
        elif (kept := name if name in values else was) in values:
            value = values[kept]
            given[name] = value if type(value) in fitting else _read(hint, value, name)
        elif is_required:
            raise ValueError(f"{name} is missing")
    return kind(**given)


def plain(value: Any) -> Any:
    """Return the JSON form of a value: dataclasses become objects, tuples lists, NumPy's numbers Python's."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, tuple | list):
        return [plain(entry) for entry in value]
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def in_json(value: Any) -> Any:
    """Return a value, or the fields of a record, as the documents of the command line hold them.

    What is not finite becomes null, an interval with such an end as a whole; a record's `class_name` is `class`.
    """
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value)]
        document = {"class" if name == "class_name" else name: in_json(getattr(value, name)) for name in names}
        whole = None not in (document.get("interval") or ())
        return document if whole else {**document, "interval": None}
    if isinstance(value, Mapping):
        return {key: in_json(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [in_json(entry) for entry in value]
    number = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(number, float) and not math.isfinite(number) else number


def _read(hint: Any, value: Any, name: str) -> Any:
    """Return a JSON value in the form that its type asks for."""
    origin, arguments = _form(hint)
    if origin is np.ndarray:
        raise ValueError(f"the array {name} is missing")
    if origin in (Union, types.UnionType):
        return _optional(arguments, value, name)
    if origin is tuple:
        return _tuple(arguments, value, name)
    if origin is dict or origin is Mapping or hint is dict:
        return _dictionary(arguments, value, name)
    return value if hint is Any else _plain_or_record(hint, value, name)


def _optional(arguments: tuple[Any, ...], value: Any, name: str) -> Any:
    if value is None and type(None) in arguments:
        return None
    return _read(next(argument for argument in arguments if argument is not type(None)), value, name)


def _dictionary(arguments: tuple[Any, ...], value: Any, name: str) -> dict[Any, Any]:
    entries = _object(value, name)
    if not arguments or _all_fit(arguments[1], entries.values()):
        return dict(entries)
    return {key: _read(arguments[1], entry, name) for key, entry in entries.items()}


def _object(value: Any, name: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no object")
    return value


def _plain_or_record(hint: Any, value: Any, name: str) -> Any:
    if isinstance(hint, type) and is_dataclass(hint):
        return decode(hint, _object(value, name))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return value  # JSON writes 1.0 as it was: a whole number stays one
    if isinstance(hint, type) and not isinstance(value, hint):
        raise ValueError(f"{name} is no {hint.__name__}")
    return value


def _tuple(arguments: tuple[Any, ...], value: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{name} is no list")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        if _all_fit(arguments[0], value):
            return tuple(value)
        return tuple(_read(arguments[0], entry, name) for entry in value)
    if len(arguments) != len(value):
        raise ValueError(f"{name} has {len(value)} entries instead of {len(arguments)}")
    return tuple(_read(hint, entry, name) for hint, entry in zip(arguments, value, strict=True))


def _all_fit(hint: Any, values: Collection[Any]) -> bool:
    """Whether plain values are what their type asks for, seen at once: long lists of numbers are common."""
    return hint in _FITTING and set(map(type, values)) <= _FITTING[hint]


@cache
def _form(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    return get_origin(hint), get_args(hint)


@cache
def _fields(kind: type) -> tuple[tuple[str, str, Any, frozenset[type], bool, bool], ...]:
    """Return of each field its name, the name that it was kept under, its type, the types of values that are taken as
    they are, whether it is a dictionary of arrays, and whether it has no default."""
    return tuple(
        (
            field.name,
            field.metadata.get("was", field.name),
            hint := _hints(kind)[field.name],
            _FITTING.get(hint, frozenset()),
            _holds_arrays(kind, field.name),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(kind)
    )


@lru_cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _holds_arrays(kind: type, name: str) -> bool:
    """Whether a field is a dictionary of arrays."""
    hint = _hints(kind)[name]
    return get_origin(hint) is dict and get_origin(get_args(hint)[1]) is np.ndarray
