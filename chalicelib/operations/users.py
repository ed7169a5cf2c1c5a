"""Users of a collection: made, listed, deleted, given faces and searched for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InvalidParameterException
from ..search import Match
from ..store.associations import Refusal
from ..store.tokens import Once
from ..vision.faces import Face, similarity
from ..vision.quality import reasons
from . import pages, policy
from .details import face_detail
from .searching import nearest, reach, user_log

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import (
        AssociateFacesRequestTypeDef,
        CreateUserRequestTypeDef,
        DeleteUserRequestTypeDef,
        DisassociateFacesRequestTypeDef,
        ListUsersRequestTypeDef,
        SearchUsersByImageRequestTypeDef,
        SearchUsersRequestTypeDef,
    )

    from ..backend import Backend

_LARGEST_PAGE = 500
_MATCHES = 500
"""AWS names no default; this is the most."""
_ASSOCIATION_THRESHOLD = 75.0
_MATCH_THRESHOLD = 80.0


def create_user(request: CreateUserRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """A user without faces."""
    head = policy.collection(request["CollectionId"], backend)
    backend.store.users.create(head, request["UserId"], Once("CreateUser", request))
    return {}


def delete_user(request: DeleteUserRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """The user and its vector; its faces stay, and are nobody's."""
    head = policy.collection(request["CollectionId"], backend)
    backend.store.associations.delete_user(head, request["UserId"], Once("DeleteUser", request))
    policy.refresh(head, backend)
    return {}


def list_users(request: ListUsersRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """In the order in which they were created."""
    head = policy.collection(request["CollectionId"], backend)
    start = pages.position("ListUsers", request, backend.clock())
    found, more = backend.store.users.page(head, int(start or 0), request.get("MaxResults", _LARGEST_PAGE))
    answer: dict[str, Any] = {"Users": [{"UserId": user.id, "UserStatus": _status(user.active)} for user in found]}
    if more is not None:
        answer["NextToken"] = pages.token("ListUsers", request, str(more), backend.clock())
    return answer


def associate_faces(request: AssociateFacesRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Give faces to a user. One that it has already is passed over; one unlike those it has is refused.

    The user's vector is ready when this returns: its status is ACTIVE where AWS would still say UPDATING.
    """
    head = policy.collection(request["CollectionId"], backend)
    done = backend.store.associations.add(
        head,
        request["UserId"],
        list(dict.fromkeys(request["FaceIds"])),
        reach(request.get("UserMatchThreshold", _ASSOCIATION_THRESHOLD)),
        Once("AssociateFaces", request),
    )
    return {
        "AssociatedFaces": [{"FaceId": face_id} for face_id in done.faces],
        "UnsuccessfulFaceAssociations": [_refusal(refusal) for refusal in done.refused],
        "UserStatus": _status(done.active),
    }


def disassociate_faces(request: DisassociateFacesRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Take faces from a user. One that is nobody's is passed over."""
    head = policy.collection(request["CollectionId"], backend)
    face_ids = list(dict.fromkeys(request["FaceIds"]))
    done = backend.store.associations.remove(head, request["UserId"], face_ids, Once("DisassociateFaces", request))
    policy.refresh(head, backend)
    return {
        "DisassociatedFaces": [{"FaceId": face_id} for face_id in done.faces],
        "UnsuccessfulFaceDisassociations": [_refusal(refusal) for refusal in done.refused],
        "UserStatus": _status(done.active),
    }


def search_users(request: SearchUsersRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Users like a face or like a user of the collection; that user itself is not among the answers (unconfirmed)."""
    if ("FaceId" in request) == ("UserId" in request):
        raise InvalidParameterException
    head = policy.collection(request["CollectionId"], backend)
    threshold, limit = request.get("UserMatchThreshold", _MATCH_THRESHOLD), request.get("MaxUsers", _MATCHES)
    if "FaceId" in request:
        vector = backend.store.faces.vectors(head, [request["FaceId"]]).get(request["FaceId"])
        if vector is None:
            raise InvalidParameterException("faceId was not found in the collection")
        searched: dict[str, Any] = {"SearchedFace": {"FaceId": request["FaceId"]}}
    else:
        vector = backend.store.users.vector(head, request["UserId"])
        searched = {"SearchedUser": {"UserId": request["UserId"]}}
    matches = [] if vector is None else nearest(vector, user_log(head, backend), limit + 1, threshold, backend)
    others = [match for match in matches if match.payload.id != request.get("UserId")]
    return {"UserMatches": _user_matches(others[:limit]), "FaceModelVersion": head.model, **searched}


def search_users_by_image(request: SearchUsersByImageRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Users like the largest face of a picture that is good enough; the other faces with the reasons why not they."""
    head = policy.collection(request["CollectionId"], backend)
    picture = backend.picture(request["Image"])
    detected = backend.faces.detect(picture)
    refused = {id(face): [*reasons(face, request.get("QualityFilter", "NONE"))] for face in detected}
    face = next((face for face in detected if not refused[id(face)]), None)
    answer: dict[str, Any] = {
        "UserMatches": [],
        "FaceModelVersion": head.model,
        "UnsearchedFaces": [_unsearched(other, refused[id(other)]) for other in detected if other is not face],
    }
    if face is not None:
        threshold, limit = request.get("UserMatchThreshold", _MATCH_THRESHOLD), request.get("MaxUsers", _MATCHES)
        vector = backend.faces.embed(picture, [face])[0]
        answer["UserMatches"] = _user_matches(nearest(vector, user_log(head, backend), limit, threshold, backend))
        answer["SearchedFace"] = {"FaceDetail": face_detail(face)}
    return answer


def _user_matches(matches: Sequence[Match]) -> list[dict[str, Any]]:
    return [
        {
            "Similarity": similarity(match.distance),
            "User": {"UserId": match.payload.id, "UserStatus": _status(match.payload.active)},
        }
        for match in matches
    ]


def _unsearched(face: Face, why: Sequence[str]) -> dict[str, Any]:
    return {"FaceDetails": face_detail(face), "Reasons": list(why) or ["FACE_NOT_LARGEST"]}


def _refusal(refusal: Refusal) -> dict[str, Any]:
    """AWS has no reason for a user that is full, and gives none (unconfirmed)."""
    if refusal.user is not None:
        return {"FaceId": refusal.face_id, "UserId": refusal.user, "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"]}
    if refusal.distance is not None:
        confidence = similarity(refusal.distance)
        return {"FaceId": refusal.face_id, "Confidence": confidence, "Reasons": ["LOW_MATCH_CONFIDENCE"]}
    return {"FaceId": refusal.face_id, "Reasons": [] if refusal.full else ["FACE_NOT_FOUND"]}


def _status(active: bool) -> str:
    return "ACTIVE" if active else "CREATED"
