"""Answers drawn onto the picture they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import SetupError

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

Point = tuple[float, float]
"""x and y as ratios of width and height, the origin at the top left. May lie outside 0 to 1."""

_COLOURS = ("#ffd54a", "#4ac6ff", "#ff7ab8", "#8ee04e", "#ff9a4a", "#b69bff", "#4ee0c4", "#ff6b5e")
_INK = "#101010"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something seen: a caption, its outline, points within. Without an outline the caption goes into the corner."""

    caption: str
    outline: tuple[Point, ...] = ()
    """The corners of a polygon, in order."""
    points: tuple[Point, ...] = ()


def corners(box: Mapping[str, Any]) -> tuple[Point, ...]:
    """A BoundingBox (Left, Top, Width, Height) as an outline."""
    left, top = box["Left"], box["Top"]
    right, bottom = left + box["Width"], top + box["Height"]
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def draw(data: bytes, marks: Sequence[Mark], to: Path) -> None:
    """Write the picture in `data`, upright, with its marks to a file, in the format that its suffix names.

    Raises SetupError where that cannot be written.
    """
    from PIL import ImageDraw

    from ...vision.picture import decode

    image = decode(data, smallest=1).image.copy()
    pen = _Pen(ImageDraw.Draw(image), image.size)
    colours = {caption: _COLOURS[n % len(_COLOURS)] for n, caption in enumerate({_kind(m): None for m in marks})}
    for mark in marks:
        pen.outline(mark, colours[_kind(mark)])
    for mark in marks:  # captions last: no line crosses them
        pen.caption(mark, colours[_kind(mark)])
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        image.save(to)
    except (OSError, ValueError) as error:
        raise SetupError(f"cannot write {to}: {error}") from error


def _kind(mark: Mark) -> str:
    """What has a colour of its own: the caption without its number."""
    return mark.caption.rstrip("0123456789. ")


class _Pen:
    """Draws in proportion to the picture's size."""

    def __init__(self, draw: ImageDraw, size: tuple[int, int]) -> None:
        from PIL import ImageFont

        self._draw = draw
        self._width, self._height = size
        self._line = max(2, round(max(size) / 400))
        font = ImageFont.load_default(max(11.0, max(size) / 45))
        self._font: FreeTypeFont = font  # type: ignore[assignment]  # with a size it is one, unless built without
        self._written: list[tuple[float, float, float, float]] = []

    def outline(self, mark: Mark, colour: str) -> None:
        if mark.outline:
            path = [self._at(point) for point in (*mark.outline, mark.outline[0])]
            self._draw.line(path, _INK, self._line + 2, joint="curve")  # is seen on what has the colour itself
            self._draw.line(path, colour, self._line, joint="curve")
        for point in mark.points:
            self._draw.circle(self._at(point), self._line * 0.8, colour, _INK)

    def caption(self, mark: Mark, colour: str) -> None:
        """Above the outline's first corner; within the picture, and below the captions that are there already."""
        left, top, right, bottom = self._draw.textbbox((0, 0), mark.caption, self._font)
        width, height = right - left + 2 * self._line, bottom - top + 2 * self._line
        if mark.outline:
            x, y = self._at(min(mark.outline, key=sum))
            y -= height
        else:
            x = y = float(self._line)
        x, y = max(0.0, min(x, self._width - width)), max(0.0, min(y, self._height - height))
        for x0, y0, x1, y1 in sorted(self._written, key=lambda box: box[1]):
            if x0 < x + width and x < x1 and y0 < y + height and y < y1:
                y = y1 + 1
        self._written.append((x, y, x + width, y + height))
        self._draw.rectangle((x, y, x + width, y + height), colour)
        self._draw.text((x + self._line - left, y + self._line - top), mark.caption, _INK, self._font)

    def _at(self, point: Point) -> tuple[float, float]:
        return point[0] * self._width, point[1] * self._height
