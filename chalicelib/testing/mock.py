"""`mock_rekognition`: in place of moto's canned answers, Lookalike's, in the process of the test and without a socket.

moto finds who answers a request in a table of URLs; while the mock is entered, ours stands there for Rekognition. So it
holds for every client that moto mocks, made before or after, of boto3 and of `requests`.
"""

from __future__ import annotations

import functools
import inspect
import math
import os
import re
import threading
import unittest
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from ..config import Settings
from ..errors import SetupError
from ..local.moto.session import ACCOUNT_HEADER
from ..local.process import require_models
from . import stages

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from moto.core.request import Request as MotoRequest

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_SCOPE = re.compile(r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[^/,\s]+)/")
_URL = "{0}/$"
_WRAPPED = ("setup_method", "teardown_method")


class MockRekognition:
    """A context manager and decorator; `start` and `stop` do the same. It may be nested and shared by threads."""

    _entered = 0
    _entering = threading.Lock()
    _before: Any = None
    """Who answered before: moto."""

    def start(self) -> None:
        """Answer Rekognition's requests from now on. Raises SetupError where the models are not built."""
        from moto.rekognition.urls import url_paths

        _require_models()
        _guard()
        with MockRekognition._entering:
            if MockRekognition._entered == 0:
                MockRekognition._before = url_paths[_URL]
                url_paths[_URL] = _answer
            MockRekognition._entered += 1
        stages.enter(stages.INSIDE)

    def stop(self) -> None:
        """Leave it to moto again."""
        from moto.rekognition.urls import url_paths

        stages.leave(stages.INSIDE)
        with MockRekognition._entering:
            MockRekognition._entered -= 1
            if MockRekognition._entered == 0:
                url_paths[_URL] = MockRekognition._before

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def __call__(self, decorated: Decorated) -> Decorated:
        """A function that runs within it; of a class, every test does, with what sets it up and tears it down."""
        if not inspect.isclass(decorated):
            return self._within(decorated)
        if issubclass(decorated, unittest.TestCase):
            names = {"run"}  # setUp, the test and tearDown in one
        else:
            functions = {name for name, value in inspect.getmembers(decorated) if inspect.isfunction(value)}
            names = {name for name in functions if name.startswith("test") or name in _WRAPPED}
        for name in names:
            setattr(decorated, name, self._within(getattr(decorated, name)))
        return decorated

    def _within(self, function: Decorated) -> Decorated:
        # pytest gives setup_method the method too, unless it sees that it takes none: through a wrapper it does not.
        most = len(inspect.signature(function).parameters) if function.__name__ in _WRAPPED else None

        @functools.wraps(function)
        def within(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args[:most], **kwargs)

        @functools.wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            with self:
                return await function(*args, **kwargs)

        if inspect.iscoroutinefunction(function):
            return awaited  # type: ignore[return-value]  # of the same signature
        return within  # type: ignore[return-value]  # of the same signature


@overload
def mock_rekognition() -> MockRekognition: ...
@overload
def mock_rekognition(decorated: Decorated) -> Decorated: ...
def mock_rekognition(decorated: Callable[..., Any] | None = None) -> Any:
    """Answer Rekognition by Lookalike inside moto's `mock_aws`.

    `with mock_rekognition():`, `@mock_rekognition` or `@mock_rekognition()`, on functions and classes. Rekognition
    then reads the S3 that the test mocked, in the account and region of whoever calls. Collections and scripts last
    until moto is reset, as buckets do. Raises SetupError where the models are not built.
    """
    return MockRekognition() if decorated is None else MockRekognition()(decorated)


def _answer(request: MotoRequest, url: str, _: Any) -> tuple[int, dict[str, str], bytes]:
    """Answer a request as moto hands it on. Raises moto's error where the test has it enforce IAM's policies."""
    from ..wire import gateway
    from ..wire.door import Door
    from .inside import inside

    _authorize(request, url)
    headers = {name.lower(): value for name, value in request.headers.items()}
    asked = gateway.Request(request.method, request.raw_path, "", headers, request.get_data())
    backend = inside(_account(headers), _region(request.host, headers)).backend()
    answer = gateway.answer(asked, backend, Door(stages.inside_script()))
    return answer.status, answer.headers, answer.body


def _authorize(request: MotoRequest, url: str) -> None:
    from moto import settings
    from moto.rekognition.responses import RekognitionResponse

    if math.isfinite(settings.INITIAL_NO_AUTH_ACTION_COUNT):
        asked = RekognitionResponse()
        asked.setup_class(request, url, request.headers)
        asked._authenticate_and_authorize_normal_action()


def _account(headers: dict[str, str]) -> str:
    """The caller's account, as moto finds it."""
    from moto.iam.models import get_account_id_from

    named = os.environ.get("MOTO_ACCOUNT_ID") or headers.get(ACCOUNT_HEADER)
    scope = _SCOPE.search(headers.get("authorization", ""))
    return named or get_account_id_from(scope["key"] if scope else "")


def _region(host: str, headers: dict[str, str]) -> str:
    """The region that the request was signed for, else the one in the host's name."""
    scope = _SCOPE.search(headers.get("authorization", ""))
    return scope["region"] if scope else host.split(".")[1]


@functools.cache
def _require_models() -> None:
    """Once a process: the sums of models are compared."""
    require_models(Settings.from_environ())


@functools.cache
def _guard() -> None:
    """Let no request leave the machine while the mock is entered and moto is not: of sessions made from now on."""
    from botocore.handlers import BUILTIN_HANDLERS

    BUILTIN_HANDLERS.append(("before-send.rekognition", _refuse_unmocked))


def _refuse_unmocked(request: AWSPreparedRequest, **_: Any) -> None:
    from moto.core.models import botocore_stubber

    if MockRekognition._entered and not botocore_stubber.enabled and ".amazonaws.com" in request.url:
        raise SetupError("mock_rekognition answers inside moto's mock_aws, which is not active: start that around it")
