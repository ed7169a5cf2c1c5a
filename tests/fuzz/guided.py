"""Fuzzing that learns which bytes reach new code: `python -m tests.fuzz.guided picture CORPUS -max_total_time=3600`.

For whoever has atheris (`pip install atheris`, on Linux). CORPUS is a folder of inputs, begun where there is none; what
follows goes to libFuzzer. A target may raise a ServiceError, which is an answer, and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

try:
    import atheris  # type: ignore[import-untyped]
except ImportError:
    sys.exit("install atheris first: pip install atheris")

with atheris.instrument_imports(include=["chalicelib", "PIL"]):
    from chalicelib.errors import ServiceError
    from chalicelib.vision.picture import decode
    from chalicelib.wire import policies, presigned, protocol, service, signature, validation
    from chalicelib.wire.gateway import Request
    from tests.fuzz.images import bases

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = signature.Key("secret")
OPERATIONS = sorted(service.operations())


def picture(data: bytes) -> None:
    """A file that is said to be a picture."""
    decode(data)


def document(data: bytes) -> None:
    """The body of a request; its first byte chooses the operation."""
    name = OPERATIONS[(data[0] if data else 0) % len(OPERATIONS)]
    validation.validate(name, protocol.read(name, data[1:]))


def policy(data: bytes) -> None:
    """A policy document."""
    made = policies.parse(data.decode(errors="surrogateescape"))
    made.decide("rekognition:IndexFaces", "arn:aws:rekognition:us-east-1:123456789012:collection/staff")


def signed(data: bytes) -> None:
    """Headers, query and body of a request of S3, a line each."""
    lines = [line.decode("latin-1") for line in data.split(b"\n", 3)] + [""] * 4
    headers = {
        "host": "a",
        "authorization": lines[0],
        "x-amz-date": "20260101T000000Z",
        "x-amz-content-sha256": lines[1],
    }
    request = Request("PUT", "/b/k", lines[2], headers, lines[3].encode("latin-1"))
    with suppress(ServiceError):
        presigned.verify_url(request, lambda access_key, token: KEY, NOW)
    signature.verify(request, lambda access_key, token: KEY, NOW)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "document": document,
    "picture": picture,
    "policy": policy,
    "signed": signed,
}


SEEDS: dict[str, Sequence[bytes]] = {
    "document": [bytes([number]) + b'{"CollectionId": "a", "MaxResults": 1}' for number in range(len(OPERATIONS))],
    "picture": bases(),
    "policy": [
        b'{"Statement": [{"Effect": "Allow", "Action": ["rekognition:*"], "Resource": "arn:aws:*", "Sid": "a"}]}'
    ],
    "signed": [
        b"AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, "
        b"Signature=b\nSTREAMING-AWS4-HMAC-SHA256-PAYLOAD\nAWSAccessKeyId=a&Signature=b&Expires=1\n"
        b"4;chunk-signature=b\r\nbody\r\n0;chunk-signature=b\r\n\r\n"
    ],
}


def main() -> None:
    if len(sys.argv) < 3 or sys.argv[1] not in TARGETS:
        sys.exit(f"name a target and a folder: {', '.join(TARGETS)}")
    name, corpus = sys.argv.pop(1), Path(sys.argv[1])
    target = TARGETS[name]
    if not corpus.exists():
        corpus.mkdir(parents=True)
        for number, seed in enumerate(SEEDS[name]):
            (corpus / f"seed-{number}").write_bytes(seed)

    def answered(data: bytes) -> None:
        with suppress(ServiceError):
            target(data)

    atheris.Setup(sys.argv, answered)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
