"""The AWS SDK for JavaScript v3; skipped where node or npm's registry is absent."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.test_boto3 import environment
from tests.conftest import ROOT, Server
from tests.tools import AbsentError, javascript


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program beside the SDK."""
    try:
        installed = javascript()
    except AbsentError as absent:
        pytest.skip(str(absent))
    folder = tmp_path_factory.mktemp("javascript")
    (folder / "node_modules").symlink_to(installed / "node_modules")
    return Path(shutil.copy(ROOT / "tests" / "api" / "program.mjs", folder))


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
