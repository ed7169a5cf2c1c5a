"""A decoded picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture as every model here takes it."""

    pixels: NDArray[np.uint8]
    """[height, width, 3], RGB, EXIF orientation applied, C-contiguous."""
    digest: bytes
    """SHA-256 of the encoded bytes: the same bytes give the same ImageId."""
    format: str
    """JPEG or PNG."""

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])
