"""People that exist for these tests only: photos as files whose text says what the models would make of them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chalicelib.errors import InvalidImageFormatException
from chalicelib.evaluation.bias_cases import Look


def look(data: bytes) -> Look | None:
    """A photo is `x gender age`: a face at x on the only axis, `nobody`, or no photo at all."""
    words = data.decode().split()
    if words == ["nobody"]:
        return None
    if len(words) != 3:
        raise InvalidImageFormatException
    vector = np.zeros(128, dtype=np.float32)
    vector[0] = float(words[0])
    age = float(words[2])
    return Look(vector, words[1], age, int(age) - 5, int(age) + 5)


def written(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """A CSV of these rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def silent(label: str, done: int, of: int) -> None:
    assert 0 <= done <= of
