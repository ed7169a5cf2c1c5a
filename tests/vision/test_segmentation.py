"""The foreground of a portrait, and of what is none."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from chalicelib.vision.picture import Picture
from chalicelib.vision.segmentation import foreground
from chalicelib.vision.sessions import Sessions


def test_a_portrait_stands_out_at_the_size_of_the_picture(sessions: Sessions, astronaut: bytes) -> None:
    wide = Image.open(io.BytesIO(astronaut)).convert("RGB").resize((600, 400))
    mask = foreground(Picture.of(np.asarray(wide)), sessions)
    assert mask is not None
    assert mask.shape == (400, 600)
    assert mask.dtype == np.float32
    assert mask[100, 260] > 0.9  # her face
    assert mask[350, 300] > 0.9  # her suit
    assert mask[10, 10] < 0.1  # the flag
    assert mask.min() >= 0
    assert mask.max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (80, 80)])
def test_nobody_is_none(sessions: Sessions, size: tuple[int, int]) -> None:
    assert foreground(Picture.of(np.zeros((*size, 3), np.uint8)), sessions) is None
