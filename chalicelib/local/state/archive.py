"""A data directory as one file, and back.

The archive (tar) holds the state file and the bodies as they are, sealed; a manifest with their sums comes last, so
that an archive that was cut is known as such. Without the key file nobody can read it, and the key file is not in it.
Neither is the audit log, which belongs where it was written.

A server may run meanwhile: the state file is copied as SQLite sees it at one instant, and the bodies that it names,
which never change, get a second name at once. Where one was removed in between, the state file is copied anew.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from ...errors import SetupError
from ...store.disk import sync
from . import directory
from .state import State

_ATTEMPTS = 100
_STATE, _MANIFEST, _KEY = "state.sqlite", "manifest.json", "key"


class Manifest(msgspec.Struct, frozen=True):
    """What is in an archive."""

    format: int
    """Of the state file."""
    sums: dict[str, str]
    """SHA-256 of each file, by its path."""


def export(folder: Path, archive: Path) -> Manifest:
    """Write the directory into a new file. Raises SetupError."""
    if archive.exists():
        raise SetupError(f"{archive} is there already: name another file")
    if not (folder / _STATE).exists():
        raise SetupError(f"{folder} is no data directory: name one with --data-dir")
    directory.require_ours(folder / _STATE)
    try:
        with _beside(folder / directory.COPY) as copy, _beside(archive) as draft:
            _copy(folder, copy)
            manifest = _written(copy, draft / "archive")
            os.link(draft / "archive", archive)  # never over another
    except FileExistsError:
        raise SetupError(f"{archive} is there already: name another file") from None
    except (OSError, sqlite3.Error) as error:
        raise SetupError(f"{archive} cannot be written: {error}") from error
    return manifest


def restore(archive: Path, folder: Path, key_file: Path, *, keep_key: bool) -> Manifest:
    """Make a new data directory of an archive, whole or not at all; `keep_key` copies the key file into it.

    Raises SetupError where there is something already, the archive is damaged, or was sealed with another key.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SetupError(f"{folder} is not empty: name another directory with --data-dir")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _beside(folder) as draft:
            made = draft / "data"
            made.mkdir(mode=0o700)
            (made / "objects").mkdir()
            manifest = _extracted(archive, made)
            if not key_file.exists():
                raise SetupError(f"there is no key file {key_file}: name the one that {archive} was sealed with")
            _verify(made, key_file)
            if keep_key:
                (made / _KEY).touch(mode=0o600)
                shutil.copyfile(key_file, made / _KEY)
            for path in (*made.rglob("*"), made):
                sync(path)
            made.replace(folder)
            sync(folder.parent)
    except OSError as error:
        raise SetupError(f"{archive} cannot be imported into {folder}: {error}") from error
    return manifest


def _copy(folder: Path, copy: Path) -> None:
    """Have in `copy` what the directory holds at one instant. Raises FileNotFoundError where too much is going on."""
    objects = copy / "objects"
    objects.mkdir()
    for attempt in range(_ATTEMPTS):
        for there in (folder / "objects").iterdir():  # what is removed while the rows are copied stays here
            with suppress(FileExistsError, FileNotFoundError):
                os.link(there, objects / there.name)
        bodies = _copied(folder / _STATE, copy / _STATE)
        try:
            for body in bodies:
                if not (objects / body).exists():
                    os.link(folder / "objects" / body, objects / body)
        except FileNotFoundError:  # removed since the rows were copied
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        for path in objects.iterdir():
            if path.name not in bodies:  # of an earlier attempt
                path.unlink()
        return


def _copied(rows: Path, copy: Path) -> set[str]:
    """Copy the state file as it is at one instant; returns the bodies that it names."""
    copy.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"{rows.absolute().as_uri()}?mode=rw", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        return {body for (body,) in target.execute("SELECT body FROM bodies")}


def _written(folder: Path, archive: Path) -> Manifest:
    """Write the archive of a folder that nobody changes."""
    sums = {}
    archive.touch(mode=0o600)
    with tarfile.open(archive, "w") as tar:
        for path in (folder / _STATE, *sorted((folder / "objects").iterdir())):
            name = path.relative_to(folder).as_posix()
            with path.open("rb") as content:
                sums[name] = hashlib.file_digest(content, "sha256").hexdigest()
                content.seek(0)
                _add(tar, name, content, path.stat().st_size)
        manifest = Manifest(directory.FORMAT, sums)
        encoded = msgspec.json.encode(manifest)
        _add(tar, _MANIFEST, io.BytesIO(encoded), len(encoded))
    sync(archive)
    return manifest


def _add(tar: tarfile.TarFile, name: str, content: BinaryIO, size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    tar.addfile(entry, content)


def _extracted(archive: Path, folder: Path) -> Manifest:
    """Unpack what an export writes and nothing else. Raises SetupError for what is damaged."""
    sums = {}
    manifest = None
    try:
        with tarfile.open(archive, "r:") as tar:
            for entry in tar:
                content = tar.extractfile(entry)
                if content is None or manifest is not None or not _is_ours(entry.name):
                    raise _damaged(archive)
                if entry.name == _MANIFEST:
                    manifest = msgspec.json.decode(content.read(), type=Manifest)
                    continue
                with (folder / entry.name).open("xb") as file:
                    shutil.copyfileobj(content, file)
                with (folder / entry.name).open("rb") as file:
                    sums[entry.name] = hashlib.file_digest(file, "sha256").hexdigest()
    except (tarfile.TarError, msgspec.DecodeError, FileExistsError) as error:
        raise _damaged(archive) from error
    if manifest is None or manifest.sums != sums:
        raise _damaged(archive)
    return manifest


def _is_ours(name: str) -> bool:
    folder, _, body = name.rpartition("/")
    return name in (_STATE, _MANIFEST) or (folder == "objects" and body.isalnum())


def _verify(folder: Path, key_file: Path) -> None:
    """Raises SetupError where the key does not open it."""
    try:
        with closing(State(folder, key_file=key_file)) as state:
            state.verify()
    except SetupError as error:
        raise SetupError(f"{key_file} does not open the archive: {error}") from error
    (folder / "lock").unlink()


def _damaged(archive: Path) -> SetupError:
    return SetupError(f"{archive} is damaged, or no archive of `lookalike state export`: take another copy of it")


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A folder on the same disk, gone at the end."""
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=f".{path.name}.") as folder:
        yield Path(folder)
