"""What sealing and the audit cost together: the same server with both and with neither, asked in turn.

Writes are not synced here (LOOKALIKE_SYNC=0): waiting for the disk would hide it.
"""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from .endpoint import Client, served
from .measuring import Line, in_turn, photo

UNSYNCED = {"LOOKALIKE_SYNC": "0"}
INDEXED, SEARCHED = 100, 2000


def run() -> Iterator[Line]:
    """IndexFaces and SearchFaces."""
    image = {"Bytes": base64.b64encode(photo()).decode()}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        guarded, bare = str(Path(folder, "guarded")), str(Path(folder, "bare"))
        clients = (
            servers.enter_context(
                served("-m", "chalicelib", "serve", "--port", "0", "--data-dir", guarded, **UNSYNCED)
            ),
            servers.enter_context(served("-m", "benchmarks.unguarded", bare, **UNSYNCED)),
        )
        ours, theirs = (client.indexing(image) for client in clients)
        yield Line("IndexFaces, sealed and audited", *_with(in_turn(ours, theirs, INDEXED)), "≤ 1.05")
        ours, theirs = (_searching(client) for client in clients)
        yield Line("SearchFaces, sealed and audited", *_with(in_turn(ours, theirs, SEARCHED)), "≤ 1.02")


def _searching(client: Client) -> Callable[[], bytes]:
    faces = json.loads(client.request("ListFaces", {"CollectionId": "bench", "MaxResults": 1})())["Faces"]
    return client.request("SearchFaces", {"CollectionId": "bench", "FaceId": faces[0]["FaceId"]})


def _with(times: tuple[float, float]) -> tuple[float, str, float]:
    return times[0], "neither", times[1]
