"""Boxes: suppression by definition, both networks on a real portrait."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from chalicelib.vision.detector import (
    OVERLAP,
    Calibration,
    CenterFace,
    Detections,
    YuNet,
    best,
    canvas,
    detector,
    intersection_over_union,
    viewing_side,
)
from chalicelib.vision.sessions import Sessions


def detections(boxes: list[tuple[float, float, float, float]], confidences: list[float]) -> Detections:
    return Detections(np.array(boxes).reshape(-1, 4), np.array(confidences), np.zeros((len(boxes), 5, 2)))


def test_overlap_by_hand() -> None:
    one, other = np.array([[0.0, 0, 10, 10]]), np.array([[5.0, 0, 15, 10], [10, 10, 20, 20], [0, 0, 10, 10]])
    assert intersection_over_union(one, other)[0] == pytest.approx([1 / 3, 0, 1])


corners = st.tuples(st.floats(0, 50), st.floats(0, 50), st.floats(51, 100), st.floats(51, 100))


@given(st.lists(st.tuples(corners, st.floats(50, 100)), max_size=12))
def test_what_is_kept_does_not_overlap_and_what_is_dropped_had_a_better(
    faces: list[tuple[tuple[float, float, float, float], float]],
) -> None:
    found = detections([box for box, _ in faces], [confidence for _, confidence in faces])
    kept = best(found)
    overlaps = intersection_over_union(kept.boxes, kept.boxes)
    assert (overlaps[~np.eye(len(kept.boxes), dtype=bool)] <= OVERLAP).all()
    assert (np.diff(kept.confidences) <= 0).all()
    for box, confidence in zip(found.boxes, found.confidences, strict=True):
        rivals = intersection_over_union(box[None], kept.boxes)[0] > OVERLAP
        assert (kept.confidences[rivals] >= confidence).any()


def test_confidence_rises_with_the_score() -> None:
    confidences = Calibration(0.5, 1.85, 2.6).confidences(np.array([0.0, 0.3, 0.5, 0.9, 1.0]))
    assert (np.diff(confidences) > 0).all()
    assert confidences[2] == pytest.approx(100 / (1 + np.exp(-1.85)))
    assert confidences[0] >= 0
    assert confidences[-1] <= 100


@pytest.mark.parametrize(("longest", "side"), [(640, 640), (1280, 640), (1920, 960), (8000, 960), (100, 100)])
def test_larger_pictures_are_looked_at_more_closely(longest: int, side: int) -> None:
    assert viewing_side(longest) == side


def test_the_canvas_is_padded_with_black_to_multiples_of_32() -> None:
    pixels, scale = canvas(Image.new("RGB", (1000, 500), "white"), 640)
    assert pixels.shape == (1, 3, 320, 640)
    pixels, scale = canvas(Image.new("RGB", (1000, 600), "white"), 500)
    assert pixels.shape == (1, 3, 320, 512)
    assert scale == pytest.approx([0.5, 0.5])
    assert (pixels[..., :300, :500] == 255).all()
    assert (pixels[..., 300:, :] == 0).all()
    assert (pixels[..., 500:] == 0).all()


FACE = np.array([182, 60, 270, 178])
"""Eileen Collins's face in the portrait, by hand."""


@pytest.mark.parametrize("network", [CenterFace, YuNet])
@pytest.mark.parametrize("side", [200, 512, 1300, 4000])
def test_a_portrait_at_any_size(
    network: type[CenterFace] | type[YuNet], side: int, sessions: Sessions, astronaut: bytes
) -> None:
    if network is YuNet and not sessions.available("yunet"):
        pytest.skip("the pack faces-fast is not built: run `lookalike models pull faces-fast`")
    image = Image.open(BytesIO(astronaut)).resize((side, side))
    found = network(sessions).find(image, viewing_side(max(image.size)))
    assert len(found.boxes) == 1
    assert intersection_over_union(found.boxes / side * 512, FACE[None])[0, 0] > 0.7
    assert found.confidences[0] > 99
    left_eye, right_eye, nose, left_mouth, right_mouth = found.points[0]
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1]


@pytest.mark.parametrize("size", [(80, 80), (640, 480), (90, 3000)])
def test_nothing_in_an_empty_picture(size: tuple[int, int], sessions: Sessions) -> None:
    assert CenterFace(sessions).find(Image.new("RGB", size, "grey"), viewing_side(max(size))).boxes.shape == (0, 4)


def test_a_face_that_fills_the_view_is_found_by_a_second_look(sessions: Sessions, astronaut: bytes) -> None:
    close = Image.open(BytesIO(astronaut)).crop((190, 75, 262, 165)).resize((720, 900))
    assert len(CenterFace(sessions).find(close, viewing_side(max(close.size))).boxes) == 1


def test_the_detector_goes_by_the_packs_that_are_built(sessions: Sessions) -> None:
    expected = YuNet if sessions.available("yunet") else CenterFace
    assert isinstance(detector(sessions), expected)
    assert isinstance(detector(sessions, "centerface"), CenterFace)
