"""A data directory exported and imported: whole or not at all, sealed, consistent while others write."""

from __future__ import annotations

import io
import os
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.errors import SetupError
from chalicelib.local.state import archive
from chalicelib.local.state.sealing import Row
from chalicelib.local.state.state import Changes, State

BODY = os.urandom(100_000)


def row(name: str) -> Row:
    return Row("s3", "account", "object", name)


def put(state: State, name: str, body: bytes) -> None:
    """Keep a body and a row that says how to open it."""
    kept = state.bodies.write(body)
    value = f"{kept.name} {kept.key.hex()} {kept.size}".encode()
    changes = Changes({row(name): value}, {row(name): frozenset({kept.name})}, written=[kept.name])
    state.submit(changes)
    state.settle(changes)


def contents(folder: Path, key_file: Path | None = None) -> dict[str, bytes]:
    with closing(State(folder, key_file=key_file)) as state:
        found = {}
        for at, value in state.rows("s3", "object"):
            name, key, size = value.decode().split()
            found[at.name] = state.bodies.body(name, bytes.fromhex(key), int(size)).read()
        return found


@pytest.fixture
def data(tmp_path: Path) -> Iterator[State]:
    with closing(State(tmp_path / "data", sync=False)) as state:
        put(state, "photo", BODY)
        yield state


def test_there_and_back(data: State, tmp_path: Path) -> None:
    archive.export(data.folder, tmp_path / "archive")
    assert (tmp_path / "archive").stat().st_mode & 0o777 == 0o600
    archive.restore(tmp_path / "archive", tmp_path / "new", data.folder / "key", keep_key=True)
    assert contents(tmp_path / "new") == {"photo": BODY}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new" / "key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "data", "new"]
    assert list(data.folder.glob(".*")) == []


def test_a_key_file_of_the_users_own_stays_where_it_is(data: State, tmp_path: Path) -> None:
    archive.export(data.folder, tmp_path / "archive")
    archive.restore(tmp_path / "archive", tmp_path / "new", data.folder / "key", keep_key=False)
    assert not (tmp_path / "new" / "key").exists()
    assert contents(tmp_path / "new", data.folder / "key") == {"photo": BODY}


def test_the_archive_is_sealed(data: State, tmp_path: Path) -> None:
    archive.export(data.folder, tmp_path / "archive")
    raw = (tmp_path / "archive").read_bytes()
    assert BODY[:16] not in raw
    assert b"photo" not in raw
    assert bytes.fromhex((data.folder / "key").read_text()) not in raw
    assert (data.folder / "key").read_bytes().strip() not in raw


def test_another_key_opens_nothing_and_leaves_nothing(data: State, tmp_path: Path) -> None:
    archive.export(data.folder, tmp_path / "archive")
    State(tmp_path / "other").close()
    for key, message in {tmp_path / "other" / "key": "does not open", tmp_path / "none": "no key file"}.items():
        with pytest.raises(SetupError, match=message):
            archive.restore(tmp_path / "archive", tmp_path / "new", key, keep_key=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "data", "other"]


def test_nothing_is_written_over(data: State, tmp_path: Path) -> None:
    archive.export(data.folder, tmp_path / "archive")
    with pytest.raises(SetupError, match="there already"):
        archive.export(data.folder, tmp_path / "archive")
    before = {path: path.read_bytes() for path in data.folder.rglob("*") if path.is_file()}
    with pytest.raises(SetupError, match="not empty"):
        archive.restore(tmp_path / "archive", data.folder, data.folder / "key", keep_key=True)
    assert {path: path.read_bytes() for path in before} == before
    (tmp_path / "empty").mkdir()
    archive.restore(tmp_path / "archive", tmp_path / "empty", data.folder / "key", keep_key=True)
    assert contents(tmp_path / "empty") == {"photo": BODY}


def test_what_is_no_data_directory_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no data directory"):
        archive.export(tmp_path, tmp_path / "archive")
    (tmp_path / "state.sqlite").write_bytes(b"something else")
    with pytest.raises(SetupError, match="not Lookalike's"):
        archive.export(tmp_path, tmp_path / "archive")


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "added", "outside"])
def test_a_damaged_archive_is_refused(data: State, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "archive"
    archive.export(data.folder, path)
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "flipped":
        path.write_bytes(whole[:60_000] + bytes([whole[60_000] ^ 1]) + whole[60_001:])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        with tarfile.open(path, "a") as tar:
            entry = tarfile.TarInfo("objects/more" if damage == "added" else "../outside")
            entry.size = 1
            tar.addfile(entry, io.BytesIO(b"x"))
    with pytest.raises(SetupError, match="damaged"):
        archive.restore(path, tmp_path / "new", data.folder / "key", keep_key=True)
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "outside").exists()


def test_a_start_removes_what_a_killed_export_left(tmp_path: Path) -> None:
    State(tmp_path).close()
    (tmp_path / ".copy.abc" / "objects").mkdir(parents=True)
    (tmp_path / ".copy.abc" / "objects" / "erased").write_bytes(b"since")
    State(tmp_path).close()
    assert list(tmp_path.glob(".*")) == []


def test_a_copy_is_of_one_instant_while_others_write(data: State, tmp_path: Path) -> None:
    """Each object is put before its follower and removed after it: at any instant there are two or three."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        put(data, "0", BODY)
        while not stop.is_set():
            number += 1
            put(data, str(number), BODY)
            changes = Changes({row(str(number - 1)): None})
            data.submit(changes)
            data.settle(changes)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for at in range(5):
            archive.export(data.folder, tmp_path / f"archive{at}")
    finally:
        stop.set()
        writer.join()
    for at in range(5):
        archive.restore(tmp_path / f"archive{at}", tmp_path / f"new{at}", data.folder / "key", keep_key=True)
        found = contents(tmp_path / f"new{at}")
        assert found.pop("photo") == BODY
        assert set(found.values()) <= {BODY}
        assert len(found) <= 2
