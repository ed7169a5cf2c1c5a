"""Boxes and points, as ratios of the picture's width and height."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Point(NamedTuple):
    """A point as ratios of the picture's width and height; may lie outside 0 to 1."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle as ratios of the picture's width and height; may reach outside 0 to 1."""

    left: float
    top: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """As a ratio of the picture's."""
        return self.width * self.height
