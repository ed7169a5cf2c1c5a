"""Who is calling: AWS Signature Version 4, in the Authorization header or in a presigned URL.

A request becomes a canonical text, the text is signed with a key derived from the secret, the date, the region
and the service; the caller's signature must be the same. Pure functions: where secrets are kept and what
time it is are arguments. S3's older signatures in URLs and forms are in `presigned`.

Source: "Create a signed AWS API request", IAM User Guide.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_to_bytes

from ..errors import (
    ContentSHA256Mismatch,
    ExpiredTokenException,
    InvalidSignatureException,
    InvalidToken,
    UnrecognizedClientException,
)
from . import chunks, claims
from .claims import ALGORITHM, Claims

if TYPE_CHECKING:
    from .gateway import Request

UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class Key:
    """What belongs to an access key id."""

    secret: str
    session_token: str = ""
    """Of temporary credentials: the request must carry the same."""
    expires: datetime | None = None
    """The end of temporary credentials."""


KeyOf = Callable[[str, str], Key | None]
"""The key of an access key id and the session token sent with it, which may be empty; None where there is none, or it
was revoked."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A caller who proved to hold the secret of `access_key`, for one region and service."""

    access_key: str
    region: str
    service: str
    signed_at: datetime
    token: str
    """The session token; empty where there is none."""
    authorization: str
    """What was verified, as an Authorization header: for those who read the request next."""


def verify(request: Request, key_of: KeyOf, now: datetime, service: str | None = None) -> Signer:
    """Who signed the request; `service` (as in "rekognition") is what it must be signed for, if given.

    Raises MissingAuthenticationTokenException, IncompleteSignatureException, UnrecognizedClientException,
    ExpiredTokenException or InvalidSignatureException, for S3 one of their kinds.
    """
    query = pairs(request.query)
    signed = claims.read(request, dict(query))
    signed_at = claims.check_time(signed, now)
    claims.check_scope(signed, service)
    claims.check_headers(signed, request.headers)
    key = held(key_of, signed.access_key, signed.token)
    payload = _payload(request, signed)
    signing_key = signing_key_of(key.secret, signed)
    canonical = _canonical(request, query, signed, payload)
    text = "\n".join((ALGORITHM, signed.stamp, signed.scope, sha256(canonical.encode()).hexdigest()))
    if not same(signed.signature, sign(signing_key, text)):
        raise InvalidSignatureException
    require_current(key, now)
    _check_body(request, payload, signing_key, signed)
    return Signer(signed.access_key, signed.region, signed.service, signed_at, signed.token, signed.authorization)


def held(key_of: KeyOf, access_key: str, token: str) -> Key:
    """The key of that id and session token; raises UnrecognizedClientException."""
    key = key_of(access_key, token)
    if key is None:
        raise InvalidToken if token else UnrecognizedClientException
    if not same(token, key.session_token):
        raise InvalidToken
    return key


def require_current(key: Key, now: datetime) -> None:
    """Raises ExpiredTokenException for temporary credentials past their time."""
    if key.expires is not None and key.expires <= now:
        raise ExpiredTokenException


def signing_key_of(secret: str, signed: Claims) -> bytes:
    """The key that signs for one day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (signed.date, signed.region, signed.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def sign(signing_key: bytes, text: str) -> str:
    """The signature of a text, in hex."""
    return hmac.digest(signing_key, text.encode(), "sha256").hex()


def same(one: str, other: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def pairs(query: str) -> list[tuple[str, str]]:
    """The decoded parameters. Unlike in forms, + is a plus."""
    split = (pair.partition("=") for pair in query.split("&") if pair)
    return [(unquote(name), unquote(value)) for name, _, value in split]


def _payload(request: Request, signed: Claims) -> str:
    """The hash that was signed: of the body itself, except that S3's clients say what they signed."""
    if signed.service != "s3":
        return sha256(request.body).hexdigest()
    return request.headers.get("x-amz-content-sha256", UNSIGNED if signed.lifetime is not None else "")


def _check_body(request: Request, payload: str, signing_key: bytes, signed: Claims) -> None:
    """Whether the body is what S3's client said to have signed."""
    if signed.service != "s3" or payload == UNSIGNED:
        return
    if payload.startswith(chunks.STREAMING):
        chunks.verify(request, payload, lambda text: sign(signing_key, text), signed)
    elif not same(payload, sha256(request.body).hexdigest()):
        raise ContentSHA256Mismatch


def _canonical(request: Request, query: list[tuple[str, str]], signed: Claims, payload: str) -> str:
    """The text that is signed for: method, path, query, signed headers and the hash of the body."""
    escaped = sorted((_escape(name), _escape(value)) for name, value in query if name != "X-Amz-Signature")
    values = (" ".join(request.headers.get(name, "").split()) for name in signed.headers)
    return "\n".join(
        [
            request.method,
            _canonical_path(request.path, signed.service),
            "&".join(f"{name}={value}" for name, value in escaped),
            *(f"{name}:{value}" for name, value in zip(signed.headers, values, strict=True)),
            "",
            ";".join(signed.headers),
            payload,
        ]
    )


def _canonical_path(path: str, service: str) -> str:
    # S3 escapes once whatever the client did; all others escape the escaped path again.
    return quote(unquote_to_bytes(path), safe="/-_.~") if service == "s3" else quote(path or "/", safe="/-_.~")


def _escape(text: str) -> str:
    return quote(text, safe="-_.~")
