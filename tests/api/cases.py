"""A row of the table of bad input, and what the rows are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

ASTRONAUT = (Path(__file__).resolve().parent.parent / "photos" / "astronaut.jpg").read_bytes()
PEOPLE, BUCKET = "people", "bad-input"
TOKEN, EXPIRED, FACE = "<a token of ListFaces>", "<one of yesterday>", "<a face of the collection>"
"""What the test puts the server's own values for."""

NOT_NULL, AT_LEAST, AT_MOST = "Member must not be null", "greater than or equal to", "less than or equal to"
NO_FACE_ID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Case:
    """A request, and the error that answers it; code "" where AWS lets it pass."""

    name: str
    operation: str
    members: Any
    code: str
    message: str = ""
    status: int = 400
    headers: dict[str, str | None] = field(default_factory=dict)
    """Over the usual ones; None leaves one out."""

    @property
    def body(self) -> bytes:
        return self.members if isinstance(self.members, bytes) else msgspec.json.encode(self.members)
