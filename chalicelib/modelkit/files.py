"""Files that are either whole or not there, and a full disk told in words."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import SetupError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


def sha256(path: Path) -> str:
    """The sum of a file, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, data: bytes) -> None:
    """Write `path` so that it holds all of `data` or, whatever happens meanwhile, what it held before."""
    with told(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115
        part = Path(file.name)
        try:
            with file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.chmod(0o644)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; another that wants it waits."""
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Say which folder cannot be written, and why."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise SetupError(f"the disk of {folder} is full: make room and run the command again") from error
        if error.errno in CLOSED:
            raise SetupError(
                f"{folder} cannot be written ({error.strerror}): give another by LOOKALIKE_MODELS"
            ) from error
        raise
