"""Who is calling: AWS Signature Version 4, in the Authorization header or in a presigned URL.

A request becomes a canonical text, the text is signed with a key derived from the secret, the date, the region
and the service; the caller's signature must be the same. Pure functions: where secrets are kept and what
time it is are arguments.

Source: "Create a signed AWS API request", IAM User Guide; the messages are those that AWS's JSON services send.
S3's streaming payloads (`STREAMING-...`) are verified up to their first chunk: the signature of the request, not
the chunks' own.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_to_bytes

from ..errors import (
    ExpiredTokenException,
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)
from .door import Authenticate, Identity

if TYPE_CHECKING:
    from .gateway import Request

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = timedelta(minutes=15)
"""How far the client's clock may be from ours, either way."""
_LONGEST_PRESIGNED = timedelta(days=7)
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Key:
    """What belongs to an access key id."""

    secret: str
    session_token: str | None = None
    """Of temporary credentials: the request must carry the same."""
    expires: datetime | None = None
    """The end of temporary credentials."""


SecretFor = Callable[[str], Key | None]
"""The key of an access key id; None where there is none, or it was revoked."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A caller who proved to hold the secret of `access_key`, for one region and service."""

    access_key: str
    region: str
    service: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class _Signed:
    """What a signed request claims."""

    access_key: str
    date: str
    region: str
    service: str
    headers: list[str]
    """The lower-case names of the signed headers, in order."""
    signature: str
    stamp: str
    """The time of signing, as in 20240506T070809Z."""
    token: str | None
    lifetime: timedelta | None
    """Of a presigned URL."""

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def authenticator(secret_for: SecretFor, clock: Callable[[], datetime], service: str = "rekognition") -> Authenticate:
    """The `Door.authenticate` that lets only signed requests pass."""

    def authenticate(request: Request) -> Identity:
        return Identity(verify(request, secret_for, clock(), service).access_key)

    return authenticate


def verify(request: Request, secret_for: SecretFor, now: datetime, service: str | None = None) -> Signer:
    """Who signed the request; `service` (as in "rekognition") is what it must be signed for, if given.

    Raises MissingAuthenticationTokenException, IncompleteSignatureException, UnrecognizedClientException,
    ExpiredTokenException or InvalidSignatureException.
    """
    query = _pairs(request.query)
    signed = _claims(request, dict(query))
    signed_at = _check_time(signed, now)
    _check_scope(signed, service)
    _check_headers(signed, request.headers)
    key = secret_for(signed.access_key)
    if key is None or not _same(signed.token or "", key.session_token or ""):
        raise UnrecognizedClientException
    expected = _signature(key.secret, signed, _canonical(request, query, signed))
    if not _same(signed.signature, expected):
        raise InvalidSignatureException
    if key.expires is not None and key.expires <= now:
        raise ExpiredTokenException
    return Signer(signed.access_key, signed.region, signed.service, signed_at)


# ---- what the request claims


def _claims(request: Request, query: Mapping[str, str]) -> _Signed:
    header, presigned = request.headers.get("authorization"), "X-Amz-Algorithm" in query
    if header is not None and presigned:
        raise InvalidSignatureException(
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
        )
    if header is not None:
        return _claims_of_header(header, request.headers)
    if presigned:
        return _claims_of_url(query)
    raise MissingAuthenticationTokenException


def _claims_of_header(header: str, headers: Mapping[str, str]) -> _Signed:
    algorithm, _, rest = header.strip().partition(" ")
    parts = dict(re.findall(r"(\w+)=([^\s,]*)", rest)) if algorithm == ALGORITHM else {}
    stamp = headers.get("x-amz-date") or _stamp_of_date(headers.get("date", ""))
    missing = [
        f"Authorization header requires '{name}' parameter. "
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    ]
    if not stamp:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
    if missing:
        raise IncompleteSignatureException(f"{''.join(missing)}Authorization={header}")
    return _Signed(
        *_credential(parts["Credential"]),
        headers=parts["SignedHeaders"].split(";"),
        signature=parts["Signature"],
        stamp=stamp,
        token=headers.get("x-amz-security-token"),
        lifetime=None,
    )


def _claims_of_url(query: Mapping[str, str]) -> _Signed:
    names = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
    missing = [f"AWS query-string parameters must include '{name}'. " for name in names if not query.get(name)]
    if missing:
        raise IncompleteSignatureException(f"{''.join(missing)}Re-examine the query-string parameters.")
    seconds = query.get("X-Amz-Expires", "")
    if query["X-Amz-Algorithm"] != ALGORITHM or not re.fullmatch(r"[0-9]{1,6}", seconds, re.ASCII):
        raise IncompleteSignatureException("Re-examine the query-string parameters.")
    return _Signed(
        *_credential(query["X-Amz-Credential"]),
        headers=query["X-Amz-SignedHeaders"].split(";"),
        signature=query["X-Amz-Signature"],
        stamp=query["X-Amz-Date"],
        token=query.get("X-Amz-Security-Token"),
        lifetime=min(timedelta(seconds=int(seconds)), _LONGEST_PRESIGNED),
    )


def _credential(text: str) -> tuple[str, str, str, str]:
    """The access key id, date, region and service of `id/date/region/service/aws4_request`."""
    elements = text.split("/")
    if len(elements) != 5:
        raise IncompleteSignatureException(
            "Credential must have exactly 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{text}'"
        )
    access_key, date, region, service, term = elements
    if term != "aws4_request":
        raise InvalidSignatureException(
            f"Credential should be scoped with a valid terminator: 'aws4_request', not '{term}'."
        )
    return access_key, date, region, service


def _stamp_of_date(text: str) -> str:
    try:
        return parsedate_to_datetime(text).astimezone(UTC).strftime(_STAMP)
    except (ValueError, OverflowError):
        return ""


# ---- whether the claims may hold


def _check_time(signed: _Signed, now: datetime) -> datetime:
    """The time of signing, which is neither long past nor to come."""
    stamp = signed.stamp
    if not re.fullmatch(r"\d{8}T\d{6}Z", stamp, re.ASCII):
        raise IncompleteSignatureException(f"Date must be in ISO-8601 'basic format'. Got '{stamp}'.")
    try:
        signed_at = datetime.fromisoformat(stamp)
    except ValueError:
        raise IncompleteSignatureException(f"Date must be in ISO-8601 'basic format'. Got '{stamp}'.") from None
    late, minutes = signed.lifetime or SKEW, SKEW.seconds // 60
    if signed_at < now - late:
        since = f"{now - late:{_STAMP}} ({now:{_STAMP}} - {late.total_seconds() // 60:.0f} min.)"
        raise InvalidSignatureException(f"Signature expired: {stamp} is now earlier than {since}")
    if signed_at > now + SKEW:
        until = f"{now + SKEW:{_STAMP}} ({now:{_STAMP}} + {minutes} min.)"
        raise InvalidSignatureException(f"Signature not yet current: {stamp} is still later than {until}")
    return signed_at


def _check_scope(signed: _Signed, service: str | None) -> None:
    if signed.date != signed.stamp[:8]:
        raise InvalidSignatureException(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{signed.date}' != '{signed.stamp[:8]}', from '{signed.stamp}'."
        )
    if service is not None and signed.service != service:
        raise InvalidSignatureException(f"Credential should be scoped to correct service: '{service}'.")


def _check_headers(signed: _Signed, headers: Mapping[str, str]) -> None:
    """Host and all of AWS's own headers must be signed: else X-Amz-Target could be changed on the way."""
    if "host" not in signed.headers:
        raise InvalidSignatureException("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    for name in headers:
        if name.startswith("x-amz-") and name not in signed.headers:
            raise InvalidSignatureException(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")


# ---- the signature


def _canonical(request: Request, query: list[tuple[str, str]], signed: _Signed) -> str:
    """The text that is signed for: method, path, query, signed headers and the hash of the body."""
    pairs = sorted((_escape(name), _escape(value)) for name, value in query if name != "X-Amz-Signature")
    values = (" ".join(request.headers.get(name, "").split()) for name in signed.headers)
    return "\n".join(
        [
            request.method,
            _canonical_path(request.path, signed.service),
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{value}" for name, value in zip(signed.headers, values, strict=True)),
            "",
            ";".join(signed.headers),
            _payload(request, signed),
        ]
    )


def _canonical_path(path: str, service: str) -> str:
    # S3 escapes once whatever the client did; all others escape the escaped path again.
    return quote(unquote_to_bytes(path), safe="/-_.~") if service == "s3" else quote(path or "/", safe="/-_.~")


def _payload(request: Request, signed: _Signed) -> str:
    """The hash that was signed: of the body itself, except that S3 lets a client leave the body out."""
    claimed = request.headers.get("x-amz-content-sha256", "")
    if signed.service == "s3" and (claimed == "UNSIGNED-PAYLOAD" or claimed.startswith("STREAMING-")):
        return claimed
    if signed.service == "s3" and signed.lifetime is not None:
        return "UNSIGNED-PAYLOAD"
    return sha256(request.body).hexdigest()


def _signature(secret: str, signed: _Signed, canonical: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in (signed.date, signed.region, signed.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join((ALGORITHM, signed.stamp, signed.scope, sha256(canonical.encode()).hexdigest()))
    return hmac.digest(key, text.encode(), "sha256").hex()


def _pairs(query: str) -> list[tuple[str, str]]:
    """The decoded parameters. Unlike in forms, + is a plus."""
    split = (pair.partition("=") for pair in query.split("&") if pair)
    return [(unquote(name), unquote(value)) for name, _, value in split]


def _escape(text: str) -> str:
    return quote(text, safe="-_.~")


def _same(one: str, other: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
