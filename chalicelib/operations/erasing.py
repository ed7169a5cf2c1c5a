"""Everything that is kept of one person: found, shown, and erased with a receipt.

A person is named by an ExternalImageId, or by a photo whose largest face is compared with every face of every
collection. Found are those faces, the users they belong to, the uploaded pictures that brought them with what was read
off these pictures, what searches of stored video told of them, and the consents given under that name. Not searched:
pictures and videos in S3 that brought no face into a collection, and backups.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from ..errors import ResourceNotFoundException
from ..store.media import Medium
from ..store.records import IndexedFace
from ..store.tables import Head
from ..store.tokens import Once
from ..uploads import Rule, rule_for, rules
from . import policy
from .optouts import alike, face_of
from .searching import indexes

if TYPE_CHECKING:
    from ..backend import Backend


class Face(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """A face that goes."""

    collection_id: str
    face_id: str
    external_image_id: str | None = None
    user_id: str | None = None
    other: bool = False
    """Of somebody else in a picture that goes, or of nobody known: it goes with the picture."""


class Found(msgspec.Struct, frozen=True, rename="pascal"):
    """What is kept of a person."""

    faces: list[Face]
    objects: list[str]
    """s3://bucket/key of uploaded pictures."""
    consents: list[str]
    """CollectionIds."""
    unreadable: list[str]
    """CollectionIds of those whose key is lost: nobody can tell who is in them, nor search them."""

    @property
    def empty(self) -> bool:
        """Whether nothing is kept of the person."""
        return not (self.faces or self.objects or self.consents)


class Receipt(msgspec.Struct, frozen=True, rename="pascal"):
    """What was erased, for whoever asked for it."""

    receipt_id: str
    time: str
    """ISO 8601, UTC."""
    asked: dict[str, Any]
    """How the person was named: no photo, but its SHA-256."""
    erased: Found
    users_made_anew: list[str]
    """As collection/UserId: their vectors do without the faces that went."""
    users_deleted: list[str]
    """Those left without a face."""
    video_results: int
    """Persons in results of StartFaceSearch whose matches named a face that went."""
    left: int
    """Faces that a second search found; 0, or the person was indexed meanwhile."""
    sha256: str = ""
    """Of this receipt as JSON with sorted keys, without this member."""

    def signed(self) -> Receipt:
        """With its hash."""
        content = msgspec.to_builtins(self)
        del content["Sha256"]
        return replace(self, sha256=hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest())


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to find: exactly one of photo and name."""

    photo: bytes | None = None
    external_id: str | None = None
    similarity: float = 99.0
    """From which a face is taken for the one of the photo."""

    @property
    def told(self) -> dict[str, Any]:
        """How the person was named, without the photo."""
        if self.photo is None:
            return {"ExternalImageId": self.external_id}
        return {"PhotoSha256": hashlib.sha256(self.photo).hexdigest(), "Similarity": self.similarity}


def find(person: Person, backend: Backend) -> Found:
    """What is kept of a person. Raises what `optouts.face_of` raises for a photo."""
    own = [_face(head, face) for head, faces in _indexed(person, backend) for face in faces]
    media = list(_media(person, {face.face_id for face in own}, backend))
    others = [face for medium in media for face in _brought(medium, {one.face_id for one in own}, backend)]
    consents = [head.id for head in _consented(person, backend)]
    objects = [f"s3://{medium.bucket}/{medium.key}" for medium in media]
    return Found(own + others, objects, consents, [head.id for head, index in indexes(backend) if index is None])


def erase(person: Person, backend: Backend) -> Receipt:
    """Erase what `find` finds: from tables, logs, snapshots and memory, and on this machine from the disk, at once."""
    found = find(person, backend)
    ids = {face.face_id for face in found.faces}
    media = list(_media(person, ids, backend))
    for head in _consented(person, backend):
        backend.store.consents.remove(head, person.external_id or "")
    made_anew, deleted, video_results = _without(found, backend)
    for medium in media:
        backend.media.put(
            Medium(
                bucket=medium.bucket, key=medium.key, sequencer=medium.sequencer, time=medium.time, removed=True
            )  # late events of its past cannot bring it back
        )
        backend.store.objects.delete(medium.bucket, medium.key)
    return Receipt(
        receipt_id=str(uuid4()),
        time=backend.clock().isoformat(timespec="seconds"),
        asked=person.told,
        erased=found,
        users_made_anew=made_anew,
        users_deleted=deleted,
        video_results=video_results,
        left=sum(len(faces) for _, faces in _indexed(person, backend)),
    ).signed()


def _indexed(person: Person, backend: Backend) -> Iterator[tuple[Head, list[IndexedFace]]]:
    """The person's faces by collection."""
    if person.photo is not None:
        for head, face_ids in alike(face_of(person.photo, backend), person.similarity, backend):
            yield head, list(backend.store.faces.get(head, face_ids).values())
        return
    for head, index in indexes(backend):
        faces = index.payloads() if index is not None else []
        if found := [face for face in faces if face.external_id == person.external_id]:
            yield head, found


def _media(person: Person, face_ids: set[str], backend: Backend) -> Iterator[Medium]:
    """Uploaded pictures that brought one of these faces, or that are named after the person."""
    applied = rules(backend.settings.upload_rules)
    for medium in backend.media.all():
        brought = not face_ids.isdisjoint(medium.faces)
        if not medium.removed and (brought or _is_named_after(medium, person, applied)):
            yield medium


def _is_named_after(medium: Medium, person: Person, applied: Sequence[Rule]) -> bool:
    found = rule_for(medium.key, applied)
    if found is None or person.external_id is None:
        return False
    rule, names = found
    return bool((rule.parameters | names).get("ExternalImageId") == person.external_id)


def _brought(medium: Medium, known: set[str], backend: Backend) -> Iterator[Face]:
    """The other faces that a picture brought."""
    if medium.collection is None:
        return
    try:
        head = backend.store.collections.get(medium.collection)
    except ResourceNotFoundException:
        return
    for face in backend.store.faces.get(head, set(medium.faces) - known).values():
        yield _face(head, face, other=True)


def _consented(person: Person, backend: Backend) -> Iterator[Head]:
    if person.external_id is not None:
        for head in list(backend.store.collections.all()):
            if backend.store.consents.given(head, person.external_id):
                yield head


def _without(found: Found, backend: Backend) -> tuple[list[str], list[str], int]:
    """Erase the faces; returns the users that were made anew, those that were deleted, and how many results of video
    searches named one of the faces."""
    made_anew, deleted, video_results = [], [], 0
    for collection_id in dict.fromkeys(face.collection_id for face in found.faces):
        try:
            head = backend.store.collections.get(collection_id)
        except ResourceNotFoundException:
            continue
        face_ids = [face.face_id for face in found.faces if face.collection_id == collection_id]
        erased = policy.erase(head, face_ids, backend)
        video_results += erased.video_results
        for user in sorted(erased.users):
            if _faces_of(head, user, backend):
                made_anew.append(f"{collection_id}/{user}")
            else:
                with suppress(ResourceNotFoundException):  # somebody else deleted it meanwhile
                    backend.store.associations.delete_user(head, user, Once("DeleteUser", {}))
                deleted.append(f"{collection_id}/{user}")
        policy.refresh(head, backend)
    return made_anew, deleted, video_results


def _faces_of(head: Head, user_id: str, backend: Backend) -> Sequence[str]:
    try:
        return backend.store.users.faces(head, user_id)
    except ResourceNotFoundException:
        return ()


def _face(head: Head, face: IndexedFace, other: bool = False) -> Face:
    return Face(head.id, face.id, face.external_id, face.user, other)
