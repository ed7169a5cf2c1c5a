"""Tags of whatever has an ARN."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InvalidParameterException, ResourceNotFoundException, ServiceQuotaExceededException
from ..store.policy import read

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import (
        ListTagsForResourceRequestTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )

    from ..backend import Backend

MOST_TAGS = 200
"""Of one resource."""

_ARN = re.compile(r"(?:arn:)?aws:rekognition:(?P<region>[^:]*):(?P<account>[^:]*):(?P<kind>[a-z]+)/(?P<name>.+)")
"""CreateCollection answers ARNs without `arn:`; clients tag with what they were answered."""

Tags = dict[str, str]


def tag_resource(request: TagResourceRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Add tags; those of the same name are replaced, and those that begin with `lookalike:` set a policy."""

    def added(tags: Tags) -> Tags:
        if len(tags := tags | dict(request["Tags"])) > MOST_TAGS:
            raise ServiceQuotaExceededException(f"A resource has at most {MOST_TAGS} tags")
        read(tags)
        return tags

    _retag(request["ResourceArn"], backend, added)
    return {}


def untag_resource(request: UntagResourceRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Remove tags; those it does not have are no error."""
    removed = set(request["TagKeys"])
    _retag(
        request["ResourceArn"],
        backend,
        lambda tags: {name: value for name, value in tags.items() if name not in removed},
    )
    return {}


def list_tags_for_resource(request: ListTagsForResourceRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """All tags of one resource."""
    return {"Tags": backend.store.collections.tags(_collection(request["ResourceArn"], backend))}


def _retag(arn: str, backend: Backend, change: Callable[[Tags], Tags]) -> None:
    backend.store.collections.retag(_collection(arn, backend), change)


def _collection(arn: str, backend: Backend) -> str:
    """The CollectionId in an ARN.

    Raises InvalidParameterException for what is no ARN of Rekognition's, ResourceNotFoundException for one elsewhere.
    """
    found = _ARN.fullmatch(arn)
    if found is None:
        raise InvalidParameterException
    if (found["region"], found["account"], found["kind"]) != (backend.region, backend.account, "collection"):
        raise ResourceNotFoundException(f"The resource {arn} does not exist")
    return found["name"]
