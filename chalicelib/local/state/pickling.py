"""moto's objects as bytes and back.

They are pickled, with what does not belong (a bucket without its objects, a table without its items), what cannot be
(locks, private keys), and what is too large (bodies of objects, which become files). Reading makes nothing but moto's
own classes and plain data, so that a state file can do no more than moto can.
"""

from __future__ import annotations

import io
import pickle
import tempfile
import threading
from collections import defaultdict
from contextlib import suppress
from typing import Any, TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from moto.dynamodb.models.table import StreamShard, Table
from moto.s3.models import FakeBucket, FakeKey

from .bodies import Bodies, Body

Made = TypeVar("Made")

INLINE_BYTES = 32 * 1024
"""A body up to this size stays in its row: one sync instead of three."""

_PRIVATE_KEYS = (EllipticCurvePrivateKey, Ed25519PrivateKey, RSAPrivateKey)
_LOCK, _RLOCK = type(threading.Lock()), type(threading.RLock())
_PLAIN = {
    "builtins": {"bytearray", "complex", "frozenset", "object", "range", "set", "slice"},
    "collections": {"OrderedDict", "defaultdict", "deque"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "requests.structures": {"CaseInsensitiveDict"},
    __name__: {"_body", "_bucket", "_condition", "_key", "_lock", "_private_key", "_rlock", "_spooled", "_table"},
}


_OWN = ("moto.", __package__.rpartition(".")[0] + ".")
"""Modules whose own classes and functions may be made again."""


def dumps(value: object, bodies: Bodies) -> tuple[bytes, frozenset[str], list[str]]:
    """The bytes of `value`, the bodies it refers to, and those that were written for it.

    Raises pickle.PicklingError for what `loads` would refuse.
    """
    buffer = io.BytesIO()
    pickler = _Pickler(buffer, bodies)
    pickler.dump(value)
    return buffer.getvalue(), frozenset(pickler.named), pickler.written


def loads(content: bytes, bodies: Bodies) -> Any:
    """What `dumps` was given. Raises pickle.UnpicklingError where the bytes name anything but moto's classes."""
    return _Unpickler(io.BytesIO(content), bodies).load()


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, bodies: Bodies) -> None:
        super().__init__(file, protocol=5)
        self._bodies = bodies
        self.named: set[str] = set()
        self.written: list[str] = []

    def reducer_override(self, value: Any) -> Any:  # noqa: PLR0911 (a line a class)
        kind = value if hasattr(value, "__qualname__") else type(value)
        if isinstance(value, Body):
            self.named.add(value.name)
            return _body, (value.name, value.key, value.size)
        if isinstance(value, FakeKey):
            return _key, (self._key_state(value),)
        if isinstance(value, FakeBucket):
            return _bucket, ({name: part for name, part in vars(value).items() if name not in ("keys", "multiparts")},)
        if isinstance(value, Table):
            return _table, (type(value), vars(value) | {"items": None, "stream_shard": value.stream_shard is not None})
        if isinstance(value, tempfile.SpooledTemporaryFile | io.BytesIO):
            return _spooled, (_content(value),)
        if isinstance(value, _LOCK):
            return _lock, ()
        if isinstance(value, _RLOCK):
            return _rlock, ()
        if isinstance(value, threading.Condition):
            return _condition, ()
        if isinstance(value, _PRIVATE_KEYS):
            form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            return _private_key, (value.private_bytes(*form),)
        if not kind.__module__.startswith(_OWN) and kind.__name__ not in _PLAIN.get(kind.__module__, ()):
            raise pickle.PicklingError(f"{kind.__module__}.{kind.__name__} cannot be kept: it could not be read again")
        return NotImplemented

    def _key_state(self, key: FakeKey) -> dict[str, Any]:
        if key.contentsize > INLINE_BYTES and not isinstance(key._value_buffer, Body) and not key.disposed:
            with suppress(OSError):  # then it stays in the row, and whoever commits that will find the disk full too
                body = self._bodies.write(_content(key._value_buffer))
                self.written.append(body.name)
                key._value_buffer.close()
                key._value_buffer = body  # type: ignore[assignment]  # moto only reads it
        return {name: part for name, part in vars(key).items() if name != "lock"}


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, bodies: Bodies) -> None:
        super().__init__(file)
        self._bodies = bodies

    def find_class(self, module: str, name: str) -> Any:
        if name not in _PLAIN.get(module, ()) and not module.startswith(_OWN):
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a state file")
        if (module, name) == (__name__, _body.__name__):
            return self._bodies.body
        try:
            found = super().find_class(module, name)
        except (ImportError, AttributeError) as error:  # written by another version
            raise pickle.UnpicklingError(str(error)) from error
        if module.startswith(_OWN) and getattr(found, "__module__", None) != module:
            raise pickle.UnpicklingError(f"{module} does not define {name}")
        return found


def _content(file: Any) -> bytes:
    if file.closed:
        return b""
    file.seek(0)
    content: bytes = file.read()
    return content


def _body(name: str, key: bytes, size: int) -> Body:
    raise pickle.UnpicklingError(f"the body {name} of {size} bytes is read through the folder that holds it")


def _key(state: dict[str, Any]) -> FakeKey:
    return _made(FakeKey, state | {"lock": threading.Lock()})


def _bucket(state: dict[str, Any]) -> FakeBucket:
    return _made(FakeBucket, state)  # type: ignore[type-abstract]


def _table(kind: type[Table], state: dict[str, Any]) -> Table:
    """The table without items; its stream begins anew."""
    table = _made(kind, state | {"items": defaultdict(dict), "stream_shard": None})
    if state["stream_shard"]:
        table.stream_shard = StreamShard(table.account_id, table)
    return table


def _made(kind: type[Made], state: dict[str, Any]) -> Made:
    made = object.__new__(kind)
    vars(made).update(state)
    return made


def _spooled(content: bytes) -> io.BytesIO:
    return io.BytesIO(content)


def _lock() -> Any:
    return threading.Lock()


def _rlock() -> Any:
    return threading.RLock()


def _condition() -> Any:
    return threading.Condition()


def _private_key(pem: bytes) -> Any:
    return serialization.load_pem_private_key(pem, password=None)
