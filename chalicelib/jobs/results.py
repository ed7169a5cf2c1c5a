"""Results in S3: lists of AWS's members in parts of a thousand, once for each order in which they may be asked for."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from ..store.objects import Objects

Members = Mapping[str, Any]
PART = 1000
"""Members of a part: a page is at most as long, so that it lies in two parts at most."""


@dataclass(frozen=True, slots=True)
class Results:
    """The results of all jobs in one bucket."""

    objects: Objects
    bucket: str

    def writer(self, folder: str) -> Writer:
        """A list to be appended to. `folder` names one list of one attempt, as `JobId/1/TIMESTAMP`."""
        return Writer(partial(self._put, folder))

    def page(self, folder: str, start: int, most: int) -> list[Any]:
        """Up to `most` members from the `start`-th on."""
        first, last = start // PART, (start + most - 1) // PART
        members = [member for number in range(first, last + 1) for member in self._part(folder, number)]
        return members[start - first * PART :][:most]

    def all(self, folder: str) -> Iterator[Any]:
        """Every member, read part by part."""
        number = 0
        while part := self._part(folder, number):
            yield from part
            number += 1

    def rewrite(self, folder: str, change: Callable[[Any], Any]) -> int:
        """Replace each member by what `change` makes of it; returns how many are not as they were."""
        number = changed = 0
        while part := self._part(folder, number):
            new = [change(member) for member in part]
            if differing := sum(one != other for one, other in zip(part, new, strict=True)):
                self._put(folder, number, new)
                changed += differing
            number += 1
        return changed

    def _put(self, folder: str, number: int, part: Sequence[Members]) -> None:
        self.objects.put(self.bucket, _key(folder, number), zlib.compress(msgspec.json.encode(part)))

    def remove(self, job_id: str) -> None:
        """Remove all results of all attempts of a job."""
        for key in self.objects.keys(self.bucket, f"jobs/{job_id}/"):
            self.objects.delete(self.bucket, key)

    def _part(self, folder: str, number: int) -> list[Any]:
        data = self.objects.get(self.bucket, _key(folder, number))
        return [] if data is None else msgspec.json.decode(zlib.decompress(data))


@dataclass(slots=True)
class Writer:
    """Appends to one list; holds no more than one part."""

    put: Callable[[int, Sequence[Members]], None]
    count: int = 0
    """Members so far."""
    _part: list[Members] = field(default_factory=list)

    def extend(self, members: Iterable[Members]) -> None:
        """Append."""
        for member in members:
            self._part.append(member)
            self.count += 1
            if len(self._part) == PART:
                self._flush()

    def close(self) -> int:
        """Write what is left; returns how many there are."""
        if self._part:
            self._flush()
        return self.count

    def _flush(self) -> None:
        self.put((self.count - 1) // PART, self._part)
        self._part = []


def _key(folder: str, number: int) -> str:
    return f"jobs/{folder}/{number:06d}"
