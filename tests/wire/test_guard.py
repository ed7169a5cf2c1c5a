"""Who may call, over a real table of keys: identities, permissions by what a request names, sessions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.errors import (
    AccessDeniedException,
    ExpiredTokenException,
    InternalServerError,
    InvalidS3ObjectException,
    InvalidSignatureException,
    UnrecognizedClientException,
)
from chalicelib.local.moto.aws import Aws
from chalicelib.local.moto.sts import Sessions
from chalicelib.store.access import Access, AccessKey
from chalicelib.store.tables import SessionConnection
from chalicelib.store.vault import LocalKeys, Vault, new_key
from chalicelib.wire.door import NOBODY, Identity
from chalicelib.wire.gateway import Request
from chalicelib.wire.guard import Guard
from chalicelib.wire.resources import Account, named, objects
from tests.wire.conftest import as_request

HERE = Account("123456789012", "us-east-1")
COLLECTION = "arn:aws:rekognition:us-east-1:123456789012:collection"


@pytest.fixture(scope="module")
def access() -> Access:
    aws = Aws("210987654321")
    made = Access(SessionConnection(aws.session, aws.region), "guard", Vault(LocalKeys([new_key()])))
    made.create()
    return made


@pytest.fixture
def guard(access: Access) -> Guard:
    return Guard(access, HERE)


def signed(key: AccessKey, token: str | None = None) -> Request:
    headers = {"X-Amz-Target": "RekognitionService.ListCollections"}
    request = AWSRequest("POST", "http://localhost:4566/", headers, b"{}")
    SigV4Auth(Credentials(key.id, key.secret, token), "rekognition", "us-east-1").add_auth(request)
    return as_request(request.prepare())


def limited(access: Access, *statements: dict[str, Any]) -> Identity:
    """A caller with a policy."""
    key = access.make("bob", json.dumps({"Statement": list(statements)}))
    return Identity(key.id, "arn:aws:iam::123456789012:user/bob")


def allow(action: Any, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def test_a_caller_has_an_arn(guard: Guard, access: Access) -> None:
    key = access.make("ada")
    assert guard.authenticate(signed(key)) == Identity(key.id, "arn:aws:iam::123456789012:user/ada")


def test_a_revoked_key_signs_no_more(guard: Guard, access: Access) -> None:
    key = access.make("ada")
    assert guard.authenticate(signed(key)).access_key == key.id
    access.revoke(key.id)
    with pytest.raises(UnrecognizedClientException):
        guard.authenticate(signed(key))
    with pytest.raises(UnrecognizedClientException):  # between the two questions
        guard.permit(Identity(key.id), "ListCollections", {})


def test_a_lost_wrapping_key_is_told_and_lets_nobody_in() -> None:
    aws = Aws("210987654323")

    def access(keys: LocalKeys) -> Access:
        return Access(SessionConnection(aws.session, aws.region), "lost", Vault(keys))

    made = access(LocalKeys([new_key()]))
    made.create()
    key = made.make("ada")
    with pytest.raises(InternalServerError, match="restore"):
        Guard(access(LocalKeys([new_key()])), HERE).authenticate(signed(key))


def test_a_wrong_secret(guard: Guard, access: Access) -> None:
    key = access.make("ada")
    with pytest.raises(InvalidSignatureException):
        guard.authenticate(signed(AccessKey(key.id, "ada", 0, None, "wrong")))


def test_who_has_no_policy_may_do_everything(guard: Guard, access: Access) -> None:
    identity = guard.authenticate(signed(access.make("ada")))
    guard.permit(identity, "DeleteCollection", {"CollectionId": "staff"})
    guard.permit_whole(identity, "s3")
    guard.permit(NOBODY, "DeleteCollection", {"CollectionId": "staff"})  # within the process


def test_a_refusal_reads_as_aws_words_it(guard: Guard, access: Access) -> None:
    bob = limited(access, allow("rekognition:SearchFaces", f"{COLLECTION}/staff"))
    guard.permit(bob, "SearchFaces", {"CollectionId": "staff"})
    with pytest.raises(AccessDeniedException) as caught:
        guard.permit(bob, "SearchFaces", {"CollectionId": "others"})
    assert caught.value.message == (
        "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: rekognition:SearchFaces on resource: "
        f"{COLLECTION}/others because no identity-based policy allows the rekognition:SearchFaces action"
    )
    with pytest.raises(AccessDeniedException) as caught:
        guard.permit(bob, "DetectFaces", {})
    assert caught.value.message == (
        "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: rekognition:DetectFaces because no "
        "identity-based policy allows the rekognition:DetectFaces action"
    )
    eve = limited(access, allow("*"), {"Effect": "Deny", "Action": "rekognition:Delete*", "Resource": "*"})
    with pytest.raises(AccessDeniedException, match=r"with an explicit deny in an identity-based policy$"):
        guard.permit(eve, "DeleteFaces", {"CollectionId": "staff"})


def test_an_object_that_may_not_be_read_is_as_if_it_were_not_there(guard: Guard, access: Access) -> None:
    bob = limited(access, allow("rekognition:*"), allow("s3:GetObject", "arn:aws:s3:::photos/*"))
    guard.permit(bob, "DetectFaces", {"Image": {"S3Object": {"Bucket": "photos", "Name": "a/b.jpg"}}})
    guard.permit(bob, "DetectFaces", {"Image": {"Bytes": b"photo"}})
    with pytest.raises(InvalidS3ObjectException):
        guard.permit(bob, "DetectFaces", {"Image": {"S3Object": {"Bucket": "secrets", "Name": "a.jpg"}}})
    with pytest.raises(AccessDeniedException):
        guard.permit_whole(bob, "s3")


@pytest.mark.parametrize(
    ("operation", "members", "arns"),
    [
        ("DetectFaces", {"Image": {"Bytes": b""}}, ["*"]),
        ("IndexFaces", {"CollectionId": "staff"}, [f"{COLLECTION}/staff"]),
        ("ListCollections", {}, [f"{COLLECTION}/*"]),  # unconfirmed: by the Service Authorization Reference
        ("TagResource", {"ResourceArn": f"{COLLECTION}/staff"}, [f"{COLLECTION}/staff"]),
        ("TagResource", {"ResourceArn": f"{COLLECTION}/staff"[4:]}, [f"{COLLECTION}/staff"]),
        ("StartStreamProcessor", {"Name": "door"}, [COLLECTION.replace("collection", "streamprocessor/door")]),
        (
            "CreateStreamProcessor",
            {"Name": "door", "Settings": {"FaceSearch": {"CollectionId": "staff"}}, "RoleArn": "arn:aws:iam::1:role/r"},
            [f"{COLLECTION}/staff", COLLECTION.replace("collection", "streamprocessor/door")],
        ),
        ("CreateProject", {"ProjectName": "cats"}, [COLLECTION.replace("collection", "project/cats/*")]),
    ],
)
def test_what_a_request_names(operation: str, members: dict[str, Any], arns: list[str]) -> None:
    assert named(operation, members, HERE) == arns


def test_the_objects_that_a_job_reads_and_writes() -> None:
    members = {
        "Input": {"S3Object": {"Bucket": "in", "Name": "manifest"}},
        "OutputConfig": {"S3Bucket": "out", "S3KeyPrefix": "results/"},
        "Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": "truth", "Name": "a"}}}],
    }
    assert list(objects(members)) == [
        ("s3:GetObject", "arn:aws:s3:::in/manifest"),
        ("s3:PutObject", "arn:aws:s3:::out/results/*"),
        ("s3:GetObject", "arn:aws:s3:::truth/a"),
    ]


def test_a_session_stands_for_the_key_that_asked_for_it(access: Access) -> None:
    sessions = Sessions()
    guard = Guard(access, HERE, sessions=sessions.find)
    key = access.make("ada", json.dumps({"Statement": allow("rekognition:ListCollections")}))
    given = sessions.issue(guard.authenticate(signed(key)), "arn:aws:sts::123456789012:assumed-role/r/s", _in(hours=1))
    temporary = AccessKey(given["AccessKeyId"], "", 0, None, given["SecretAccessKey"])
    identity = guard.authenticate(signed(temporary, given["SessionToken"]))
    assert identity == Identity(temporary.id, "arn:aws:sts::123456789012:assumed-role/r/s", issuer=key.id)
    guard.permit(identity, "ListCollections", {})
    with pytest.raises(AccessDeniedException):
        guard.permit(identity, "DetectFaces", {})
    access.revoke(key.id)
    with pytest.raises(UnrecognizedClientException):
        guard.authenticate(signed(temporary, given["SessionToken"]))


@pytest.mark.parametrize("change", ["none", "other", "cut", "foreign", "another"])
def test_a_session_token_that_is_not(access: Access, change: str) -> None:
    sessions, key = Sessions(), access.make("ada")
    guard = Guard(access, HERE, sessions=sessions.find)
    given = sessions.issue(Identity(key.id), "arn:aws:sts::123456789012:assumed-role/r/s", _in(hours=1))
    whose = Identity(key.id)
    token = {
        "none": None,
        "other": "token",
        "cut": given["SessionToken"][:-4],
        "foreign": Sessions().issue(whose, "arn:x", _in(hours=1))["SessionToken"],
        "another": sessions.issue(whose, "arn:x", _in(hours=1))["SessionToken"],
    }[change]
    with pytest.raises(UnrecognizedClientException):
        guard.authenticate(signed(AccessKey(given["AccessKeyId"], "", 0, None, given["SecretAccessKey"]), token))


def test_a_session_ends(access: Access) -> None:
    sessions, key = Sessions(), access.make("ada")
    guard = Guard(access, HERE, sessions=sessions.find)
    given = sessions.issue(Identity(key.id), "arn:aws:sts::123456789012:assumed-role/r/s", _in(seconds=-1))
    temporary = AccessKey(given["AccessKeyId"], "", 0, None, given["SecretAccessKey"])
    with pytest.raises(ExpiredTokenException):
        guard.authenticate(signed(temporary, given["SessionToken"]))


def _in(**time: float) -> datetime:
    return datetime.now(UTC) + timedelta(**time)
