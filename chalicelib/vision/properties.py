"""What IMAGE_PROPERTIES answers: how bright, sharp and rich in contrast a picture is, and its colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from .colours import Colour, dominant_colours
from .geometry import Box
from .picture import Picture
from .segmentation import foreground
from .sessions import Sessions

_SIDE = 1024
"""The longer side at which a picture is measured: grain below this is not what a viewer calls sharp."""
_LEAST_SHARE = 0.01
"""Of the picture: a smaller fore- or background is too little to measure, and the whole stands for it."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a part of a picture looks; AWS publishes no definitions, so these are ours (unconfirmed)."""

    brightness: float
    """0 to 100: the mean luma."""
    sharpness: float
    """0 to 100: the mean absolute Laplacian of the luma over its standard deviation, on a curve: about 95 for a
    sharp photo, 20 for one blurred by two pixels in 500, 0 for a flat one."""
    contrast: float
    """0 to 100: the standard deviation of the luma over the greatest there is."""
    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True)
class Properties:
    """A picture's looks; where nobody stands in front, both parts are the whole."""

    whole: Look
    foreground: Look
    background: Look


def properties(picture: Picture, sessions: Sessions, most_colours: int) -> Properties:
    """The looks of `picture` and of who is in front and what is behind (people, by the segmentation model)."""
    image = _measured(picture.image)
    pixels = np.asarray(image)
    luma = np.asarray(image.convert("L"), dtype=np.float32)
    whole = _look(pixels, luma, np.ones(luma.shape, dtype=bool), most_colours)
    mask = foreground(picture, sessions)
    if mask is None:
        return Properties(whole, whole, whole)
    front = _resized(mask, image.size) > 0.5
    return Properties(
        whole,
        *(
            _look(pixels, luma, part, most_colours) if part.mean() >= _LEAST_SHARE else whole
            for part in (front, ~front)
        ),
    )


def colours_within(picture: Picture, box: Box, most: int) -> tuple[Colour, ...]:
    """The dominant colours of one box of a picture."""
    left, right = (min(max(edge, 0.0), 1.0) * picture.width for edge in (box.left, box.left + box.width))
    top, bottom = (min(max(edge, 0.0), 1.0) * picture.height for edge in (box.top, box.top + box.height))
    if int(right) <= int(left) or int(bottom) <= int(top):
        return ()
    part = _measured(picture.image.crop((int(left), int(top), int(right), int(bottom))))
    return dominant_colours(np.asarray(part).reshape(-1, 3), most)


def _measured(image: Image) -> Image:
    shrink = max(image.size) // _SIDE
    return image.reduce(shrink) if shrink > 1 else image


def _resized(mask: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    from PIL.Image import Resampling, fromarray

    return np.asarray(fromarray(mask).resize(size, Resampling.BILINEAR))


def _look(pixels: NDArray[np.uint8], luma: NDArray[np.float32], part: NDArray[np.bool_], most: int) -> Look:
    shades = luma[part]
    spread = float(shades.std())
    return Look(
        brightness=float(shades.mean()) / 2.55,
        sharpness=_sharpness(luma, part, spread),
        contrast=min(spread / 1.275, 100.0),
        colours=dominant_colours(pixels[part], most),
    )


def _sharpness(luma: NDArray[np.float32], part: NDArray[np.bool_], spread: float) -> float:
    neighbours = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    detail = np.abs(4 * luma[1:-1, 1:-1] - neighbours)[part[1:-1, 1:-1]]
    if not detail.size:
        return 0.0
    return 100 * (1 - float(np.exp(-float(detail.mean()) / max(spread, 1.0) / 0.07)))
