"""Distances between faces as AWS's similarities, 0 to 100.

A similarity stands for a false match rate: 80 for 1 in 1,000, as the default threshold of every AWS
operation, and 99 for 1 in 100,000, as what AWS advises where a mistake has consequences. The distances
that have these rates were read off all 3,662,565 pairs of photos of different people of LFW's folds 0
to 2, and `lookalike evaluate faces` measures the rates on the people of folds 3 and 4. One in a million
is as far as that data reaches; beyond it, and above 1 in 10, similarity only keeps the order.
"""

from __future__ import annotations

import numpy as np

_KNOTS = (  # distance, similarity: the false match rate of the pairs at most so far apart
    (0.000, 100.0),
    (0.368, 99.9),  # 1e-6
    (0.405, 99.0),  # 1e-5
    (0.459, 94.0),  # 1e-4
    (0.530, 80.0),  # 1e-3
    (0.605, 50.0),  # 1e-2, where half of the errors are of either kind on LFW's balanced pairs
    (0.695, 15.0),  # 1e-1
    (0.810, 2.0),  # one in two
    (1.600, 0.0),
)
_DISTANCES, _SIMILARITIES = (np.array(column) for column in zip(*_KNOTS, strict=True))


def similarity(distance: float) -> float:
    """0 to 100, falling as the Euclidean distance of two embeddings grows."""
    return float(np.interp(distance, _DISTANCES, _SIMILARITIES))


def distance_at(similarity: float) -> float:
    """The distance at which two faces are `similarity` (0 to 100) alike: the inverse of `similarity`.

    At 0 it is 1.6; vectors farther apart than that are 0 alike as well.
    """
    return float(np.interp(-similarity, -_SIMILARITIES, _DISTANCES))
