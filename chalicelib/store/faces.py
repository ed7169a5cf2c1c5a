"""The faces of a collection: indexed once, listed, found by id, deleted without a trace."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from .ledger import BATCH, Draft, Entry, Ledger, NameChange, chunks
from .records import Box, Face, Image, IndexedFace, image_id, new_face_id, place_of
from .snapshots import Snapshots
from .tables import Head
from .vault import Seal

RECORDS_A_CHANGE = 40
"""A transaction takes 100 writes and 4 MB; a crowd's record is 90 kB and may take its name with it."""


class Found(NamedTuple):
    """A face to index."""

    box: Box
    confidence: float
    vector: NDArray[np.float32]
    """[dimensions]"""


class Position(NamedTuple):
    """Where a page of faces begins."""

    record: int
    slot: int


class Faces:
    """The faces of every collection of an account."""

    first = Position(0, 0)

    def __init__(self, ledger: Ledger, snapshots: Snapshots) -> None:
        self._ledger = ledger
        self._snapshots = snapshots

    def add(
        self, head: Head, digest: bytes, external_id: str | None, found: Sequence[Found], now: datetime
    ) -> list[IndexedFace]:
        """Index the faces of a picture, all or none; a face that this picture brought before keeps its FaceId and age.

        `digest` is the SHA-256 of the picture's bytes. Answers in the order of `found`.
        """

        def step(head: Head, draft: Draft, again: bool) -> list[IndexedFace]:
            name = _image_name(head, digest, external_id)
            # First in the hope that the picture is new: the transaction tells, and reading its name is saved.
            held = self._ledger.named(name) if again else None
            known = [face for entry in self._ledger.read(head, "faces", _numbers(held)) for face in indexed(entry)]
            matched = _matched(found, known)
            fresh = [one for one, face in zip(found, matched, strict=True) if face is None]
            added: Iterator[IndexedFace] = iter(())
            if fresh:
                image = Image(image_id(digest), external_id, name, [], now.timestamp())
                entry = self._append(head, draft, image, fresh)
                draft.names[name] = NameChange(held, _text([*_numbers(held), entry.number]))
                added = indexed(entry)
            return [face or next(added) for face in matched]

        return self._ledger.change(head, step) if found else []

    def get(self, head: Head, face_ids: Iterable[str]) -> dict[str, IndexedFace]:
        """Those that exist, by FaceId."""
        wanted = set(face_ids)
        return {face.id: face for entry in self.records(head, wanted) for face in indexed(entry) if face.id in wanted}

    def vectors(self, head: Head, face_ids: Collection[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors of those that exist, by FaceId."""
        seal = self._ledger.seal(head)
        return {
            face_id: vector_of(seal, sealed, face_id)
            for entry in self.records(head, face_ids)
            for face_id, sealed in sealed_faces(entry)
            if face_id in face_ids
        }

    def records(self, head: Head, face_ids: Iterable[str]) -> Iterator[Entry]:
        """The records, each once, in which faces of these ids are, if they exist."""
        return self._ledger.read(head, "faces", {place_of(face_id)[0] for face_id in face_ids})

    def page(self, head: Head, start: Position, limit: int) -> tuple[list[IndexedFace], Position | None]:
        """Up to `limit` faces in the order in which they were indexed, and where to go on, if any are left."""
        found: list[IndexedFace] = []
        for numbers in chunks(range(start.record, int(head.faces)), min(BATCH, limit + 1)):
            for entry in self._ledger.read(head, "faces", numbers):
                for face in indexed(entry):
                    place = Position(*place_of(face.id))
                    if place >= start:
                        if len(found) == limit:
                            return found, place
                        found.append(face)
        return found, None

    def remove(self, head: Head, face_ids: Collection[str]) -> dict[str, str | None]:
        """Delete faces and their vectors. Returns those that were not: unknown (None), or associated with a user."""
        wanted: dict[int, set[str]] = {}
        for face_id in face_ids:
            wanted.setdefault(place_of(face_id)[0], set()).add(face_id)
        kept: dict[str, str | None] = {}
        for numbers in chunks(sorted(wanted), RECORDS_A_CHANGE):
            some = set[str]().union(*(wanted[number] for number in numbers))
            kept |= self._ledger.change(head, partial(self._draft_removal, numbers, some))
        self._snapshots.erase(head.uid, "faces")
        return kept

    def _append(self, head: Head, draft: Draft, image: Image, found: Sequence[Found]) -> Entry:
        """Draft a record of `image` with the faces `found`."""
        seal = self._ledger.seal(head)
        number = draft.next_number("faces")
        faces = [Face(new_face_id(number, slot), one.box, one.confidence) for slot, one in enumerate(found)]
        sealed = [seal_vector(seal, one.vector, face.id) for one, face in zip(found, faces, strict=True)]
        image = msgspec.structs.replace(image, faces=faces)
        draft.append("faces", image, sealed)
        draft.faces += len(faces)
        return Entry(number, image, tuple(sealed))

    def _draft_removal(
        self, numbers: Sequence[int], wanted: set[str], head: Head, draft: Draft, again: bool
    ) -> dict[str, str | None]:
        """Draft that the faces `wanted` are gone from these records; returns those that stay."""
        kept: dict[str, str | None] = dict.fromkeys(wanted)
        emptied: list[tuple[int, Image]] = []
        for entry in self._ledger.read(head, "faces", numbers):
            if not isinstance(image := entry.content, Image):
                continue
            kept |= {face.id: face.user for face in image.faces if face.id in wanted}
            going = {face.id for face in image.faces if face.id in wanted and face.user is None}
            staying = [face for face in image.faces if face.id not in going]
            kept = {face_id: user for face_id, user in kept.items() if face_id not in going}
            draft.faces -= len(going)
            if not staying:
                emptied.append((entry.number, image))
            elif going:
                sealed = [sealed for face_id, sealed in sealed_faces(entry) if face_id not in going]
                draft.rewrite("faces", entry.number, msgspec.structs.replace(image, faces=staying), sealed)
        self._draft_emptied(draft, emptied)
        return kept

    def _draft_emptied(self, draft: Draft, emptied: Sequence[tuple[int, Image]]) -> None:
        """Draft that records without faces are gone, and their images unknown again."""
        for name, held in self._ledger.named_all(image.name for _, image in emptied).items():
            gone = {number for number, image in emptied if image.name == name}
            draft.names[name] = NameChange(held, _text([number for number in _numbers(held) if number not in gone]))
        for number, _ in emptied:
            draft.rewrite("faces", number, None)


def indexed(entry: Entry) -> Iterator[IndexedFace]:
    """The faces of a record; none where it is not an image."""
    if isinstance(image := entry.content, Image):
        for face in image.faces:
            yield IndexedFace(face.id, image.image_id, image.external_id, face.box, face.confidence, face.user)


def sealed_faces(entry: Entry) -> Iterator[tuple[str, bytes]]:
    """The FaceIds of a record with their sealed vectors; none where it is not an image."""
    if isinstance(entry.content, Image):
        yield from zip((face.id for face in entry.content.faces), entry.vectors, strict=True)


def seal_vector(seal: Seal, vector: NDArray[np.float32], name: str) -> bytes:
    """float32, little-endian, sealed."""
    return seal.seal(vector.astype("<f4").tobytes(), name)


def vector_of(seal: Seal, sealed: bytes, name: str) -> NDArray[np.float32]:
    """What `seal_vector` was given."""
    return np.frombuffer(seal.open(sealed, name), "<f4").astype(np.float32, copy=False)


def _image_name(head: Head, digest: bytes, external_id: str | None) -> str:
    """The same picture with another ExternalImageId is another image."""
    return f"{head.uid}/image/{hashlib.sha256(digest + (external_id or '').encode()).hexdigest()}"


def _matched(found: Sequence[Found], known: Sequence[IndexedFace]) -> list[IndexedFace | None]:
    """For each face found, the one known at its place; each is known once.

    In the same pixels boxes differ by rounding only, as between machines: by less than a tenth of their size.
    """
    apart = {
        (at, face): distance
        for at, one in enumerate(found)
        for face in range(len(known))
        if (distance := _apart(known[face].box, one.box)) < 0.1
    }
    matched: dict[int, int] = {}
    for at, face in sorted(apart, key=apart.__getitem__):
        if at not in matched and face not in matched.values():
            matched[at] = face
    return [known[matched[at]] if at in matched else None for at in range(len(found))]


def _apart(one: Box, other: Box) -> float:
    """The largest difference of two boxes' sides, in sizes of the first."""
    return max(abs(a - b) / max(size, 1e-9) for a, b, size in zip(one, other, one[2:] * 2, strict=True))


def _numbers(held: str | None) -> list[int]:
    return msgspec.json.decode(held, type=list[int]) if held else []


def _text(numbers: list[int]) -> str | None:
    return msgspec.json.encode(numbers).decode() if numbers else None
