"""A server that seals nothing and keeps no audit: the yardstick of what both cost.

No setting offers that, so the cipher is replaced before anything imports it, and the world's step is left out.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import aead

TAG = bytes(16)


class Clear:
    """In AESGCM's place: text as it was given, and as long as if it were sealed."""

    def __init__(self, _key: bytes) -> None: ...

    @staticmethod
    def generate_key(bits: int) -> bytes:
        return os.urandom(bits // 8)

    def encrypt(self, _nonce: bytes, text: bytes, _name: bytes | None) -> bytes:
        return bytes(text) + TAG

    def decrypt(self, _nonce: bytes, sealed: bytes, _name: bytes | None) -> bytes:
        return bytes(sealed)[: -len(TAG)]


def main() -> None:
    aead.AESGCM = Clear  # type: ignore[assignment]  # it has only what Lookalike calls
    from chalicelib.config import Settings
    from chalicelib.local.port.http import Port
    from chalicelib.local.world import World

    class Unaudited(World):
        def _open_audit(self, undo: ExitStack) -> None:
            pass

    with Unaudited(Settings.from_environ(), Path(sys.argv[1])) as world:
        port = Port("127.0.0.1", 0, world.server.answer)
        print(port.url, flush=True)
        port.serve_forever()


if __name__ == "__main__":
    main()
