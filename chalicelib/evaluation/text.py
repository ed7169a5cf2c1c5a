"""How well text is read, through DetectText as a client calls it, with no filter but AWS's own defaults."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..vision.picture import SMALLEST_SIDE, Picture, decode
from . import measures
from .running import Call, Progress, each
from .truth import table

_MOST_WORDS = 100
"""DetectText answers no more; a fuller image is asked for in bands."""
_CHARACTER_ERROR = 0.1
_OVERLAP = 0.5


def run(data: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """All measures on the photos under `data`, as plain values; rates are `measures.Rate`s."""
    return {
        "words": _words(data / "text_ic13_words", call, progress),
        "street_view": _street_view(data / "text_svt", call, progress),
        "receipts": _receipts(data / "text_sroie", call, progress),
    }


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    box: NDArray[np.float64]
    """Left, top, right, bottom in pixels."""

    @property
    def middle(self) -> NDArray[np.float64]:
        return (self.box[:2] + self.box[2:]) / 2


def _words(folder: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """ICDAR 2013's cut-out words: letters and digits must all be right; case, accents and punctuation do not count.

    Most of the cuts are below AWS's least side of 80 pixels. Each is laid, at its own size, on a canvas of its
    border's median colour that leaves half its height free on every side.
    """

    def read(row: Mapping[str, str]) -> bool:
        cut = decode((folder / row["file"]).read_bytes(), smallest=1)
        found = "".join(word.text for word in _detect(call, _encoded(_on_canvas(cut.pixels))))
        return _plain(found) == _plain(row["text"])

    rows = [row for row in table(folder / "words.csv") if _plain(row["text"])]
    return {"right": measures.share(np.array(each("ICDAR 2013 words", read, rows, progress)))}


def _street_view(folder: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """Street View Text tags only words of its lexicon, hence recall: a word of that text at an overlap of .5.

    `named` counts "MACY'S" for the lexicon's MACY, wherever the two boxes meet.
    """
    truths = _by_file(table(folder / "words.csv"))

    def read(name: str) -> list[_Word]:
        return _detect(call, (folder / name).read_bytes())

    recalled, named = [], []
    for rows, found in zip(truths.values(), each("Street View Text", read, list(truths), progress), strict=True):
        for row in rows:
            wanted, box = _plain(row["text"]), _box(row)
            recalled.append(any(_plain(word.text) == wanted and overlap(word.box, box) >= _OVERLAP for word in found))
            named.append(any(wanted in _pieces(word.text) and overlap(word.box, box) > 0 for word in found))
    return {"recall": measures.share(np.array(recalled)), "named": measures.share(np.array(named))}


def _receipts(folder: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """SROIE's lines: the words whose middles lie in a line's box, against its text, spaces and case apart.

    The truth is in capitals throughout, whatever the receipt has.
    """
    truths = _by_file(table(folder / "lines.csv"))
    answers = each("receipts", partial(_detect_all, folder, call), list(truths), progress)
    errors = []
    for rows, words in zip(truths.values(), answers, strict=True):
        for row in rows:
            box = _box(row)
            inside = [word for word in words if (box[:2] <= word.middle).all() and (word.middle <= box[2:]).all()]
            found = "".join(word.text for word in sorted(inside, key=lambda word: float(word.box[0])))
            wanted = "".join(row["text"].split()).casefold()
            errors.append(edit_distance(found.casefold(), wanted) / len(wanted))
    rates = np.array(errors)
    return {
        "lines_under_a_tenth": measures.share(rates < _CHARACTER_ERROR),
        "mean_character_error": float(np.minimum(rates, 1).mean()),
    }


def _detect_all(folder: Path, call: Call, name: str) -> list[_Word]:
    """Every word, however many: by halves of the height while an answer is full."""

    def within(top: float, bottom: float) -> list[_Word]:
        band = {"Left": 0.0, "Top": top, "Width": 1.0, "Height": bottom - top}
        found = _detect(call, image, {"RegionsOfInterest": [{"BoundingBox": band}]})
        if len(found) < _MOST_WORDS or bottom - top < 1 / 64:
            return found
        middle = (top + bottom) / 2
        return within(top, middle) + within(middle, bottom)

    image = (folder / name).read_bytes()
    return within(0.0, 1.0)


def _detect(call: Call, image: bytes, filters: Mapping[str, Any] | None = None) -> list[_Word]:
    picture = decode(image)
    size = np.array([picture.width, picture.height] * 2)
    request = {"Image": {"Bytes": image}, "Filters": filters or {}}
    words = (one for one in call("DetectText", request)["TextDetections"] if one["Type"] == "WORD")
    return [_Word(word["DetectedText"], _sides(word["Geometry"]["BoundingBox"]) * size) for word in words]


def _sides(box: Mapping[str, float]) -> NDArray[np.float64]:
    left, top = box["Left"], box["Top"]
    return np.array([left, top, left + box["Width"], top + box["Height"]])


def _on_canvas(cut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = cut.shape[:2]
    size = np.maximum(np.array([height, width]) + height, SMALLEST_SIDE)
    border = np.concatenate([cut[0], cut[-1], cut[:, 0], cut[:, -1]])
    canvas = np.empty((*size.tolist(), 3), dtype=np.uint8)
    canvas[:] = np.median(border, axis=0).astype(np.uint8)
    top, left = ((size - (height, width)) // 2).tolist()
    canvas[top : top + height, left : left + width] = cut
    return canvas


def _encoded(pixels: NDArray[np.uint8]) -> bytes:
    out = BytesIO()
    Picture.of(pixels).image.save(out, "PNG")
    return out.getvalue()


def _plain(text: str) -> str:
    """Letters and digits, in lower case and without accents."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKD", text).casefold())


def _pieces(text: str) -> list[str]:
    """A word as it is and split at what is neither letter nor digit."""
    return [_plain(text), *map(_plain, re.split(r"[\W_]+", text))]


def overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Intersection over union of two boxes [left, top, right, bottom]."""
    shared = (np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])).clip(0).prod()
    return float(shared / ((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - shared))


def edit_distance(one: str, other: str) -> int:
    """Insertions, deletions and substitutions between two texts (Levenshtein)."""
    row = list(range(len(other) + 1))
    for index, left in enumerate(one, 1):
        before, row[0] = row[0], index
        for place, right in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (left != right))
    return row[-1]


def _box(row: Mapping[str, str]) -> NDArray[np.float64]:
    return np.array([float(row[side]) for side in ("x1", "y1", "x2", "y2")])


def _by_file(rows: Iterable[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    files: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        files[row["file"]].append(row)
    return files
