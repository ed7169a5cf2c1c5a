"""The AWS SDK for JavaScript v3; skipped where node or npm's registry is absent."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.test_boto3 import environment
from tests.conftest import ROOT, Server

SDK = "@aws-sdk/client-rekognition@3.1142.0"


@pytest.fixture(scope="module")
def program() -> Path:
    """The program in a folder that has the SDK, installed once a machine, outside the checkout."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed here")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "lookalike" / "tests" / SDK.replace("/", "-")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # two test processes may want it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), SDK]
            installed = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
            if installed.returncode != 0:
                pytest.skip(f"{SDK} cannot be installed: {installed.stderr[-300:]}")
            (folder / "ready").touch()
        shutil.copy(ROOT / "tests" / "api" / "program.mjs", folder / "program.mjs")
    return folder / "program.mjs"


def test_the_first_fourteen_operations(server: Server, program: Path) -> None:
    photo = ROOT / "tests" / "photos" / "astronaut.jpg"
    done = subprocess.run(
        ["node", str(program), str(photo), "javascript"],
        env=environment(server) | {"AWS_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen.pop("compared") > 99
    assert seen == {
        "created": True,
        "faces": 1,
        "match": "eileen",
        "tags": {"level": "2"},
        "gone": [True, "The collection id: javascript does not exist"],
    }
