"""Bare parts of bodies: NudeNet 320n (github.com/notAI-tech/NudeNet), the pack `nudity`, AGPL-3.0."""

from __future__ import annotations

import ast
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .picture import Picture, planes
from .sessions import Sessions

MODEL = "nudenet_320n"
_SIDE = 320
_LEAST_SCORE = 0.25


class Nudity:
    """The detector over one set of sessions; safe to use from many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    @property
    def available(self) -> bool:
        """Whether the pack `nudity` is built."""
        return self._sessions.available(MODEL)

    def detect(self, picture: Picture) -> dict[str, float]:
        """The parts seen in `picture`, each with the best score of its boxes, 0 to 100, uncalibrated.

        Empty without the pack. The names are the model's own, such as "BELLY_EXPOSED".
        """
        if not self.available:
            return {}
        (cells,) = self._sessions.run(MODEL, {self._input: _pixels(picture)})
        scores = cells[0, 4:].max(axis=1)
        return {
            name: float(score) * 100 for name, score in zip(self._names, scores, strict=True) if score > _LEAST_SCORE
        }

    @cached_property
    def _input(self) -> str:
        return str(self._sessions.session(MODEL).get_inputs()[0].name)

    @cached_property
    def _names(self) -> list[str]:
        """The name of each class, which the model file itself states."""
        stated = self._sessions.session(MODEL).get_modelmeta().custom_metadata_map["names"]
        return list(ast.literal_eval(stated).values())


def _pixels(picture: Picture) -> NDArray[np.uint8]:
    """[1, 3, 320, 320]: the picture in the upper left corner, black beside it."""
    from PIL.Image import Resampling

    scale = _SIDE / max(picture.width, picture.height)
    size = max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)
    small = picture.image.resize(size, Resampling.BILINEAR, reducing_gap=2.0)
    canvas = np.zeros((1, 3, _SIDE, _SIDE), np.uint8)
    planes(small, canvas[0, :, : size[1], : size[0]])
    return canvas
