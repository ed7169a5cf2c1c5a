"""Quality: orders pictures as a person would, and gives AWS's reasons."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from chalicelib.vision.faces import Face, Faces
from chalicelib.vision.geometry import Box
from chalicelib.vision.picture import Picture
from chalicelib.vision.pose import Pose
from chalicelib.vision.quality import Quality, quality, reasons
from chalicelib.vision.sessions import Sessions


def face(
    *,
    brightness: float = 80,
    sharpness: float = 80,
    yaw: float = 0,
    pitch: float = 0,
    side: float = 200,
    confidence: float = 99.9,
    presence: float = 1,
) -> Face:
    return Face(
        Box(0, 0, 1, 1),
        confidence,
        {},
        Pose(0, yaw, pitch),
        Quality(brightness, sharpness),
        np.zeros((478, 3)),
        presence,
        side,
    )


def measured(faces: Faces, image: Image.Image) -> Quality:
    (found,) = faces.detect(Picture.of(np.asarray(image)))
    return found.quality


def test_an_ordinary_portrait_looks_like_awss_values(sessions: Sessions, astronaut: bytes) -> None:
    found = measured(Faces(sessions, "centerface"), Image.open(BytesIO(astronaut)))
    assert 70 < found.brightness < 95
    assert 70 < found.sharpness < 99


def test_blur_lowers_sharpness(sessions: Sessions, astronaut: bytes) -> None:
    faces, image = Faces(sessions, "centerface"), Image.open(BytesIO(astronaut))
    values = [measured(faces, image.filter(ImageFilter.GaussianBlur(radius))).sharpness for radius in (0, 1, 2, 3)]
    assert (np.diff(values) < -5).all()


def test_shade_lowers_brightness_and_hardly_sharpness(sessions: Sessions, astronaut: bytes) -> None:
    faces, image = Faces(sessions, "centerface"), Image.open(BytesIO(astronaut))
    values = [measured(faces, ImageEnhance.Brightness(image).enhance(light)) for light in (1.0, 0.6, 0.3)]
    assert (np.diff([value.brightness for value in values]) < -10).all()
    assert values[1].sharpness == pytest.approx(values[0].sharpness, abs=5)


@pytest.mark.parametrize("level", [0.0, 128.0, 255.0])
def test_a_flat_crop_has_no_sharpness(level: float) -> None:
    assert quality(np.full((3, 192, 192), level, dtype=np.float32)).sharpness == 0


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"brightness": 5.0}, "LOW_BRIGHTNESS"),
        ({"sharpness": 2.0}, "LOW_SHARPNESS"),
        ({"yaw": -85.0}, "EXTREME_POSE"),
        ({"pitch": 80.0}, "EXTREME_POSE"),
        ({"side": 12.0}, "SMALL_BOUNDING_BOX"),
        ({"confidence": 60.0}, "LOW_CONFIDENCE"),
        ({"presence": 0.01}, "LOW_FACE_QUALITY"),
    ],
)
@pytest.mark.parametrize("level", ["AUTO", "LOW", "MEDIUM", "HIGH"])
def test_each_fault_has_its_reason_at_every_level(level: str, fault: dict[str, float], reason: str) -> None:
    assert reasons(face(**fault), level) == [reason]
    assert reasons(face(**fault), "NONE") == []


def test_levels_grow_stricter() -> None:
    some = [
        face(brightness=b, sharpness=s, yaw=y, side=w, confidence=c, presence=p)
        for b in (5, 12, 30, 80)
        for s in (2, 12, 30, 80)
        for y, w, c, p in ((0, 200, 99.9, 1), (45, 40, 95, 0.5), (60, 28, 88, 0.2), (70, 22, 82, 0.07))
    ]
    kept = [sum(not reasons(each, level) for each in some) for level in ("NONE", "LOW", "AUTO", "MEDIUM", "HIGH")]
    assert kept == sorted(kept, reverse=True)
    assert len(set(kept)) == 5
    assert all(not reasons(face(), level) for level in ("AUTO", "LOW", "MEDIUM", "HIGH"))
