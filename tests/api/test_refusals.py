"""With --auth required: who does not sign as AWS asks is refused as AWS refuses, in the words of each service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.api.guarded import NOBODY, SERVICES, Asked, Guarded, lookalike

UNSIGNED = {
    "rekognition": (400, "MissingAuthenticationTokenException"),
    "dynamodb": (400, "MissingAuthenticationTokenException"),
    "s3": (403, "AccessDenied"),
    "sns": (403, "MissingAuthenticationToken"),
}
UNKNOWN = {
    "rekognition": (400, "UnrecognizedClientException"),
    "dynamodb": (400, "UnrecognizedClientException"),
    "s3": (403, "InvalidAccessKeyId"),
    "sns": (403, "InvalidClientTokenId"),
}
MISMATCH = {
    "rekognition": (400, "InvalidSignatureException"),
    "dynamodb": (400, "InvalidSignatureException"),
    "s3": (403, "SignatureDoesNotMatch"),
    "sns": (403, "SignatureDoesNotMatch"),
}


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    """Each that words an error in its own way."""
    return str(request.param)


@pytest.fixture
def signed(guarded: Guarded, service: str) -> Asked:
    """A request of that service that would be answered."""
    return SERVICES[service].signed(guarded.url, guarded.key)


def test_a_signed_request_is_answered(guarded: Guarded, service: str) -> None:
    for minutes in (-14, 0, 14):
        assert SERVICES[service].signed(guarded.url, guarded.key, minutes).send(guarded.url) == (200, "")


def test_an_unsigned_request(guarded: Guarded, service: str) -> None:
    assert SERVICES[service].send(guarded.url) == UNSIGNED[service]


def test_an_unknown_key(guarded: Guarded, service: str) -> None:
    assert SERVICES[service].signed(guarded.url, NOBODY).send(guarded.url) == UNKNOWN[service]


def test_a_wrong_secret(guarded: Guarded, service: str) -> None:
    wrong = replace(guarded.key, secret=guarded.key.secret[::-1])
    assert SERVICES[service].signed(guarded.url, wrong).send(guarded.url) == MISMATCH[service]


@pytest.mark.parametrize("minutes", [16, -16])
def test_a_replay_after_15_minutes(guarded: Guarded, service: str, minutes: int) -> None:
    stale = MISMATCH | {"s3": (403, "RequestTimeTooSkewed")}
    assert SERVICES[service].signed(guarded.url, guarded.key, minutes).send(guarded.url) == stale[service]


def test_a_tampered_body(guarded: Guarded, service: str, signed: Asked) -> None:
    tampered = replace(
        signed, body=signed.body.replace(b"}", b" }").replace(b"List", b"lisT").replace(b"photo", b"phot0")
    )
    assert tampered.send(guarded.url) == (MISMATCH | {"s3": (400, "XAmzContentSHA256Mismatch")})[service]


def test_a_tampered_path(guarded: Guarded, service: str, signed: Asked) -> None:
    assert replace(signed, path=f"{signed.path}?a=b").send(guarded.url) == MISMATCH[service]


@pytest.mark.parametrize(
    ("service", "target"), [("rekognition", "DeleteCollection"), ("dynamodb", "DeleteTable")], indirect=["service"]
)
def test_a_tampered_target(guarded: Guarded, service: str, signed: Asked, target: str) -> None:
    prefix = signed.headers["X-Amz-Target"].partition(".")[0]
    other = replace(signed, headers={**signed.headers} | {"X-Amz-Target": f"{prefix}.{target}"})
    assert other.send(guarded.url) == MISMATCH[service]


def test_a_key_revoked_while_the_server_runs(guarded: Guarded, service: str) -> None:
    key = guarded.another_key()
    signed = SERVICES[service].signed(guarded.url, key)
    assert signed.send(guarded.url) == (200, "")
    lookalike("keys", "revoke", key.id, "--data-dir", str(guarded.data_dir))
    assert signed.send(guarded.url) == UNKNOWN[service]  # from the next request on


@pytest.mark.parametrize("signed_for", ["s3", "sqs", "dynamodb"])
def test_a_signature_for_another_service_is_none_for_rekognition(guarded: Guarded, signed_for: str) -> None:
    asked = replace(SERVICES["rekognition"], service=signed_for).signed(guarded.url, guarded.key)
    assert asked.send(guarded.url) == (400, "InvalidSignatureException")
