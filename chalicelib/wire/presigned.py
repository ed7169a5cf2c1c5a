"""S3's older ways to sign: Signature Version 2 in a URL, and the policy of a form that a browser posts.

boto3 makes both by default when it presigns for an endpoint of one's own, which is why they are here; requests with an
`AWS key:signature` header are not served.

Source: "Signing and authenticating REST requests" (Signature Version 2) and "Browser-Based Uploads Using POST", Amazon
S3 User Guide and API Reference.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ..errors import AccessDeniedException, IncompleteSignatureException, InvalidSignatureException, RequestExpired
from . import claims
from .claims import ALGORITHM, Claims
from .signature import KeyOf, Signer, held, pairs, require_current, same, sign, signing_key_of

if TYPE_CHECKING:
    from .gateway import Request

_SIGNED: Final = re.compile(
    "accelerate|acl|analytics|cors|defaultObjectAcl|delete|inventory|lifecycle|location|logging|notification|"
    "object-lock|partNumber|policy|replication|requestPayment|response-(cache-control|content-disposition|"
    "content-encoding|content-language|content-type|expires)|restore|select|select-type|storageClass|tagging|torrent|"
    "uploadId|uploads|versionId|versioning|versions|website"
)
"""Parameters that Version 2 signs."""
_UNSIGNED: Final = re.compile(
    "AWSAccessKeyId|Signature|Expires|x-id|x-amz-.+|content-md5|content-type|list-type|prefix|delimiter|marker|"
    "key-marker|version-id-marker|upload-id-marker|part-number-marker|max-keys|max-parts|max-uploads|encoding-type|"
    "continuation-token|start-after|fetch-owner"
)
"""Parameters that anybody may add: they ask for no other thing. Of all others it would not be known who added them."""
_FREE: Final = frozenset({"awsaccesskeyid", "file", "policy", "signature", "x-amz-signature"})
"""Fields of a form that its policy need not name."""


def verify_url(request: Request, key_of: KeyOf, now: datetime) -> Signer:
    """Who signed a URL of S3 by Version 2.

    Raises UnrecognizedClientException, ExpiredTokenException, InvalidSignatureException or RequestExpired.
    """
    query = pairs(request.query)
    told = dict(query)
    token = told.get("x-amz-security-token", request.headers.get("x-amz-security-token", ""))
    key = held(key_of, told.get("AWSAccessKeyId", ""), token)
    # Of a bucket in the host's name the resource begins with it, and of a bucket alone it ends with a slash; which of
    # these the client meant, only the signature tells.
    inner = f"/{request.headers.get('host', '').partition('.')[0]}{request.path}"
    resources = (request.path, inner, *([f"{request.path}/"] if request.path.count("/") == 1 else ()))
    expected = [_old(key.secret, _text_of_url(request, query, resource)) for resource in resources]
    known = len(told) == len(query) and all(_SIGNED.fullmatch(name) or _UNSIGNED.fullmatch(name) for name in told)
    if not known or not sum(same(told.get("Signature", ""), signature) for signature in expected):
        raise InvalidSignatureException
    require_current(key, now)
    expires = told.get("Expires", "")
    if not expires.isdecimal() or int(expires) < now.timestamp():
        raise RequestExpired("Request has expired")
    return _signer(told["AWSAccessKeyId"], now, token)


def verify_form(fields: Mapping[str, str], bucket: str, length: int, key_of: KeyOf, now: datetime) -> Signer:
    """Who signed a form of S3, by either version, if the form is what its policy says.

    `fields` are by lower-case name, the file's aside; `length` is the file's in bytes.
    Raises UnrecognizedClientException, ExpiredTokenException, InvalidSignatureException,
    IncompleteSignatureException or AccessDeniedException.
    """
    policy, token = fields.get("policy", ""), fields.get("x-amz-security-token", "")
    signed = _claims_of_form(fields) if "x-amz-signature" in fields else None
    access_key = signed.access_key if signed else fields.get("awsaccesskeyid", "")
    key = held(key_of, access_key, token)
    given = signed.signature if signed else fields.get("signature", "")
    if not same(given, sign(signing_key_of(key.secret, signed), policy) if signed else _old(key.secret, policy)):
        raise InvalidSignatureException
    require_current(key, now)
    _hold_to(policy, dict(fields) | {"bucket": bucket}, length, now)
    return _signer(access_key, now, token)


def _text_of_url(request: Request, query: list[tuple[str, str]], resource: str) -> str:
    """What is signed; AWS's own headers may stand in the query, where botocore moves them."""
    told = {name: request.headers[name] for name in request.headers if name.startswith(("x-amz-", "content-"))}
    told |= dict(query)
    parameters = [f"{name}={value}" if value else name for name, value in sorted(query) if _SIGNED.fullmatch(name)]
    return "\n".join(
        [
            request.method,
            *(told.get(name, "") for name in ("content-md5", "content-type", "Expires")),
            *(f"{name}:{value.strip()}" for name, value in sorted(told.items()) if name.startswith("x-amz-")),
            resource + ("?" + "&".join(parameters) if parameters else ""),
        ]
    )


def _claims_of_form(fields: Mapping[str, str]) -> Claims:
    if fields.get("x-amz-algorithm") != ALGORITHM or not fields.get("x-amz-date"):
        raise IncompleteSignatureException(f"A form needs x-amz-date, and x-amz-algorithm {ALGORITHM}.")
    signature, stamp = fields["x-amz-signature"], fields["x-amz-date"]
    whose = claims.credential(fields.get("x-amz-credential", ""))
    return Claims(*whose, headers=[], signature=signature, stamp=stamp, token="", lifetime=None)


def _hold_to(policy: str, fields: Mapping[str, str], length: int, now: datetime) -> None:
    """Raises AccessDeniedException where the form is not as the policy says, or is late."""
    try:
        document = msgspec.json.decode(base64.b64decode(policy))
        expires = datetime.fromisoformat(document["expiration"])
        conditions = [_condition(each) for each in document["conditions"]]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise AccessDeniedException("Invalid according to Policy: it cannot be read") from error
    if expires.replace(tzinfo=expires.tzinfo or UTC) <= now:
        raise AccessDeniedException("Invalid according to Policy: Policy expired.")
    for kind, name, value in conditions:
        told = fields.get(name, "")
        held_to = {
            "eq": told == value,
            "starts-with": told.startswith(str(value)),
            "content-length-range": _within(length, name, value),
        }
        if not held_to.get(kind, False):
            raise AccessDeniedException(f"Invalid according to Policy: Policy Condition failed: {[kind, name, value]}")
    said = {name for kind, name, _ in conditions}
    for name in fields.keys() - said - _FREE:
        if not name.startswith("x-ignore-") and name != "bucket":
            raise AccessDeniedException(f"Invalid according to Policy: Extra input fields: {name}")


def _condition(condition: Any) -> tuple[str, str, Any]:
    """The kind, the lower-case name of the field, the value; of a range its ends."""
    if isinstance(condition, dict):
        ((name, value),) = condition.items()
        return "eq", name.lower(), str(value)
    kind, name, value = condition
    return str(kind).lower(), str(name).removeprefix("$").lower(), value


def _within(length: int, least: str, most: Any) -> bool:
    return least.isdecimal() and isinstance(most, int | str) and int(least) <= length <= int(most)


def _old(secret: str, text: str) -> str:
    """Version 2's signature: HMAC-SHA1 in base64."""
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()


def _signer(access_key: str, now: datetime, token: str) -> Signer:
    """As one that was signed by Version 4 for S3, without a region."""
    scope = f"{access_key}/{now:%Y%m%d}/us-east-1/s3/aws4_request"
    header = f"{ALGORITHM} Credential={scope}, SignedHeaders=host, Signature=verified"
    return Signer(access_key, "us-east-1", "s3", now, token, header)
