"""DetectText: what is answered of the lines that the models read, and what of a real picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, cast

import pytest
from PIL import Image, ImageDraw, ImageFont

from chalicelib.backend import Backend
from chalicelib.errors import InvalidParameterException
from chalicelib.operations.text import detect_text
from chalicelib.vision.geometry import Point
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.sessions import Sessions
from chalicelib.vision.text import Line, Text, Word


@dataclass(frozen=True)
class Reads:
    """A reader that always reads the same lines."""

    lines: Sequence[Line]

    def read(self, picture: Picture) -> list[Line]:
        return list(self.lines)


@dataclass(frozen=True)
class OneImage:
    """As much of a backend as DetectText asks for."""

    text: Reads | Text

    def picture(self, image: dict[str, Any]) -> Picture:
        return decode(image["Bytes"])


def upright(left: float, top: float, right: float, bottom: float) -> tuple[Point, ...]:
    return Point(left, top), Point(right, top), Point(right, bottom), Point(left, bottom)


def line(*words: str, top: float = 0.1, confidence: float = 99.0) -> Line:
    """Words a tenth of the picture wide and .05 high, with nothing between them."""
    ends = [(number / 10, (number + 1) / 10) for number in range(len(words))]
    parts = [
        Word(word, confidence, upright(left, top, right, top + 0.05))
        for word, (left, right) in zip(words, ends, strict=True)
    ]
    return Line(" ".join(words), confidence, upright(0, top, len(words) / 10, top + 0.05), tuple(parts))


def png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


BLANK = png(Image.new("RGB", (80, 80), "white"))


def detections(lines: Sequence[Line], **filters: Any) -> list[dict[str, Any]]:
    backend = cast("Backend", OneImage(Reads(lines)))
    request: Any = {"Image": {"Bytes": BLANK}, "Filters": filters}
    answer = detect_text(request, backend)
    assert answer["TextModelVersion"] == "3.0"
    return list(answer["TextDetections"])


def texts(found: Sequence[dict[str, Any]], kind: str = "WORD") -> list[str]:
    return [each["DetectedText"] for each in found if each["Type"] == kind]


def test_lines_first_then_words_with_their_parents() -> None:
    found = detections([line("one", "two"), line("three", top=0.3)])
    assert [(each["Id"], each["Type"], each["DetectedText"], each.get("ParentId")) for each in found] == [
        (0, "LINE", "one two", None),
        (1, "LINE", "three", None),
        (2, "WORD", "one", 0),
        (3, "WORD", "two", 0),
        (4, "WORD", "three", 1),
    ]
    assert "ParentId" not in found[0]
    assert found[3]["Geometry"]["BoundingBox"] == pytest.approx({"Left": 0.1, "Top": 0.1, "Width": 0.1, "Height": 0.05})
    assert found[3]["Geometry"]["Polygon"][0] == {"X": 0.1, "Y": 0.1}
    assert found[3]["Confidence"] == 99.0


def test_nothing_to_read() -> None:
    assert detections([]) == []


def test_no_more_than_a_hundred_words() -> None:
    found = detections([line(*"abcdefg", top=row / 20) for row in range(20)])
    assert len(texts(found)) == 100
    assert texts(found, "LINE")[-1] == "a b"  # 14 lines of seven words, and two words more
    assert {each["ParentId"] for each in found if each["Type"] == "WORD"} == set(range(15))


def test_words_below_80_are_left_out_unless_asked_for() -> None:
    doubtful = [line("sure"), line("doubtful", top=0.3, confidence=60.0)]
    assert texts(detections(doubtful)) == ["sure"]
    assert texts(detections(doubtful, WordFilter={"MinConfidence": 50})) == ["sure", "doubtful"]
    assert texts(detections(doubtful, WordFilter={"MinConfidence": 0})) == ["sure", "doubtful"]


def test_a_line_says_what_its_words_say() -> None:
    """Unconfirmed: AWS might answer the whole line."""
    sure = line("not", "at", "all", "sure")
    words = (sure.words[0], replace(sure.words[1], confidence=20.0), *sure.words[2:])
    first, *rest = detections([replace(sure, words=words)])
    assert first["DetectedText"] == "not all sure"
    assert texts(rest) == ["not", "all", "sure"]


def test_small_words_are_left_out_when_asked() -> None:
    lines = [line("small"), replace(line(), words=(Word("large", 99.0, upright(0.5, 0.5, 0.9, 0.8)),))]
    assert texts(detections(lines, WordFilter={"MinBoundingBoxHeight": 0.06})) == ["large"]
    assert texts(detections(lines, WordFilter={"MinBoundingBoxWidth": 0.11})) == ["large"]
    assert texts(detections(lines, WordFilter={"MinBoundingBoxWidth": 0.09})) == ["small", "large"]


def box(left: float, top: float, width: float, height: float) -> dict[str, Any]:
    return {"BoundingBox": {"Left": left, "Top": top, "Width": width, "Height": height}}


def polygon(*points: tuple[float, float]) -> dict[str, Any]:
    return {"Polygon": [{"X": x, "Y": y} for x, y in points]}


@pytest.mark.parametrize(
    ("regions", "words"),
    [
        ([box(0, 0, 1, 1)], ["a", "b", "c"]),
        ([box(0, 0, 0.16, 1)], ["a", "b"]),  # .6 of b
        ([box(0, 0, 0.14, 1)], ["a"]),  # .4 of b
        ([box(0, 0.12, 1, 1)], ["a", "b", "c"]),  # the lower .6
        ([box(0, 0.13, 1, 1)], []),  # the lower .4
        ([box(0, 0, 0.1, 1), box(0.2, 0, 0.1, 1)], ["a", "c"]),
        ([box(-1, -1, 5, 5)], ["a", "b", "c"]),
        ([polygon((0.1, 0), (0.2, 0), (0.2, 1), (0.1, 1))], ["b"]),
        ([polygon((0.1, 1), (0.2, 1), (0.2, 0), (0.1, 0))], ["b"]),  # the other way round
        # an arch over b: not convex
        (
            [polygon((0, 0), (0.3, 0), (0.3, 0.2), (0.2, 0.2), (0.2, 0.05), (0.1, 0.05), (0.1, 0.2), (0, 0.2))],
            ["a", "c"],
        ),
        ([], ["a", "b", "c"]),
    ],
)
def test_regions_of_interest(regions: list[dict[str, Any]], words: list[str]) -> None:
    found = detections([line("a", "b", "c")], RegionsOfInterest=regions)
    assert texts(found) == words
    assert texts(found, "LINE") == ([" ".join(words)] if words else [])


@pytest.mark.parametrize(
    "region",
    [
        {},
        {"BoundingBox": {"Left": 0.1, "Top": 0.1, "Width": 0.2}},
        {**box(0, 0, 1, 1), **polygon((0, 0), (1, 0), (1, 1))},
        polygon((0, 0), (1, 1)),
        polygon(*[(0.1, 0.1)] * 11),
        {"Polygon": [{"X": 0.0}, {"X": 1.0, "Y": 0.0}, {"X": 1.0, "Y": 1.0}]},
    ],
)
def test_regions_that_are_none(region: dict[str, Any]) -> None:
    """Unconfirmed, but for more than ten points."""
    with pytest.raises(InvalidParameterException):
        detections([line("a")], RegionsOfInterest=[region])


def test_reads_a_picture(sessions: Sessions) -> None:
    image = Image.new("RGB", (640, 300), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(40)
    pen.text((40, 40), "Platform 9", "black", font)
    pen.text((40, 160), "mind the gap", "darkred", font)
    request: Any = {"Image": {"Bytes": png(image)}, "Filters": {"RegionsOfInterest": [box(0, 0.4, 1, 0.6)]}}
    backend = cast("Backend", OneImage(Text(sessions)))
    everything = detect_text({"Image": {"Bytes": png(image)}}, backend)["TextDetections"]
    assert texts(everything, "LINE") == ["Platform 9", "mind the gap"]
    assert texts(everything) == ["Platform", "9", "mind", "the", "gap"]
    assert texts(detect_text(request, backend)["TextDetections"], "LINE") == ["mind the gap"]
