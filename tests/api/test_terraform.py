"""A collection by Terraform's AWS provider, with nothing but the environment set; skipped where either is absent."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.api.clients import environment
from tests.conftest import Server
from tests.tools import AbsentError, terraform

pytestmark = pytest.mark.timeout(900)  # Terraform starts the provider, of 600 MB, for each command
CONFIGURATION = """
variable "team" { type = string }

resource "aws_rekognition_collection" "people" {
  collection_id = "people-of-terraform"
  tags          = { team = var.team, level = "1" }
}

output "arn" { value = aws_rekognition_collection.people.arn }
"""


class Terraform:
    """Runs Terraform in a folder of its own."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._folder, self._environ = folder, environ

    def __call__(self, *words: str, **variables: str) -> str:
        environ = self._environ | {f"TF_VAR_{name}": value for name, value in variables.items()}
        done = subprocess.run(
            ["terraform", *words],
            cwd=self._folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout


def test_a_collection_is_applied_changed_and_destroyed(server: Server, tmp_path: Path) -> None:
    try:
        run = Terraform(tmp_path, os.environ | environment(server.url) | terraform(tmp_path))
    except AbsentError as absent:
        pytest.skip(str(absent))
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    client = server.client()

    def tags() -> Any:
        return client.list_tags_for_resource(ResourceArn=json.loads(run("output", "-json", "arn")))["Tags"]

    run("init", "-input=false")
    run("apply", "-input=false", "-auto-approve", team="blue")
    assert "people-of-terraform" in client.list_collections()["CollectionIds"]
    assert tags() == {"team": "blue", "level": "1"}
    run("plan", "-input=false", "-detailed-exitcode", team="blue")  # 2 where it would change something
    run("apply", "-input=false", "-auto-approve", team="red")
    assert tags() == {"team": "red", "level": "1"}
    run("plan", "-input=false", "-detailed-exitcode", team="red")

    run("destroy", "-input=false", "-auto-approve", team="red")
    assert "people-of-terraform" not in client.list_collections()["CollectionIds"]
