"""The evaluation of labels, on answers that are given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalicelib.evaluation import labels
from chalicelib.evaluation.labels import calibration


def quiet(_task: str, _done: int, _total: int) -> None:
    pass


def test_confidences_that_mean_what_they_say_have_no_error() -> None:
    measured = calibration(np.full(100, 0.8), np.arange(100) < 80)
    assert measured["expected_calibration_error"] == pytest.approx(0)
    assert measured["reliability"] == {"80 to 90": {"cases": 100, "confidence": pytest.approx(0.8), "right": 0.8}}
    assert measured["diagram"].endswith("80% of 100")


def test_the_error_is_the_mean_gap_of_the_bins() -> None:
    """Half the cases at .95 are right by half, half at .15 never: (.45 + .15) / 2."""
    confidences = np.repeat([0.95, 0.15], 10)
    right = np.arange(20) < 5
    assert calibration(confidences, right)["expected_calibration_error"] == pytest.approx(0.3)


def test_certainty_has_a_bin() -> None:
    assert list(calibration(np.array([1.0]), np.array([True]))["reliability"]) == ["90 to 100"]


def test_only_names_of_classes_are_ranked(tmp_path: Path) -> None:
    """Photos of a tabby and of a bagel: the first is named second, the other not at all."""
    folder = tmp_path / "imagenet"
    folder.mkdir()
    (folder / "labels.csv").write_text("file,wnid,label\na.jpg,n1,tabby\nb.jpg,n2,bagel\n")
    answers = {b"a": [("Animal", 99), ("Tiger Cat", 70), ("Tabby Cat", 60)], b"b": [("Pretzel", 40)]}
    for name, data in ("a.jpg", b"a"), ("b.jpg", b"b"):
        (folder / name).write_bytes(data)

    def call(operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        assert operation == "DetectLabels"
        found = answers[request["Image"]["Bytes"]]
        return {"Labels": [{"Name": name, "Confidence": confidence} for name, confidence in found]}

    measured = labels.run(tmp_path, call, quiet)
    assert (measured["top_1"]["hits"], measured["top_5"]["hits"]) == (0, 1)
    assert measured["answered"]["recall"]["hits"] == 1
    assert measured["answered"]["precision"]["of"] == 2
