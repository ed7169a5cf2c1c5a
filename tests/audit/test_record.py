"""What is told of a call, and what is not."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from chalicelib.audit.chain import BrokenError
from chalicelib.audit.parameters import HIDDEN, pseudonyms
from chalicelib.audit.reading import verify_stream
from chalicelib.audit.record import Recorder
from chalicelib.audit.trail import Trail, to_stream
from chalicelib.errors import InvalidParameterException
from chalicelib.store.job import Job
from chalicelib.wire.door import Call, Identity
from chalicelib.wire.gateway import Request

ADA = Identity("AKIAADA", "arn:aws:iam::123456789012:user/ada")
REQUEST = Request("POST", "/", "", {"user-agent": "Boto3/1.44"}, b"", "192.0.2.7")
RECORDER = Recorder("123456789012", "eu-west-1", b"k" * 32)
PSEUDONYM = pseudonyms(b"k" * 32)


def told(operation: str, members: dict[str, Any], result: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    made = Call(REQUEST, operation=operation, identity=ADA, members=members, result=result, **more)
    return recorded(made)


def recorded(made: Call) -> dict[str, Any]:
    return msgspec.json.decode(RECORDER.call(made), type=dict[str, Any])


def test_the_shape_of_cloudtrail() -> None:
    record = told("ListCollections", {"MaxResults": 3}, {"CollectionIds": ["a", "b"]})
    assert record["eventVersion"] == "1.11"
    assert record["eventSource"] == "rekognition.amazonaws.com"
    assert (record["eventName"], record["awsRegion"], record["readOnly"]) == ("ListCollections", "eu-west-1", True)
    assert record["userIdentity"] == {
        "type": "IAMUser",
        "accountId": "123456789012",
        "arn": "arn:aws:iam::123456789012:user/ada",
        "accessKeyId": "AKIAADA",
    }
    assert (record["sourceIPAddress"], record["userAgent"]) == ("192.0.2.7", "Boto3/1.44")
    assert record["requestParameters"] == {"maxResults": 3}
    assert record["responseElements"] == {"collectionIds": 2}


def test_faces_are_counted_and_nobody_is_named() -> None:
    face = {"Face": {"FaceId": "f", "ExternalImageId": "ada.lovelace"}, "FaceDetail": {}}
    members = {
        "CollectionId": "staff",
        "Image": {"Bytes": b"\xff\xd8secret"},
        "ExternalImageId": "ada.lovelace",
        "DetectionAttributes": ["ALL"],
        "MaxFaces": 2,
    }
    record = told("IndexFaces", members, {"FaceRecords": [face], "UnindexedFaces": [face, face]})
    assert record["requestParameters"] == {
        "collectionId": "staff",
        "image": {"bytes": {"bytes": 8}},
        "externalImageId": PSEUDONYM("ada.lovelace"),
        "detectionAttributes": ["ALL"],
        "maxFaces": 2,
    }
    assert record["responseElements"] == {"faceRecords": 1, "unindexedFaces": 2}
    facts = record["additionalEventData"]
    assert (facts["collection"], facts["facesIn"], facts["facesOut"]) == ("staff", 3, 1)
    assert "ada" not in json.dumps(record["requestParameters"])
    assert "secret" not in json.dumps(record)


@pytest.mark.parametrize(
    ("operation", "members", "result", "facts"),
    [
        (
            "SearchFacesByImage",
            {"FaceMatchThreshold": 99.0},
            {"SearchedFaceBoundingBox": {}, "FaceMatches": [{}]},
            (1, 1, 99.0),
        ),
        ("SearchFaces", {"FaceId": "f"}, {"SearchedFaceId": "f", "FaceMatches": []}, (1, 0, 80.0)),
        ("DeleteFaces", {"FaceIds": ["f", "g"]}, {"DeletedFaces": ["f"]}, (2, 1, None)),
        (
            "CompareFaces",
            {},
            {"SourceImageFace": {}, "FaceMatches": [{}, {}], "UnmatchedFaces": [{}]},
            (4, 2, 80.0),
        ),
        ("DetectFaces", {}, {"FaceDetails": [{}, {}]}, (2, 2, None)),
        ("ListFaces", {}, {"Faces": [{}]}, (None, 1, None)),
        ("GetFaceSearch", {}, {"Persons": [{}, {}]}, (None, 2, None)),
    ],
)
def test_faces_in_and_out(
    operation: str, members: dict[str, Any], result: dict[str, Any], facts: tuple[Any, ...]
) -> None:
    data = told(operation, members, result)["additionalEventData"]
    assert (data.get("facesIn"), data.get("facesOut"), data.get("threshold")) == facts


def test_tags_that_set_policy_are_kept() -> None:
    tags = {"lookalike:purpose": "doors", "owner": "Ada Lovelace"}
    record = told("TagResource", {"ResourceArn": "arn:x", "Tags": tags}, {})
    assert record["requestParameters"]["tags"] == {"lookalike:purpose": "doors", "owner": PSEUDONYM("Ada Lovelace")}
    assert record["requestParameters"]["resourceArn"] == "arn:x"


def test_an_error_is_told_without_its_quotations() -> None:
    error = InvalidParameterException("the user Ada Lovelace is not there")
    record = told("SearchUsers", {"UserId": "Ada Lovelace"}, None, error=error)
    assert record["errorCode"] == "InvalidParameterException"
    assert record["errorMessage"] == InvalidParameterException.text
    assert record["responseElements"] is None
    assert "Ada" not in json.dumps(record)


def test_a_stranger_without_an_operation() -> None:
    record = recorded(Call(REQUEST, error=InvalidParameterException()))
    assert (record["eventName"], record["userIdentity"]["type"]) == ("Unknown", "Unknown")


def test_a_part_of_lookalike() -> None:
    made = Call(operation="ListCollections", identity=Identity(invoked_by="uploads"), members={}, result={})
    record = recorded(made)
    assert record["userIdentity"] == {"type": "AWSService", "accountId": "123456789012", "invokedBy": "uploads"}
    assert record["sourceIPAddress"] == "uploads"


def test_a_jobs_end_is_told_with_what_it_found() -> None:
    request = {"CollectionId": "staff", "JobTag": "ada"}
    outcome = {"counts": {"TIMESTAMPS/TIMESTAMP": 7}}
    job = Job(id="f" * 64, analysis="FaceSearch", request=request, created=0, status="SUCCEEDED", outcome=outcome)
    kept: list[bytes] = []
    Trail(lambda record, later=False: kept.append(record), RECORDER).ended(job)
    record = msgspec.json.decode(kept[0])
    assert (record["eventName"], record["eventType"]) == ("FaceSearchJobEnded", "AwsServiceEvent")
    assert record["userIdentity"]["invokedBy"] == "jobs"
    details = record["serviceEventDetails"]
    assert (details["jobStatus"], details["collection"], details["results"]) == ("SUCCEEDED", "staff", 7)
    assert b"ada" not in kept[0]


def test_a_containers_log(tmp_path: Any) -> None:
    path = tmp_path / "lines"
    with path.open("w") as file:
        trail = to_stream(file, "1", "eu-west-1")
        for number in range(5):
            trail(Call(REQUEST, operation="GetCelebrityInfo", members={"Id": f"name{number}"}, result={}))
        trail.event("OptOutAdded", {"faces": 1}, "lookalike")
    assert verify_stream(path).records == 6
    assert HIDDEN in path.read_text()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    with pytest.raises(BrokenError, match="follows record 2"):
        verify_stream(path)
