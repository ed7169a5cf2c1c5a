"""S3's bodies in chunks (`aws-chunked`): each chunk signed after the one before it, or a checksum at the end.

    signed            400;chunk-signature=0055...\\r\\n<1,024 bytes>\\r\\n ... 0;chunk-signature=b6c6...\\r\\n\\r\\n
    unsigned          400\\r\\n<1,024 bytes>\\r\\n ... 0\\r\\n
    then, of both     x-amz-checksum-crc32:sOO8/Q==\\r\\n  and, where signed,  x-amz-trailer-signature:63bd...\\r\\n

Source: "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks" and the same
"Including Trailing Headers", Amazon S3 API Reference. Of the checksums CRC32, SHA1 and SHA256 are verified; CRC32C and
CRC64NVME have no implementation in Python's library, and where the chunks are signed they are signed too.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from ..errors import BadDigest, IncompleteSignatureException, InvalidSignatureException
from .claims import Claims

if TYPE_CHECKING:
    from .gateway import Request

STREAMING: Final = "STREAMING-"
_UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_KINDS = (_UNSIGNED, _SIGNED, f"{_SIGNED}-TRAILER")
_NOTHING = hashlib.sha256().hexdigest()

Sign = Callable[[str], str]
"""Signs a text with the key of the request."""


def verify(request: Request, kind: str, sign: Sign, signed: Claims) -> None:
    """Check the chunks of a body whose request was verified.

    Raises IncompleteSignatureException for a kind or a framing that S3 lacks, InvalidSignatureException for a chunk
    that was changed, BadDigest for a checksum.
    """
    if kind not in _KINDS:
        raise IncompleteSignatureException(f"{kind} is not a way to send a body that is known here.")
    previous, content, at = signed.signature, bytearray(), 0
    body = request.body
    while True:
        size, signature, at = _head(body, at)
        chunk = body[at : at + size]
        if len(chunk) != size:
            raise _malformed()
        if kind != _UNSIGNED:
            previous = sign(_text(signed, "PAYLOAD", previous, f"{_NOTHING}\n{_hash(chunk)}"))
            _require(previous, signature)
        content += chunk
        at += size
        if size == 0:
            break
        if body[at : at + 2] != b"\r\n":
            raise _malformed()
        at += 2
    trailers, signature = _trailers(body[at:])
    if kind.endswith("-TRAILER") and kind != _UNSIGNED:
        canonical = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()))
        _require(sign(_text(signed, "TRAILER", previous, _hash(canonical.encode()))), signature)
    _check_sums(bytes(content), trailers)


def _text(signed: Claims, what: str, previous: str, digest: str) -> str:
    """What is signed of a chunk: it begins with the signature of the one before."""
    return "\n".join((f"AWS4-HMAC-SHA256-{what}", signed.stamp, signed.scope, previous, digest))


def _require(expected: str, signature: str) -> None:
    if not compare_digest(expected.encode(), signature.encode()):
        raise InvalidSignatureException


def _head(body: bytes, at: int) -> tuple[int, str, int]:
    """Of the chunk that begins there: its size in bytes, its signature, where its content begins."""
    end = body.find(b"\r\n", at, at + 256)
    if end < 0:
        raise _malformed()
    size, _, extension = body[at:end].decode("latin-1").partition(";")
    try:
        length = int(size, 16)
    except ValueError:
        raise _malformed() from None
    if length < 0:
        raise _malformed()
    return length, extension.removeprefix("chunk-signature="), end + 2


def _trailers(rest: bytes) -> tuple[dict[str, str], str]:
    """The headers after the last chunk, and their signature."""
    lines = (line.partition(":") for line in rest.decode("latin-1").split("\r\n") if ":" in line)
    found = {name.strip().lower(): value.strip() for name, _, value in lines}
    return found, found.pop("x-amz-trailer-signature", "")


def _check_sums(content: bytes, trailers: Mapping[str, str]) -> None:
    for name, digest in _DIGESTS.items():
        told = trailers.get(f"x-amz-checksum-{name}")
        if told is not None and told != base64.b64encode(digest(content)).decode():
            raise BadDigest(f"The {name.upper()} you specified did not match the calculated checksum.")


_DIGESTS: Mapping[str, Callable[[bytes], bytes]] = {
    "crc32": lambda content: zlib.crc32(content).to_bytes(4),
    "sha1": lambda content: hashlib.sha1(content, usedforsecurity=False).digest(),
    "sha256": lambda content: hashlib.sha256(content).digest(),
}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _malformed() -> IncompleteSignatureException:
    return IncompleteSignatureException("The body is not framed as its x-amz-content-sha256 says.")
