"""What the service model says of a request's members, checked and complained of in AWS's words.

Sources: answers of Rekognition quoted in aws-sdk-js-v3 issues 854 and 2310 (lengths, blobs, the path), of
other AWS services of the same framework as recorded by kinesalite's tests (order, lists, maps, ten at most).
Unconfirmed for Rekognition: how structures print, and the order of several complaints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from ..errors import ValidationException
from . import service

Check = Callable[[Any, str, list[str]], None]
"""A value, its path (as in `image.bytes`), and where complaints go."""
Constraint = tuple[str, Callable[[Any], bool]]
"""What AWS says when it does not hold, and whether it holds."""

_MOST_COMPLAINTS = 10
_MOST_SHOWN = 4096
"""Characters of a value that a complaint repeats; an answer need not grow with a hostile request."""
_MOST_MATCHED = 4096
"""Characters up to which an over-long string is still matched: a pattern may take quadratic time."""


def validate(operation: str, members: Mapping[str, Any]) -> None:
    """Check a request's members, already of the right types.

    Raises ValidationException that names every violated constraint, ten at most.
    """
    if complaints := violations(service.request_shape(operation), members):
        count = f"{len(complaints)} validation error{'s' if len(complaints) > 1 else ''} detected: "
        raise ValidationException(count + "; ".join(complaints))


def violations(shape: str, members: Mapping[str, Any]) -> list[str]:
    """What AWS would complain of in members of any shape, ten complaints at most."""
    complaints: list[str] = []
    if check := _check(shape):
        check(members, "", complaints)
    return complaints


def _complain(complaints: list[str], shown: str, path: str, constraint: str) -> None:
    if len(complaints) < _MOST_COMPLAINTS:
        complaints.append(f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}")


# ---- a check for each kind of shape; None where nothing below is constrained


@cache
def _check(name: str) -> Check | None:
    shape = service.shape(name)
    match shape["type"]:
        case "structure":
            return _check_structure(shape)
        case "list" | "map":
            return _check_collection(name, shape)
    constraints = tuple(_constraints(name))
    return _check_scalar(name, constraints) if constraints else None


def _check_scalar(name: str, constraints: tuple[Constraint, ...]) -> Check:
    def check(value: Any, path: str, complaints: list[str]) -> None:
        for words, holds in constraints:
            if not holds(value):
                _complain(complaints, _quoted(name, value), path, words)

    return check


def _check_structure(shape: service.Shape) -> Check | None:
    required = shape.get("required", ())
    fields = [
        (name, _camel(name), name in required, _check(at["shape"]))
        for name, at in shape["members"].items()
        if name in required or _check(at["shape"])
    ]

    def check(value: Any, path: str, complaints: list[str]) -> None:
        prefix = f"{path}." if path else ""
        for name, label, needed, inner in fields:
            item = value.get(name)
            if item is None:
                if needed:
                    _complain(complaints, "null", prefix + label, "Member must not be null")
            elif inner is not None:
                inner(item, prefix + label, complaints)

    return check if fields else None


def _check_collection(name: str, shape: service.Shape) -> Check:
    """A list or a map: its size, then what it holds.

    Structures in a list are named one by one (`tags.2.member.key`); of scalars AWS shows the whole list.
    """
    size = tuple(_sizes(shape))
    if shape["type"] == "map":
        contents = _check_map(name, shape)
    elif service.shape(shape["member"]["shape"])["type"] == "structure":
        contents = _check_members(_check(shape["member"]["shape"]))
    else:
        contents = _check_elements(name, tuple(_constraints(shape["member"]["shape"])))

    def check(value: Any, path: str, complaints: list[str]) -> None:
        for words, holds in size:
            if not holds(value):
                _complain(complaints, _quoted(name, value), path, words)
        contents(value, path, complaints)

    return check


def _check_members(inner: Check | None) -> Check:
    def check(value: Any, path: str, complaints: list[str]) -> None:
        for number, item in enumerate(value, 1):
            if item is None:
                _complain(complaints, "null", f"{path}.{number}.member", "Member must not be null")
            elif inner is not None:
                inner(item, f"{path}.{number}.member", complaints)

    return check


def _check_elements(name: str, constraints: tuple[Constraint, ...]) -> Check:
    words = f"Member must satisfy constraint: [{_joined(constraints)}]"

    def check(value: Any, path: str, complaints: list[str]) -> None:
        if not all(item is not None and all(holds(item) for _, holds in constraints) for item in value):
            _complain(complaints, _quoted(name, value), path, words)

    return check


def _check_map(name: str, shape: service.Shape) -> Check:
    keys, values = (tuple(_constraints(shape[part]["shape"])) for part in ("key", "value"))

    def check(value: Any, path: str, complaints: list[str]) -> None:
        if not all(holds(key) for _, holds in keys for key in value):
            _complain(complaints, _quoted(name, value), path, f"Map keys must satisfy constraint: [{_joined(keys)}]")
        if not all(holds(item) for _, holds in values for item in value.values()):
            _complain(complaints, _quoted(name, value), path, f"Map value must satisfy constraint: [{_joined(values)}]")

    return check


# ---- the constraints of a scalar


def _constraints(name: str) -> Iterator[Constraint]:
    """What a scalar shape demands, in the order in which AWS complains."""
    shape = service.shape(name)
    if "enum" in shape:
        allowed = frozenset(shape["enum"])
        yield f"Member must satisfy enum value set: [{', '.join(shape['enum'])}]", allowed.__contains__
    if "pattern" in shape:
        matches, longest = _pattern(shape["pattern"]).fullmatch, shape.get("max")
        skipped = None if longest is None else max(longest, _MOST_MATCHED)
        yield (
            f"Member must satisfy regular expression pattern: {shape['pattern']}",
            lambda value: (skipped is not None and len(value) > skipped) or matches(value) is not None,
        )
    yield from _ranges(shape) if shape["type"] in _NUMBERS else _sizes(shape)


_NUMBERS = ("integer", "long", "float", "double")


def _sizes(shape: service.Shape) -> Iterator[Constraint]:
    """Length of a string in characters, of a blob in bytes, of a list or map in elements."""
    most, least = shape.get("max"), shape.get("min")
    if most is not None:
        yield f"Member must have length less than or equal to {most}", lambda value: len(value) <= most
    if least is not None:
        yield f"Member must have length greater than or equal to {least}", lambda value: len(value) >= least


def _ranges(shape: service.Shape) -> Iterator[Constraint]:
    most, least = shape.get("max"), shape.get("min")
    if most is not None:
        yield f"Member must have value less than or equal to {most}", lambda value: value <= most
    if least is not None:
        yield f"Member must have value greater than or equal to {least}", lambda value: value >= least


_SEPARATORS = "\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
"""Unicode's category Z as the inside of a character class."""


def _pattern(java: str) -> re.Pattern[str]:
    r"""The model's Java pattern for `re`, to be matched in full.

    `re` lacks `\p`: letters and numbers always appear together with `_` in the model (by test), which is
    Unicode's `\w`. Without `\p`, Java's classes are ASCII.
    """
    python = java.replace(r"\p{L}", r"\w").replace(r"\p{N}", r"\w").replace(r"\p{Z}", _SEPARATORS)
    return re.compile(python, re.ASCII if python == java else re.NOFLAG)


def _joined(constraints: tuple[Constraint, ...]) -> str:
    # In lists of constraints the sizes come before the pattern, and the null after all.
    words = sorted((words for words, _ in constraints), key=lambda words: "pattern" in words)
    return ", ".join([*words, "Member must not be null"])


# ---- how Java prints


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def _quoted(name: str, value: Any) -> str:
    shown = _printed(name, value)
    return f"'{shown}'" if len(shown) <= _MOST_SHOWN else f"'{shown[:_MOST_SHOWN]}...'"


def _printed(name: str, value: Any) -> str:
    """A value of the shape `name` as Java's toString gives it."""
    shape = service.shape(name)
    match value:
        case list():
            shown = (_printed(shape["member"]["shape"], item) for item in value[:_MOST_SHOWN])
            return f"[{', '.join(shown)}]"
        case dict() if shape["type"] == "map":
            return f"{{{', '.join(f'{key}={item}' for key, item in value.items())}}}"
        case dict():
            members = ((_camel(key), shape["members"][key]["shape"], item) for key, item in value.items())
            return f"{name}({', '.join(f'{label}={_printed(at, item)}' for label, at, item in members)})"
    return _printed_scalar(value)


def _printed_scalar(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return _printed_float(value)
        case bytes():
            return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)


def _printed_float(value: float) -> str:
    """As Java's Float.toString: from ten million up and below a thousandth with an exponent, as in 1.0E10."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    number = Decimal(repr(value))
    exponent = number.adjusted()
    return f"{float(number.scaleb(-exponent))!r}E{exponent}"
