"""What covers a face or a head: masks and hard hats, by heads of our own on EfficientNet's features.

Each looks at its own part of the picture, cut out upright by the face's mesh, so that a face found by any
detector gives the same crop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from .alignment import batch, square_region, warp
from .faces import Face
from .geometry import Box
from .heads import Floats, head
from .picture import Picture
from .sessions import Sessions

Kind = Literal["FACE_COVER", "HEAD_COVER"]

_SURFACE = 468  # points of the mesh that are not irises
_EYE_CORNERS = 33, 263
_NOSE_BRIDGE = 195
_TOGETHER = 8  # crops a run: bounds the memory that a crowd takes


class Frame(NamedTuple):
    """Where a face is, turned upright."""

    centre: NDArray[np.float64]
    """(x, y) in the picture's pixels."""
    width: float
    height: float
    """From the upper forehead to the chin, pixels."""
    angle: float
    """Radians by which the eyes are turned clockwise."""

    @property
    def up(self) -> NDArray[np.float64]:
        """The direction of the forehead, of length 1."""
        return np.array([np.sin(self.angle), -np.cos(self.angle)])


class View(NamedTuple):
    """A square to cut out around a face."""

    rise: float
    """Of its centre above the face's, in the face's heights."""
    side: float
    """In the face's heights, or widths if that is more."""
    pixels: int


@dataclass(frozen=True, slots=True)
class Cover:
    """A piece of equipment on one person."""

    kind: Kind
    box: Box
    confidence: float
    """50 to 100, calibrated."""


FACE = View(rise=0, side=1.3, pixels=128)
HEAD = View(rise=0.35, side=2.2, pixels=224)
HEADS: Mapping[Kind, tuple[str, View]] = {"FACE_COVER": ("face_cover", FACE), "HEAD_COVER": ("head_cover", HEAD)}
"""For each kind its committed head, which answers no or yes, and what that looks at."""

_HAT_WIDTH, _HAT_TOP, _HAT_BOTTOM = 1.7, 1.3, 0.17
"""Of hard hats, in widths and heights of the face; top and bottom above its centre.

Medians of 99 helmets on photos of workers (of those that `training/equipment.py` trains on).
"""


class Covers:
    """The two heads over one set of sessions; safe to use from many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def detect(self, picture: Picture, faces: Sequence[Face]) -> list[list[Cover]]:
        """For each face of `picture` what covers it, if anything."""
        found: list[list[Cover]] = [[] for _ in faces]
        if not faces:
            return found
        frames = [frame(face) for face in faces]
        for kind, (name, view) in HEADS.items():
            crops = [crop(picture.image, where, view) for where in frames]
            for i, sure in enumerate(head(name).probabilities(self.features(crops))[:, 1].tolist()):
                if sure > 0.5:
                    box = _hat(frames[i], picture) if kind == "HEAD_COVER" else _lower_face(faces[i], picture)
                    found[i].append(Cover(kind, box, 100 * sure))
        return found

    def features(self, crops: Sequence[Image]) -> Floats:
        """[n, 1280]: the network's last feature map, averaged, of at least one crop, all of one size."""

        def look(some: Sequence[Image]) -> Floats:
            features: Floats = self._sessions.run("efficientnet_lite0", {"input": batch(some)})[1].mean(axis=(2, 3))
            return features

        return np.concatenate(self._sessions.spread(look, crops, _TOGETHER))


def frame(face: Face) -> Frame:
    """The frame of a face, from its mesh."""
    points = face.mesh[:_SURFACE, :2]
    across = points[_EYE_CORNERS[1]] - points[_EYE_CORNERS[0]]
    angle = float(np.arctan2(across[1], across[0]))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    upright = points @ turn
    low, high = upright.min(axis=0), upright.max(axis=0)
    width, height = (high - low).tolist()
    return Frame(turn @ (low + high) / 2, width, height, angle)


def crop(image: Image, where: Frame, view: View) -> Image:
    """What `view` shows of `image`; black where it ends."""
    side = view.side * max(where.width, where.height)
    centre = where.centre + view.rise * where.height * where.up
    return warp(image, square_region(centre, side, where.angle, view.pixels), view.pixels)


def _lower_face(face: Face, picture: Picture) -> Box:
    """From the bridge of the nose to the chin, where masks are."""
    points, up = face.mesh[:_SURFACE, :2], frame(face).up
    heights = points @ up
    return _around(points[heights <= heights[_NOSE_BRIDGE]], picture)


def _hat(where: Frame, picture: Picture) -> Box:
    across = np.array([-where.up[1], where.up[0]]) * where.width * _HAT_WIDTH / 2
    middle = (where.centre + share * where.height * where.up for share in (_HAT_TOP, _HAT_BOTTOM))
    return _around(np.array([point + side for point in middle for side in (across, -across)]), picture)


def _around(points: NDArray[np.float64], picture: Picture) -> Box:
    """The upright box of points in pixels, within the picture."""
    ratios = (points / (picture.width, picture.height)).clip(0, 1)
    left, top = ratios.min(axis=0).tolist()
    width, height = np.ptp(ratios, axis=0).tolist()
    return Box(left, top, width, height)
