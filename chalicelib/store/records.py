"""What a record of a log may hold, and how a FaceId says in which record its face is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID, uuid4

import msgspec

SLOT_BITS = 12
"""A record has room for 4,096 faces; AWS indexes at most 100 of a picture."""
_TAIL_BYTES = 6


Box = tuple[float, float, float, float]
"""Left, top, width, height as ratios of the picture."""


class Face(msgspec.Struct, array_like=True, frozen=True):
    """A face's metadata, without its vector."""

    id: str
    box: Box
    confidence: float
    """0 to 100: that the box holds a face."""
    user: str | None = None
    """The UserId it is associated with."""


class Image(msgspec.Struct, tag="image", tag_field="kind", frozen=True):
    """What one IndexFaces call added, less what was deleted since. Its vectors are the faces', in order."""

    image_id: str
    external_id: str | None
    name: str
    """Under which the image is unique in its collection."""
    faces: list[Face]
    indexed: float = 0.0
    """Seconds since the epoch."""


class User(msgspec.Struct, tag="user", tag_field="kind", frozen=True):
    """A user. One vector when faces are associated, else none."""

    id: str
    name: str
    """Under which the user is unique in its collection."""
    faces: list[str]
    """FaceIds, at most 100."""


class Rewritten(msgspec.Struct, tag="rewritten", tag_field="kind", frozen=True):
    """A note to readers that these records of the log were rewritten or removed."""

    records: list[int]


Content = Image | User | Rewritten


@dataclass(frozen=True, slots=True)
class IndexedFace:
    """A face in a collection."""

    id: str
    image_id: str
    external_id: str | None
    box: Box
    confidence: float
    user: str | None
    """The UserId it is associated with."""


@dataclass(frozen=True, slots=True)
class IndexedUser:
    """A user of a collection."""

    id: str
    active: bool
    """Whether faces are associated."""


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Content).decode


def new_face_id(record: int, slot: int) -> str:
    """A version 4 UUID of 74 random bits whose tail holds the record and the slot, so that no table needs to.

    The tail is covered with a hash of the rest: ids look alike no more than random ones do.
    """
    head = uuid4().bytes[:-_TAIL_BYTES]
    return str(UUID(bytes=head + _cover(head, (record << SLOT_BITS | slot).to_bytes(_TAIL_BYTES))))


def place_of(face_id: str) -> tuple[int, int]:
    """The record and slot that `face_id` would be in; that the record holds it is for the caller to see."""
    packed = UUID(face_id).bytes
    head, tail = packed[:-_TAIL_BYTES], packed[-_TAIL_BYTES:]
    place = int.from_bytes(_cover(head, tail))
    return place >> SLOT_BITS, place & ((1 << SLOT_BITS) - 1)


def image_id(digest: bytes) -> str:
    """The same for the same bytes: a UUID of version 5 (named by a hash), as AWS's are, of their SHA-256."""
    return str(UUID(bytes=digest[:16], version=5))


def _cover(head: bytes, tail: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(tail, hashlib.sha256(head).digest(), strict=False))
