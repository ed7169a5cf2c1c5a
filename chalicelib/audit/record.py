"""One call as CloudTrail records it, less what tells of a person.

The shape is that of "CloudTrail record contents" (AWS CloudTrail user guide, version 1.11), with the members of
requestParameters and responseElements in camel case; `chain` adds the eventID. Of the request that is told which
`parameters` lets through, of an answer's lists their lengths. An error has its class's general text: its own may quote
the request.

What is the same for every call of an operation is made once (`_Plan`): beside a search of 2 ms, 20 µs count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from ..wire import service
from ..wire.door import NOBODY
from .parameters import Members, Parameters, camel, same, shortened, told

if TYPE_CHECKING:
    from ..wire.door import Call, Identity

_READS = ("Compare", "Describe", "Detect", "Get", "List", "Recognize", "Search")
_LOOKED_AT = frozenset(
    {
        *("FaceDetails", "FaceRecords", "UnindexedFaces", "CelebrityFaces", "UnrecognizedFaces", "UnmatchedFaces"),
        *("UnsearchedFaces", "Persons"),
        *("SearchedFace", "SearchedFaceBoundingBox", "SearchedFaceId", "SearchedUser", "SourceImageFace"),
    }
)
"""What an answer says of the faces or persons that came in: in the request's picture, or by their ids."""
_TOLD = frozenset(
    {
        *("FaceDetails", "FaceRecords", "FaceMatches", "UserMatches", "Faces", "CelebrityFaces", "Persons"),
        *("DeletedFaces", "AssociatedFaces", "DisassociatedFaces"),
    }
)
"""Lists of the faces or persons that the answer tells of."""
_SCALARS = frozenset({"JobId", "CollectionArn", "FaceModelVersion", "JobStatus", "StatusCode", "FaceCount"})
"""What is kept of an answer besides the lengths of its lists."""
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


class Event(msgspec.Struct, kw_only=True):
    """A record, its members in the order of their names, and so its JSON in one form only."""

    additional_event_data: Mapping[str, Any] | None = msgspec.field(default=None, name="additionalEventData")
    aws_region: str = msgspec.field(name="awsRegion")
    error_code: str | None = msgspec.field(default=None, name="errorCode")
    error_message: str | None = msgspec.field(default=None, name="errorMessage")
    category: str = msgspec.field(default="Management", name="eventCategory")
    name: str = msgspec.field(name="eventName")
    source: str = msgspec.field(default="rekognition.amazonaws.com", name="eventSource")
    time: str = msgspec.field(name="eventTime")
    kind: str = msgspec.field(default="AwsApiCall", name="eventType")
    version: str = msgspec.field(default="1.11", name="eventVersion")
    management: bool = msgspec.field(default=True, name="managementEvent")
    read_only: bool = msgspec.field(default=False, name="readOnly")
    account: str = msgspec.field(name="recipientAccountId")
    request_id: str | None = msgspec.field(default=None, name="requestID")
    parameters: Mapping[str, Any] | None = msgspec.field(default=None, name="requestParameters")
    response: Mapping[str, Any] | None = msgspec.field(default=None, name="responseElements")
    details: Mapping[str, Any] | None = msgspec.field(default=None, name="serviceEventDetails")
    address: str = msgspec.field(name="sourceIPAddress")
    agent: str = msgspec.field(name="userAgent")
    identity: Mapping[str, str] = msgspec.field(name="userIdentity")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is told of an operation's calls."""

    read_only: bool
    request: Members
    response: Members
    came_in: frozenset[str]
    """Members of the answer whose faces came in."""
    went_out: frozenset[str]
    threshold: tuple[str, float] | None


class Recorder:
    """Describes calls of one account in one region. `key` makes pseudonyms."""

    def __init__(self, account: str, region: str, key: bytes | None) -> None:
        self._parameters = Parameters(key)
        self._account, self._region = account, region
        self._plan = cache(self._planned)
        self._identity = lru_cache(1024)(self._identified)

    def call(self, call: Call) -> bytes:
        """The record of a call, as JSON."""
        plan, members, identity = self._plan(call.operation), call.members or {}, call.identity or NOBODY
        event = Event(
            aws_region=self._region,
            name=call.operation or "Unknown",
            time=call.started.isoformat("T", "seconds")[:19] + "Z",
            read_only=plan.read_only,
            account=self._account,
            request_id=call.id,
            parameters=told(members, plan.request) or None,
            address=call.request.source if call.request else identity.invoked_by,
            agent=call.request.headers.get("user-agent", "") if call.request else identity.invoked_by,
            identity=self._identity(identity),
        )
        facts: dict[str, Any] = {"milliseconds": round(call.seconds * 1e3, 1)}
        if "CollectionId" in members:
            facts["collection"] = shortened(members["CollectionId"])
        if plan.threshold is not None:
            facts["threshold"] = members.get(*plan.threshold)
        if call.error is not None:
            event.error_code, event.error_message = call.error.code, call.error.text
        elif call.result is not None:
            event.response = told(call.result, plan.response)
            _count(call.result, plan, facts)
        if "FaceIds" in members:
            facts["facesIn"] = len(members["FaceIds"])
        event.additional_event_data = facts
        return msgspec.json.encode(event, order="deterministic")

    def event(self, name: str, details: Mapping[str, Any], invoked_by: str) -> bytes:
        """The record of something that Lookalike did by itself, or its owner by the command line, as JSON."""
        event = Event(
            aws_region=self._region,
            name=name,
            time=datetime.now(UTC).isoformat("T", "seconds")[:19] + "Z",
            kind="AwsServiceEvent",
            account=self._account,
            details=details,
            address=invoked_by,
            agent=invoked_by,
            identity={"type": "AWSService", "accountId": self._account, "invokedBy": invoked_by},
        )
        return msgspec.json.encode(event, order="deterministic")

    def _identified(self, identity: Identity) -> Mapping[str, str]:
        if identity.invoked_by:
            return {"type": "AWSService", "accountId": self._account, "invokedBy": identity.invoked_by}
        told = {"type": "IAMUser", "arn": identity.arn} if identity.arn else {"type": "Unknown"}
        return (
            told | {"accountId": self._account} | ({"accessKeyId": identity.access_key} if identity.access_key else {})
        )

    def _planned(self, operation: str) -> _Plan:
        if operation not in service.operations():
            return _Plan(False, {}, {}, frozenset(), frozenset(), None)
        result = service.shape(service.result_shape(operation))["members"]
        came_in = _LOOKED_AT | ({"FaceMatches"} if operation == "CompareFaces" else set())  # in the target picture
        lists = {name for name, of in result.items() if service.shape(of["shape"])["type"] == "list"}
        return _Plan(
            operation.startswith(_READS),
            self._parameters.of(service.request_shape(operation)),
            {name: (camel(name), len if name in lists else same) for name in result if name in lists | _SCALARS},
            frozenset(result) & came_in,
            frozenset(lists & _TOLD),
            _THRESHOLDS.get(operation),
        )


def _count(result: Mapping[str, Any], plan: _Plan, facts: dict[str, Any]) -> None:
    """How many faces came in and went out, where the answer has them."""
    if came_in := [result[name] for name in plan.came_in if name in result]:
        facts["facesIn"] = sum(map(_number, came_in))
    if plan.went_out:
        facts["facesOut"] = sum(len(result[name]) for name in plan.went_out if name in result)


def _number(faces: Iterable[Any]) -> int:
    return len(faces) if isinstance(faces, list | tuple) else 1
