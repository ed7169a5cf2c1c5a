"""Eighty everyday objects with boxes: FastestDet (github.com/dog-qiuqiu/FastestDet), the pack `objects`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Resampling

from .alignment import batch
from .geometry import Box
from .picture import Picture
from .sessions import Sessions
from .taxonomy import taxonomy

MODEL = "fastestdet"
SIDE = 352
LEAST_SCORE = 0.45
LEAST_CONFIDENCE = 20.0
"""Below this, 0 to 100, a find is more likely wrong than worth telling."""
_PEOPLE, _VEHICLES, _OTHERS = (0.58, 1.31), (-1.10, 1.80), (-2.42, 1.44)
_CALIBRATIONS = {"Person": _PEOPLE} | dict.fromkeys(
    ("Bicycle", "Bus", "Car", "Motorcycle", "Train", "Truck"), _VEHICLES
)
"""Offset and slope of a logistic regression on the score's logit, by label; `_OTHERS` for the rest.

How far a score can be believed depends on what it is of: at .6 and .8 right were 75 and 92 % of people, 41 and 80 % of
vehicles, 15 and 44 % of other things. People and vehicles: 78 and 66 finds with scores from .45 in photos of streets,
crowds, building sites and ImageNet, looked at one by one. Others: whether the animals found in 250 photos of ImageNet
are those that the photos are of; 56 finds of household things, looked at, gave the same within .04.
"""
OVERLAP = 0.45
"""Of two boxes of one class that share more than this (intersection over union), the less sure is dropped."""


@dataclass(frozen=True, slots=True)
class Object:
    """One object of a picture."""

    label: str
    """Its name in the taxonomy."""
    box: Box
    confidence: float
    """0 to 100, calibrated."""


class Objects:
    """The detector over one set of sessions; safe to use from many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    @property
    def available(self) -> bool:
        """Whether the pack `objects` is built."""
        return self._sessions.available(MODEL)

    def detect(self, picture: Picture) -> list[Object]:
        """The objects of `picture`, highest score first; none without the pack."""
        if not self.available:
            return []
        small = picture.reduced(max(picture.width, picture.height) / SIDE).resize(
            (SIDE, SIDE), Resampling.BILINEAR, reducing_gap=2.0
        )
        (cells,) = self._sessions.run(MODEL, {"input": batch([small])})
        classes, scores, boxes = _decoded(cells[0])
        order = np.argsort(-scores, kind="stable")
        names = taxonomy().coco
        return [
            Object(names[classes[index]], _box(boxes[index]), confidence)
            for index in _kept(classes[order], boxes[order], order)
            if (confidence := _confidence(names[classes[index]], float(scores[index]))) >= LEAST_CONFIDENCE
        ]


def _confidence(label: str, score: float) -> float:
    """0 to 100, of a score below 1."""
    offset, slope = _CALIBRATIONS.get(label, _OTHERS)
    certain = min(score, 1 - 1e-6)
    return 100 / (1 + math.exp(-offset - slope * math.log(certain / (1 - certain))))


def _decoded(cells: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """Classes [n], scores [n] and boxes [n, 4] (left, top, right, bottom; ratios) of the cells that hold an object."""
    objectness, geometry, kinds = cells[0], cells[1:5], cells[5:]
    scores = objectness**0.6 * kinds.max(axis=0) ** 0.4
    row, column = np.nonzero(scores > LEAST_SCORE)
    x, y, width, height = geometry[:, row, column]
    centres = (np.stack([column, row]) + np.tanh(np.stack([x, y]))) / np.array([[cells.shape[2]], [cells.shape[1]]])
    extents = 1 / (1 + np.exp(-np.stack([width, height])))
    boxes = np.concatenate([centres - extents / 2, centres + extents / 2]).T.astype(np.float32)
    return kinds[:, row, column].argmax(axis=0), scores[row, column], boxes


def _kept(classes: NDArray[np.intp], boxes: NDArray[np.float32], indices: NDArray[np.intp]) -> list[int]:
    """Those of `indices`, surest first, whose box no surer one of the same class covers."""
    kept: list[int] = []
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    left = np.ones(len(boxes), dtype=bool)
    for place in range(len(boxes)):
        if not left[place]:
            continue
        kept.append(int(indices[place]))
        shared = np.minimum(boxes[:, 2:], boxes[place, 2:]) - np.maximum(boxes[:, :2], boxes[place, :2])
        intersection = shared.clip(0).prod(axis=1)
        covered = intersection > OVERLAP * (areas + areas[place] - intersection)
        left &= ~(covered & (classes == classes[place]))
    return kept


def _box(corners: NDArray[np.float32]) -> Box:
    left, top, right, bottom = corners.tolist()
    return Box(left, top, right - left, bottom - top)
