"""Faces of a collection: indexed, listed, deleted and searched for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InvalidParameterException
from ..search import Match
from ..store.faces import Found, Position
from ..store.records import IndexedFace, place_of
from ..store.tables import Head
from ..vision.faces import Face, similarity
from ..vision.geometry import Box
from ..vision.quality import reasons
from . import pages, policy
from .details import attributes_of, face_details
from .responses import bounding_box
from .searching import face_log, kept_out, nearest

if TYPE_CHECKING:
    import numpy as np
    from mypy_boto3_rekognition.type_defs import (
        DeleteFacesRequestTypeDef,
        FaceTypeDef,
        IndexFacesRequestTypeDef,
        ListFacesRequestTypeDef,
        SearchFacesByImageRequestTypeDef,
        SearchFacesRequestTypeDef,
    )
    from numpy.typing import NDArray

    from ..backend import Backend
MOST_INDEXED = 100
"""Faces of one picture."""
_LARGEST_PAGE = 4096
MATCH_THRESHOLD = 80.0
"""Similarity from which a face matches."""
_MATCHES = 80
_NO_FACE = "There are no faces in the image. Should be at least 1."  # clients match this text


def index_faces(request: IndexFacesRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """The faces of a picture that are good enough, the largest ones, kept; the rest with the reasons why not.

    Faces of people who opted out are among the rest, without a reason.
    """
    head = policy.collection(request["CollectionId"], backend)
    policy.require_consent(head, request.get("ExternalImageId"), backend)
    picture = backend.picture(request["Image"])
    detected = backend.faces.detect(picture, MOST_INDEXED)
    asked = request.get("DetectionAttributes", ())
    looks = backend.faces.look(picture, detected) if detected and attributes_of(asked) else None
    details = face_details(picture, detected, asked, backend, looks)
    refused: list[list[str]] = [[*reasons(face, request.get("QualityFilter", "AUTO"))] for face in detected]
    passed = [place for place, why in enumerate(refused) if not why]
    limit = request.get("MaxFaces", MOST_INDEXED)
    for place in passed[limit:]:
        refused[place] = ["EXCEEDS_MAX_FACES"]
    chosen = passed[:limit]
    faces = [detected[place] for place in chosen]
    vectors = backend.faces.embed(picture, faces) if looks is None else looks.vectors[chosen]
    found = {place: _found(face, vector) for place, face, vector in zip(chosen, faces, vectors, strict=True)}
    out = kept_out([one.vector for one in found.values()], backend, now=True)
    kept = [place for place, opted_out in zip(chosen, out, strict=True) if not opted_out]
    indexed = backend.store.faces.add(
        head, picture.digest, request.get("ExternalImageId"), [found[place] for place in kept], backend.clock()
    )
    return {
        "FaceRecords": [
            {"Face": face_members(record, head), "FaceDetail": details[place]}
            for record, place in zip(indexed, kept, strict=True)
        ],
        "UnindexedFaces": [
            {"Reasons": refused[place], "FaceDetail": detail}  # AWS has no reason for an opt-out, and gives none
            for place, detail in enumerate(details)
            if place not in kept
        ],
        "FaceModelVersion": head.model,
    }


def list_faces(request: ListFacesRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """In the order in which they were indexed; those of FaceIds and of UserId only, where these are given."""
    head = policy.collection(request["CollectionId"], backend)
    given = pages.position("ListFaces", request, backend.clock())
    start = Position(*map(int, given.split("."))) if given else backend.store.faces.first
    limit = request.get("MaxResults") or _LARGEST_PAGE
    wanted = _filter(request, head, backend)
    if wanted is None:
        found, more = backend.store.faces.page(head, start, limit)
    else:
        found, more = _page(backend.store.faces.get(head, wanted), start, limit)
    answer: dict[str, Any] = {"Faces": [face_members(face, head) for face in found], "FaceModelVersion": head.model}
    if more is not None:
        answer["NextToken"] = pages.token("ListFaces", request, f"{more.record}.{more.slot}", backend.clock())
    return answer


def delete_faces(request: DeleteFacesRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Those of a user stay until they are disassociated."""
    head = backend.store.collections.get(request["CollectionId"])
    face_ids = list(dict.fromkeys(request["FaceIds"]))
    kept = backend.store.faces.remove(head, face_ids)
    backend.search.refresh(face_log(backend.store.collections.get(head.id), backend))
    return {
        "DeletedFaces": [face_id for face_id in face_ids if face_id not in kept],
        "UnsuccessfulFaceDeletions": [
            {"FaceId": face_id, "Reasons": ["FACE_NOT_FOUND"]}
            if kept[face_id] is None
            else {"FaceId": face_id, "UserId": kept[face_id], "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"]}
            for face_id in face_ids
            if face_id in kept
        ],
    }


def search_faces(request: SearchFacesRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Faces like one of the collection, which is not among the answers; the most similar first."""
    head, face_id = policy.collection(request["CollectionId"], backend), request["FaceId"]
    index = backend.search.index(face_log(head, backend))
    face, vector = index.payload(*place_of(face_id)), index.vector(*place_of(face_id))
    if vector is None or face is None or face.id != face_id:
        raise InvalidParameterException("faceId was not found in the collection")
    limit = request.get("MaxFaces", _MATCHES)
    threshold = request.get("FaceMatchThreshold", MATCH_THRESHOLD)
    found = nearest(vector, face_log(head, backend), limit + 1, threshold, backend)
    matches = [match for match in found if match.payload.id != face_id]
    return {
        "SearchedFaceId": face_id,
        "FaceMatches": face_matches(matches[:limit], head),
        "FaceModelVersion": head.model,
    }


def search_faces_by_image(request: SearchFacesByImageRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Faces like the largest of a picture that is good enough; the most similar first."""
    head = policy.collection(request["CollectionId"], backend)
    picture = backend.picture(request["Image"])
    level = request.get("QualityFilter", "NONE")
    detected = backend.faces.detect(picture, 1 if level == "NONE" else MOST_INDEXED)
    face = next((face for face in detected if not reasons(face, level)), None)
    if face is None:
        raise InvalidParameterException(_NO_FACE)
    matches = nearest(
        backend.faces.embed(picture, [face])[0],
        face_log(head, backend),
        request.get("MaxFaces", _MATCHES),
        request.get("FaceMatchThreshold", MATCH_THRESHOLD),
        backend,
    )
    return {
        "SearchedFaceBoundingBox": bounding_box(face.box),
        "SearchedFaceConfidence": face.confidence,
        "FaceMatches": face_matches(matches, head),
        "FaceModelVersion": head.model,
    }


def face_members(face: IndexedFace, head: Head) -> FaceTypeDef:
    """A face of a collection as AWS's Face."""
    members: FaceTypeDef = {
        "FaceId": face.id,
        "BoundingBox": bounding_box(Box(*face.box)),
        "ImageId": face.image_id,
        "Confidence": face.confidence,
        "IndexFacesModelVersion": head.model,
    }
    if face.external_id is not None:
        members["ExternalImageId"] = face.external_id
    if face.user is not None:
        members["UserId"] = face.user
    return members


def face_matches(matches: Sequence[Match], head: Head) -> list[dict[str, Any]]:
    """What a search found as AWS's FaceMatches."""
    return [{"Similarity": similarity(match.distance), "Face": face_members(match.payload, head)} for match in matches]


def _found(face: Face, vector: NDArray[np.float32]) -> Found:
    return Found((face.box.left, face.box.top, face.box.width, face.box.height), face.confidence, vector)


def _filter(request: ListFacesRequestTypeDef, head: Head, backend: Backend) -> set[str] | None:
    """The FaceIds that may be listed, None for all. An unknown UserId is an error (unconfirmed)."""
    wanted = set(request["FaceIds"]) if "FaceIds" in request else None
    if "UserId" in request:
        associated = set(backend.store.users.faces(head, request["UserId"]))
        wanted = associated if wanted is None else wanted & associated
    return wanted


def _page(faces: Mapping[str, IndexedFace], start: Position, limit: int) -> tuple[list[IndexedFace], Position | None]:
    places = sorted((Position(*place_of(face_id)), face) for face_id, face in faces.items())
    rest = [(place, face) for place, face in places if place >= start]
    return [face for _, face in rest[:limit]], rest[limit][0] if len(rest) > limit else None
