"""Distances between faces as AWS's similarities, 0 to 100."""

from __future__ import annotations

import numpy as np

_KNOTS = (
    (0.00, 100.0),
    (0.40, 99.9),
    (0.52, 99.0),
    (0.60, 80.0),
    (0.70, 35.0),
    (0.80, 10.0),
    (1.00, 1.0),
    (1.60, 0.0),
)
_DISTANCES, _SIMILARITIES = (np.array(column) for column in zip(*_KNOTS, strict=True))


def similarity(distance: float) -> float:
    """0 to 100, falling with the distance of two embeddings."""
    return float(np.interp(distance, _DISTANCES, _SIMILARITIES))


def distance_at(similarity: float) -> float:
    """The distance at which two faces are `similarity` (0 to 100) alike: the inverse of `similarity`."""
    return float(np.interp(-similarity, -_SIMILARITIES, _DISTANCES))
