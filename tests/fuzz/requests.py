"""Requests of Rekognition as its service model describes them, and what becomes of them when they are bent."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from chalicelib.operations import OPERATIONS
from tests.fuzz.images import bases
from tests.wire.members import members

BENT = 24
"""Requests made of each one that Hypothesis draws: to draw costs more than to answer."""
_SCOPE = "AWS4-HMAC-SHA256 Credential=fuzz/20260101/us-east-1/rekognition/aws4_request, SignedHeaders=host, Signature=f"
_NAMES = ("fuzz", "fuzz", "staff", "_", "x" * 255)
"""What collections and users are called, so that requests meet what others left."""
_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2**31, 2**63, -(2**64), 0.5, 1e308, -0.0, "", " ", "a", "\0", "\ud83e", "🦄" * 300, "../..",
    "%00", "a" * 70_000, [], [[]], [None] * 500, {}, {"": ""}, {"S3Object": {}}, {"Bytes": ""}, {"Bytes": "===="},
    "2026-01-01T00:00:00Z", "NaN", "arn:aws:rekognition:us-east-1:123456789012:collection/staff",
)  # fmt: skip
_TOKENS = (
    b"NaN",
    b"Infinity",
    b"-",
    b"1e999",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",,",
    b"null",
    b"[" * 5000,
    b'{"a":' * 5000,
)


@dataclass(frozen=True)
class Sent:
    """A request over HTTP."""

    operation: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    path: str = "/"


def each(count: int, start: int, send: Callable[[Sent], None]) -> None:
    """Send about so many requests, the same for the same `start`."""

    @seed(start)
    @settings(
        max_examples=max(1, -(-count // BENT)),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn=documents(), chance=st.integers(0, 2**32))
    def run(drawn: tuple[str, dict[str, Any]], chance: int) -> None:
        for sent in variants(*drawn, random.Random(chance)):
            send(sent)

    run()


def documents() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """An operation, and members that satisfy the model."""
    names = st.sampled_from(sorted(OPERATIONS) * 4 + sorted(_shapes()))
    return names.flatmap(lambda name: st.tuples(st.just(name), members(_shapes()[name])))


def variants(operation: str, document: dict[str, Any], chance: random.Random) -> Iterator[Sent]:
    """`BENT` requests: the drawn one as it is, for others, and bent."""
    for _ in range(BENT):
        plain = json.loads(json.dumps(_named(document, chance), default=_encoded))
        kind = chance.random()
        if kind < 0.15:
            yield _sent(operation, _text(plain))
        elif kind < 0.7:
            yield _sent(operation, _text(_bent(json.loads(json.dumps(plain)), chance)))
        elif kind < 0.85:
            yield _sent(operation, _broken(_text(plain), chance))
        else:
            yield _addressed(_sent(operation, _text(plain)), chance)


@cache
def _shapes() -> dict[str, Any]:
    model = botocore.session.get_session().get_service_model("rekognition")
    return {name: model.operation_model(name).input_shape for name in model.operation_names}


def _named(value: Any, chance: random.Random) -> Any:
    """With names that come again, few tokens of pages that never were, and now and then a picture that is one."""
    if isinstance(value, dict):
        return {
            name: chance.choice(_NAMES)
            if name in ("CollectionId", "UserId")
            else chance.choice(bases())
            if name == "Bytes" and chance.random() < 0.05
            else _named(inner, chance)
            for name, inner in value.items()
            if name != "NextToken" or chance.random() < 0.1
        }
    return [_named(inner, chance) for inner in value] if isinstance(value, list) else value


def _bent(document: Any, chance: random.Random) -> Any:
    """With some value replaced, some member gone, or some member that does not belong there."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        holders = [each for each in _holders(document) if each]
        if not holders:
            return _value(chance)
        holder = chance.choice(holders)
        at = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        kind = chance.random()
        if kind < 0.4:
            holder[at] = _like(holder[at], chance)
        elif kind < 0.7:
            holder[at] = _value(chance)
        elif kind < 0.8:
            del holder[at]
        elif kind < 0.9 and isinstance(holder, dict):
            holder[chance.choice(("Bytes", "S3Object", "CollectionId", "MaxResults", "", "x" * 300))] = _value(chance)
        else:
            deep: Any = holder[at]
            for _ in range(chance.choice((2, 20, 200))):
                deep = [deep] if chance.random() < 0.5 else {"a": deep}
            holder[at] = deep
    return document


def _like(value: Any, chance: random.Random) -> Any:
    """Another value of the same type, seldom one that is allowed."""
    kind = str if isinstance(value, str) else int | float
    alike = [each for each in _VALUES if isinstance(each, kind) and not isinstance(each, bool)]
    return chance.choice(alike) if isinstance(value, str | int | float) else _value(chance)


def _value(chance: random.Random) -> Any:
    return deepcopy(chance.choice(_VALUES))


def _holders(document: Any) -> Iterator[Any]:
    if isinstance(document, dict | list):
        yield document
        for inner in document.values() if isinstance(document, dict) else document:
            yield from _holders(inner)


def _broken(text: bytes, chance: random.Random) -> bytes:
    """With bytes cut, doubled, turned or put in."""
    body = bytearray(text)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(body))
        end = min(len(body), at + chance.randint(1, 20))
        kind = chance.random()
        if kind < 0.3:
            del body[at:end]
        elif kind < 0.5:
            body[at:at] = body[at:end]
        elif kind < 0.7 and at < len(body):
            body[at] ^= 1 << chance.randint(0, 7)
        else:
            body[at:at] = chance.choice(_TOKENS)
    return bytes(body)


def _addressed(sent: Sent, chance: random.Random) -> Sent:
    """With other headers, method or path."""
    name = chance.choice(("X-Amz-Target", "Content-Type", "Authorization", "X-Amz-Date", "Accept-Encoding", "Host"))
    values = ("", "RekognitionService.", "RekognitionService.X", "application/json", "é", "a" * 9000, _SCOPE, "*/*")
    changed = replace(sent, headers=sent.headers | {name: chance.choice(values)})
    if chance.random() < 0.3:
        own = (
            "/_lookalike/requests?after=x",
            "/_lookalike/jobs/%00",
            "/_lookalike/keys/..",
            "/media?label=",
            "//",
            "/%",
        )
        return replace(changed, method=chance.choice(("POST", "GET")), path=chance.choice(own))
    return changed


def _sent(operation: str, body: bytes) -> Sent:
    headers = {
        "X-Amz-Target": f"RekognitionService.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": _SCOPE,
    }
    return Sent(operation, body, headers)


def _text(document: Any) -> bytes:
    return json.dumps(document).encode()


def _encoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    assert isinstance(value, datetime)
    return value.timestamp()
