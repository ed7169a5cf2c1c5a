"""AWS JSON 1.1: bodies to members and back, by the shapes of the service model.

    members   dict, list, str, int, float, bool, bytes (blob), datetime with a zone (timestamp)
    on the wire   the same, but a blob is base64 and a timestamp is epoch seconds with a fraction

`read` is lenient where AWS is (unknown members and nulls are dropped, a fraction is cut from an integer)
and refuses the rest with `SerializationException`. `write` is strict: a result that AWS could not send is a
defect of ours. Their inverses are botocore's `serialize.JSONSerializer` and `parsers.JSONParser`.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from operator import index
from typing import Any, NoReturn

import msgspec

from ..errors import SerializationException
from . import service

Convert = Callable[[Any], Any]

_SHOWN = 64
"""Characters of a wrong value that an error message repeats."""


class ShapeError(TypeError):
    """A value that the model's shape cannot hold: a defect of the operation that made it."""


def read(operation: str, body: bytes) -> dict[str, Any]:
    """The members of a request's body.

    Raises SerializationException for a body that is no JSON object, or a value of another type than the model's.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise SerializationException(f"The request body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise SerializationException("The request body is not a JSON object")
    members: dict[str, Any] = _reader(service.request_shape(operation))(document)
    return members


def write(operation: str, result: Mapping[str, Any]) -> bytes:
    """The JSON of a result; a member that is None is left out.

    Raises ShapeError for a member, a type or an enum value that the model lacks.
    """
    return encode(service.result_shape(operation), result)


def encode(shape: str, members: Mapping[str, Any]) -> bytes:
    """The JSON of members of any shape. Raises ShapeError as `write` does."""
    return msgspec.json.encode(_writer(shape, _epoch)(members))


def conform(shape: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """Members that never see the wire, checked like those that do: a copy without Nones. Raises ShapeError."""
    checked: dict[str, Any] = _writer(shape, _moment)(members)
    return checked


# ---- reading


@cache
def _reader(name: str) -> Convert:
    shape = service.shape(name)
    match shape["type"]:
        case "structure":
            return _read_structure({member: _reader(at["shape"]) for member, at in shape["members"].items()})
        case "list":
            return _read_list(_reader(shape["member"]["shape"]))
        case "map":
            return _read_map(_reader(shape["value"]["shape"]))
    return _READERS[shape["type"]]


def _read_structure(members: Mapping[str, Convert]) -> Convert:
    def read(value: Any) -> dict[str, Any]:
        if value.__class__ is not dict:
            _unexpected(value, "Expected null")
        return {
            name: convert(item) for name, item in value.items() if item is not None and (convert := members.get(name))
        }

    return read


def _read_list(element: Convert) -> Convert:
    def read(value: Any) -> list[Any]:
        if value.__class__ is not list:
            _unexpected(value, "Expected list or null")
        # A null element stays: validation says that it must not be.
        return [None if item is None else element(item) for item in value]

    return read


def _read_map(element: Convert) -> Convert:
    def read(value: Any) -> dict[str, Any]:
        if value.__class__ is not dict:
            _unexpected(value, "Expected map or null")
        return {key: element(item) for key, item in value.items() if item is not None}

    return read


def _read_string(value: Any) -> str:
    return value if value.__class__ is str else _unexpected(value, _inconvertible(value, "a String"))


def _read_boolean(value: Any) -> bool:
    return value if value.__class__ is bool else _unexpected(value, _inconvertible(value, "a Boolean"))


def _read_float(value: Any) -> float:
    if value.__class__ not in _NUMBERS or not -_LARGEST <= value <= _LARGEST:
        _unexpected(value, _inconvertible(value, "a Float"))
    return float(value)


def _whole(bits: int, kind: str) -> Convert:
    limit = 1 << bits - 1

    def read(value: Any) -> int:
        if value.__class__ in _NUMBERS and -limit <= (whole := int(value)) < limit:
            return whole
        _unexpected(value, _inconvertible(value, kind))

    return read


def _read_timestamp(value: Any) -> datetime:
    try:
        return datetime.fromtimestamp(_read_float(value), UTC)
    except (OverflowError, ValueError, OSError):
        raise SerializationException(_inconvertible(value, "a Timestamp")) from None


def _read_blob(value: Any) -> bytes:
    if value.__class__ is not str:
        _unexpected(value, _inconvertible(value, "a Blob"))
    try:
        # msgspec's decoder: strict, and 4 times as fast as binascii's (3.2 ms against 13 for 5 MB).
        return msgspec.convert(value, bytes)
    except msgspec.ValidationError:
        raise SerializationException(_not_base64(value)) from None


_NUMBERS = (int, float)
_LARGEST = sys.float_info.max
_READERS: Mapping[str, Convert] = {
    "string": _read_string,
    "boolean": _read_boolean,
    "float": _read_float,
    "double": _read_float,
    "integer": _whole(32, "an Integer"),
    "long": _whole(64, "a Long"),
    "timestamp": _read_timestamp,
    "blob": _read_blob,
}


def _unexpected(value: Any, scalar: str) -> NoReturn:
    """The words of AWS's JSON front end: those for lists and structures are the same wherever they turn up."""
    if value.__class__ is list:
        raise SerializationException("Start of list found where not expected")
    if value.__class__ is dict:
        raise SerializationException("Start of structure or map found where not expected.")
    raise SerializationException(scalar)


def _inconvertible(value: Any, kind: str) -> str:
    token = {bool: f"{value}_VALUE".upper(), str: "STRING_VALUE"}.get(value.__class__, "NUMBER_VALUE")
    return f"{token} can not be converted to {kind}"


def _not_base64(text: str) -> str:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    wrong = re.search(r"[^A-Za-z0-9+/=]|=(?!=?$)", text)
    if wrong is None:
        reason = f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(text)}"
    else:
        reason = f"Invalid Base64 character: '{wrong[0]}'"
    return f"'{shown}' can not be converted to a Blob: {reason}"


# ---- writing


@cache
def _writer(name: str, timestamp: Convert) -> Convert:
    shape = service.shape(name)
    match shape["type"]:
        case "structure":
            members = {member: _writer(at["shape"], timestamp) for member, at in shape["members"].items()}
            return _write_structure(name, members)
        case "list":
            return _write_list(name, _writer(shape["member"]["shape"], timestamp))
        case "map":
            return _write_map(name, _writer(shape["value"]["shape"], timestamp))
        case "string":
            return _write_string(name, frozenset(shape.get("enum", ())))
        case "timestamp":
            return timestamp
    return _WRITERS[shape["type"]]


def _write_structure(name: str, members: Mapping[str, Convert]) -> Convert:
    def write(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ShapeError(f"{name} is a structure, not {value!r:.99}")
        if unknown := value.keys() - members.keys():
            raise ShapeError(f"{name} has no member {', '.join(sorted(map(repr, unknown)))}")
        return {member: members[member](item) for member, item in value.items() if item is not None}

    return write


def _write_list(name: str, element: Convert) -> Convert:
    def write(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise ShapeError(f"{name} is a list, not {value!r:.99}")
        return [element(item) for item in value]

    return write


def _write_map(name: str, element: Convert) -> Convert:
    def write(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise ShapeError(f"{name} is a map from strings, not {value!r:.99}")
        return {key: element(item) for key, item in value.items()}

    return write


def _write_string(name: str, values: frozenset[str]) -> Convert:
    def write(value: Any) -> str:
        if not isinstance(value, str) or (values and value not in values):
            raise ShapeError(f"{name} cannot be {value!r:.99}")
        return value

    return write


def _write_boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ShapeError(f"a boolean cannot be {value!r:.99}")
    return value


def _write_float(value: Any) -> float:
    if isinstance(value, str | bool) or not hasattr(value, "__float__") or not math.isfinite(value):
        raise ShapeError(f"a float cannot be {value!r:.99}")
    return float(value)


def _write_whole(value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ShapeError(f"an integer cannot be {value!r:.99}")
    return index(value)


def _write_blob(value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise ShapeError(f"a blob cannot be {value!r:.99}")
    return value if isinstance(value, bytes) else bytes(value)


def _moment(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ShapeError(f"a timestamp is a datetime with a zone, not {value!r:.99}")
    return value


def _epoch(value: Any) -> float:
    """Epoch seconds; AWS sends three decimals."""
    return round(_moment(value).timestamp(), 3)


_WRITERS: Mapping[str, Convert] = {
    "boolean": _write_boolean,
    "float": _write_float,
    "double": _write_float,
    "integer": _write_whole,
    "long": _write_whole,
    "blob": _write_blob,
}
