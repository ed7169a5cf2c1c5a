"""What all tests share: built models, real photos, a running server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from chalicelib.config import packs_folder
from chalicelib.vision.sessions import Sessions
from tests.wheel import Installed, install

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of built packs; `make setup` builds the core pack."""
    folder = packs_folder(os.environ)
    if not (folder / "core").is_dir():
        pytest.skip("the core pack is not built: run `lookalike models pull`")
    return folder


@pytest.fixture(scope="session")
def sessions(models: Path) -> Sessions:
    return Sessions(models)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real photos with truth, beside the checkout where a developer has them."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no photos with ground truth at {folder}")
    return folder


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    """A JPEG of Eileen Collins, 512x512: NASA's portrait, in the public domain."""
    return (ROOT / "tests" / "photos" / "astronaut.jpg").read_bytes()


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own: for what only people meet who installed Lookalike."""
    return install(tmp_path_factory.mktemp("installed"))


@dataclass(frozen=True)
class Server:
    """A `lookalike serve --memory` of its own process."""

    url: str
    process: subprocess.Popen[str]

    def client(self, service: str = "rekognition", **config: Any) -> Any:
        """A boto3 client of `service` that talks to this server."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}, **config),
        )


@pytest.fixture(scope="session")
def server(models: Path) -> Iterator[Server]:
    """One server a test process, on a free port."""
    command = [sys.executable, "-m", "chalicelib", "serve", "--port", "0", "--memory"]
    environ = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()  # "Lookalike serves Rekognition on http://127.0.0.1:PORT"
        assert line, "the server did not start: it says why above"
        yield Server(line.split()[-1], process)
        process.terminate()
        process.wait(10)
