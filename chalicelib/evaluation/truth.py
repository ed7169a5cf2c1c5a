"""What is known of the photos of faces, and which of them nothing may be trained on."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

Case = tuple[str, float]
"""A photo, by its name in the dataset's folder, and the truth about it."""
Cases = Callable[[Path], Iterator[Case]]
"""Reads a dataset's truth, given its folder."""

EMOTIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""The labels of the dataset `expressions`; its truth is the place in this list."""
SURE = 0.4
"""Another model's opinion counts as truth where it is so far from one half: below .1 and above .9."""


def person(dataset: str, file: str) -> str:
    """Whom a file shows, as far as its name tells: LFW's folder, the name before a number, else the file itself."""
    path = Path(file)
    return {"lfw": path.parent.name, "expressions": path.stem.rsplit("_", 1)[0]}.get(dataset, file)


def held_out(person: str) -> bool:
    """Whether a person (or, where nobody is named, a photo) is kept for measuring: one in four.

    Decided by the name, so that it never changes.
    """
    return hashlib.sha256(person.encode()).digest()[0] < 64


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV with a header."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def column(name: str, file: str, values: Sequence[str] = ("0", "1")) -> Cases:
    """Cases from a column that holds one of `values`: the truth is the place among them."""

    def cases(folder: Path) -> Iterator[Case]:
        for row in table(folder / file):
            if row[name] in values:
                yield row["file"], values.index(row[name])

    return cases


def amount(name: str, file: str) -> Cases:
    """Cases from a column that holds a number."""
    return lambda folder: ((row["file"], float(row[name])) for row in table(folder / file))


def opinion(name: str, *, invert: bool = False) -> Cases:
    """Cases from another model's opinion of LFW: the chance, 0 to 1, that it gives."""

    def cases(folder: Path) -> Iterator[Case]:
        for row in table(folder / "pseudo_attributes.csv"):
            value = float(row[name])
            yield row["file"], 1 - value if invert else value

    return cases
