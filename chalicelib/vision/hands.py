"""Hands: MediaPipe's palm detector finds them, its landmark model says which hand it is and where its joints are.

Sources: Zhang et al., MediaPipe Hands: On-device Real-time Hand Tracking (2020); the options of the graphs
palm_detection_cpu and hand_landmark_cpu.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .alignment import apply, batch, inverse, square_region, warp
from .detector import intersection_over_union
from .geometry import Box, Point
from .picture import Picture
from .sessions import Sessions

Array = NDArray[np.float64]
Region = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels of the picture."""

PALM_SIDE, HAND_SIDE = 192, 224
PALM_SCORE, PRESENCE = 0.5, 0.5
PALM_OVERLAP, HAND_OVERLAP = 0.3, 0.3
"""Intersection over union from which two palms, or two hands, are the same."""
WRIST, MIDDLE_FINGER = 0, 2
"""The key points of a palm that tell which way it points."""
TILES = 2
TILE_OVERLAP = 0.25
"""Of a tile's side: a hand across a seam is whole in one of the two tiles."""


@dataclass(frozen=True, slots=True)
class Hand:
    """One hand."""

    box: Box
    """The upright box of its points."""
    points: tuple[Point, ...]
    """21: the wrist, then four joints from the palm to the tip of the thumb, the index finger, ... the little one."""
    confidence: float
    """0 to 100: how sure the landmark model is that there is a hand."""
    side: Literal["left", "right"]
    """Of the subject."""


@dataclass(frozen=True, slots=True, eq=False)
class Palm:
    """A palm as the detector gives it, in pixels of the picture."""

    box: Array
    """Left, top, right, bottom."""
    points: Array
    """[7, x and y]."""
    score: float


class Hands:
    """Finds hands; needs the `hands` pack."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    @property
    def available(self) -> bool:
        """Whether the pack is built."""
        return self._sessions.available("palm_detection") and self._sessions.available("hand_landmark")

    def detect(self, picture: Picture, tiles: bool = True) -> list[Hand]:
        """All hands, the surest first.

        With `tiles` the picture is searched whole and in overlapping quarters, in one run: on 150 photos of workers
        that found 115 hands instead of 71, in four times the time (the detector dislikes small and gloved hands).
        """
        image = picture.image
        regions = [(0.0, 0.0, float(image.width), float(image.height))]
        palms = self._palms(image, regions + (_tiles(*image.size) if tiles else []))
        return self._hands(image, palms) if palms else []

    def _palms(self, image: Image.Image, regions: Sequence[Region]) -> list[Palm]:
        canvases, scales, corners = zip(*(_letterboxed(image, region) for region in regions), strict=True)
        boxes, scores = self._sessions.run("palm_detection", {"input": np.concatenate(canvases)})
        found = [palm for view in zip(boxes, scores, scales, corners, strict=True) for palm in _decoded(*view)]
        return list(_merged(found))

    def _hands(self, image: Image.Image, palms: Sequence[Palm]) -> list[Hand]:
        regions = [_hand_region(palm) for palm in palms]
        crops = batch([warp(image, region, HAND_SIDE) for region in regions])
        points, presence, right, _ = self._sessions.run("hand_landmark", {"input": crops})
        hands = [
            _hand(apply(inverse(regions[i]), points[i, :, :2]), float(presence[i, 0]), float(right[i, 0]), image.size)
            for i in range(len(palms))
            if presence[i, 0] > PRESENCE
        ]
        return _distinct(sorted(hands, key=lambda hand: -hand.confidence))


def _tiles(width: int, height: int) -> list[Region]:
    """Overlapping parts of a picture, TILES by TILES."""
    share = 1 / (TILES - (TILES - 1) * TILE_OVERLAP)
    step = share * (1 - TILE_OVERLAP)
    return [
        (column * step * width, row * step * height, (column * step + share) * width, (row * step + share) * height)
        for row in range(TILES)
        for column in range(TILES)
    ]


def _letterboxed(image: Image.Image, region: Region) -> tuple[NDArray[np.uint8], float, Array]:
    """The region in the middle of a black square [1, 3, side, side].

    With it, how many pixels of the picture are one of the square's, and where the square's corner lies in the picture.
    """
    left, top, right, bottom = region
    scale = max(right - left, bottom - top) / PALM_SIDE
    width, height = max(round((right - left) / scale), 1), max(round((bottom - top) / scale), 1)
    x, y = (PALM_SIDE - width) // 2, (PALM_SIDE - height) // 2
    canvas = Image.new("RGB", (PALM_SIDE, PALM_SIDE))
    canvas.paste(image.resize((width, height), Image.Resampling.BILINEAR, region, reducing_gap=2.0), (x, y))
    return batch([canvas]), scale, np.array([left - x * scale, top - y * scale])


@cache
def _anchors() -> NDArray[np.float32]:
    """[2016, x and y] in pixels: two at each cell's centre at stride 8, then six at stride 16."""
    layers = []
    for stride, each in ((8, 2), (16, 6)):
        centres = np.arange(stride / 2, PALM_SIDE, stride, dtype=np.float32)
        y, x = np.meshgrid(centres, centres, indexing="ij")
        layers.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), each, axis=0))
    return np.concatenate(layers)


def _decoded(raw: NDArray[np.float32], logits: NDArray[np.float32], scale: float, corner: Array) -> Iterator[Palm]:
    """The palms of one canvas. `raw` [2016, 18]: centre, size and seven points, from the anchor."""
    scores = 1 / (1 + np.exp(-logits.clip(-50, 50)))
    kept = np.flatnonzero(scores > PALM_SCORE)
    values = raw[kept].reshape(-1, 9, 2).astype(float)
    anchors = _anchors()[kept, None]
    centres, sizes = (values[:, :1] + anchors)[:, 0], values[:, 1]
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1) * scale + np.tile(corner, 2)
    points = (values[:, 2:] + anchors) * scale + corner
    for box, palm, score in zip(boxes, points, scores[kept], strict=True):
        yield Palm(box, palm, float(score))


def _merged(palms: Sequence[Palm]) -> Iterator[Palm]:
    """Weighted non-maximum suppression: the mean of all that overlap the best, weighted by score, and so on."""
    rest = sorted(palms, key=lambda palm: -palm.score)
    while rest:
        overlaps = intersection_over_union(rest[0].box[None], np.stack([palm.box for palm in rest]))[0]
        same = [palm for palm, overlap in zip(rest, overlaps, strict=True) if overlap > PALM_OVERLAP]
        rest = [palm for palm, overlap in zip(rest, overlaps, strict=True) if overlap <= PALM_OVERLAP]
        weights = np.array([palm.score for palm in same])
        box = np.average([palm.box for palm in same], axis=0, weights=weights)
        yield Palm(box, np.average([palm.points for palm in same], axis=0, weights=weights), same[0].score)


def _hand_region(palm: Palm) -> Array:
    """The transform to a crop of the whole hand, fingers upwards."""
    up = palm.points[MIDDLE_FINGER] - palm.points[WRIST]
    up = up / max(float(np.hypot(*up)), 1e-9)
    low, high = palm.box[:2], palm.box[2:]
    centre = (low + high) / 2 + 0.5 * (high[1] - low[1]) * up
    # The crop's x axis is at right angles to `up`.
    return square_region(centre, 2.6 * (high - low).max(), float(np.arctan2(up[0], -up[1])), HAND_SIDE)


def _hand(points: Array, presence: float, right: float, size: tuple[int, int]) -> Hand:
    ratios = points / size
    left, top = ratios.min(axis=0).tolist()
    width, height = np.ptp(ratios, axis=0).tolist()
    return Hand(
        box=Box(left, top, width, height),
        points=tuple(Point(x, y) for x, y in ratios.tolist()),
        confidence=100 * presence,
        side="right" if right > 0.5 else "left",
    )


def _distinct(hands: Sequence[Hand]) -> list[Hand]:
    """The surest of those that are the same hand: two palms of one hand lead to the same points."""
    kept: list[Hand] = []
    for hand in hands:
        others = np.array([_edges(other) for other in kept]).reshape(-1, 4)
        if not (intersection_over_union(_edges(hand)[None], others) > HAND_OVERLAP).any():
            kept.append(hand)
    return kept


def _edges(hand: Hand) -> Array:
    box = hand.box
    return np.array([box.left, box.top, box.left + box.width, box.top + box.height])
