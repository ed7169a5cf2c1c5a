"""The AWS SDK for JavaScript v3."""

from __future__ import annotations

import json
from pathlib import Path

from tests.api.clients import PHOTO, environment, printed
from tests.conftest import Server


def test_the_first_fourteen_operations(server: Server, javascript_program: Path) -> None:
    seen = json.loads(printed("node", javascript_program, PHOTO, "javascript", environ=environment(server.url)))
    assert seen.pop("compared") > 99
    assert seen == {
        "created": True,
        "faces": 1,
        "match": "eileen",
        "tags": {"level": "2"},
        "gone": [True, "The collection id: javascript does not exist"],
    }
