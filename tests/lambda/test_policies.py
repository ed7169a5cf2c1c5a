"""Policies of functions allow what the functions do, and no other table or bucket."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from fnmatch import fnmatchcase
from typing import Any

import pytest

from deploy import building, events, proof
from deploy.container import Container
from tests.conftest import ROOT, Server

from .recorder import Action, Recorder

POLICIES = {
    "api_handler": "api",
    "on_upload": "uploads",
    "on_job": "jobs",
    "on_uploads": "uploads",
    "on_clock": "clock",
}
CREW = {"CollectionId": "crew"}


@pytest.fixture(scope="module")
def recorded(package: building.Package, server: Server) -> Iterator[tuple[proof.Account, dict[str, set[Action]]]]:
    """What each function asked for while requests, an upload and stored videos were dealt with."""
    account = proof.Account.at(server.url)
    with ExitStack() as stack:
        recorders = {name: stack.enter_context(Recorder(server.url)) for name in POLICIES}
        api, uploads, jobs, queued, clock = (
            stack.enter_context(proof.Account(recorders[name].url, account.environ).start(package, name))
            for name in POLICIES
        )
        proof.detect_faces(account, api)
        proof.index_faces(account, uploads, api)
        proof.video_jobs(account, jobs, api)
        uploaded(account, uploads, jobs)
        everything(account, api)
        waiting(account, queued, jobs, api)
        proof.expired_faces(account, clock, api)
        swept(account, clock, jobs, api)
        yield account, {name: recorder.actions for name, recorder in recorders.items()}


def uploaded(account: proof.Account, uploads: Container, jobs: Container) -> None:
    """A picture and a film that are analysed, and found by what was seen; the picture is removed again."""
    for key, body in (("album/eileen.jpg", proof.PHOTO.read_bytes()), ("album/film.mp4", proof.film())):
        account.client("s3").put_object(Bucket=account.uploads, Key=key, Body=body)
        assert uploads.invoke(events.uploaded(account.uploads, key, len(body))).error is None
    for event in account.messages():
        assert jobs.invoke(event).result == {"batchItemFailures": []}
    removal = events.uploaded(account.uploads, "album/eileen.jpg", 0, "0055AED6DCD90281E7")
    removal["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    assert uploads.invoke(removal).error is None


def everything(account: proof.Account, api: Container) -> None:
    """What touches a store and is not in the proof."""
    image = {"Image": {"S3Object": {"Bucket": account.uploads, "Name": "collections/crew/eileen.jpg"}}}
    account.ask(api, "DetectFaces", image)
    account.ask(api, "ListCollections", {})
    account.ask(api, "DescribeCollection", CREW)
    (face,) = account.ask(api, "ListFaces", CREW)["Faces"]
    arn = f"arn:aws:rekognition:us-east-1:123456789012:collection/{CREW['CollectionId']}"
    account.ask(api, "TagResource", {"ResourceArn": arn, "Tags": {"kept": "no"}})
    user = CREW | {"UserId": "eileen"}
    account.ask(api, "CreateUser", user)
    account.ask(api, "AssociateFaces", user | {"FaceIds": [face["FaceId"]]})
    account.ask(api, "SearchUsersByImage", CREW | image)
    account.ask(api, "SearchUsers", user)
    account.ask(api, "ListUsers", CREW)
    account.ask(api, "DisassociateFaces", user | {"FaceIds": [face["FaceId"]]})
    account.ask(api, "DeleteUser", user)
    account.ask(api, "DeleteFaces", CREW | {"FaceIds": [face["FaceId"]]})
    account.ask(api, "DeleteCollection", CREW)


def waiting(account: proof.Account, queued: Container, jobs: Container, api: Container) -> None:
    """A film that finds 20 jobs open, a picture that cannot be read, a job that another worker holds."""
    video = {"Video": {"S3Object": {"Bucket": account.uploads, "Name": "film.mp4"}}}
    for _ in range(20):
        account.ask(api, "StartFaceDetection", video)
    put = events.uploaded(account.uploads, "album/film.mp4", 1, "0055AED6DCD90281E9")
    assert queued.invoke(events.queued(put, "uploads")).result == {"batchItemFailures": []}
    absent = events.uploaded(account.uploads, "album/absent.jpg", 1)
    assert queued.invoke(events.queued(absent, "uploads")).result == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    held, *others = account.messages()
    lease(account, json.loads(held["Records"][0]["body"])["JobId"], seconds=60)
    assert jobs.invoke(held).result == {"batchItemFailures": []}
    lease(account, json.loads(held["Records"][0]["body"])["JobId"], seconds=-60)
    for event in (held, *others):
        assert jobs.invoke(event).result == {"batchItemFailures": []}


def lease(account: proof.Account, job: str, seconds: float) -> None:
    """Have a job be held for so long from now, as by a worker elsewhere."""
    changed(account, "jobs", {"key": job}, "lease", str(time.time() + seconds))


def swept(account: proof.Account, clock: Container, jobs: Container, api: Container) -> None:
    """All that may be to erase: a face of a user that a video search told of, a job, a deletion that broke off."""
    visitors = {"CollectionId": "visitors"}
    account.ask(api, "CreateCollection", visitors | {"Tags": {"lookalike:retention-days": "1"}})
    (record,) = account.ask(api, "IndexFaces", visitors | {"Image": proof.portrait()})["FaceRecords"]
    user = visitors | {"UserId": "eileen"}
    account.ask(api, "CreateUser", user)
    account.ask(api, "AssociateFaces", user | {"FaceIds": [record["Face"]["FaceId"]]})
    video = {"Video": {"S3Object": {"Bucket": account.uploads, "Name": "film.mp4"}}}
    search = account.ask(api, "StartFaceSearch", video | visitors)
    old = account.ask(api, "StartFaceDetection", video)["JobId"]
    for event in account.messages():
        assert jobs.invoke(event).result == {"batchItemFailures": []}
    assert any(person.get("FaceMatches") for person in account.ask(api, "GetFaceSearch", search)["Persons"])
    changed(account, "jobs", {"key": old}, "expires", "1")
    broken_off(account, api)
    account.age("visitors", days=2)
    assert clock.invoke(events.scheduled()).result == {"visitors": 1}
    assert not any(person.get("FaceMatches") for person in account.ask(api, "GetFaceSearch", search)["Persons"])


def broken_off(account: proof.Account, api: Container) -> None:
    """A collection whose deletion got no further than its head."""
    account.ask(api, "CreateCollection", {"CollectionId": "left"})
    account.ask(api, "IndexFaces", {"CollectionId": "left", "Image": proof.portrait()})
    dynamodb, prefix = account.client("dynamodb"), account.environ["LOOKALIKE_TABLE_PREFIX"]
    named = {"TableName": f"{prefix}-collections", "Key": {"id": {"S": "left"}}}
    uid = dynamodb.get_item(**named)["Item"]["uid"]["S"]
    dynamodb.delete_item(**named)
    graves = {"name": {"S": "graves"}, "graves": {"SS": [f"{uid}/1/0"]}}
    dynamodb.put_item(TableName=f"{prefix}-names", Item=graves)
    consent = {"collection": {"S": uid}, "external_id": {"S": "eileen"}, "since": {"N": "1"}}
    dynamodb.put_item(TableName=f"{prefix}-consents", Item=consent)


def changed(account: proof.Account, table: str, key: dict[str, str], name: str, number: str) -> None:
    """Set one number of an item."""
    account.client("dynamodb").update_item(
        TableName=f"{account.environ['LOOKALIKE_TABLE_PREFIX']}-{table}",
        Key={name: {"S": value} for name, value in key.items()},
        UpdateExpression="SET #name = :number",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":number": {"N": number}},
    )


def statements(name: str, account: proof.Account) -> list[dict[str, Any]]:
    """A function's policy as Terraform renders it for this account."""
    found = account.environ
    values = {
        "account": "123456789012",
        "region": "us-east-1",
        "name": found["LOOKALIKE_TABLE_PREFIX"],
        "log_group": "logs",
        "key": found["LOOKALIKE_KMS_KEY"],
        "uploads": f"arn:aws:s3:::{found['LOOKALIKE_UPLOADS']}",
        "results": f"arn:aws:s3:::{found['LOOKALIKE_BUCKET']}",
        "jobs": f"arn:aws:sqs:us-east-1:123456789012:{found['LOOKALIKE_QUEUE']}",
        "uploads_queue": f"arn:aws:sqs:us-east-1:123456789012:{found['LOOKALIKE_UPLOADS_QUEUE']}",
    }
    text = (ROOT / "deploy" / "policies" / f"{POLICIES[name]}.json").read_text()
    text = re.sub(r"\$\{jsonencode\(\[for .*?\)\}", json.dumps([f"{values['uploads']}/*"]), text)
    text = re.sub(r"\$\{jsonencode\(concat.*?\)\}(?=\n|,)", json.dumps([values["uploads"], values["results"]]), text)
    rendered: list[dict[str, Any]] = json.loads(re.sub(r"\$\{(\w+)\}", lambda m: values[m[1]], text))["Statement"]
    return rendered


def allowed(action: Action, statement: dict[str, Any]) -> bool:
    """Whether a statement names the action, and what it is done to by the end of an ARN; "" is any."""
    done, on = action
    names, resources = ([v] if isinstance(v, str) else v for v in (statement["Action"], statement["Resource"]))
    return done in names and any(not on or fnmatchcase(f"arn:{on}", _shortened(resource, on)) for resource in resources)


def _shortened(resource: str, on: str) -> str:
    """The ARN without partition, service, region and account, unless `on` is an ARN itself."""
    return f"arn:{resource}" if on.startswith("arn:") else f"arn:{resource.split(':', 5)[-1]}"


@pytest.mark.parametrize("name", POLICIES)
def test_a_function_may_do_what_it_does(recorded: Any, name: str) -> None:
    account, actions = recorded
    assert len(actions[name]) > 5
    policy = statements(name, account)
    denied = {action for action in actions[name] if not any(allowed(action, statement) for statement in policy)}
    assert denied == set()


def test_a_policy_denies_what_it_does_not_name(recorded: Any) -> None:
    account, _ = recorded
    prefix = account.environ["LOOKALIKE_TABLE_PREFIX"]
    for action in (
        ("dynamodb:GetItem", f"table/{prefix}-access-keys"),
        ("dynamodb:PutItem", "table/another-records"),
        ("s3:GetObject", "another/key"),
        ("sqs:SendMessage", "another"),
    ):
        assert not any(allowed(action, statement) for statement in statements("on_job", account))


def test_the_clock_may_do_no_more_than_it_does(recorded: Any) -> None:
    """What erases is trusted with as little as can be: all it may do was asked for, but for what S3 asks of KMS."""
    account, actions = recorded
    unused = {
        (statement["Sid"], name)
        for statement in statements("on_clock", account)
        for name in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if not any(action[0] == name and allowed(action, statement) for action in actions["on_clock"])
    }
    of_aws = {("Logs", "logs:CreateLogStream"), ("Logs", "logs:PutLogEvents")}
    assert unused == of_aws | {("DataKeysOfCollectionsAndBuckets", "kms:GenerateDataKey")}
