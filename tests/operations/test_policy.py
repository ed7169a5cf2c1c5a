"""Policies by tags: what they refuse, what no caller can lower, what is erased when its time is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.jobs.results import Results
from chalicelib.local.moto.aws import Aws
from chalicelib.operations import retention
from chalicelib.operations.faces import search_faces
from chalicelib.store.job import Job
from chalicelib.store.tables import Head
from chalicelib.telemetry import Fact, noting
from chalicelib.vision.faces import distance_at
from tests.operations.camera import Camera, Person
from tests.operations.conftest import Client, Clock

RETENTION, PURPOSE = "lookalike:retention-days", "lookalike:purpose"
LEAST, CONSENT = "lookalike:min-similarity", "lookalike:consent"


def make(client: Client, **tags: str) -> str:
    """A collection with these tags; returns its ARN."""
    created = client("CreateCollection", CollectionId="people", Tags={f"lookalike:{k}": v for k, v in tags.items()})
    return str(created["CollectionArn"])


def index(client: Client, photo: bytes, **options: Any) -> list[str]:
    answer = client("IndexFaces", CollectionId="people", Image={"Bytes": photo}, **options)
    return [record["Face"]["FaceId"] for record in answer["FaceRecords"]]


def listed(client: Client) -> list[str]:
    return [face["FaceId"] for face in client("ListFaces", CollectionId="people")["Faces"]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((RETENTION, value) for value in ("0", "-1", "1.5", "ten", "", "99999", "³")),
        *((LEAST, value) for value in ("101", "-1", "nan", "high", "")),
        *((CONSENT, value) for value in ("yes", "", "Required")),
        *((PURPOSE, value) for value in ("", "  ")),
        ("lookalike:retention", "1"),
        ("lookalike:", "1"),
    ],
)
def test_what_means_nothing_is_refused(client: Client, name: str, value: str) -> None:
    with pytest.raises(InvalidParameterException, match=name):
        client("CreateCollection", CollectionId="people", Tags={name: value})
    arn = make(client, purpose="door")
    with pytest.raises(InvalidParameterException, match=name):
        client("TagResource", ResourceArn=arn, Tags={name: value})
    assert client("ListTagsForResource", ResourceArn=arn) == {"Tags": {PURPOSE: "door"}}


def test_faces_go_when_their_time_is_over(client: Client, camera: Camera, clock: Clock) -> None:
    arn = make(client)
    old = index(client, camera.photo("ada", "bob"))
    clock.move(days=3)
    new = index(client, camera.photo("ada"))
    client("TagResource", ResourceArn=arn, Tags={RETENTION: "4"})
    assert listed(client) == old + new
    clock.move(days=1, seconds=1)
    found = client("SearchFacesByImage", CollectionId="people", Image={"Bytes": camera.photo("ada")})
    assert [match["Face"]["FaceId"] for match in found["FaceMatches"]] == new
    assert listed(client) == new
    assert client("DescribeCollection", CollectionId="people")["FaceCount"] == 1
    clock.move(days=3)
    with pytest.raises(InvalidParameterException, match="was not found"):
        client("SearchFaces", CollectionId="people", FaceId=new[0])
    assert listed(client) == []
    later = index(client, camera.photo("eve"))
    clock.move(days=3)
    assert listed(client) == later
    client("UntagResource", ResourceArn=arn, TagKeys=[RETENTION])
    clock.move(days=300)
    assert listed(client) == later


def test_a_user_outlives_a_face_whose_time_is_over(client: Client, camera: Camera, clock: Clock) -> None:
    make(client, **{"retention-days": "2"})
    client("CreateUser", CollectionId="people", UserId="ada")
    old = index(client, camera.photo("ada"))
    clock.move(days=1)
    new = index(client, camera.photo(Person("ada", likeness=0.2)))
    client("AssociateFaces", CollectionId="people", UserId="ada", FaceIds=old + new)
    clock.move(days=1, hours=1)
    found = client("SearchUsers", CollectionId="people", FaceId=new[0])["UserMatches"]
    assert found[0]["User"] == {"UserId": "ada", "UserStatus": "ACTIVE"}
    assert found[0]["Similarity"] == 100, "the user's vector is that of the face that is left"
    clock.move(days=1)
    assert client("ListUsers", CollectionId="people")["Users"] == [{"UserId": "ada", "UserStatus": "CREATED"}]


def test_a_face_whose_time_is_over_is_not_told_by_a_video_search_either(
    client: Client, camera: Camera, clock: Clock
) -> None:
    make(client, **{"retention-days": "1"})
    backend = client.backend
    bucket = backend.settings.bucket
    Aws(backend.account).client("s3").create_bucket(Bucket=bucket)
    (face,) = index(client, camera.photo("ada"))
    backend.jobs.jobs.start(Job(id="j", analysis="FaceSearch", request={}, created=time.time()), None, "")
    job = backend.jobs.jobs.claim("j", "worker", 60)
    assert job is not None
    results = Results(backend.store.objects, bucket)
    writer = results.writer("j/1/TIMESTAMPS/TIMESTAMP")
    writer.extend([{"Timestamp": 0, "FaceMatches": [{"Similarity": 99.0, "Face": {"FaceId": face}}]}])
    writer.close()
    backend.jobs.jobs.finish(job, "SUCCEEDED", outcome={"attempt": 1})
    clock.move(days=2)
    retention.sweep(backend)
    assert results.page("j/1/TIMESTAMPS/TIMESTAMP", 0, 10) == [{"Timestamp": 0, "FaceMatches": []}]


def test_the_clock_sweeps_what_nobody_asks_for(client: Client, camera: Camera, clock: Clock) -> None:
    make(client, **{"retention-days": "1"})
    index(client, camera.photo("ada", "bob"))
    client("CreateCollection", CollectionId="kept")
    client("IndexFaces", CollectionId="kept", Image={"Bytes": camera.photo("ada")})
    assert retention.sweep(client.backend) == {}
    clock.move(days=2)
    assert retention.sweep(client.backend) == {"people": 2}
    assert retention.sweep(client.backend) == {}
    head = client.backend.store.collections.get("people")
    assert int(head.face_count) == 0
    assert client("DescribeCollection", CollectionId="kept")["FaceCount"] == 1


def test_a_collection_that_fails_spoils_no_other(client: Client, camera: Camera, clock: Clock) -> None:
    make(client, **{"retention-days": "1"})
    index(client, camera.photo("ada", "bob"))
    for name in ("a-damaged", "z-damaged"):  # before and after, in the order of moto's scan
        client("CreateCollection", CollectionId=name, Tags={RETENTION: "1"})
        client("IndexFaces", CollectionId=name, Image={"Bytes": camera.photo("ada")})
        uid = client.backend.store.collections.get(name).uid
        damaged = Aws(client.backend.account).client("dynamodb")
        damaged.update_item(
            TableName="lookalike-records",
            Key={"key": {"S": f"{uid}/faces/0"}},
            UpdateExpression="SET content = :garbage",
            ExpressionAttributeValues={":garbage": {"S": "no JSON"}},
        )
    clock.move(days=2)
    with pytest.raises(ExceptionGroup) as failed:
        retention.sweep(client.backend)
    assert len(failed.value.exceptions) == 2
    assert listed(client) == []


def test_a_collection_deleted_meanwhile_is_no_failure(client: Client, camera: Camera, clock: Clock) -> None:
    make(client, **{"retention-days": "1"})
    index(client, camera.photo("ada"))
    (head,) = client.backend.store.collections.all()
    clock.move(days=2)

    class Deleted:
        def all(self) -> Iterator[Head]:
            client("DeleteCollection", CollectionId="people")
            yield head

        def __getattr__(self, name: str) -> Any:
            return getattr(client.backend.store.collections, name)

    store = copy(client.backend.store)
    store.collections = cast("Any", Deleted())
    assert retention.sweep(replace(client.backend, store=store)) == {}


def test_no_search_goes_below_the_floor(client: Client, camera: Camera) -> None:
    arn = make(client)
    (own,) = index(client, camera.photo("ada"))
    (near,) = index(client, camera.photo(Person("ada", likeness=distance_at(99.5))))
    (far,) = index(client, camera.photo(Person("ada", likeness=distance_at(90))))
    client("CreateUser", CollectionId="people", UserId="ada")
    client("AssociateFaces", CollectionId="people", UserId="ada", FaceIds=[far])
    photo = {"Bytes": camera.photo("ada")}

    def found(threshold: float) -> list[list[str]]:
        faces = {"CollectionId": "people", "FaceMatchThreshold": threshold}
        users = {"CollectionId": "people", "UserMatchThreshold": threshold}
        by_face, by_image = (
            client("SearchFaces", FaceId=own, **faces),
            client("SearchFacesByImage", Image=photo, **faces),
        )
        of_face, of_image = (
            client("SearchUsers", FaceId=own, **users),
            client("SearchUsersByImage", Image=photo, **users),
        )
        return [
            [match["Face"]["FaceId"] for match in by_face["FaceMatches"]],
            [match["Face"]["FaceId"] for match in by_image["FaceMatches"]],
            [match["User"]["UserId"] for match in of_face["UserMatches"]],
            [match["User"]["UserId"] for match in of_image["UserMatches"]],
        ]

    assert found(0) == [[near, far], [own, near, far], ["ada"], ["ada"]]
    client("TagResource", ResourceArn=arn, Tags={LEAST: "99"})
    assert found(0) == [[near], [own, near], [], []]
    assert found(99.9) == [[], [own], [], []], "a higher threshold is the caller's to name"


def test_consent_is_asked_for_where_it_is_required(client: Client, camera: Camera, clock: Clock) -> None:
    make(client, consent="required")
    consents = client.backend.store.consents
    head = client.backend.store.collections.get("people")
    with pytest.raises(InvalidParameterException, match="ExternalImageId"):
        index(client, camera.photo("ada"))
    with pytest.raises(InvalidParameterException, match="lookalike consent add people ada"):
        index(client, camera.photo("ada"), ExternalImageId="ada")
    consents.add(head, "ada", clock.now)
    clock.move(days=1)
    consents.add(head, "ada", clock.now)
    assert len(index(client, camera.photo("ada"), ExternalImageId="ada")) == 1
    assert [(one.external_id, clock.now - one.since) for one in consents.all(head)] == [("ada", timedelta(days=1))]
    assert consents.remove(head, "ada")
    assert not consents.remove(head, "ada")
    with pytest.raises(InvalidParameterException):
        index(client, camera.photo("ada"), ExternalImageId="ada")


def test_consents_go_with_their_collection(client: Client, clock: Clock) -> None:
    make(client, consent="required")
    consents = client.backend.store.consents
    old = client.backend.store.collections.get("people")
    consents.add(old, "ada", clock.now)
    client("DeleteCollection", CollectionId="people")
    assert list(consents.all(old)) == []
    make(client, consent="required")
    assert not consents.given(client.backend.store.collections.get("people"), "ada")


def test_the_audit_is_told_what_a_collection_is_for_and_what_threshold_held(client: Client, camera: Camera) -> None:
    make(client, purpose="lost children", **{"min-similarity": "99"})
    facts: dict[str, Fact] = {}
    with noting(facts):
        face = index(client, camera.photo("ada"))[0]
        search_faces({"CollectionId": "people", "FaceId": face, "FaceMatchThreshold": 50}, client.backend)
    assert facts == {"purpose": "lost children", "threshold": 99.0}
