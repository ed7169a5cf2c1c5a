"""A data directory's lock, key and state file: opened by one process only, and only if the file is ours and whole."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from ...errors import SetupError
from ...store.vault import LocalKeys, SealError, new_key

FORMAT = 2
"""Of the state file. A greater one was written by a newer Lookalike; 1 was not sealed."""

COPY = "copy"
"""How folders are called, between dots, that an export makes in a data directory."""

_APPLICATION = 0x4C6F6F6B  # "Look", so that another program's file is known as such

_SCHEMA = """
CREATE TABLE seal (wrapped BLOB);
CREATE TABLE rows (id INTEGER PRIMARY KEY, place BLOB UNIQUE, service TEXT, kind TEXT, parent BLOB, sealed BLOB);
CREATE INDEX rows_by_parent ON rows (parent);
CREATE TABLE bodies (place BLOB, parent BLOB, body TEXT, PRIMARY KEY (place, body)) WITHOUT ROWID;
CREATE INDEX bodies_by_parent ON bodies (parent);
CREATE INDEX bodies_by_name ON bodies (body);
"""
_DATA_KEY = "data directory"
"""What the data key is wrapped for."""


def remove_copies(folder: Path) -> None:
    """Remove what exports left that were killed: it may name what was erased since."""
    for left in folder.glob(f".{COPY}.*"):
        shutil.rmtree(left, ignore_errors=True)


def data_key(rows: sqlite3.Connection, keys: LocalKeys) -> bytes:
    """The key of 32 bytes that seals the rows. Raises SetupError where `keys` do not open it."""
    (wrapped,) = rows.execute("SELECT wrapped FROM seal").fetchone()
    try:
        return keys.unwrap(wrapped, _DATA_KEY)
    except SealError as error:
        (_, _, file) = rows.execute("PRAGMA database_list").fetchone()
        raise SetupError(
            f"{file} was sealed with another key file and was left as it is: restore that one, name it with "
            "LOOKALIKE_KEY_FILE, or name another directory with --data-dir"
        ) from error


def rewrap(rows: sqlite3.Connection, keys: LocalKeys) -> None:
    """Wrap the data key anew, by the first of `keys`. Raises SetupError."""
    wrapped = keys.wrap(data_key(rows, keys), _DATA_KEY)
    rows.execute("UPDATE seal SET wrapped = ?", (wrapped,))


class HeldError(SetupError):
    """Another process has the directory."""


def hold(path: Path) -> io.TextIOWrapper:
    """The lock file, locked until it is closed, wherever this process ends."""
    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "another process"
        lock.close()
        raise HeldError(
            f"{path.parent} is in use by {holder}: stop it, or name another directory with --data-dir"
        ) from None
    lock.truncate(0)
    lock.write(f"process {os.getpid()}\n")
    lock.flush()
    return lock


def open_rows(folder: Path, sync: bool, key_file: Path | None = None) -> tuple[sqlite3.Connection, LocalKeys]:
    """The state file and the keys that wrap its data key: those of `key_file`, else of `key` in the folder.

    Both are made for a folder that holds no state yet; nothing is touched unless it is ours and no newer than we are.
    """
    path = folder / "state.sqlite"
    existed = path.exists() and path.stat().st_size > 0
    if existed:
        require_ours(path)
    keys = _keys((key_file or folder / "key").expanduser(), existed)
    rows = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        rows.execute("PRAGMA journal_mode = WAL")
        rows.execute(f"PRAGMA synchronous = {'FULL' if sync else 'OFF'}")
        rows.execute("PRAGMA secure_delete = ON")  # what was erased is not left in the file
        if not existed:
            rows.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {FORMAT};"
            )
            rows.execute("INSERT INTO seal VALUES (?)", (keys.wrap(new_key(), _DATA_KEY),))
            rows.execute("COMMIT")
    except sqlite3.Error as error:
        rows.close()
        raise SetupError(f"{path} cannot be written ({error}): name another directory with --data-dir") from error
    return rows, keys


def _keys(path: Path, needed: bool) -> LocalKeys:
    """The keys of a file, which is made unless it is `needed` to read what is there already."""
    if needed and not path.exists():
        raise SetupError(
            f"the key file {path} is gone, and what it sealed cannot be read without it: restore it from a backup, or "
            "name another directory with --data-dir"
        )
    return LocalKeys.from_file(path)


def require_ours(path: Path) -> None:
    """Raises SetupError for a state file that is damaged, another program's, or of another format."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as rows:
            (application,) = rows.execute("PRAGMA application_id").fetchone()
            (written,) = rows.execute("PRAGMA user_version").fetchone()
            (sound,) = rows.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise damaged(path) from error
    if application != _APPLICATION or sound != "ok":
        raise damaged(path)
    if written < FORMAT:
        raise SetupError(
            f"{path} was written by an earlier Lookalike, which did not seal it, and was left as it is: name another "
            "directory with --data-dir, and remove this one when nothing in it is needed"
        )
    if written > FORMAT:
        raise SetupError(
            f"{path} was written by a newer Lookalike (format {written}, this one reads up to {FORMAT}): run that one, "
            "or name another directory with --data-dir"
        )


def damaged(path: Path) -> SetupError:
    """What to say of a file that is not as it was written."""
    return SetupError(
        f"{path} is damaged or not Lookalike's, and was left as it is: restore it from a backup, or name another "
        "directory with --data-dir"
    )
