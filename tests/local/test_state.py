"""The data directory by itself: who may open it, what it keeps, what it leaves alone."""

from __future__ import annotations

import os
import pickle
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.errors import SetupError
from chalicelib.local.state import pickling
from chalicelib.local.state.keeper import Keeper
from chalicelib.local.state.sealing import SEPARATOR, Row
from chalicelib.local.state.state import Changes, State, StateError


def row(name: str) -> Row:
    return Row("s3", "account", "object", name)


def kept(state: State, **values: bytes | None) -> None:
    changes = Changes({row(name): value for name, value in values.items()})
    state.submit(changes)
    state.settle(changes)


def values(state: State) -> dict[str, bytes]:
    return {row.name: value for row, value in state.rows("s3", "object")}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with closing(State(tmp_path)) as state:
        yield state


def reopened(state: State) -> dict[str, bytes]:
    """The rows after a restart."""
    state.close()
    with closing(State(state.folder)) as again:
        return values(again)


def named(state: State, body: str, *names: str) -> None:
    """Have rows refer to a body."""
    rows = [row(name) for name in names]
    changes = Changes(dict.fromkeys(rows, b""), {row: frozenset({body}) for row in rows}, written=[body])
    state.submit(changes)
    state.settle(changes)


def test_rows_come_back(state: State) -> None:
    kept(state, a=b"1", b=b"2")
    kept(state, a=b"3", b=None)
    assert reopened(state) == {"a": b"3"}


def test_bodies_go_with_the_last_row_that_names_them(state: State) -> None:
    body = state.bodies.write(b"body")
    named(state, body.name, "a", "b")
    kept(state, a=None)
    assert body.read() == b"body"
    kept(state, b=None)
    assert list((state.folder / "objects").iterdir()) == []


def test_a_body_of_an_unfinished_write_is_removed_at_the_next_start(state: State) -> None:
    state.bodies.write(b"body")
    assert reopened(state) == {}
    assert list((state.folder / "objects").iterdir()) == []


def test_all_that_is_in_a_bucket_can_go(state: State) -> None:
    inside, beside = f"photos{SEPARATOR}a{SEPARATOR}b", f"photosets{SEPARATOR}a"
    kept(state, **{inside: b"", beside: b""})
    named(state, state.bodies.write(b"body").name, inside)
    changes = Changes(emptied=[row(f"photos{SEPARATOR}")])
    state.submit(changes)
    state.settle(changes)
    assert state.bodies.names() == set()
    assert list(reopened(state)) == [beside]


def test_many_writers_are_all_kept(state: State) -> None:
    def write(writer: int) -> None:
        for number in range(25):
            kept(state, **{f"{writer}-{number}": b"value"})

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(reopened(state)) == 200


def test_a_second_server_is_told_who_holds_the_directory(state: State) -> None:
    with pytest.raises(SetupError, match=f"in use by process {os.getpid()}"):
        State(state.folder)


def test_a_full_disk_acknowledges_nothing_and_heals(state: State) -> None:
    kept(state, a=b"1")
    limit = state._rows.execute("PRAGMA page_count").fetchone()[0]
    state._rows.execute(f"PRAGMA max_page_count = {limit}")
    with pytest.raises(StateError, match="full"):
        kept(state, b=b"2" * 100_000)
    with pytest.raises(StateError, match="full"):
        kept(state, c=b"3")
    state._rows.execute("PRAGMA max_page_count = 100000")
    kept(state, d=b"4")
    assert reopened(state) == {"a": b"1", "b": b"2" * 100_000, "c": b"3", "d": b"4"}


def refused(folder: Path, match: str) -> None:
    """The directory is refused with those words, and what is in it is as it was."""
    before = {path: path.read_bytes() for path in folder.glob("[ks]*")}
    with pytest.raises(SetupError, match=match) as error, closing(State(folder)) as state:
        values(state)
    assert "\n" not in str(error.value)
    assert "--data-dir" in str(error.value)
    assert {path: path.read_bytes() for path in before} == before


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    State(tmp_path).close()
    stamped(tmp_path, 3)
    refused(tmp_path, "newer Lookalike")


def test_a_file_that_is_not_sealed_is_left_alone(tmp_path: Path) -> None:
    State(tmp_path).close()
    stamped(tmp_path, 1)
    refused(tmp_path, "did not seal it")


def stamped(folder: Path, version: int) -> None:
    """Have the state file say that another format was written."""
    with sqlite3.connect(folder / "state.sqlite") as rows:
        rows.execute(f"PRAGMA user_version = {version}")
    rows.close()


@pytest.mark.parametrize("content", [b"not a database at all", b"SQLite format 3\x00" + b"\x00" * 4096])
def test_a_file_of_others_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.sqlite").write_bytes(content)
    refused(tmp_path, "damaged or not Lookalike's")


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.sqlite") as rows:
        rows.execute("CREATE TABLE photos (name TEXT)")
    rows.close()
    refused(tmp_path, "damaged or not Lookalike's")


def test_a_changed_byte_is_found(state: State) -> None:
    kept(state, a=b"precious bytes")
    (sealed,) = state._rows.execute("SELECT sealed FROM rows").fetchone()
    state.close()
    file = state.folder / "state.sqlite"
    file.write_bytes(file.read_bytes().replace(sealed, sealed[:-1] + bytes([sealed[-1] ^ 1])))
    refused(state.folder, "damaged")


def test_rows_cannot_be_exchanged(state: State) -> None:
    kept(state, a=b"1", b=b"2")
    (one, _), (other, _) = state._rows.execute("SELECT sealed, id FROM rows").fetchall()
    state._rows.executemany("UPDATE rows SET sealed = ? WHERE sealed = ?", [(b"", one), (one, other), (other, b"")])
    state.close()
    refused(state.folder, "damaged")


def test_a_missing_body_is_found(state: State) -> None:
    name = state.bodies.write(b"body").name
    named(state, name, "a")
    state.close()
    (state.folder / "objects" / name).unlink()
    refused(state.folder, "missing")


def test_a_lost_key_file_is_told_and_not_replaced(tmp_path: Path) -> None:
    State(tmp_path).close()
    (tmp_path / "key").unlink()
    refused(tmp_path, "key file .*key is gone")
    assert not (tmp_path / "key").exists()


def test_another_key_file_is_told_and_changes_nothing(tmp_path: Path) -> None:
    with closing(State(tmp_path)) as state:
        kept(state, a=b"1")
    own = (tmp_path / "key").read_bytes()
    (tmp_path / "key").write_text("00" * 32)
    refused(tmp_path, "sealed with another key file")
    (tmp_path / "key").write_bytes(own)
    with closing(State(tmp_path)) as state:
        assert values(state) == {"a": b"1"}


def test_the_key_file_may_lie_elsewhere(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "lookalike"
    State(tmp_path / "data", key_file=key).close()
    assert key.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "data" / "key").exists()
    State(tmp_path / "data", key_file=key).close()
    with pytest.raises(SetupError, match="is gone"):
        State(tmp_path / "data")


def test_an_unwritable_directory_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SetupError, match="--data-dir"):
        State(tmp_path / "file" / "folder")


@pytest.mark.parametrize("foreign", [os.system, pickle.loads, threading.Thread])
def test_a_state_file_makes_no_foreign_objects(state: State, foreign: object) -> None:
    with pytest.raises(pickle.UnpicklingError, match="no place"):
        pickling.loads(pickle.dumps(foreign), state.bodies)


def test_a_state_file_reaches_nothing_through_motos_modules(state: State) -> None:
    reference = b"\x80\x04\x8c\x0emoto.s3.models\x8c\x09os.system\x93."
    with pytest.raises(pickle.UnpicklingError, match="does not define"):
        pickling.loads(reference, state.bodies)


def test_what_could_not_be_read_again_is_not_written(state: State) -> None:
    with pytest.raises(pickle.PicklingError, match="cannot be kept"):
        pickling.dumps({"path": Path("a")}, state.bodies)


def test_what_another_version_wrote_is_left_alone(state: State) -> None:
    removed = b"\x80\x04\x8c\x0fmoto.kms.models\x8c\x04Gone\x93."  # a class that moto no longer has
    changes = Changes({Row("kms", "123456789012\x1fus-east-1", "backend", ""): removed})
    state.submit(changes)
    state.settle(changes)
    with pytest.raises(SetupError, match="run the version of Lookalike that wrote it") as error:
        Keeper(state)
    assert "\n" not in str(error.value)
