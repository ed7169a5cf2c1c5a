"""Collections of faces: made, described, listed and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..store.collections import created
from ..store.policy import read
from ..vision.embedding import FACE_MODEL_VERSION
from . import pages, policy

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import (
        CreateCollectionRequestTypeDef,
        DeleteCollectionRequestTypeDef,
        DescribeCollectionRequestTypeDef,
        ListCollectionsRequestTypeDef,
    )

    from ..backend import Backend

LARGEST_PAGE = 4096


def create_collection(request: CreateCollectionRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """An empty collection, with tags; those that begin with `lookalike:` set its policy."""
    tags = request.get("Tags", {})
    read(tags)
    head = backend.store.collections.create(request["CollectionId"], FACE_MODEL_VERSION, tags, backend.clock())
    return {"StatusCode": 200, "CollectionArn": _name(backend, head.id), "FaceModelVersion": head.model}


def describe_collection(request: DescribeCollectionRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """How many faces and users it has, and since when."""
    head = policy.collection(request["CollectionId"], backend)
    return {
        "FaceCount": int(head.face_count),
        "UserCount": int(head.user_count),
        "FaceModelVersion": head.model,
        "CollectionARN": f"arn:{_name(backend, head.id)}",
        "CreationTimestamp": created(head),
    }


def list_collections(request: ListCollectionsRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Ids and, in a list beside them, face model versions."""
    after = pages.position("ListCollections", request, backend.clock())
    found, more = backend.store.collections.page(after, request.get("MaxResults") or LARGEST_PAGE)
    answer: dict[str, Any] = {
        "CollectionIds": [collection_id for collection_id, _ in found],
        "FaceModelVersions": [model for _, model in found],
    }
    if more is not None:
        answer["NextToken"] = pages.token("ListCollections", request, more, backend.clock())
    return answer


def delete_collection(request: DeleteCollectionRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """The collection with all of its faces and users; their vectors can be read by nobody from then on."""
    head = backend.store.collections.delete(request["CollectionId"])
    backend.search.forget(head.uid)
    return {"StatusCode": 200}


def _name(backend: Backend, collection_id: str) -> str:
    """The ARN as CreateCollection spells it, without `arn:`."""
    return f"aws:rekognition:{backend.region}:{backend.account}:collection/{collection_id}"
