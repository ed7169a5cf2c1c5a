"""A server that asks for signatures, and a program that needs what npm installs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.clients import JAVASCRIPT
from tests.api.guarded import Guarded, Held, lookalike, serving
from tests.tools import AbsentError, javascript


@pytest.fixture(scope="session")
def guarded(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server with a key of ada's and a bucket, `guarded`."""
    data_dir = tmp_path_factory.mktemp("guarded") / "data"
    key = Held.printed(lookalike("keys", "create", "--data-dir", str(data_dir), "--user", "ada"))
    with serving(data_dir) as url:
        made = Guarded(url, data_dir, key)
        made.client("s3").create_bucket(Bucket="guarded")
        yield made


@pytest.fixture(scope="session")
def javascript_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program beside the AWS SDK for JavaScript v3; skips where node or npm's registry is absent."""
    try:
        installed = javascript()
    except AbsentError as absent:
        pytest.skip(str(absent))
    folder = tmp_path_factory.mktemp("javascript")
    (folder / "node_modules").symlink_to(installed / "node_modules")
    return Path(shutil.copy(JAVASCRIPT, folder))
