"""People followed through a video: by where they are from frame to frame, and by their faces whenever they come back.

Two sightings half a second apart are of one person when the faces say so, or when the boxes do and the faces do not
object. A person who left is known again by the face alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .faces import Face
from .geometry import Box
from .people import head
from .similarity import distance_at

_SAME = distance_at(80.0)
"""Two faces at most so far apart are one person's: AWS's default threshold of a match."""
_OTHERS = distance_at(10.0)
"""Two faces at least so far apart are two people's, however their boxes lie: between, pose and blur are possible."""
_LEAST_PRESENCE = 0.5
"""Of the mesh in the face: a head seen from behind has next to none, and its vector says nothing of who it is."""
_REMEMBERED_MILLIS = 2000
"""For so long a box says something of where somebody is."""
_LEAST_OVERLAP = 0.1
_REACH = 0.6
"""How far a box may move without overlapping itself, in parts of its own size: a step of half a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A person in one frame."""

    box: Box
    """The body, or where it was not found the head."""
    face: Face | None = None
    vector: NDArray[np.float32] | None = None
    """[128], of the face; None for one turned too far away to tell whose it is."""


@dataclass(frozen=True, slots=True, eq=False)
class _Track:
    """What is known of one person."""

    box: Box
    millis: int
    """When last seen."""
    vector: NDArray[np.float32] | None
    """The mean of the face's vectors."""
    faces: int


class Tracker:
    """Gives each person an index, from 0 in the order of appearance."""

    def __init__(self) -> None:
        self._tracks: list[_Track] = []

    def follow(self, millis: int, seen: Sequence[Sighting]) -> list[int]:
        """The index of each person `seen` in the next frame."""
        indices: dict[int, int] = {}
        for _, track, place in sorted(self._likely(millis, seen), reverse=True):
            if track not in indices.values() and place not in indices:
                indices[place] = track
        for place, sighting in enumerate(seen):
            if place in indices:
                self._tracks[indices[place]] = _moved(self._tracks[indices[place]], millis, sighting)
            else:
                indices[place] = len(self._tracks)
                self._tracks.append(_Track(sighting.box, millis, sighting.vector, int(sighting.vector is not None)))
        return [indices[place] for place in range(len(seen))]

    def _likely(self, millis: int, seen: Sequence[Sighting]) -> Iterator[tuple[float, int, int]]:
        """How likely each known person is each one seen: above 1 by the face, else by the box."""
        for index, track in enumerate(self._tracks):
            for place, sighting in enumerate(seen):
                likeness = _likeness(track, sighting, millis)
                if likeness > 0:
                    yield likeness, index, place


def sightings(bodies: Sequence[Box], faces: Sequence[Face], vectors: NDArray[np.float32]) -> list[Sighting]:
    """One for each person: each face with the smallest body that holds it, then the bodies without a face."""
    left = sorted(bodies, key=lambda body: body.area)
    found = []
    for face, vector in zip(faces, vectors, strict=True):
        body = next((body for body in left if _holds(body, face.box)), None)
        if body is not None:
            left.remove(body)
        told = face.presence >= _LEAST_PRESENCE
        found.append(Sighting(body or head(face.box), face, vector if told else None))
    return [*found, *map(Sighting, left)]


def _likeness(track: _Track, sighting: Sighting, millis: int) -> float:
    if track.vector is not None and sighting.vector is not None:
        distance = float(np.linalg.norm(track.vector - sighting.vector))
        if distance <= _SAME:
            return 2 - distance / _SAME
        if distance >= _OTHERS:
            return 0.0
    if millis - track.millis > _REMEMBERED_MILLIS:
        return 0.0
    overlap = _overlap(track.box, sighting.box)
    return overlap if overlap >= _LEAST_OVERLAP else _nearness(track.box, sighting.box)


def _moved(track: _Track, millis: int, sighting: Sighting) -> _Track:
    track = replace(track, box=sighting.box, millis=millis)
    if sighting.vector is None:
        return track
    if track.vector is None:
        return replace(track, vector=sighting.vector, faces=1)
    mean = (track.vector * track.faces + sighting.vector) / (track.faces + 1)
    return replace(track, vector=mean.astype(np.float32), faces=track.faces + 1)


def _holds(body: Box, face: Box) -> bool:
    x, y = face.left + face.width / 2, face.top + face.height / 2
    return body.left <= x <= body.left + body.width and body.top <= y <= body.top + body.height / 2


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / max(one.area + other.area - shared, 1e-9)


def _nearness(one: Box, other: Box) -> float:
    """Below any overlap that counts; 0 for boxes too far apart or of too different size."""
    width, height = (one.width + other.width) / 2, (one.height + other.height) / 2
    across = abs(one.left + one.width / 2 - other.left - other.width / 2) / max(width, 1e-9)
    along = abs(one.top + one.height / 2 - other.top - other.height / 2) / max(height, 1e-9)
    like = 0.5 < one.area / max(other.area, 1e-9) < 2
    return _LEAST_OVERLAP * (1 - max(across, along) / (1 + _REACH)) if like and max(across, along) < 1 + _REACH else 0.0
