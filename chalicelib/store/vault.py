"""Face vectors are sealed before they leave the process: AES-256-GCM, one data key a collection.

The data key lies in the collection's head, wrapped by a key that is not in the database: a KMS key or a local file.
Deleting the head destroys the data key, and with it every copy of the vectors, wherever it may lie.
What is sealed is bound to its name (a FaceId, a snapshot), so that two sealed texts cannot be exchanged unnoticed.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import SetupError
from .disk import sync

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
OVERHEAD = _NONCE_BYTES + _TAG_BYTES
"""Bytes that sealing adds."""


class SealError(SetupError):
    """The key is lost, is another one, or what it sealed was changed."""


class Seal:
    """Seals and opens with one key; safe to share between threads."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: bytes, name: str) -> bytes:
        """`OVERHEAD` bytes longer than `text`, different each time."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text, name.encode())

    def open(self, sealed: bytes | bytearray, name: str) -> bytes:
        """What `seal` was given; raises SealError when key, name or text are not the same."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except InvalidTag:
            raise SealError(f"{name} was sealed with another key, or changed since") from None


class Keys(Protocol):
    """Wraps data keys."""

    def rewrap(self, wrapped: bytes, name: str) -> bytes:
        """The same key, wrapped by what wraps now; raises SealError."""
        ...

    def wrap(self, key: bytes, name: str) -> bytes:
        """`key`, readable by `unwrap` only and for the same `name` only."""
        ...

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        """What `wrap` was given; raises SealError."""
        ...


class LocalKeys:
    """Wraps with the first of its keys, unwraps with any of them; all who share it see the keys change."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.replace(keys)

    def replace(self, keys: Sequence[bytes]) -> None:
        """Have these keys from now on."""
        self.keys = tuple(keys)
        self._seals = {_fingerprint(key): Seal(key) for key in keys}
        self._first = _fingerprint(keys[0])

    @classmethod
    def from_file(cls, path: Path) -> LocalKeys:
        """Keys in a file of mode 0600, one a line in hexadecimal; made with one key when there is none."""
        path = path.expanduser()
        try:
            lines = _read_or_make(path).split()
            keys = [bytes.fromhex(line) for line in lines]
        except (OSError, ValueError) as error:
            raise SealError(f"the key file {path} cannot be used: {error}") from error
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise SealError(f"the key file {path} holds no key of {KEY_BYTES} bytes: restore it from your backup")
        return cls(keys)

    def save(self, path: Path) -> None:
        """Replace the file by one that holds these keys: it holds the old ones or the new ones at any instant.

        Raises OSError.
        """
        path = path.expanduser().resolve()  # what a link points to is replaced, not the link
        _written("".join(f"{key.hex()}\n" for key in self.keys), path.parent).replace(path)
        sync(path.parent)

    def wrap(self, key: bytes, name: str) -> bytes:
        return self._first + self._seals[self._first].seal(key, name)

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        fingerprint = wrapped[: len(self._first)]
        if (seal := self._seals.get(fingerprint)) is None:
            raise SealError(
                f"the key {fingerprint.hex()} that wraps the collection's data key is not in the key file: restore it"
            )
        return seal.open(wrapped[len(fingerprint) :], name)

    def rewrap(self, wrapped: bytes, name: str) -> bytes:
        return self.wrap(self.unwrap(wrapped, name), name)


class KmsKeys:
    """Wraps with a KMS key, which never leaves KMS; `name` is in the encryption context, and so in CloudTrail."""

    def __init__(self, kms: Any, key_id: str) -> None:
        self._kms = kms
        self._key_id = key_id

    def wrap(self, key: bytes, name: str) -> bytes:
        answer = self._call("encrypt", KeyId=self._key_id, Plaintext=key, EncryptionContext=_context(name))
        return bytes(answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        """With whichever key wrapped it, so that LOOKALIKE_KMS_KEY may be changed."""
        answer = self._call("decrypt", CiphertextBlob=wrapped, EncryptionContext=_context(name))
        return bytes(answer["Plaintext"])

    def rewrap(self, wrapped: bytes, name: str) -> bytes:
        """Within KMS: the key itself does not leave it."""
        answer = self._call(
            "re_encrypt",
            CiphertextBlob=wrapped,
            SourceEncryptionContext=_context(name),
            DestinationKeyId=self._key_id,
            DestinationEncryptionContext=_context(name),
        )
        return bytes(answer["CiphertextBlob"])

    def _call(self, operation: str, **parameters: Any) -> Any:
        try:
            return getattr(self._kms, operation)(**parameters)
        except ClientError as error:
            reason = error.response["Error"].get("Message") or error.response["Error"]["Code"]
            raise SealError(f"the KMS key {self._key_id} cannot {operation} a data key: {reason}") from error


class NoKeys:
    """Stands where no key was configured: faces cannot be kept, all else works."""

    def wrap(self, key: bytes, name: str) -> bytes:
        raise SealError("set LOOKALIKE_KMS_KEY to a KMS key, or LOOKALIKE_KEY_FILE to a file outside the database")

    unwrap = rewrap = wrap


class Vault:
    """The data keys of all collections."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._opened = lru_cache(maxsize=4096)(self._open)

    def make(self, name: str) -> bytes:
        """A new data key for `name`, wrapped."""
        return self._keys.wrap(AESGCM.generate_key(8 * KEY_BYTES), name)

    def seal(self, wrapped: bytes, name: str) -> Seal:
        """The seal whose data key is `wrapped`. Kept, since KMS is asked over the network."""
        return self._opened(wrapped, name)

    def rewrap(self, wrapped: bytes, name: str) -> bytes:
        """The same data key, wrapped by the key that is used now."""
        return self._keys.rewrap(wrapped, name)

    def forget(self) -> None:
        """Drop the opened data keys, after a collection was deleted: nothing may open its vectors again."""
        self._opened.cache_clear()

    def _open(self, wrapped: bytes, name: str) -> Seal:
        return Seal(self._keys.unwrap(wrapped, name))


def new_key() -> bytes:
    """A key for `LocalKeys`."""
    return os.urandom(KEY_BYTES)


def _fingerprint(key: bytes) -> bytes:
    return hashlib.sha256(b"lookalike key" + key).digest()[:8]


def _context(name: str) -> dict[str, str]:
    return {"lookalike:collection": name}


def _read_or_make(path: Path) -> str:
    """What the file holds; whole from the first moment on, also for another process that starts now."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = _written(f"{new_key().hex()}\n", path.parent)
        with suppress(FileExistsError):
            os.link(new, path)
        new.unlink()
        sync(path.parent)  # what it seals must not outlive it
    if path.stat().st_mode & 0o077:
        raise SealError(f"others may read the key file {path}: run `chmod 600 {path}`")
    return path.read_text()


def _written(text: str, folder: Path) -> Path:
    """A new file of mode 0600 that holds `text`, on the disk."""
    descriptor, new = tempfile.mkstemp(dir=folder)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(new)
