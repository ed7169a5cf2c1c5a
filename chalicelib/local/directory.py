"""A data directory's lock and its state file: opened only by one process, and only if the file is ours and whole."""

from __future__ import annotations

import fcntl
import io
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from ..errors import SetupError

FORMAT = 1
"""Of the state file. A greater one was written by a newer Lookalike."""

_APPLICATION = 0x4C6F6F6B  # "Look", so that another program's file is known as such

_SCHEMA = """
CREATE TABLE rows (service TEXT, owner TEXT, kind TEXT, name TEXT, value BLOB, sum INTEGER,
                   PRIMARY KEY (service, owner, kind, name)) WITHOUT ROWID;
CREATE TABLE bodies (service TEXT, owner TEXT, kind TEXT, name TEXT, body TEXT,
                     PRIMARY KEY (service, owner, kind, name, body)) WITHOUT ROWID;
CREATE INDEX bodies_by_name ON bodies (body);
"""


def hold(path: Path) -> io.TextIOWrapper:
    """The lock file, locked until it is closed, wherever this process ends."""
    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "another process"
        lock.close()
        raise SetupError(
            f"{path.parent} is in use by {holder}: stop it, or name another directory with --data-dir"
        ) from None
    lock.truncate(0)
    lock.write(f"process {os.getpid()}\n")
    lock.flush()
    return lock


def open_rows(path: Path, sync: bool) -> sqlite3.Connection:
    """The state file, made when absent; never touched unless it is ours and no newer than we are."""
    existed = path.exists() and path.stat().st_size > 0
    if existed:
        _require_ours(path)
    rows = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        rows.execute("PRAGMA journal_mode = WAL")
        rows.execute(f"PRAGMA synchronous = {'FULL' if sync else 'NORMAL'}")
        rows.execute("PRAGMA secure_delete = ON")  # what was erased is not left in the file
        if not existed:
            rows.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {FORMAT}; COMMIT"
            )
    except sqlite3.Error as error:
        rows.close()
        raise SetupError(f"{path} cannot be written ({error}): name another directory with --data-dir") from error
    return rows


def _require_ours(path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as rows:
            (application,) = rows.execute("PRAGMA application_id").fetchone()
            (written,) = rows.execute("PRAGMA user_version").fetchone()
            (sound,) = rows.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise damaged(path) from error
    if application != _APPLICATION or sound != "ok":
        raise damaged(path)
    if written > FORMAT:
        raise SetupError(
            f"{path} was written by a newer Lookalike (format {written}, this one reads up to {FORMAT}): run that one, "
            "or name another directory with --data-dir"
        )


def damaged(path: Path) -> SetupError:
    return SetupError(
        f"{path} is damaged or not Lookalike's, and was left as it is: restore it from a backup, or name another "
        "directory with --data-dir"
    )
