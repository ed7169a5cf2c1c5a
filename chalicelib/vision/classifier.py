"""What a picture shows, by EfficientNet-Lite0: the classes of ImageNet-1k in several views.

One look at the middle names one object. A picture often holds several, so the same network also sees squares
along the longer side and a grid of tiles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image, Resampling

from .alignment import batch
from .picture import Picture
from .sessions import Sessions

SIDE = 224
"""Of a view, in the network's pixels."""
MIDDLE = 224 / 256
"""Of the shorter side: the crop that the network's accuracy is stated for."""
TILE = 0.62
"""Of the shorter side: neighbouring tiles overlap, so that few objects are cut by all of them."""
ELONGATED = 1.15
"""Longer to shorter side above which squares along the longer side show what the middle does not."""
MOST_ALONG = 4
_TOGETHER = 8  # views a run, at most
WHOLE, SQUARE, TILED = 0.8, 1.0, 1.1
"""Divide the logits before the softmax: the narrower the view, the more it must see to be believed.

By `training/labels.py`: calibration error .035 on photos (.078 at .7, .8, .9, which alone would fit the middle best),
precision .87; of two things side by side 74 % are named. The photos may have been among those that the network was
trained on, so the more careful values stand.
"""


class View(NamedTuple):
    """A rectangle of the picture in its pixels, and how far the network is believed there."""

    left: float
    top: float
    right: float
    bottom: float
    temperature: float


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What the classifier made of a picture's views, the whole first, the smallest last."""

    size: tuple[int, int]
    """Width and height of the picture."""
    views: tuple[View, ...]
    probabilities: NDArray[np.float32]
    """[views, 1000], each row adding up to 1."""
    top: NDArray[np.int64]
    """[views, 32]: the likeliest classes of each view, which have maps."""
    maps: NDArray[np.float32]
    """[views, 32, 7, 7]: class activation maps (Zhou et al., CVPR 2016)."""


class Classifier:
    """EfficientNet-Lite0 over one set of sessions; safe to use from many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def look(self, picture: Picture) -> Sight:
        """All views of `picture`."""
        views = tuple(views_of(picture.width, picture.height))
        logits, maps, top = self._run(picture, views)
        logits[:2] = logits[:2].mean(axis=0)  # the whole and its middle are two looks at one thing
        return Sight((picture.width, picture.height), views, _softmax(logits, views), top, maps)

    def probabilities(self, picture: Picture, views: tuple[View, ...]) -> NDArray[np.float32]:
        """[views, 1000], each row adding up to 1, of some views of `picture`."""
        return _softmax(self._run(picture, views)[0], views)

    def _run(
        self, picture: Picture, views: tuple[View, ...]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
        """Logits, maps and the classes that the maps are of."""
        image = _shrunk(picture)
        scale = image.width / picture.width, image.height / picture.height

        def look(some: Sequence[View]) -> list[NDArray[Any]]:
            pixels = batch([_crop(image, view, *scale) for view in some])
            logits, _features, maps, top = self._sessions.run("efficientnet_lite0", {"input": pixels})
            return [logits, maps, top]

        logits, maps, top = map(np.concatenate, zip(*self._sessions.spread(look, views, _TOGETHER), strict=True))
        return logits, maps, top


def views_of(width: int, height: int) -> Iterator[View]:
    """The whole, its middle, squares along the longer side, and two rows of tiles."""
    short, long = sorted((width, height))
    yield View(0, 0, width, height, WHOLE)
    yield _square((width - MIDDLE * short) / 2, (height - MIDDLE * short) / 2, MIDDLE * short, WHOLE)
    along = min(max(math.ceil(long / short), 2), MOST_ALONG)
    if long / short > ELONGATED:
        for step in range(along):
            place = step / (along - 1)
            yield _square((width - short) * place, (height - short) * place, short, SQUARE)
    columns, rows = (along, 2) if width >= height else (2, along)
    tile = TILE * short
    for row in range(rows):
        for column in range(columns):
            left, top = (width - tile) * column / (columns - 1), (height - tile) * row / (rows - 1)
            yield _square(left, top, tile, TILED)


def _square(left: float, top: float, side: float, temperature: float) -> View:
    return View(left, top, left + side, top + side, temperature)


def shrinking(picture: Picture) -> float:
    """By how much `picture` may be divided before a tile would have to be enlarged."""
    return TILE / SIDE * min(picture.width, picture.height)


def _shrunk(picture: Picture) -> Image:
    """`picture` where a tile needs no resizing: once, rather than a wide filter over all pixels for each view."""
    ratio = shrinking(picture)
    image = picture.reduced(ratio)
    if ratio <= 1:
        return image
    size = max(round(picture.width / ratio), 1), max(round(picture.height / ratio), 1)
    return image.resize(size, Resampling.BILINEAR, reducing_gap=2.0)


def _crop(image: Image, view: View, across: float, down: float) -> Image:
    """A view, whose edges times `across` and `down` are those of `image`, as the network sees it."""
    # The accuracy is stated for a bicubic crop; the further views lose nothing by two thirds of its cost.
    kernel = Resampling.BICUBIC if view.temperature == WHOLE else Resampling.BILINEAR
    left, top, right, bottom = view.left * across, view.top * down, view.right * across, view.bottom * down
    if max(abs(right - left - SIDE), abs(bottom - top - SIDE)) < 1:  # a tile: cut out, moved by half a pixel
        left, top = min(round(left), image.width - SIDE), min(round(top), image.height - SIDE)
        return image.crop((left, top, left + SIDE, top + SIDE))
    return image.resize((SIDE, SIDE), kernel, (left, top, right, bottom))


def _softmax(logits: NDArray[np.float32], views: tuple[View, ...]) -> NDArray[np.float32]:
    tempered = logits / np.array([[view.temperature] for view in views], dtype=np.float32)
    powers = np.exp(tempered - tempered.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
