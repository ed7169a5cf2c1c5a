"""What a rule can see of a request: its images by their sums, its objects in S3, its members."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from . import service
from .rules import Match

if TYPE_CHECKING:
    from ..backend import Backend

LARGEST_IMAGE = 15 * 1024 * 1024
"""Bytes of an object that may be an image (AWS)."""

_STRUCTURE = Mapping[str, Any]


@dataclass(frozen=True)
class Sight:
    """One request, looked at by many rules: what is dear to learn is learned once, and only when asked for."""

    operation: str
    request: _STRUCTURE
    backend: Backend = field(repr=False)

    def fits(self, match: Match, wanted: _STRUCTURE) -> bool:
        """Whether the request has all that `match` asks for; `wanted` are its members as Python has them."""
        return (
            all(self.request.get(member) == value for member, value in wanted.items())
            and self._names(match.bucket, match.key)
            and (not match.sha256 or self.sums.issuperset(match.sha256))
        )

    def _names(self, bucket: str, key: str) -> bool:
        if (bucket, key) == ("*", "*"):
            return True
        return any(
            fnmatchcase(named.get("Bucket", ""), bucket) and fnmatchcase(named.get("Name", ""), key)
            for named in _found(service.request_shape(self.operation), self.request, "S3Object")
        )

    @cached_property
    def sums(self) -> frozenset[str]:
        """SHA-256 of every image, in hex; an object that cannot be read has none: the operation will say so."""
        found = set()
        for image in _found(service.request_shape(self.operation), self.request, "Image"):
            with suppress(ServiceError):
                found.add(hashlib.sha256(self._bytes(image)).hexdigest())
        return frozenset(found)

    def _bytes(self, image: _STRUCTURE) -> bytes:
        if "Bytes" in image:
            return bytes(image["Bytes"])
        named = image.get("S3Object", {})
        return self.backend.store.objects.image(
            named.get("Bucket", ""), named.get("Name", ""), named.get("Version"), LARGEST_IMAGE
        )


def _found(name: str, members: _STRUCTURE, wanted: str) -> Iterator[_STRUCTURE]:
    """The structures of the shape `wanted` at any depth of members of the shape `name`."""
    if name == wanted:
        yield members
        return
    for member, at in service.shape(name).get("members", {}).items():
        if isinstance(value := members.get(member), Mapping):
            yield from _found(at["shape"], value, wanted)
