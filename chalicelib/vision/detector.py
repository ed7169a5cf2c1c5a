"""Where the faces are: CenterFace, or YuNet where its pack is built."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image, Resampling

from .picture import Picture, planes
from .sessions import Sessions

OVERLAP = 0.3
"""Of two boxes that share more than this (intersection over union), the less confident is dropped."""


class Detections(NamedTuple):
    """The faces of a picture in its pixels, most confident first."""

    boxes: NDArray[np.float64]
    """[n, 4]: left, top, right, bottom."""
    confidences: NDArray[np.float64]
    """[n], 0 to 100: of the boxes at 90, about nine in ten hold a face."""
    points: NDArray[np.float64]
    """[n, 5, 2]: the image's left eye, right eye, nose, left and right corner of the mouth."""


class Detector(Protocol):
    """Finds faces: what CenterFace and YuNet have in common."""

    def find(self, image: Image, side: int) -> Detections:
        """The faces of an RGB image, looked at with its longer side at `side` pixels."""


class Calibration(NamedTuple):
    """From a network's score, 0 to 1, to a confidence: a logistic regression on the score's logit.

    Fitted to whether boxes met a true face of 100 scenes of WIDER FACE val.
    """

    least: float
    """The score below which a box is not reported."""
    offset: float
    slope: float

    def confidences(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """0 to 100."""
        certain = np.clip(scores.astype(np.float64), 1e-6, 1 - 1e-6)
        confidences: NDArray[np.float64] = 100 / (1 + np.exp(-self.offset) * ((1 - certain) / certain) ** self.slope)
        return confidences


CENTERFACE = Calibration(0.50, 1.85, 2.60)
YUNET = Calibration(0.65, -0.19, 2.09)
_GLANCE = 160  # pixels


class CenterFace:
    """Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019.

    Recall on WIDER FACE val at 640, 800, 960 and 1280 pixels (upscaled from 640): .91, .90, .89 and .86
    for faces of 24 pixels and more: more pixels find smaller faces, none that it already saw.
    """

    def __init__(self, sessions: Sessions, calibration: Calibration = CENTERFACE) -> None:
        self._sessions = sessions
        self._calibration = calibration

    def find(self, image: Image, side: int) -> Detections:
        """The faces of an RGB image, looked at with its longer side at `side`; a second, small look if there are none.

        A face that fills the network's view is missed or badly placed: of 150 close-ups at 640
        pixels 19 were not found, at 160 pixels 2 (2 ms).
        """
        found = self._look(image, side)
        if not len(found.boxes) and side > _GLANCE:
            return self._look(image, _GLANCE)
        return found

    def _look(self, image: Image, side: int) -> Detections:
        pixels, scale = canvas(image, side)
        heatmap, sizes, offsets, points = self._sessions.run("centerface", {"input": pixels})
        row, column = np.nonzero(heatmap[0, 0] > self._calibration.least)
        corner = np.stack([column, row], 1)
        offset = offsets[0][::-1, row, column].T  # the model says (y, x)
        centres = (corner + offset + 0.5) * 4
        extents = np.exp(sizes[0][::-1, row, column].T) * 4
        boxes = np.hstack([centres - extents / 2, centres + extents / 2])
        fractions = points[0][:, row, column].T.reshape(-1, 5, 2)[..., ::-1]
        places = boxes[:, None, :2] + fractions * extents[:, None]
        confidences = self._calibration.confidences(heatmap[0, 0][row, column])
        return best(Detections(boxes / np.tile(scale, 2), confidences, places / scale))


class YuNet:
    """Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023 (the 2023mar weights).

    A third of CenterFace's time. On the same scenes its recall is .87, and seven boxes in a hundred hold
    no labelled face, where CenterFace's is .91 and two in a hundred.
    """

    def __init__(self, sessions: Sessions, calibration: Calibration = YUNET) -> None:
        self._sessions = sessions
        self._calibration = calibration

    def find(self, image: Image, side: int) -> Detections:
        """The faces of an RGB image, looked at with its longer side at `side` pixels."""
        pixels, scale = canvas(image, side)
        names = [output.name for output in self._sessions.session("yunet").get_outputs()]
        found = self._sessions.run("yunet", {"input": pixels})
        outputs = dict(zip(names, found, strict=True))
        least = self._calibration.least
        levels = [_level(outputs, stride, pixels.shape[3] // stride, least) for stride in (8, 16, 32)]
        boxes, scores, points = (np.concatenate(parts) for parts in zip(*levels, strict=True))
        return best(Detections(boxes / np.tile(scale, 2), self._calibration.confidences(scores), points / scale))


def _level(outputs: dict[str, NDArray[np.float32]], stride: int, columns: int, least: float) -> Detections:
    """What YuNet says at one stride, in the canvas's pixels; scores above `least` as confidences."""
    classes, objects, boxes, points = (outputs[f"{name}_{stride}"][0] for name in ("cls", "obj", "bbox", "kps"))
    scores = np.sqrt(classes[:, 0].clip(0, 1) * objects[:, 0].clip(0, 1))
    seen = np.nonzero(scores > least)[0]
    cells = np.stack([seen % columns, seen // columns], 1)
    centres, extents = (cells + boxes[seen, :2]) * stride, np.exp(boxes[seen, 2:]) * stride
    corners = np.hstack([centres - extents / 2, centres + extents / 2])
    return Detections(corners, scores[seen], (cells[:, None] + points[seen].reshape(-1, 5, 2)) * stride)


def detector(sessions: Sessions, name: str = "auto") -> Detector:
    """`centerface`, `yunet`, or `auto`: YuNet where the pack `faces-fast` is built, else CenterFace."""
    if name == "auto":
        name = "yunet" if sessions.available("yunet") else "centerface"
    return YuNet(sessions) if name == "yunet" else CenterFace(sessions)


def viewing_side(longest: int) -> int:
    """The longer side, in pixels, at which a picture of `longest` pixels is looked at.

    Half the picture's, 640 to 960: a face of 40 pixels in 1920, the smallest that AWS promises to
    find, is then 20 wide. Time grows with the square: 38 ms at 640, 93 ms at 960 on one core.
    """
    return min(longest, max(640, min(longest // 2, 960)))


def shrinking(picture: Picture) -> float:
    """By how much `picture` is divided when it is looked at."""
    longest = max(picture.width, picture.height)
    return longest / viewing_side(longest)


def canvas(image: Image, side: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The image with its longer side at `side` pixels, in the corner of a black canvas, and the (x, y) scale.

    The canvas is [1, 3, height, width] with sides that are multiples of 32.
    """
    longest = max(image.size)
    width, height = (max(1, round(length * side / longest)) for length in image.size)
    # Whole blocks first: six times as fast as resizing from every pixel, and as good to the network.
    small = image.reduce(longest // side) if longest >= 2 * side else image
    if small.size != (width, height):
        small = small.resize((width, height), Resampling.BILINEAR)
    pixels = np.empty((1, 3, -(-height // 32) * 32, -(-width // 32) * 32), np.uint8)
    pixels[..., height:, :] = pixels[..., width:] = 0
    planes(small, pixels[0, :, :height, :width])
    return pixels, np.array([width / image.width, height / image.height])


def best(found: Detections) -> Detections:
    """Most confident first, without the boxes that a better one overlaps (greedy non-maximum suppression)."""
    order = np.argsort(-found.confidences, kind="stable")
    boxes = found.boxes[order]
    overlaps = intersection_over_union(boxes, boxes) > OVERLAP
    kept: list[int] = []
    dropped = np.zeros(len(order), dtype=bool)
    for index in range(len(order)):
        if not dropped[index]:
            kept.append(index)
            dropped |= overlaps[index]
    chosen = order[kept]
    return Detections(found.boxes[chosen], found.confidences[chosen], found.points[chosen])


def intersection_over_union(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n, m] of boxes [n, 4] and [m, 4], each left, top, right, bottom."""
    near = np.maximum(one[:, None, :2], other[None, :, :2])
    far = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = (far - near).clip(0).prod(-1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(-1) for boxes in (one, other)]
    union = areas[0][:, None] + areas[1] - shared
    ratio: NDArray[np.float64] = shared / np.maximum(union, np.finfo(np.float64).tiny)
    return ratio
