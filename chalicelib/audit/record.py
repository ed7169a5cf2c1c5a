"""One call as CloudTrail records it, less what tells of a person.

The shape is that of "CloudTrail record contents" (AWS CloudTrail user guide, version 1.11), with the members of
requestParameters and responseElements in camel case. Of the request, numbers, booleans and enumerated values are kept,
and those texts that name a thing. A text that may name somebody (ExternalImageId, UserId, an object's key, a tag) is a
pseudonym, the same for the same text, so that calls can be found by who knows the text and not read by who does not:
erasing a person leaves no name here. Of a picture its size is told, of an answer's lists their lengths. An error has
its class's general text: its own may quote the request.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ..wire import service
from ..wire.door import NOBODY

if TYPE_CHECKING:
    from ..wire.door import Call, Identity

Record = dict[str, Any]

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""CloudTrail's own words, where there is no key to make a pseudonym with."""
SERVICE = "rekognition.amazonaws.com"

_THINGS = frozenset(
    {
        *("CollectionId", "FaceId", "ImageId", "JobId", "MediaAnalysisJobId", "LivenessSessionId", "TagKey"),
        *("S3Bucket", "S3ObjectVersion", "KmsKeyId", "RoleArn", "SNSTopicArn", "ResourceArn", "DatasetArn"),
        *("ProjectArn", "ProjectName", "ProjectVersionArn", "ProjectVersionId", "VersionName", "ProjectPolicyName"),
        *("StreamProcessorArn", "StreamProcessorName", "KinesisDataArn", "KinesisVideoArn"),
        *("ConnectedHomeLabel", "GeneralLabelsFilterValue", "Version"),
    }
)
"""Shapes of texts that name no person."""
_LONGEST_TEXT, _LONGEST_LIST = 256, 4096
"""Of a request that is refused for more."""
_READS = ("Compare", "Describe", "Detect", "Get", "List", "Recognize", "Search")
_LOOKED_AT = frozenset(
    {
        *("FaceDetails", "FaceRecords", "UnindexedFaces", "CelebrityFaces", "UnrecognizedFaces", "UnmatchedFaces"),
        *("UnsearchedFaces", "Persons"),
    }
)
"""Lists of the faces or persons that were found in the request's picture."""
_TOLD = frozenset(
    {
        *("FaceDetails", "FaceRecords", "FaceMatches", "UserMatches", "Faces", "CelebrityFaces", "Persons"),
        *("DeletedFaces", "AssociatedFaces", "DisassociatedFaces"),
    }
)
"""Lists of the faces or persons that the answer tells of."""
_SEARCHED = frozenset({"SearchedFace", "SearchedFaceBoundingBox", "SearchedFaceId", "SearchedUser", "SourceImageFace"})
_THRESHOLDS: Mapping[str, tuple[str, float]] = {
    "AssociateFaces": ("UserMatchThreshold", 75.0),
    "CompareFaces": ("SimilarityThreshold", 80.0),
    "SearchFaces": ("FaceMatchThreshold", 80.0),
    "SearchFacesByImage": ("FaceMatchThreshold", 80.0),
    "SearchUsers": ("UserMatchThreshold", 80.0),
    "SearchUsersByImage": ("UserMatchThreshold", 80.0),
    "StartFaceSearch": ("FaceMatchThreshold", 80.0),
}
"""The member that sets the least similarity, and AWS's default."""

Pseudonym = Callable[[str], str]


def pseudonyms(key: bytes | None) -> Pseudonym:
    """What stands for a text that may name somebody: 64 bits of a keyed hash."""
    if key is None:
        return lambda _text: HIDDEN
    own = hmac.digest(key, b"lookalike audit pseudonyms", "sha256")
    return lambda text: "hmac:" + hmac.digest(own, text.encode(), "sha256")[:8].hex()


def of_call(call: Call, account: str, region: str, pseudonym: Pseudonym) -> Record:
    """The record of a call."""
    identity = call.identity or NOBODY
    members, result = call.members or {}, call.result if call.result is not None and call.error is None else {}
    shape = _request_shape(call.operation)
    record = {
        **_event(call.operation or "Unknown", "AwsApiCall", call.started, account, region),
        "userIdentity": _identity(identity, account),
        "sourceIPAddress": _source(call, identity),
        "userAgent": call.request.headers.get("user-agent", "") if call.request else identity.invoked_by,
        "requestParameters": _structure(members, shape, pseudonym) if shape and members else None,
        "responseElements": _counts(result) if call.error is None else None,
        "requestID": call.id,
        "readOnly": call.operation.startswith(_READS),
        "additionalEventData": _facts(call.operation, members, result) | {"milliseconds": round(call.seconds * 1e3, 1)},
    }
    if call.error is not None:
        record |= {"errorCode": call.error.code, "errorMessage": call.error.text}
    return record


def of_event(name: str, account: str, region: str, details: Mapping[str, Any], invoked_by: str) -> Record:
    """The record of something that Lookalike did by itself, or its owner with the command line."""
    return {
        **_event(name, "AwsServiceEvent", datetime.now(UTC), account, region),
        "userIdentity": {"type": "AWSService", "accountId": account, "invokedBy": invoked_by},
        "sourceIPAddress": invoked_by,
        "userAgent": invoked_by,
        "requestParameters": None,
        "responseElements": None,
        "readOnly": False,
        "serviceEventDetails": dict(details),
    }


def _event(name: str, kind: str, time: datetime, account: str, region: str) -> Record:
    return {
        "eventVersion": "1.11",
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": SERVICE,
        "eventName": name,
        "awsRegion": region,
        "eventID": str(uuid4()),
        "eventType": kind,
        "eventCategory": "Management",
        "managementEvent": True,
        "recipientAccountId": account,
    }


def _identity(identity: Identity, account: str) -> Record:
    if identity.invoked_by:
        return {"type": "AWSService", "accountId": account, "invokedBy": identity.invoked_by}
    told: Record = {"type": "Unknown", "accountId": account}
    if identity.arn:
        told |= {"type": "IAMUser", "arn": identity.arn}
    if identity.access_key:
        told["accessKeyId"] = identity.access_key
    return told


def _source(call: Call, identity: Identity) -> str:
    return call.request.source if call.request else identity.invoked_by


@cache
def _request_shape(operation: str) -> str | None:
    return service.request_shape(operation) if operation in service.operations() else None


@cache
def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def _structure(members: Mapping[str, Any], shape: str, pseudonym: Pseudonym) -> Record:
    known = service.shape(shape)["members"]
    return {
        _camel(name): _parameter(value, known[name]["shape"], pseudonym)
        for name, value in members.items()
        if name in known
    }


def _parameter(value: Any, name: str, pseudonym: Pseudonym) -> Any:
    """What is told of a member's value, by the name of its shape."""
    shape = service.shape(name)
    told: Any = value
    match value:
        case str():
            told = value[:_LONGEST_TEXT] if "enum" in shape or name in _THINGS else pseudonym(value)
        case bytes() | bytearray() | memoryview():
            told = {"bytes": len(value)}
        case datetime():
            told = value.isoformat()
        case Mapping() if shape["type"] == "map":
            told = {key[:_LONGEST_TEXT]: _tag(key, one, pseudonym) for key, one in value.items()}
        case Mapping():
            told = _structure(value, name, pseudonym)
        case list() | tuple():
            told = [_parameter(one, shape["member"]["shape"], pseudonym) for one in value[:_LONGEST_LIST]]
    return told


def _tag(key: str, value: str, pseudonym: Pseudonym) -> str:
    """Tags that set policy are kept, since the log is to prove which held when."""
    return value[:_LONGEST_TEXT] if key.startswith("lookalike:") else pseudonym(value)


def _counts(result: Mapping[str, Any]) -> Record:
    """Lengths of lists, whole numbers, and what a job or a resource is called."""
    told = {}
    for name, value in result.items():
        if isinstance(value, list | tuple):
            told[_camel(name)] = len(value)
        elif isinstance(value, int) or name in ("JobId", "CollectionArn", "FaceModelVersion", "JobStatus"):
            told[_camel(name)] = value
    return told


def _facts(operation: str, members: Mapping[str, Any], result: Mapping[str, Any]) -> Record:
    """Collection, threshold, and how many faces came in and went out."""
    facts: Record = {}
    if "CollectionId" in members:
        facts["collection"] = str(members["CollectionId"])[:_LONGEST_TEXT]
    if operation in _THRESHOLDS:
        member, default = _THRESHOLDS[operation]
        facts["threshold"] = members.get(member, default)
    lists = {name: len(value) for name, value in result.items() if isinstance(value, list | tuple)}
    matched_are_found = operation == "CompareFaces"  # in the target picture
    looked_at = [
        count for name, count in lists.items() if name in _LOOKED_AT or (matched_are_found and name == "FaceMatches")
    ]
    searched = sum(name in result for name in _SEARCHED)
    if "FaceIds" in members:
        facts["facesIn"] = len(members["FaceIds"])
    elif looked_at or searched:
        facts["facesIn"] = sum(looked_at) + searched
    if told := [count for name, count in lists.items() if name in _TOLD]:
        facts["facesOut"] = sum(told)
    return facts
