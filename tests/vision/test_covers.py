"""Masks and hard hats: where they are looked for, and whether they are told from bare faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from chalicelib.vision.covers import FACE, HEAD, Covers, Frame, crop, frame
from chalicelib.vision.faces import Face, Faces
from chalicelib.vision.geometry import Box
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.pose import Pose
from chalicelib.vision.quality import Quality
from chalicelib.vision.sessions import Sessions

_JAW = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454)
"""Mesh points along the jaw, from ear to ear."""


def face_of(mesh: np.ndarray) -> Face:
    return Face(Box(0, 0, 1, 1), 99.0, {}, Pose(0, 0, 0), Quality(80, 80), mesh, 1.0, 100.0)


@pytest.mark.parametrize("degrees", [0, 35, -60, 150])
def test_a_frame_turns_with_the_face(degrees: float) -> None:
    """A face 40 wide and 60 high about (100, 80), its eyes level, turned clockwise."""
    upright = np.random.default_rng(1).uniform(-0.5, 0.5, (478, 2)) * (40, 60)
    upright[[0, 1]] = [[-20, -30], [20, 30]]
    upright[33], upright[263] = (-10, -5), (10, -5)
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = frame(face_of(np.column_stack([upright @ turn.T + (100, 80), np.zeros(478)])))
    assert found.centre == pytest.approx((100, 80))
    assert (found.width, found.height) == pytest.approx((40, 60))
    assert np.degrees(found.angle) == pytest.approx(degrees)
    assert found.up == pytest.approx(turn @ (0, -1))


def test_the_head_is_seen_above_the_face() -> None:
    image = Image.new("RGB", (200, 200))
    image.putpixel((100, 40), (255, 255, 255))
    where = Frame(np.array([100.5, 100.5]), 50, 50, 0.0)
    seen = np.asarray(crop(image.resize((200, 200)), where, HEAD))[..., 0]
    row, column = np.unravel_index(seen.argmax(), seen.shape)
    # 60 pixels above the face's centre, 42.5 above the view's, at 224 pixels for 2.2 faces.
    assert row == pytest.approx(112 - 42.5 * 224 / 110, abs=2)
    assert column == pytest.approx(112, abs=2)
    assert np.asarray(crop(image, where, FACE)).max() == 0


@pytest.fixture(scope="module")
def portrait(sessions: Sessions, astronaut: bytes) -> tuple[Picture, Face]:
    picture = decode(astronaut)
    return picture, Faces(sessions, "centerface").detect(picture)[0]


def test_a_bare_face_is_bare(sessions: Sessions, portrait: tuple[Picture, Face]) -> None:
    picture, face = portrait
    assert Covers(sessions).detect(picture, [face]) == [[]]
    assert Covers(sessions).detect(picture, []) == []


def test_a_painted_mask_is_seen_where_it_is(sessions: Sessions, portrait: tuple[Picture, Face]) -> None:
    picture, face = portrait
    image = picture.image.copy()
    outline = [tuple(face.mesh[i, :2]) for i in (*_JAW, 195)]
    ImageDraw.Draw(image).polygon(outline, fill=(160, 200, 225))
    ((cover,),) = Covers(sessions).detect(Picture.of(np.asarray(image)), [face])
    assert cover.kind == "FACE_COVER"
    assert cover.confidence > 80
    mouth, eye = face.mesh[13, :2] / 512, face.mesh[159, :2] / 512
    box = cover.box
    assert box.left < mouth[0] < box.left + box.width
    assert box.top < mouth[1] < box.top + box.height
    assert eye[1] < box.top


def test_held_out_masks_and_bare_faces(sessions: Sessions, shared_data: Path) -> None:
    """Twelve photos of each that the head was not trained on; all but two are right."""
    from chalicelib.evaluation.equipment import held_out

    faces, covers = Faces(sessions, "centerface"), Covers(sessions)
    right = seen = 0
    for kind in ("with_mask", "without_mask"):
        paths = [path for path in sorted((shared_data / "mask" / "images").glob(f"{kind}_*")) if held_out(path.name)]
        for path in paths[:12]:
            picture = decode(path.read_bytes(), smallest=1)
            found = faces.detect(picture, 1)
            for some in covers.detect(picture, found):
                seen += 1
                right += any(cover.kind == "FACE_COVER" for cover in some) == (kind == "with_mask")
    assert seen >= 18
    assert right >= seen - 2
