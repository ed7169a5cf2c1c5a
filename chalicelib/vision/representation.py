"""One vector for several faces of a person."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 20


def represent(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The centre of faces [n, dimensions], robust against a few that are another person's or badly seen.

    Huber's location (Huber, Robust Estimation of a Location Parameter, 1964) around which a face counts in full up to
    the median distance, and beyond it the less the farther it is.
    """
    faces = vectors.astype(np.float64)
    centre = faces.mean(axis=0)
    for _ in range(_ROUNDS):
        distances = np.linalg.norm(faces - centre, axis=1)
        median = np.median(distances)
        if median == 0:
            break
        weights = np.minimum(1, median / np.maximum(distances, median))
        centre = weights @ faces / weights.sum()
    vector: NDArray[np.float32] = centre.astype(np.float32)
    return vector
