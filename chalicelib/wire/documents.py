"""Members as people write them in JSON, and back: read strictly, with a word on where and what is wrong.

The wire's reader drops what it does not know, as AWS does. Here a member that AWS lacks is a mistake to be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from . import protocol, service
from .validation import violations


class DocumentError(ValueError):
    """A document that AWS could not have sent; the message says where and why."""


def read_answer(operation: str, document: Any) -> dict[str, Any]:
    """The members of an answer: a blob is base64, a timestamp epoch seconds.

    Raises DocumentError for a member that AWS lacks, another type, or a value outside the model's constraints.
    """
    shape = service.result_shape(operation)
    members: dict[str, Any] = _read(shape, document, operation)
    if complaints := violations(shape, members):
        raise DocumentError(f"{operation}: {'; '.join(complaints)}")
    return members


def read_request(operation: str, document: Any) -> dict[str, Any]:
    """Some members of a request, none of them required. Raises DocumentError as `read_answer` does for types."""
    members: dict[str, Any] = _read(service.request_shape(operation), document, operation)
    return members


def write_answer(operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `read_answer`. Raises DocumentError for members that AWS lacks, or of other types."""
    return _written(service.result_shape(operation), operation, members)


def write_request(operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `read_request`."""
    return _written(service.request_shape(operation), operation, members)


def _written(shape: str, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
    try:
        written: dict[str, Any] = msgspec.json.decode(protocol.encode(shape, members))
    except protocol.ShapeError as error:
        raise DocumentError(f"{operation}: {error}") from None
    return written


def _read(name: str, value: Any, path: str) -> Any:
    shape = service.shape(name)
    match shape["type"]:
        case "structure":
            return _read_structure(name, shape, value, path)
        case "list":
            if not isinstance(value, list | tuple):
                raise DocumentError(f"{path} is a list, not {value!r:.99}")
            return [_read(shape["member"]["shape"], item, f"{path}[{at}]") for at, item in enumerate(value)]
        case "map":
            if not isinstance(value, Mapping):
                raise DocumentError(f"{path} is a map, not {value!r:.99}")
            return {key: _read(shape["value"]["shape"], item, f"{path}.{key}") for key, item in value.items()}
    return _read_scalar(name, shape["type"], value, path)


def _read_structure(name: str, shape: service.Shape, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise DocumentError(f"{path} is a structure, not {value!r:.99}")
    members = shape["members"]
    if unknown := [member for member in value if member not in members]:
        raise DocumentError(
            f"{path} has no member {', '.join(map(repr, unknown))}: AWS's {name} has {', '.join(members)}"
        )
    return {member: _read(members[member]["shape"], item, f"{path}.{member}") for member, item in value.items()}


def _read_scalar(name: str, kind: str, value: Any, path: str) -> Any:
    try:
        if kind == "timestamp" and isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if kind == "blob" and isinstance(value, str):
            return msgspec.convert(value, bytes)
        return protocol.conform(name, value)
    except (protocol.ShapeError, msgspec.ValidationError, ValueError, OverflowError) as error:
        raise DocumentError(f"{path}: {error}") from None
