"""Rates that AWS would enforce, for who wants to see a client meet them: LOOKALIKE_RATE_LIMITS='{"DetectFaces": 5}'.

A token bucket an operation: as many requests a second as is said, and as many at once. `*` stands for each operation
that is not named, not for all together.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import msgspec

from ...errors import ProvisionedThroughputExceededException, SetupError
from ...wire import service
from ...wire.door import Authenticate, Identity
from ...wire.gateway import Request

_OTHERS = "*"


def parse(text: str) -> Mapping[str, float]:
    """Requests a second, by operation. Raises SetupError for what is not that."""
    try:
        rates = msgspec.json.decode(text or "{}", type=dict[str, float])
    except msgspec.DecodeError as error:
        raise SetupError(f"LOOKALIKE_RATE_LIMITS is not JSON of operations and rates ({error})") from None
    for operation, rate in rates.items():
        if operation != _OTHERS and operation not in service.operations():
            raise SetupError(f"LOOKALIKE_RATE_LIMITS names {operation}, which is no operation of Rekognition")
        if rate <= 0:
            raise SetupError(f"LOOKALIKE_RATE_LIMITS allows {rate} {operation} a second: say a number above 0")
    return rates


class Bucket:
    """`rate` tokens a second, and at most that many saved up, but always one."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._most = max(1.0, rate)
        self._clock = clock
        self._tokens = self._most
        self._at = clock()
        self._taking = threading.Lock()

    def take(self) -> bool:
        """Take a token; False where there is none."""
        with self._taking:
            now = self._clock()
            self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
            self._at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


def limited(
    authenticate: Authenticate, rates: Mapping[str, float], clock: Callable[[], float] = time.monotonic
) -> Authenticate:
    """The same, but for whoever comes too often: ProvisionedThroughputExceededException, which clients try again."""
    if not rates:
        return authenticate
    named = {operation: rates.get(operation, rates.get(_OTHERS)) for operation in service.operations()}
    buckets = {operation: Bucket(rate, clock) for operation, rate in named.items() if rate is not None}

    def within_rates(request: Request) -> Identity:
        identity = authenticate(request)  # strangers take nobody's tokens
        bucket = buckets.get(request.headers.get("x-amz-target", "").removeprefix(service.TARGET))
        if bucket is not None and not bucket.take():
            raise ProvisionedThroughputExceededException
        return identity

    return within_rates
