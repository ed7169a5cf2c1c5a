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
from chalicelib.local import pickling
from chalicelib.local.keep import Keeper
from chalicelib.local.state import Changes, Row, State, StateError


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
    name = state.write_body(b"body")
    named(state, name, "a", "b")
    kept(state, a=None)
    body = state.body(name)
    body.seek(1)
    assert body.read(2) == b"od"
    assert body.read() == b"y"
    kept(state, b=None)
    assert list((state.folder / "objects").iterdir()) == []


def test_a_body_of_an_unfinished_write_is_removed_at_the_next_start(state: State) -> None:
    state.write_body(b"body")
    assert reopened(state) == {}
    assert list((state.folder / "objects").iterdir()) == []


def test_all_of_a_prefix_can_go(state: State) -> None:
    kept(state, **{"photos/a": b"", "photos/b": b"", "photosets/a": b""})
    changes = Changes(emptied=[row("photos/")])
    state.submit(changes)
    state.settle(changes)
    assert list(reopened(state)) == ["photosets/a"]


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
    """The directory is refused with those words, and its file is as it was."""
    before = (folder / "state.sqlite").read_bytes()
    with pytest.raises(SetupError, match=match) as error, closing(State(folder)) as state:
        values(state)
    assert "\n" not in str(error.value)
    assert "--data-dir" in str(error.value)
    assert (folder / "state.sqlite").read_bytes() == before


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    State(tmp_path).close()
    with sqlite3.connect(tmp_path / "state.sqlite") as rows:
        rows.execute("PRAGMA user_version = 2")
    rows.close()
    refused(tmp_path, "newer Lookalike")


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
    state.close()
    file = state.folder / "state.sqlite"
    file.write_bytes(file.read_bytes().replace(b"precious bytes", b"previous bytes"))
    refused(state.folder, "damaged")


def test_a_missing_body_is_found(state: State) -> None:
    name = state.write_body(b"body")
    named(state, name, "a")
    state.close()
    (state.folder / "objects" / name).unlink()
    refused(state.folder, "missing")


def test_an_unwritable_directory_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SetupError, match="--data-dir"):
        State(tmp_path / "file" / "folder")


@pytest.mark.parametrize("foreign", [os.system, pickle.loads, threading.Thread])
def test_a_state_file_makes_no_foreign_objects(state: State, foreign: object) -> None:
    with pytest.raises(pickle.UnpicklingError, match="no place"):
        pickling.loads(pickle.dumps(foreign), state)


def test_a_state_file_reaches_nothing_through_motos_modules(state: State) -> None:
    reference = b"\x80\x04\x8c\x0emoto.s3.models\x8c\x09os.system\x93."
    with pytest.raises(pickle.UnpicklingError, match="does not define"):
        pickling.loads(reference, state)


def test_what_could_not_be_read_again_is_not_written(state: State) -> None:
    with pytest.raises(pickle.PicklingError, match="cannot be kept"):
        pickling.dumps({"path": Path("a")}, state)


def test_what_another_version_wrote_is_left_alone(state: State) -> None:
    removed = b"\x80\x04\x8c\x0fmoto.kms.models\x8c\x04Gone\x93."  # a class that moto no longer has
    changes = Changes({Row("kms", "123456789012\x1fus-east-1", "backend", ""): removed})
    state.submit(changes)
    state.settle(changes)
    with pytest.raises(SetupError, match="run the version of Lookalike that wrote it") as error:
        Keeper(state)
    assert "\n" not in str(error.value)
