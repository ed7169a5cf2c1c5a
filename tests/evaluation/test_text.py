"""The yardsticks of `evaluate text`, on cases worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalicelib.evaluation.text import edit_distance, overlap, run
from chalicelib.vision.picture import Picture, decode


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("ab", "ba", 2)],
)
def test_edit_distance(one: str, other: str, edits: int) -> None:
    assert edit_distance(one, other) == edits


def test_overlap() -> None:
    box = np.array([0.0, 0.0, 2.0, 2.0])
    assert overlap(box, box) == 1
    assert overlap(box, np.array([1.0, 0.0, 3.0, 2.0])) == pytest.approx(1 / 3)
    assert overlap(box, np.array([5.0, 5.0, 6.0, 6.0])) == 0


def word(text: str, left: float, top: float, width: float, height: float) -> dict[str, Any]:
    box = {"Left": left, "Top": top, "Width": width, "Height": height}
    return {"DetectedText": text, "Type": "WORD", "Geometry": {"BoundingBox": box}}


def photo(path: Path, width: int, height: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    out = BytesIO()
    Picture.of(np.full((height, width, 3), 40, np.uint8)).image.save(out, "PNG")
    path.write_bytes(out.getvalue())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One small cut, one street, one receipt."""
    photo(tmp_path / "text_ic13_words/cut.png", 50, 20)
    (tmp_path / "text_ic13_words/words.csv").write_text("file,text\ncut.png,Café!\ncut.png,&\n", encoding="utf-8")
    photo(tmp_path / "text_svt/street.png", 200, 100)
    streets = "file,text,x1,y1,x2,y2\nstreet.png,MACY,0,0,100,50\nstreet.png,BAR,100,50,200,100\n"
    (tmp_path / "text_svt/words.csv").write_text(streets)
    photo(tmp_path / "text_sroie/receipt.png", 100, 400)
    lines = "file,text,x1,y1,x2,y2\nreceipt.png,TOTAL 12.50,0,0,100,40\nreceipt.png,CASH,0,200,100,240\n"
    (tmp_path / "text_sroie/lines.csv").write_text(lines)
    return tmp_path


def test_what_counts(data: Path) -> None:
    answers = {
        (80, 80): [word("cafe", 0, 0, 1, 1)],  # the cut on its canvas
        (200, 100): [word("Macy's", 0, 0, 0.5, 0.5), word("bar", 0.9, 0.9, 0.1, 0.1)],  # a poor box
        (100, 400): [word("12.50", 0.5, 0, 0.5, 0.1), word("Total", 0, 0, 0.5, 0.1), word("cosh", 0, 0.5, 1, 0.1)],
    }

    def call(operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        assert operation == "DetectText"
        return {"TextDetections": answers[decode(request["Image"]["Bytes"]).image.size]}

    measured = run(data, call, lambda label, done, of: None)
    assert measured["words"]["right"]["value"] == 1  # the & holds no letter
    assert measured["street_view"]["recall"]["hits"] == 0
    assert measured["street_view"]["named"]["hits"] == 2
    assert measured["receipts"]["lines_under_a_tenth"]["hits"] == 1
    assert measured["receipts"]["mean_character_error"] == pytest.approx(0.125)


def test_a_full_answer_is_asked_for_again_by_halves(data: Path) -> None:
    """A receipt of 150 words, 50 in each third of its upper part."""
    words = [word("x", 0, row / 300, 0.1, 1 / 400) for row in range(150)]

    def call(operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        found = words
        for region in request["Filters"].get("RegionsOfInterest", []):
            box = region["BoundingBox"]
            middles = [one["Geometry"]["BoundingBox"]["Top"] + 1 / 800 for one in words]
            top, bottom = box["Top"], box["Top"] + box["Height"]
            found = [one for one, middle in zip(words, middles, strict=True) if top <= middle < bottom]
        return {"TextDetections": found[:100]}

    (data / "text_sroie/lines.csv").write_text(f"file,text,x1,y1,x2,y2\nreceipt.png,{'X' * 150},0,0,100,400\n")
    measured = run(data, call, lambda label, done, of: None)
    assert measured["receipts"]["mean_character_error"] == 0
