"""Programs of AWS's clients as a person runs them: with nothing but what `lookalike serve` says to export."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import ROOT

PHOTO = ROOT / "tests" / "photos" / "astronaut.jpg"
BOTO3 = Path(__file__).with_name("program.py")
JAVASCRIPT = Path(__file__).with_name("program.mjs")
"""Programs that are given a photo and the name of a collection of their own."""


def environment(url: str, key: str = "test", secret: str = "test") -> dict[str, str]:
    """What a shell has that exported what the server at `url` said."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return plain | {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",  # the SDK for JavaScript knows no other name
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def printed(*command: str | Path, environ: Mapping[str, str], fails: bool = False) -> str:
    """What a command prints, and on stderr where it is to fail. Fails where the command does not do as expected."""
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout
