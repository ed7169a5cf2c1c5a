"""An unmodified boto3 program, with nothing but AWS_ENDPOINT_URL set: the first fourteen operations."""

from __future__ import annotations

import json
import sys

from tests.api.clients import BOTO3, PHOTO, environment, printed
from tests.conftest import Server


def test_an_unmodified_program(server: Server) -> None:
    seen = json.loads(printed(sys.executable, BOTO3, PHOTO, "boto3-program", environ=environment(server.url)))
    assert seen["landmarks"] == ["eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose"]
    assert seen["compared"] > 99.9
    assert seen["match"][0] == "eileen"
    assert seen["match"][1] > 99.9
    assert seen["gone"] == "The collection id: boto3-program does not exist"
