"""What a collection's tags ask of everybody who uses it. AWS gives tags no such meaning; ours begin with `lookalike:`.

  lookalike:retention-days   faces are erased so many days after they were indexed
  lookalike:purpose          what the collection is for; told in the audit of every call about it
  lookalike:min-similarity   no search finds faces or users that are less alike, whatever threshold it names
  lookalike:consent          `required`: only ExternalImageIds with a recorded consent are indexed

They are set by CreateCollection and TagResource, as any tag, and lifted by UntagResource: who may do that is a matter
of access policies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from ..errors import InvalidParameterException
from .tables import Head

PREFIX = "lookalike:"
_MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Policy:
    """A collection's policy; without tags it asks for nothing."""

    retention: timedelta | None = None
    """How long a face is kept; None for ever."""
    purpose: str = ""
    min_similarity: float = 0.0
    """0 to 100."""
    consent_required: bool = False


def read(tags: Mapping[str, str]) -> Policy:
    """The policy of these tags. Raises InvalidParameterException for a value, or a name of ours, that means nothing."""
    values: dict[str, Any] = {}
    for name, value in tags.items():
        if not name.startswith(PREFIX):
            continue
        if name not in _MEMBERS:
            raise InvalidParameterException(f"The tag {name} is no policy; there are {', '.join(_MEMBERS)}")
        member, parse, wanted = _MEMBERS[name]
        try:
            values[member] = parse(value)
        except ValueError:
            raise InvalidParameterException(f"The value of the tag {name} must be {wanted}") from None
    return Policy(**values)


def policy_of(head: Head) -> Policy:
    """The policy of a collection."""
    return _read(head.tags)


@lru_cache(maxsize=4096)
def _read(tags: str) -> Policy:
    return read(json.loads(tags))


def _days(value: str) -> timedelta:
    if not (value.isascii() and value.isdecimal() and 0 < int(value) <= _MOST_DAYS):
        raise ValueError
    return timedelta(days=int(value))


def _similarity(value: str) -> float:
    if not 0 <= (similarity := float(value)) <= 100:
        raise ValueError
    return similarity


def _purpose(value: str) -> str:
    if not value.strip():
        raise ValueError
    return value


def _required(value: str) -> bool:
    if value != "required":
        raise ValueError
    return True


_MEMBERS: Mapping[str, tuple[str, Callable[[str], Any], str]] = {
    f"{PREFIX}retention-days": ("retention", _days, f"a whole number of days from 1 to {_MOST_DAYS}"),
    f"{PREFIX}purpose": ("purpose", _purpose, "a text that is not empty"),
    f"{PREFIX}min-similarity": ("min_similarity", _similarity, "a number from 0 to 100"),
    f"{PREFIX}consent": ("consent_required", _required, "`required`"),
}
