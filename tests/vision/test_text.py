"""Text drawn with Pillow's own font is read at every angle, word by word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from chalicelib.vision.geometry import Point
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.sessions import Sessions
from chalicelib.vision.text import Line, Text

PHOTOS = Path(__file__).parent.parent / "photos"


@pytest.fixture(scope="session")
def text(sessions: Sessions) -> Text:
    return Text(sessions)


def picture(pixels: NDArray[np.uint8] | Image.Image) -> Picture:
    return Picture.of(np.asarray(pixels))


def drawn(words: str, degrees: float = 0, size: int = 32, side: int = 480) -> tuple[Image.Image, NDArray[np.float64]]:
    """A white square with `words` in its middle, turned clockwise, and the corners of their ink in reading order."""
    canvas = Image.new("RGB", (side, side), "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(size)
    pen.text((side / 2, side / 2), words, "black", font, "mm")
    left, top, right, bottom = pen.textbbox((side / 2, side / 2), words, font, "mm")
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)]) - side / 2
    turn = np.radians(degrees)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    turned = canvas.rotate(-degrees, Image.Resampling.BICUBIC, fillcolor="white")
    return turned, (corners @ axes + side / 2) / side


def angle(polygon: tuple[Point, ...]) -> float:
    """Degrees clockwise from the horizontal of a polygon's first side."""
    return float(np.degrees(np.arctan2(polygon[1].y - polygon[0].y, polygon[1].x - polygon[0].x)))


def test_a_cup_is_no_eight(text: Text) -> None:
    """Its rim and saucer look like one: a single character that fills the picture is none."""
    assert text.read(decode((PHOTOS / "coffee.jpg").read_bytes())) == []


def test_a_large_letter_is_one(text: Text) -> None:
    assert [line.text for line in text.read(picture(drawn("B", size=160)[0]))] == ["B"]


@pytest.mark.parametrize("degrees", [0, 7, 15, 30, 45, 60, 75, 90, -15, -45, -75, -89, 180])
def test_reads_at_every_angle(text: Text, degrees: float) -> None:
    image, corners = drawn("Lookalike 2048", degrees)
    (line,) = text.read(picture(image))
    assert line.text == "Lookalike 2048"
    assert [word.text for word in line.words] == ["Lookalike", "2048"]
    assert min(line.confidence, *(word.confidence for word in line.words)) > 90
    assert (angle(line.polygon) - degrees + 180) % 360 - 180 == pytest.approx(0, abs=3)
    np.testing.assert_allclose(line.polygon, corners, atol=0.035)


def test_word_polygons_enclose_their_words(text: Text) -> None:
    image, _ = drawn("left middle right")
    (line,) = text.read(picture(image))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(32)
    start = 240 - pen.textlength("left middle right", font) / 2
    for word, before in zip(line.words, ("", "left ", "left middle "), strict=True):
        begin = start + pen.textlength(before, font)
        end = begin + pen.textlength(word.text, font)
        assert word.polygon[0].x * 480 == pytest.approx(begin, abs=8)
        assert word.polygon[1].x * 480 == pytest.approx(end, abs=8)


def test_a_standing_letter_is_not_laid_down(text: Text) -> None:
    image, _ = drawn("H", size=200)
    assert [line.text for line in text.read(picture(image))] == ["H"]


def test_rows_from_top_to_bottom_and_from_left_to_right(text: Text) -> None:
    canvas = Image.new("RGB", (900, 400), "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(30)
    for place, words in {(500, 60): "second", (40, 68): "first", (40, 200): "third", (500, 196): "fourth"}.items():
        pen.text(place, words, "black", font)
    assert [line.text for line in text.read(picture(canvas))] == ["first", "second", "third", "fourth"]


def test_a_page_on_its_side_keeps_its_order(text: Text) -> None:
    canvas = Image.new("RGB", (600, 400), "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(30)
    for row, words in enumerate(["one little sentence", "two little sentences", "three little sentences"]):
        pen.text((60, 80 + 90 * row), words, "black", font)
    turned = canvas.transpose(Image.Transpose.ROTATE_90)
    assert [line.text.split()[0] for line in text.read(picture(turned))] == ["one", "two", "three"]


@pytest.mark.parametrize("size", [14, 100])
def test_small_and_large_letters(text: Text, size: int) -> None:
    image, _ = drawn("Rekognise", size=size, side=700)
    assert [line.text for line in text.read(picture(image))] == ["Rekognise"]


def test_white_on_black(text: Text) -> None:
    image, _ = drawn("NIGHT SHIFT")
    assert [line.text for line in text.read(picture(255 - np.asarray(image)))] == ["NIGHT SHIFT"]


def test_a_banner_keeps_its_letters(text: Text) -> None:
    canvas = Image.new("RGB", (9000, 80), "white")
    ImageDraw.Draw(canvas).text((4000, 20), "Grand opening", "black", ImageFont.load_default(40))
    assert [line.text for line in text.read(picture(canvas))] == ["Grand opening"]


def nothing_legible() -> dict[str, NDArray[np.uint8]]:
    return {
        "black": np.zeros((300, 400, 3), np.uint8),
        "white": np.full((300, 400, 3), 255, np.uint8),
        "one pixel": np.zeros((1, 1, 3), np.uint8),
        "one row": np.random.default_rng(1).integers(0, 256, (1, 5000, 3), np.uint8),
        "one column": np.random.default_rng(2).integers(0, 256, (5000, 1, 3), np.uint8),
        "very wide": np.full((80, 9000, 3), 200, np.uint8),
        "noise": np.random.default_rng(3).integers(0, 256, (300, 400, 3), np.uint8),
        "stripes": np.broadcast_to((np.arange(400) % 8 < 4)[:, None] * np.uint8(255), (300, 400, 3)).copy(),
    }


@pytest.mark.parametrize("name", nothing_legible())
def test_pictures_without_text(text: Text, name: str) -> None:
    lines: list[Line] = text.read(picture(nothing_legible()[name]))
    assert [line.text for line in lines if line.confidence > 80] == []
