"""Policies: what is allowed, what is denied, what is refused because it could not be held to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.errors import MalformedPolicyDocumentException
from chalicelib.wire import policies
from chalicelib.wire.policies import Decision

ALLOWED, DENIED, UNSAID = Decision.ALLOWED, Decision.DENIED, Decision.UNSAID
STAFF = "arn:aws:rekognition:us-east-1:123456789012:collection/staff"
VISITORS = "arn:aws:rekognition:us-east-1:123456789012:collection/visitors"


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def deny(action: Any, resource: Any = "*") -> dict[str, Any]:
    return allow(action, resource) | {"Effect": "Deny"}


def policy(*statements: dict[str, Any]) -> policies.Policy:
    return policies.parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


@pytest.mark.parametrize(
    ("statements", "action", "resource", "decision"),
    [
        ([allow("rekognition:IndexFaces", STAFF)], "rekognition:IndexFaces", STAFF, ALLOWED),
        ([allow("rekognition:IndexFaces", STAFF)], "rekognition:IndexFaces", VISITORS, UNSAID),
        ([allow("rekognition:IndexFaces", STAFF)], "rekognition:DeleteFaces", STAFF, UNSAID),
        ([allow("rekognition:*")], "rekognition:DeleteFaces", STAFF, ALLOWED),
        ([allow("*")], "rekognition:DetectFaces", "*", ALLOWED),
        ([allow("REKOGNITION:indexfaces")], "rekognition:IndexFaces", STAFF, ALLOWED),
        ([allow("rekognition:Search*", STAFF[:-3] + "*")], "rekognition:SearchFaces", STAFF, ALLOWED),
        ([allow("rekognition:Search*")], "rekognition:IndexFaces", STAFF, UNSAID),
        ([allow("rekognition:?etectFaces")], "rekognition:DetectFaces", "*", ALLOWED),
        ([allow("rekognition:IndexFaces", STAFF.replace("staff", "STAFF"))], "rekognition:IndexFaces", STAFF, UNSAID),
        ([allow("rekognition:DetectFaces", STAFF)], "rekognition:DetectFaces", "*", UNSAID),
        ([allow(["rekognition:IndexFaces", "rekognition:ListFaces"], [STAFF, VISITORS])],
         "rekognition:ListFaces", VISITORS, ALLOWED),
        ([allow("rekognition:*"), deny("rekognition:Delete*")], "rekognition:DeleteFaces", STAFF, DENIED),
        ([deny("rekognition:Delete*"), allow("rekognition:*")], "rekognition:DeleteFaces", STAFF, DENIED),
        ([allow("rekognition:*"), deny("rekognition:*", VISITORS)], "rekognition:SearchFaces", STAFF, ALLOWED),
        ([allow("rekognition:*"), deny("rekognition:*", VISITORS)], "rekognition:SearchFaces", VISITORS, DENIED),
        ([{"Effect": "Allow", "NotAction": "rekognition:Delete*", "Resource": "*"}],
         "rekognition:IndexFaces", STAFF, ALLOWED),
        ([{"Effect": "Allow", "NotAction": "rekognition:Delete*", "Resource": "*"}],
         "rekognition:DeleteCollection", STAFF, UNSAID),
        ([{"Effect": "Allow", "Action": "rekognition:*", "NotResource": VISITORS}],
         "rekognition:IndexFaces", STAFF, ALLOWED),
        ([{"Effect": "Allow", "Action": "rekognition:*", "NotResource": VISITORS}],
         "rekognition:IndexFaces", VISITORS, UNSAID),
        ([allow("s3:GetObject", "arn:aws:s3:::photos/*")], "s3:GetObject", "arn:aws:s3:::photos/a/b.jpg", ALLOWED),
        ([allow("s3:GetObject", "arn:aws:s3:::photos/*")], "s3:GetObject", "arn:aws:s3:::others/a.jpg", UNSAID),
        ([allow("rekognition:*", STAFF.replace("collection", "c.llection"))], "rekognition:IndexFaces", STAFF, UNSAID),
    ],
)  # fmt: skip
def test_a_decision(statements: list[dict[str, Any]], action: str, resource: str, decision: Decision) -> None:
    assert policy(*statements).decide(action, resource) is decision


@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        ([allow("s3:*")], ALLOWED),
        ([allow("*")], ALLOWED),
        ([allow("s3:GetObject")], UNSAID),
        ([allow("sqs:*")], UNSAID),
        ([allow("s3:*", "arn:aws:s3:::photos/*")], UNSAID),
        ([allow("*"), deny("s3:*")], DENIED),
        ([allow("*"), deny("s3:*", "arn:aws:s3:::secret/*")], DENIED),
        ([allow("*"), deny("*", "arn:aws:s3:::secret/*")], DENIED),
        ([allow("*"), deny("rekognition:*")], ALLOWED),
        ([{"Effect": "Allow", "NotAction": "rekognition:*", "Resource": "*"}], ALLOWED),
        ([allow("*"), {"Effect": "Deny", "NotAction": "rekognition:*", "Resource": "*"}], DENIED),
    ],
)  # fmt: skip
def test_a_service_as_a_whole(statements: list[dict[str, Any]], decision: Decision) -> None:
    assert policy(*statements).decide_whole("s3") is decision


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("not json", "not JSON"),
        ("\udc80", "not JSON"),
        ("[]", "Expected `object`"),
        ({}, "missing required field `Statement`"),
        ({"Statement": []}, "length >= 1"),
        ({"Version": "2020-01-01", "Statement": allow("*")}, "2020-01-01"),
        ({"Statement": {"Effect": "Allow", "Resource": "*"}}, "either Action or NotAction"),
        ({"Statement": allow("*") | {"NotAction": "*"}}, "either Action or NotAction"),
        ({"Statement": {"Effect": "Allow", "Action": "*"}}, "either Resource or NotResource"),
        ({"Statement": allow("*") | {"Effect": "Maybe"}}, "Maybe"),
        ({"Statement": allow("*", Condition={"Bool": {"aws:SecureTransport": "true"}})}, "Condition"),
        ({"Statement": allow("*", Principal="*")}, "Principal"),
        ({"Statement": allow("*", "arn:aws:s3:::${aws:username}/*")}, "policy variables"),
        ({"Statement": allow("*", "staff")}, "no ARN"),
        ({"Statement": allow("rekognition:IndexFacez")}, "no action of Rekognition"),
        ({"Statement": allow("s3:ListBucket")}, "say s3:*"),
        ({"Statement": allow("s3:Get*")}, "say s3:*"),
        ({"Statement": deny("s3:GetObject")}, "deny s3:*"),
        ({"Statement": allow("IndexFaces")}, "not supported"),
        ({"Statement": allow([])}, "length >= 1"),
        ({"Statement": allow("*", ["arn:" + "x" * 11_000])}, "longer than"),
    ],
)
def test_what_cannot_be_held_to_is_refused(document: Any, why: str) -> None:
    with pytest.raises(MalformedPolicyDocumentException) as caught:
        policies.parse(document if isinstance(document, str) else json.dumps(document))
    assert why in caught.value.message


def test_one_statement_needs_no_list() -> None:
    single = policies.parse(json.dumps({"Id": "one", "Statement": allow("rekognition:*", Sid="all")}))
    assert single.decide("rekognition:DetectFaces", "*") is ALLOWED


@pytest.mark.timeout(20)
def test_many_wildcards_take_no_time() -> None:
    many = policy(allow("rekognition:*", "arn:" + "*a" * 2000 + "*b"))
    assert many.decide("rekognition:IndexFaces", "arn:" + "a" * 2000) is UNSAID
    assert many.decide("rekognition:IndexFaces", "arn:" + "a" * 2001 + "b") is ALLOWED
    assert policy(allow("rekognition:*", "arn:*[a]")).decide("rekognition:IndexFaces", "arn:x[a]") is ALLOWED
