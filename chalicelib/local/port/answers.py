"""Answers of the paths of our own."""

from __future__ import annotations

import msgspec

from ...wire.gateway import Response


def as_json(status: int, content: object) -> Response:
    """JSON that no cache keeps and no browser takes for something else."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(status, headers, msgspec.json.encode(content))
