"""Models by name: found, opened once, and what is said when they are not there."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from chalicelib.errors import SetupError
from chalicelib.vision.sessions import Sessions


def test_a_missing_model_names_the_command_that_builds_its_pack(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    assert not sessions.available("yunet")
    with pytest.raises(SetupError, match="lookalike models pull faces-fast"):
        sessions.session("yunet")


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "centerface.onnx").write_bytes(b"not a model")
    sessions = Sessions(tmp_path)
    assert sessions.available("centerface")
    with pytest.raises(SetupError, match=r"centerface\.onnx is damaged"):
        sessions.session("centerface")


def test_threads_share_one_session_and_get_equal_results(models: Path) -> None:
    sessions = Sessions(models)
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 64, 64), np.uint8)
    with ThreadPoolExecutor(8) as threads:
        heatmaps = [each[0] for each in threads.map(lambda _: sessions.run("centerface", {"input": pixels}), range(16))]
    assert sessions.loaded() == ["centerface"]
    assert all((heatmap == heatmaps[0]).all() for heatmap in heatmaps)


@pytest.mark.parametrize(
    ("items", "threads", "sizes"),
    [(1, 4, [1]), (5, 1, [2, 3]), (5, 2, [2, 3]), (7, 4, [1, 2, 2, 2]), (9, 2, [3, 3, 3])],
)
def test_work_is_spread_evenly_and_keeps_its_order(tmp_path: Path, items: int, threads: int, sizes: list[int]) -> None:
    parts = Sessions(tmp_path, threads).spread(list, range(items), most=4)
    assert [len(part) for part in parts] == sizes
    assert [item for part in parts for item in part] == list(range(items))


def test_parts_are_looked_at_side_by_side(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=10)
    assert len(Sessions(tmp_path, 2).spread(lambda _: both.wait(), [1, 2], most=8)) == 2


def test_what_fails_in_one_part_fails_the_look_and_not_the_next(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path, 2)

    def look(some: Sequence[int]) -> Sequence[int]:
        if 3 in some:
            raise ValueError("3")
        return some

    with pytest.raises(ValueError, match="3"):
        sessions.spread(look, range(4), most=8)
    assert sessions.spread(look, range(3), most=8) == [range(1), range(1, 3)]
