"""Hands: the geometry with a detector that is told what to see, then the real models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from chalicelib.vision.hands import Hands
from chalicelib.vision.picture import Picture
from chalicelib.vision.sessions import Sessions

WIDTH, HEIGHT = 640, 480
FIRST_CELL = 2 * (24 * 12 + 12)
"""The first anchor of the cell at row 12 and column 12, whose centre is (100, 100)."""


class OnePalm:
    """Sees in the canvases named an upright palm of 30 pixels at (100, 100), and a hand's points along its middle."""

    def __init__(self, canvases: set[int], presence: float = 0.9, right: float = 0.8) -> None:
        self.canvases, self.presence, self.right = canvases, presence, right
        self.crops: NDArray[np.uint8] | None = None

    def run(self, model: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        batch = len(feeds["input"])
        if model == "palm_detection":
            boxes, scores = np.zeros((batch, 2016, 18), np.float32), np.full((batch, 2016), -20, np.float32)
            for canvas in self.canvases & set(range(batch)):
                scores[canvas, FIRST_CELL : FIRST_CELL + 2] = 3
                boxes[canvas, FIRST_CELL : FIRST_CELL + 2, 2:4] = 30
                boxes[canvas, FIRST_CELL : FIRST_CELL + 2, 4:] = np.tile([0, 10], 7)
                boxes[canvas, FIRST_CELL : FIRST_CELL + 2, 8:10] = [0, -10]  # the middle finger, above the wrist
            return [boxes, scores]
        self.crops = feeds["input"]
        points = np.zeros((batch, 21, 3), np.float32)
        points[:, :, 0], points[:, :, 1] = 112, np.linspace(200, 24, 21)
        presence, right = (np.full((batch, 1), value, np.float32) for value in (self.presence, self.right))
        return [points, presence, right, points]


def picture(pixels: NDArray[np.uint8]) -> Picture:
    return Picture.of(pixels)


def detect(models: OnePalm, tiles: bool = False) -> list[Any]:
    scene = picture(np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    return list(Hands(cast("Sessions", models)).detect(scene, tiles=tiles))


def test_points_lie_where_the_picture_has_them() -> None:
    (hand,) = detect(OnePalm({0}))
    # The canvas shows the picture at 192/640, moved down by 24 pixels to the middle.
    scale = WIDTH / 192
    centre = np.array([100, 100 - 24]) * scale
    side = 2.6 * 30 * scale
    middle = centre - np.array([0, 0.5 * 30 * scale])
    low, high = middle[1] + (200 / 224 - 0.5) * side, middle[1] + (24 / 224 - 0.5) * side
    assert hand.points[0] == pytest.approx((middle[0] / WIDTH, low / HEIGHT), abs=1e-4)
    assert hand.points[20] == pytest.approx((middle[0] / WIDTH, high / HEIGHT), abs=1e-4)
    assert hand.box.top == pytest.approx(high / HEIGHT, abs=1e-4)
    assert hand.confidence == pytest.approx(90, abs=1e-3)


def test_the_landmark_model_sees_the_region_around_the_palm() -> None:
    models = OnePalm({0})
    detect(models)
    assert models.crops is not None
    assert models.crops.shape == (1, 3, 224, 224)
    np.testing.assert_allclose(models.crops[0, :, 112, 112], 90, atol=2)


def test_the_side_is_the_subjects() -> None:
    assert detect(OnePalm({0}, right=0.8))[0].side == "right"
    assert detect(OnePalm({0}, right=0.2))[0].side == "left"


def test_a_palm_without_a_hand_is_dropped() -> None:
    assert detect(OnePalm({0}, presence=0.4)) == []
    assert detect(OnePalm(set())) == []


def test_tiles_see_what_the_whole_picture_does_not() -> None:
    assert detect(OnePalm({4}), tiles=False) == []
    (hand,) = detect(OnePalm({4}), tiles=True)
    assert hand.points[0].x > 0.5
    assert hand.points[0].y > 0.5


def test_a_hand_in_two_tiles_is_one_hand() -> None:
    """(100, 100) of the whole picture's canvas is also in the middle of it, where all four tiles overlap."""
    assert len(detect(OnePalm({0, 4}), tiles=True)) == 2
    assert len(detect(OnePalm({0}), tiles=True)) == 1


@pytest.fixture
def hands(sessions: Sessions) -> Hands:
    found = Hands(sessions)
    if not found.available:
        pytest.skip("the hands pack is not built: run `lookalike models pull hands`")
    return found


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (900, 64), (64, 64)])
def test_a_plain_picture_has_no_hands(hands: Hands, size: tuple[int, int]) -> None:
    assert hands.detect(picture(np.full((*size, 3), 128, np.uint8))) == []


def test_workers_hands(hands: Hands, shared_data: Path) -> None:
    """Of the first 10 photos; a mirrored photo has as many hands, of the other side."""
    paths = sorted((shared_data / "ppe" / "images").iterdir())[:10]
    photos = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    plain = [hand for photo in photos for hand in hands.detect(picture(photo))]
    mirrored = [hand for photo in photos for hand in hands.detect(picture(photo[:, ::-1]))]
    assert len(plain) >= 5
    assert len(mirrored) == pytest.approx(len(plain), rel=0.35)
    right = sum(hand.side == "right" for hand in plain)
    left = sum(hand.side == "left" for hand in mirrored)
    assert left == pytest.approx(right, abs=0.25 * len(plain))
