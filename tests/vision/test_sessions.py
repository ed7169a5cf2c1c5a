"""Models by name: found, opened once, and what is said when they are not there."""

from __future__ import annotations

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
