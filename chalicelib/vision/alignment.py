"""Crops of a face in a frame of its own: similarity transforms and the warps they describe.

A transform is a [2, 3] array that takes picture pixels to crop pixels, (x, y) as a column with a 1
below it. Pixel centres lie at half-integers, as Pillow has it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .picture import Picture, planes

Floats = NDArray[np.floating]


def similarity_between(source: Floats, target: Floats) -> NDArray[np.float64]:
    """The [2, 3] transform (turn, scale, shift) that takes `source` nearest to `target`, both [n, 2].

    Least squares after Umeyama, "Least-squares estimation of transformation parameters between two
    point patterns", 1991; in the plane a similarity is one complex product, so no SVD is needed.
    """
    start, goal = (np.asarray(points, dtype=np.float64) @ (1, 1j) for points in (source, target))
    start_centre, goal_centre = start.mean(), goal.mean()
    spread = start - start_centre
    turn = np.vdot(spread, goal - goal_centre) / np.vdot(spread, spread)
    shift = goal_centre - turn * start_centre
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def square_region(centre: Floats, side: float, angle: float, size: int) -> NDArray[np.float64]:
    """The transform of a square of the picture, `side` pixels wide and turned by `angle` radians, to `size` pixels."""
    scale = size / side
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[cosine, sine], [-sine, cosine]])
    return np.column_stack([turn, size / 2 - turn @ centre])


def inverse(transform: Floats) -> NDArray[np.float64]:
    """The transform back."""
    (a, b, x), (c, d, y) = transform.tolist()
    share = 1 / (a * d - b * c)
    turned: NDArray[np.float64] = np.array([[d, -b, b * y - d * x], [-c, a, c * x - a * y]]) * share
    return turned


def apply(transform: Floats, points: Floats) -> NDArray[np.float64]:
    """Points [..., 2] under the transform."""
    moved: NDArray[np.float64] = points @ transform[:, :2].T + transform[:, 2]
    return moved


def warp(image: Image.Image, transform: Floats, size: int | tuple[int, int]) -> Image.Image:
    """The crop of `image` under `transform`, a square of `size` or its width and height; outside the image is black.

    A crop that shrinks the picture twice or more is averaged over whole blocks first: bilinear
    sampling alone would skip pixels, and what it skips would be noise in the embedding.
    """
    width, height = (size, size) if isinstance(size, int) else size
    back = inverse(transform)
    shrink = int(np.hypot(*back[:, 0]))
    if shrink >= 2:
        corners = apply(back, np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64))
        box = _whole_pixels(corners, image.size)
        if box is None:
            return Image.new("RGB", (width, height))
        image = image.reduce(shrink, box)
        back = np.column_stack([back[:, :2], back[:, 2] - box[:2]]) / shrink
    return image.transform((width, height), Image.Transform.AFFINE, tuple(back.ravel()), Image.Resampling.BILINEAR)


def cut(picture: Picture, transforms: Sequence[Floats], size: int) -> NDArray[np.uint8]:
    """[n, 3, size, size]: the crops of `picture` under transforms from its pixels.

    They are cut from the picture as small as the finest of them allows.
    """
    image = picture.reduced(min(1 / float(np.hypot(*transform[:, 0])) for transform in transforms))
    scale = np.array([picture.width / image.width, picture.height / image.height, 1])
    return batch([warp(image, transform * scale, size) for transform in transforms])


def _whole_pixels(corners: Floats, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """The part of a picture of `size` that holds `corners`, None where they lie outside it."""
    left, top = np.clip(np.floor(corners.min(0)), 0, size).astype(int).tolist()
    right, bottom = np.clip(np.ceil(corners.max(0)), 0, size).astype(int).tolist()
    return (left, top, right, bottom) if left < right and top < bottom else None


def batch(images: Sequence[Image.Image]) -> NDArray[np.uint8]:
    """[n, 3, height, width] of one or more RGB images of one size."""
    pixels = np.empty((len(images), 3, images[0].height, images[0].width), np.uint8)
    for place, image in zip(pixels, images, strict=True):
        planes(image, place)
    return pixels
