"""Rates: as many a second as is said, refused beyond as AWS refuses."""

from __future__ import annotations

import pytest

from chalicelib.errors import ProvisionedThroughputExceededException, SetupError, UnrecognizedClientException
from chalicelib.local.port.rates import limited, parse
from chalicelib.wire.door import NOBODY, Identity, claimed
from chalicelib.wire.gateway import Request


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def asked(operation: str) -> Request:
    return Request("POST", "/", "", {"x-amz-target": f"RekognitionService.{operation}"}, b"{}")


def test_requests_beyond_the_rate_are_refused_until_time_has_passed() -> None:
    clock = Clock()
    authenticate = limited(claimed, {"DetectFaces": 2}, clock)
    for _ in range(2):
        assert authenticate(asked("DetectFaces")) == NOBODY
    with pytest.raises(ProvisionedThroughputExceededException, match="Provisioned Rate exceeded"):
        authenticate(asked("DetectFaces"))
    assert authenticate(asked("IndexFaces")) == NOBODY  # not named
    clock.now = 0.5
    assert authenticate(asked("DetectFaces")) == NOBODY
    with pytest.raises(ProvisionedThroughputExceededException):
        authenticate(asked("DetectFaces"))
    clock.now = 100  # nothing is saved up beyond a second's
    for _ in range(2):
        assert authenticate(asked("DetectFaces")) == NOBODY
    with pytest.raises(ProvisionedThroughputExceededException):
        authenticate(asked("DetectFaces"))


def test_a_rate_below_one_a_second() -> None:
    clock = Clock()
    authenticate = limited(claimed, {"*": 0.1}, clock)
    for seconds in (0, 10, 20):
        clock.now = seconds
        assert authenticate(asked("DetectFaces")) == NOBODY
        with pytest.raises(ProvisionedThroughputExceededException):
            authenticate(asked("DetectFaces"))
    assert authenticate(asked("DetectText")) == NOBODY  # each has its own


def test_strangers_take_nobodys_share() -> None:
    known = [False]

    def authenticate(request: Request) -> Identity:
        if not known[0]:
            raise UnrecognizedClientException
        return NOBODY

    within = limited(authenticate, {"DetectFaces": 1}, Clock())
    for _ in range(5):
        with pytest.raises(UnrecognizedClientException):
            within(asked("DetectFaces"))
    known[0] = True
    assert within(asked("DetectFaces")) == NOBODY


def test_no_rates_cost_nothing() -> None:
    assert limited(claimed, {}) is claimed
    assert parse("") == {}


@pytest.mark.parametrize("text", ["many", "[]", '{"DetectFaces": "5"}', '{"DetectFacez": 5}', '{"DetectFaces": 0}'])
def test_what_is_no_rate_is_told(text: str) -> None:
    with pytest.raises(SetupError, match="LOOKALIKE_RATE_LIMITS"):
        parse(text)
    assert parse('{"DetectFaces": 5, "*": 0.5}') == {"DetectFaces": 5, "*": 0.5}
