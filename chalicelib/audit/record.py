"""One call as CloudTrail records it, less what tells of a person.

The shape is that of "CloudTrail record contents" (AWS CloudTrail user guide, version 1.11), with the members of
requestParameters and responseElements in camel case; `chain` adds the eventID. Of the request that is told which
`parameters` lets through, of an answer's lists their lengths. An error has its class's general text: its own may quote
the request.

What is the same for many calls is made once: beside a search of 2 ms, every 10 µs count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from ..wire import service
from ..wire.door import NOBODY
from .parameters import Members, Parameters, camel, shortened, told

if TYPE_CHECKING:
    from ..wire.door import Call

READS = ("Compare", "Describe", "Detect", "Get", "List", "Recognize", "Search")
"""How the names of operations begin that change nothing."""
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


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is told of an operation's calls."""

    request: Members
    response: Mapping[str, tuple[str, bool, bool, bool]]
    """By a member of the answer: its name in camel case, and whether it is a list, is of faces that came in, and is of
    faces that went out."""
    threshold: tuple[str, float] | None


class Recorder:
    """Describes calls of one account in one region. `key` makes pseudonyms."""

    def __init__(self, account: str, region: str, key: bytes | None) -> None:
        self._parameters = Parameters(key)
        self._account, self._region = account, region
        self._planned = cache(self._plan)
        self._begun = lru_cache(1024)(self._begin)

    def call(self, call: Call) -> bytes:
        """The record of a call, as JSON."""
        operation, members, result = call.operation, call.members or {}, call.result
        identity, request = call.identity or NOBODY, call.request
        by = identity.invoked_by
        address, agent = (request.source, request.headers.get("user-agent", "")) if request else (by, by)
        plan = self._planned(operation)
        facts: dict[str, Any] = {"milliseconds": round(call.seconds * 1e3, 1)}
        told_of: dict[str, Any] = {
            "additionalEventData": facts,
            "eventTime": _time(call.started),
            "requestID": call.id,
            "requestParameters": told(members, plan.request) or None,
            "responseElements": None,
        }
        if "CollectionId" in members:
            facts["collection"] = shortened(members["CollectionId"])
        if plan.threshold is not None:
            facts["threshold"] = members.get(*plan.threshold)
        if call.error is not None:
            told_of["errorCode"], told_of["errorMessage"] = call.error.code, call.error.text
        elif result is not None:
            told_of["responseElements"] = _response(result, plan, facts)
        if "FaceIds" in members:
            facts["facesIn"] = len(members["FaceIds"])
        facts |= call.facts
        begun = self._begun(operation, identity.access_key, identity.arn, by, address, agent)
        return begun + msgspec.json.encode(told_of)[1:]

    def event(self, name: str, details: Mapping[str, Any], invoked_by: str) -> bytes:
        """The record of something that Lookalike did by itself, or its owner by the command line, as JSON."""
        begun = self._begin(name, "", "", invoked_by, invoked_by, invoked_by, kind="AwsServiceEvent")
        return begun + msgspec.json.encode({"eventTime": _time(datetime.now(UTC)), "serviceEventDetails": details})[1:]

    def _begin(  # noqa: PLR0917 -- each a part of the cache's key
        self, name: str, access_key: str, arn: str, by: str, address: str, agent: str, *, kind: str = "AwsApiCall"
    ) -> bytes:
        """What the records of one caller's calls of one operation have in common: a JSON object less its end."""
        if by:
            identity = {"type": "AWSService", "accountId": self._account, "invokedBy": by}
        else:
            known = {"type": "IAMUser", "arn": arn} if arn else {"type": "Unknown"}
            identity = known | {"accountId": self._account} | ({"accessKeyId": access_key} if access_key else {})
        common = {
            "awsRegion": self._region,
            "eventCategory": "Management",
            "eventName": name or "Unknown",
            "eventSource": "rekognition.amazonaws.com",
            "eventType": kind,
            "eventVersion": "1.11",
            "managementEvent": True,
            "readOnly": name.startswith(READS),
            "recipientAccountId": self._account,
            "sourceIPAddress": address,
            "userAgent": shortened(agent),
            "userIdentity": identity,
        }
        return msgspec.json.encode(common)[:-1] + b","

    def _plan(self, operation: str) -> _Plan:
        if operation not in service.operations():
            return _Plan({}, {}, None)
        result = service.shape(service.result_shape(operation))["members"]
        came_in = set[str]() if operation.startswith("Get") else set(_LOOKED_AT)  # what came in, came with the Start
        if operation == "CompareFaces":
            came_in.add("FaceMatches")  # they are in the target picture
        lists = {name for name, of in result.items() if service.shape(of["shape"])["type"] == "list"}
        return _Plan(
            self._parameters.of(service.request_shape(operation)),
            {
                name: (camel(name), name in lists, name in came_in, name in _TOLD)
                for name in result
                if name in lists | came_in | _SCALARS
            },
            _THRESHOLDS.get(operation),
        )


def _response(result: Mapping[str, Any], plan: _Plan, facts: dict[str, Any]) -> dict[str, Any]:
    """An answer's lists by their lengths, and what little else is kept; faces are counted into `facts`."""
    response = {}
    for name, value in result.items():
        if name not in plan.response:
            continue
        told_as, is_list, came_in, went_out = plan.response[name]
        count = len(value) if is_list else 1
        if is_list:
            response[told_as] = count
        elif name in _SCALARS:
            response[told_as] = value
        if came_in:
            facts["facesIn"] = facts.get("facesIn", 0) + count
        if went_out:
            facts["facesOut"] = facts.get("facesOut", 0) + count
    return response


def _time(time: datetime) -> str:
    """As CloudTrail writes it, of a time in UTC."""
    return time.isoformat()[:19] + "Z"
