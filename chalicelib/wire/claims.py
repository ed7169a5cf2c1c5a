"""What a signed request claims of itself, before anything is verified: who signed, when, for what, which headers.

Source: "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API Reference; "Create a signed AWS API request",
IAM User Guide. The messages are those that AWS's JSON services send.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ..errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    RequestExpired,
    RequestTimeTooSkewed,
)

if TYPE_CHECKING:
    from .gateway import Request

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = timedelta(minutes=15)
"""How far the client's clock may be from ours, either way."""
_LONGEST_PRESIGNED = timedelta(days=7)
_STAMP = "%Y%m%dT%H%M%SZ"
_PART = re.compile(r"(\w+)=([^\s,]*)")


@dataclass(frozen=True, slots=True)
class Claims:
    """Read from the Authorization header, the query of a presigned URL, or the fields of a form."""

    access_key: str
    date: str
    """The day of the scope, as in 20240506."""
    region: str
    service: str
    headers: list[str]
    """The lower-case names of the signed headers, in order."""
    signature: str
    stamp: str
    """The time of signing, as in 20240506T070809Z."""
    token: str
    """The session token; empty where there is none."""
    lifetime: timedelta | None
    """Of a presigned URL."""

    @property
    def scope(self) -> str:
        """What the signature holds for: day, region and service."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"

    @property
    def authorization(self) -> str:
        """The claims as an Authorization header, each once: two readers of it cannot see two callers."""
        return (
            f"{ALGORITHM} Credential={self.access_key}/{self.scope}, SignedHeaders={';'.join(self.headers)}, "
            f"Signature={self.signature}"
        )


def read(request: Request, query: Mapping[str, str]) -> Claims:
    """The claims of a request whose decoded query is given.

    Raises MissingAuthenticationTokenException, IncompleteSignatureException or InvalidSignatureException.
    """
    header, presigned = request.headers.get("authorization"), "X-Amz-Algorithm" in query
    if header is not None and presigned:
        raise InvalidSignatureException(
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
        )
    if header is not None:
        return _of_header(header, request.headers)
    if presigned:
        return _of_url(query)
    raise MissingAuthenticationTokenException


def credential(text: str) -> tuple[str, str, str, str]:
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


def check_time(claims: Claims, now: datetime) -> datetime:
    """The time of signing. Raises RequestTimeTooSkewed or RequestExpired where it is long past or to come."""
    stamp = claims.stamp
    if not re.fullmatch(r"\d{8}T\d{6}Z", stamp, re.ASCII):
        raise IncompleteSignatureException(f"Date must be in ISO-8601 'basic format'. Got '{stamp}'.")
    try:
        signed_at = datetime.fromisoformat(stamp)
    except ValueError:
        raise IncompleteSignatureException(f"Date must be in ISO-8601 'basic format'. Got '{stamp}'.") from None
    late, minutes = SKEW if claims.lifetime is None else claims.lifetime, SKEW.seconds // 60
    if signed_at < now - late:
        since = f"{now - late:{_STAMP}} ({now:{_STAMP}} - {late.total_seconds() // 60:.0f} min.)"
        stale = RequestTimeTooSkewed if claims.lifetime is None else RequestExpired
        raise stale(f"Signature expired: {stamp} is now earlier than {since}")
    if signed_at > now + SKEW:
        until = f"{now + SKEW:{_STAMP}} ({now:{_STAMP}} + {minutes} min.)"
        raise RequestTimeTooSkewed(f"Signature not yet current: {stamp} is still later than {until}")
    return signed_at


def check_scope(claims: Claims, service: str | None) -> None:
    """Raises InvalidSignatureException where day or service are not those of the request."""
    if claims.date != claims.stamp[:8]:
        raise InvalidSignatureException(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{claims.date}' != '{claims.stamp[:8]}', from '{claims.stamp}'."
        )
    if service is not None and claims.service != service:
        raise InvalidSignatureException(f"Credential should be scoped to correct service: '{service}'.")


def check_headers(claims: Claims, headers: Mapping[str, str]) -> None:
    """Host and all of AWS's own headers must be signed: else X-Amz-Target could be changed on the way."""
    if "host" not in claims.headers:
        raise InvalidSignatureException("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    for name in headers:
        if name.startswith("x-amz-") and name not in claims.headers:
            raise InvalidSignatureException(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")


def _of_header(header: str, headers: Mapping[str, str]) -> Claims:
    algorithm, _, rest = header.strip().partition(" ")
    parts = dict(_PART.findall(rest)) if algorithm == ALGORITHM else {}
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
    return Claims(
        *credential(parts["Credential"]),
        headers=parts["SignedHeaders"].split(";"),
        signature=parts["Signature"],
        stamp=stamp,
        token=headers.get("x-amz-security-token", ""),
        lifetime=None,
    )


def _of_url(query: Mapping[str, str]) -> Claims:
    names = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
    missing = [f"AWS query-string parameters must include '{name}'. " for name in names if not query.get(name)]
    if missing:
        raise IncompleteSignatureException(f"{''.join(missing)}Re-examine the query-string parameters.")
    seconds = query.get("X-Amz-Expires", "")
    if query["X-Amz-Algorithm"] != ALGORITHM or not re.fullmatch(r"[1-9][0-9]{0,5}", seconds, re.ASCII):
        raise IncompleteSignatureException("Re-examine the query-string parameters.")
    return Claims(
        *credential(query["X-Amz-Credential"]),
        headers=query["X-Amz-SignedHeaders"].split(";"),
        signature=query["X-Amz-Signature"],
        stamp=query["X-Amz-Date"],
        token=query.get("X-Amz-Security-Token", ""),
        lifetime=min(timedelta(seconds=int(seconds)), _LONGEST_PRESIGNED),
    )


def _stamp_of_date(text: str) -> str:
    try:
        return parsedate_to_datetime(text).astimezone(UTC).strftime(_STAMP)
    except (ValueError, OverflowError):
        return ""
