"""Bodies of S3 objects as files, each sealed with a key of its own that lies in the row that names it.

A body is written once and read in pieces, so it is sealed in chunks of a mebibyte, numbered by their nonces: chunks can
be neither exchanged nor left out unnoticed, since the key seals one body only and the row knows its length. Removing
the row destroys the key, whatever becomes of the blocks that the file took on the disk.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ...store.disk import sync

CHUNK = 1024 * 1024
"""Bytes that are sealed at once, and so at least read."""
_TAG_BYTES = 16


class Bodies:
    """A folder of sealed bodies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, content: bytes) -> Body:
        """Keep `content`, not synced yet. Raises OSError."""
        body = Body(self.folder, uuid4().hex, AESGCM.generate_key(256), len(content))
        try:
            with (self.folder / body.name).open("xb", buffering=0) as file:
                for sealed in body.sealed(content):
                    _write_all(file, sealed)
        except OSError:
            self.remove([body.name])
            raise
        return body

    def body(self, name: str, key: bytes, size: int) -> Body:
        """A body as the row has it, read when it is read."""
        return Body(self.folder, name, key, size)

    def names(self) -> set[str]:
        """Of all bodies there are."""
        return {path.name for path in self.folder.iterdir()}

    def sync(self, names: Iterable[str]) -> None:
        """Have bodies reach the disk. Raises OSError."""
        paths = [self.folder / name for name in names]
        for path in [*paths, self.folder] if paths else []:
            sync(path)

    def remove(self, names: Iterable[str]) -> None:
        """Remove bodies; one that cannot be is left for the next start."""
        for name in names:
            with suppress(OSError):
                (self.folder / name).unlink()


class Body(io.RawIOBase):
    """A kept body, for moto in place of its spooled file: never written again, its file open only while it is read."""

    def __init__(self, folder: Path, name: str, key: bytes, size: int) -> None:
        self.name = name
        self.key = key
        self.size = size
        """Of the content, in bytes."""
        self._path = folder / name
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """Raises OSError where the file is damaged or gone."""
        end = self.size if size is None or size < 0 else min(self._at + size, self.size)
        start, self._at = self._at, max(self._at, end)
        if start >= end:
            return b""
        first, last = start // CHUNK, (end - 1) // CHUNK
        content = b"".join(self._opened(first, last))
        return content[start - first * CHUNK : end - first * CHUNK]

    def sealed(self, content: bytes) -> Iterable[bytes]:
        """The chunks of `content` as the file holds them."""
        cipher, view = AESGCM(self.key), memoryview(content)
        for number, start in enumerate(range(0, len(content), CHUNK)):
            yield cipher.encrypt(_nonce(number), view[start : start + CHUNK], None)

    def _opened(self, first: int, last: int) -> Iterable[bytes]:
        cipher = AESGCM(self.key)
        with self._path.open("rb", buffering=0) as file:
            file.seek(first * (CHUNK + _TAG_BYTES))
            for number in range(first, last + 1):
                length = min(CHUNK, self.size - number * CHUNK)
                try:
                    opened = cipher.decrypt(_nonce(number), file.read(length + _TAG_BYTES), None)
                except InvalidTag:
                    raise OSError(f"{self._path} is damaged: restore it from a backup") from None
                yield opened


def _nonce(chunk: int) -> bytes:
    return chunk.to_bytes(12)


def _write_all(file: io.FileIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]
