"""What is seen, drawn on the picture."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chalicelib.errors import SetupError
from chalicelib.local.commands.drawing import Mark, corners, draw


@pytest.fixture
def black() -> bytes:
    written = BytesIO()
    Image.new("RGB", (400, 300)).save(written, "PNG")
    return written.getvalue()


def drawn(path: Path) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """[height, width]: where anything bright was drawn."""
    with Image.open(path) as image:
        assert image.size == (400, 300)
        return np.asarray(image.convert("L")) > 100


def test_outlines_and_points_lie_where_the_ratios_say(black: bytes, tmp_path: Path) -> None:
    box = corners({"Left": 0.25, "Top": 0.5, "Width": 0.5, "Height": 0.4})
    draw(black, [Mark("Face 1", box, ((0.5, 0.7),))], tmp_path / "out.png")
    seen = drawn(tmp_path / "out.png")
    for x, y in ((100, 200), (300, 200), (200, 270), (200, 210)):
        assert seen[y - 3 : y + 4, x - 3 : x + 4].any(), (x, y)
    assert not seen[165:200, 120:190].any()  # nothing within, but the point
    rows, columns = np.nonzero(seen)
    assert (columns.min(), columns.max()) == pytest.approx((100, 300), abs=3)
    assert rows.max() == pytest.approx(270, abs=3)


def test_captions_of_one_place_stand_below_each_other(black: bytes, tmp_path: Path) -> None:
    box = corners({"Left": 0.0, "Top": 0.0, "Width": 0.1, "Height": 0.1})
    heights = []
    for marks in ([Mark("one", box)], [Mark("one", box), Mark("two", box), Mark("three", box)], [Mark("one")] * 3):
        draw(black, marks, tmp_path / "out.png")
        heights.append(int(np.nonzero(drawn(tmp_path / "out.png"))[0].max()))
    assert heights[1] > 2 * 12
    assert heights[2] > 2 * 12


def test_what_reaches_outside_is_captioned_inside(black: bytes, tmp_path: Path) -> None:
    draw(
        black,
        [Mark("a long caption", corners({"Left": 0.97, "Top": -0.5, "Width": 0.5, "Height": 0.4}))],
        tmp_path / "out.png",
    )
    assert drawn(tmp_path / "out.png")[:15].any()


@pytest.mark.parametrize("name", ["out.unicorn", "out"])
def test_a_format_there_is_not_is_told(black: bytes, tmp_path: Path, name: str) -> None:
    with pytest.raises(SetupError, match=name):
        draw(black, [], tmp_path / name)
