"""Bodies of objects: sealed in chunks, read in any piece, damaged ones told."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from chalicelib.local.state.bodies import CHUNK, Bodies

SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5)


@pytest.mark.parametrize("size", SIZES)
def test_any_piece_can_be_read(tmp_path: Path, size: int) -> None:
    content, bodies = os.urandom(size), Bodies(tmp_path)
    body = bodies.write(content)
    again = bodies.body(body.name, body.key, body.size)
    assert again.read() == content
    assert again.read() == b""
    assert again.seek(0, os.SEEK_END) == size
    for _ in range(20):
        at, length = random.randrange(size + 1), random.randrange(2 * CHUNK)
        again.seek(at)
        assert again.read(length) == content[at : at + length]
        assert again.tell() == min(at + length, size)


def test_the_file_holds_no_piece_of_the_content(tmp_path: Path) -> None:
    content = bytes(range(256)) * 8192
    body = Bodies(tmp_path).write(content)
    sealed = (tmp_path / body.name).read_bytes()
    assert len(sealed) > len(content)
    assert content[:8] not in sealed


def test_a_damaged_body_is_an_error_and_no_content(tmp_path: Path) -> None:
    body = Bodies(tmp_path).write(os.urandom(2 * CHUNK))
    path, half = tmp_path / body.name, CHUNK + 16
    sealed = path.read_bytes()
    for damaged in (sealed[:-1], sealed[half:] + sealed[:half], bytes([sealed[0] ^ 1]) + sealed[1:]):
        path.write_bytes(damaged)
        body.seek(0)
        with pytest.raises(OSError, match="damaged"):
            body.read()
