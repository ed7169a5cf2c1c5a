"""The log as somebody finds it who may write the files, but has not its key."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.audit.chain import BrokenError
from chalicelib.audit.log import Log, files
from chalicelib.audit.reading import verify
from chalicelib.errors import SetupError

RECORDS = 40


class Clock:
    """Days that are turned by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 8, tzinfo=UTC)

    def __call__(self) -> float:
        return self.now.timestamp()


def interrupted(reason: str) -> bytes:
    return json.dumps({"eventName": "AuditLogInterrupted", "serviceEventDetails": {"reason": reason}}).encode()


@contextmanager
def opened(data_dir: Path, clock: Callable[[], float] = time.time) -> Iterator[Log]:
    with closing(Log(data_dir, interrupted, clock, sync=False)) as log:
        yield log


def record(number: int) -> bytes:
    return json.dumps({"eventName": "DetectFaces", "requestID": str(number)}).encode()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A log of two days."""
    clock = Clock()
    with opened(tmp_path, clock) as log:
        for number in range(RECORDS):
            log.append(record(number))
            clock.now = clock.now.replace(day=22 + (number >= RECORDS // 2))
    return tmp_path


def edit(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def broken(data_dir: Path) -> str:
    with pytest.raises(BrokenError) as found:
        verify(data_dir)
    return str(found.value)


def test_whole(data_dir: Path) -> None:
    assert [path.name for path in files(data_dir)] == ["2026-11-22.jsonl", "2026-11-23.jsonl"]
    whole = verify(data_dir)
    assert whole.records == RECORDS
    assert [json.loads(line)["requestID"] for path in files(data_dir) for line in path.read_text().splitlines()] == [
        str(number) for number in range(RECORDS)
    ]


def test_any_byte(data_dir: Path) -> None:
    dice = random.Random(1)
    for path in files(data_dir):
        good = path.read_bytes()
        for _ in range(200):
            at = dice.randrange(len(good))
            path.write_bytes(good[:at] + bytes([good[at] ^ dice.randrange(1, 256)]) + good[at + 1 :])
            line = good[:at].count(b"\n") + 1
            assert f"{path}:{line}: " in broken(data_dir)
        path.write_bytes(good)


@pytest.mark.parametrize("number", [0, 7, RECORDS // 2])
def test_a_line_is_gone(data_dir: Path, number: int) -> None:
    path = files(data_dir)[0]
    edit(path, lambda lines: lines[:number] + lines[number + 1 :])
    assert "missing" in broken(data_dir) or "follows record" in broken(data_dir)


def test_lines_are_in_another_order(data_dir: Path) -> None:
    path = files(data_dir)[0]
    edit(path, lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]])
    assert broken(data_dir).startswith(f"{path}:4: it is record 5, and follows record 3")


@pytest.mark.parametrize("kept", [0, 1, 5, RECORDS // 2 - 2])
def test_the_end_is_cut_off(data_dir: Path, kept: int) -> None:
    edit(files(data_dir)[1], lambda lines: lines[:kept])
    assert "the end is missing" in broken(data_dir)


def test_the_end_is_cut_within_a_line(data_dir: Path) -> None:
    path = files(data_dir)[1]
    path.write_bytes(path.read_bytes()[:-30])
    assert f"{path}:{RECORDS // 2 - 1}: " in broken(data_dir)


def test_lines_come_twice(data_dir: Path) -> None:
    edit(files(data_dir)[1], lambda lines: lines + lines)
    assert "follows record" in broken(data_dir)


def test_a_day_is_gone(data_dir: Path) -> None:
    files(data_dir)[0].unlink()
    assert "records before it are missing" in broken(data_dir)


def test_all_days_are_gone(data_dir: Path) -> None:
    shutil.rmtree(data_dir / "audit")
    assert f"{RECORDS} records were, 0 are" in broken(data_dir)


def test_everything_is_gone(tmp_path: Path) -> None:
    assert "holds no audit log" in broken(tmp_path)


def test_lines_of_another_log(data_dir: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "other") as log:
        log.append(record(0))
    edit(files(data_dir)[1], lambda lines: lines + files(tmp_path / "other")[0].read_bytes().splitlines(keepends=True))
    assert "another key" in broken(data_dir)


def test_the_anchor(data_dir: Path) -> None:
    anchor = data_dir / "audit.anchor"
    good = anchor.read_bytes()
    anchor.write_bytes(good.replace(str(RECORDS).encode(), str(RECORDS - 1).encode(), 1))
    assert "the anchor, audit.anchor, was changed" in broken(data_dir)
    anchor.unlink()
    assert "is gone" in broken(data_dir)


def test_all_put_back(data_dir: Path, tmp_path: Path) -> None:
    """Log and anchor of an earlier hour: only what was noted elsewhere can tell."""
    shutil.copytree(data_dir, tmp_path / "earlier")
    with opened(data_dir) as log:
        log.append(record(RECORDS))
    noted = verify(data_dir).link
    assert noted is not None
    shutil.rmtree(data_dir / "audit")
    shutil.copytree(tmp_path / "earlier", data_dir, dirs_exist_ok=True)
    assert verify(data_dir).records == RECORDS
    with pytest.raises(BrokenError, match="the end is missing"):
        verify(data_dir, {noted.hash: noted.sequence})


def test_a_cut_stays_known_after_the_next_start(data_dir: Path) -> None:
    edit(files(data_dir)[1], lambda lines: lines[:-3])
    with opened(data_dir) as log:
        log.append(record(RECORDS))
    assert f"of {RECORDS} records it ends with record {RECORDS - 3}" in broken(data_dir)


def test_a_kill_between_line_and_anchor(data_dir: Path) -> None:
    """The line is there and genuine; the anchor says one less."""
    anchor = (data_dir / "audit.anchor").read_bytes()
    with opened(data_dir) as log:
        log.append(record(RECORDS))
    (data_dir / "audit.anchor").write_bytes(anchor)
    assert verify(data_dir).records == RECORDS + 1
    with opened(data_dir) as log:
        log.append(record(RECORDS + 1))
    assert verify(data_dir).records == RECORDS + 2


def test_a_kill_within_a_line(data_dir: Path) -> None:
    path = files(data_dir)[1]
    with path.open("ab") as file:
        file.write(path.read_bytes()[:100])
    assert verify(data_dir).records == RECORDS
    with opened(data_dir) as log:
        log.append(record(RECORDS))
    assert verify(data_dir).records == RECORDS + 1


def test_a_clock_set_back(data_dir: Path) -> None:
    with opened(data_dir, lambda: 0.0) as log:
        log.append(record(RECORDS))
    assert len(files(data_dir)) == 2
    assert verify(data_dir).records == RECORDS + 1


def test_sixteen_at_once_and_a_reader(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append(record(0))

        def write(first: int) -> None:
            for number in range(50):
                log.append(record(first + number))

        with ThreadPoolExecutor(16) as pool:
            writers = [pool.submit(write, 50 * writer) for writer in range(16)]
            while not all(writer.done() for writer in writers):
                verify(tmp_path)
            for writer in writers:
                writer.result()
    assert verify(tmp_path).records == 801


def test_an_end_that_is_no_line(data_dir: Path) -> None:
    """Too long to be what a kill left: it is evidence, and stays."""
    path = files(data_dir)[1]
    with path.open("ab") as file:
        file.write(bytes(2 << 20))
    with opened(data_dir) as log:
        log.append(record(RECORDS))
    assert path.stat().st_size > 2 << 20
    assert broken(data_dir).startswith(f"{path}:{RECORDS // 2}: ")


def test_the_key_is_lost(data_dir: Path) -> None:
    (data_dir / "audit.key").unlink()
    with pytest.raises(SetupError, match="restore it"):
        verify(data_dir)
    with pytest.raises(SetupError, match="restore it"), opened(data_dir):
        pass


def test_no_room(tmp_path: Path) -> None:
    """Nothing passes unseen, and nothing is left by half."""
    with closing(Full(tmp_path, interrupted, sync=False)) as log:
        log.append(record(0))
        log.room = 10
        with pytest.raises(SetupError, match="No space left"):
            log.append(record(1))
        assert verify(tmp_path).records == 1
        log.room = 1 << 20
        log.append(record(1))
    assert verify(tmp_path).records == 2


def test_no_room_for_what_waits(tmp_path: Path) -> None:
    """It is not lost, and until it is written nothing else passes."""
    with closing(Full(tmp_path, interrupted, sync=False)) as log:
        log.room = 10
        log.append(record(0), later=True)
        for _ in range(2):
            with pytest.raises(SetupError, match="No space left"):
                until_refused(log)
        log.room = 1 << 20
        log.append(record(2), later=True)
    assert [json.loads(line)["requestID"] for line in files(tmp_path)[0].read_text().splitlines()] == ["0", "2"]
    assert verify(tmp_path).records == 2


def until_refused(log: Log) -> None:
    """A thread writes what comes later: it learns a moment later that there is no room."""
    for _ in range(1000):
        log.append(record(1))
        time.sleep(0.01)


def test_what_waits_is_written_at_the_end(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        for number in range(100):
            log.append(record(number), later=number % 3 > 0)
    assert verify(tmp_path).records == 100


class Full(Log):
    """On a disk of so much room, in bytes."""

    room = 1 << 20

    def _write(self, data: bytes) -> None:
        super()._write(data[: self.room])
        if self.room < len(data):
            raise OSError(28, "No space left on device")
