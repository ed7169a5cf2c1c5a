"""Policies of functions allow what the functions do, and no other table or bucket."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from fnmatch import fnmatchcase
from typing import Any

import pytest

from deploy import building, events, proof
from deploy.container import Container
from tests.conftest import ROOT, Server

from .recorder import Action, Recorder

POLICIES = {"api_handler": "api", "on_upload": "uploads", "on_job": "jobs"}
CREW = {"CollectionId": "crew"}


@pytest.fixture(scope="module")
def recorded(package: building.Package, server: Server) -> Iterator[tuple[proof.Account, dict[str, set[Action]]]]:
    """What each function asked for while requests, an upload and stored videos were dealt with."""
    account = proof.Account.at(server.url)
    with ExitStack() as stack:
        recorders = {name: stack.enter_context(Recorder(server.url)) for name in POLICIES}
        api, uploads, jobs = (
            stack.enter_context(proof.Account(recorders[name].url, account.environ).start(package, name))
            for name in POLICIES
        )
        proof.detect_faces(account, api)
        proof.index_faces(account, uploads, api)
        proof.video_jobs(account, jobs, api)
        uploaded(account, uploads, jobs)
        everything(account, api)
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
        "uploads_queue": "uploads",
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
