"""Hypothesis strategies for the members of any botocore shape: what a client may send, what a service may answer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import strategies as st


@cache
def members(shape: Shape) -> st.SearchStrategy[Any]:
    """Values of the shape that satisfy all of its constraints; optional members come and go."""
    if isinstance(shape, StructureShape):
        required = {name: members(at) for name, at in shape.members.items() if name in shape.required_members}
        optional = {name: members(at) for name, at in shape.members.items() if name not in required}
        return st.fixed_dictionaries(required, optional=optional)
    size = shape.metadata
    least, most = size.get("min", 0), size.get("max")
    if isinstance(shape, ListShape):
        return st.lists(members(shape.member), min_size=least, max_size=min(max(least, 2), most or 2))
    if isinstance(shape, MapShape):
        return st.dictionaries(members(shape.key), members(shape.value), min_size=least, max_size=2)
    return _scalar(shape.type_name, size, least, most)


def _scalar(kind: str, size: dict[str, Any], least: Any, most: Any) -> st.SearchStrategy[Any]:
    if kind == "string":
        return _string(size, least, most)
    kinds = {
        "integer": st.integers(size.get("min", -(2**31)), size.get("max", 2**31 - 1)),
        "long": st.integers(size.get("min", -(2**53)), size.get("max", 2**53)),
        "float": st.floats(size.get("min"), size.get("max"), allow_nan=False, allow_infinity=False),
        "boolean": st.booleans(),
        "blob": st.binary(min_size=least, max_size=64),
        "timestamp": st.integers(10**12, 3 * 10**12).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC)),
    }
    return kinds[kind]


def _string(size: dict[str, Any], least: int, most: int | None) -> st.SearchStrategy[str]:
    if "enum" in size:
        return st.sampled_from(size["enum"])
    if "pattern" in size:
        return _matching(size["pattern"], least, most)
    return st.text(min_size=least, max_size=min(most or 20, least + 20))


def _matching(pattern: str, least: int, most: int | None) -> st.SearchStrategy[str]:
    r"""Strings that match in full. Of the Unicode classes of tags, a few members stand for all."""
    for name, sample in {r"\p{L}": "a-zàñ字", r"\p{Z}": "\u0020\u3000", r"\p{N}": "0-9٣"}.items():
        pattern = pattern.replace(name, sample)
    compiled = re.compile(pattern, re.NOFLAG if any(ord(letter) > 127 for letter in pattern) else re.ASCII)
    return st.from_regex(compiled, fullmatch=True).filter(lambda text: least <= len(text) <= (most or 2048))
