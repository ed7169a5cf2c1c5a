"""pytest's plugin: the fixtures `lookalike`, `lookalike_client` and `mock_rekognition`.

    def test_nobody_is_on_it(lookalike_client, photo):
        assert lookalike_client().detect_faces(Image={"Bytes": photo})["FaceDetails"] == []

One server a pytest process (with pytest-xdist, a worker), started by the first test that asks for it. Before each test
that asks, the server forgets everything. The environment that leads AWS SDKs to it is set in those tests and hidden
from the others, so that a test which mocks AWS in another way finds nothing of Lookalike.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .server import Lookalike

_SERVER = pytest.StashKey["Lookalike"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the server."""
    group = parser.getgroup("lookalike", "Lookalike: Amazon Rekognition on this machine")
    group.addoption(
        "--lookalike-packs",
        metavar="PACKS",
        help="Model packs to use besides core, with commas between, such as objects,hands; all that are built unless "
        "named. The same packs everywhere give the same answers everywhere.",
    )
    group.addoption(
        "--lookalike-data-dir",
        metavar="DIR",
        type=Path,
        help="Serve what this data directory holds, and keep what tests change: nothing is wiped between them.",
    )


@pytest.fixture(scope="session")
def lookalike(pytestconfig: pytest.Config) -> Iterator[Lookalike]:
    """The server: `url`, `client(service)`, `script`, `reset()`. Environment variables lead AWS SDKs to it."""
    from ..errors import SetupError
    from .server import Lookalike, serving

    data_dir = pytestconfig.getoption("lookalike_data_dir")
    try:
        with serving(pytestconfig.getoption("lookalike_packs"), data_dir) as url:
            server = Lookalike(url, keeps=data_dir is not None)
            pytestconfig.stash[_SERVER] = server
            server.show()
            yield server
            del pytestconfig.stash[_SERVER]
            server.hide()
    except SetupError as error:
        problem = str(error)
    else:
        return
    pytest.fail(f"lookalike: {problem}", pytrace=False)  # outside of `except`: it is one line, not a chain


@pytest.fixture(scope="session")
def lookalike_client(lookalike: Lookalike) -> Callable[..., Any]:
    """Makes boto3 clients of the server: `lookalike_client()` of Rekognition, `lookalike_client("s3")` of S3."""
    return lookalike.client


@pytest.fixture
def mock_rekognition() -> Iterator[None]:
    """Rekognition inside moto's `mock_aws` is Lookalike's, as within `lookalike.mock_rekognition()`."""
    from ..errors import SetupError
    from .mock import MockRekognition

    try:
        with MockRekognition():
            yield
    except SetupError as error:
        problem = str(error)
    else:
        return
    pytest.fail(f"lookalike: {problem}", pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None]:
    """Hide the server from a test that does not ask for it."""
    server = item.config.stash.get(_SERVER, None)
    if server is None or _asks(item):
        yield
        return
    server.hide()
    yield
    if item.config.stash.get(_SERVER, None) is server:  # else it was the last test, and the server is gone
        server.show()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a test that asks for the server an empty one."""
    server = item.config.stash.get(_SERVER, None)
    if server is not None and _asks(item):
        server.reset()


def _asks(item: pytest.Item) -> bool:
    return "lookalike" in getattr(item, "fixturenames", ())
