"""From classes to labels: how sure the classifier is of each label, its own classes and those of its descendants."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .taxonomy import taxonomy

EVIDENT = 0.02
"""A class less likely than this says nothing of its ancestors. A softmax spreads what it does not know over all
classes, two in five of which are animals: noise would be an Animal at 75 and a Bird at 64."""


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The labels that the classifier knows."""

    names: tuple[str, ...]
    classes: NDArray[np.intp]
    """The classes of all labels, one label after the other."""
    firsts: NDArray[np.intp]
    """Where each label's classes begin."""
    own: NDArray[np.intp]
    """The place among the names of each of the 1,000 classes."""

    def confidences(self, probabilities: NDArray[np.float32], evident: float = EVIDENT) -> NDArray[np.float32]:
        """How sure the surest of several views ([views, 1000]) is of each label, 0 to 100.

        A label's probability is the sum of its classes', so that a dog of doubtful breed is a dog beyond doubt.
        """
        counted = np.where(probabilities >= evident, probabilities, 0)
        sums = np.add.reduceat(counted[:, self.classes], self.firsts, axis=1).max(axis=0)
        np.maximum.at(sums, self.own, probabilities.max(axis=0))
        return np.asarray(sums.clip(0, 1) * 100)

    def mask(self, name: str) -> NDArray[np.bool_]:
        """[1000]: the classes of one label."""
        place = self.names.index(name)
        end = self.firsts[place + 1] if place + 1 < len(self.firsts) else None
        mask = np.zeros(len(self.own), dtype=bool)
        mask[self.classes[self.firsts[place] : end]] = True
        return mask


@cache
def vocabulary() -> Vocabulary:
    """That of the committed taxonomy, made once."""
    known = taxonomy()
    lineages = [(label, *known.labels[label].parents) for label in known.imagenet]
    pairs = sorted((name, index) for index, lineage in enumerate(lineages) for name in lineage)
    firsts = [place for place, (name, _) in enumerate(pairs) if not place or pairs[place - 1][0] != name]
    names = tuple(pairs[first][0] for first in firsts)
    return Vocabulary(
        names=names,
        classes=np.array([index for _, index in pairs]),
        firsts=np.array(firsts),
        own=np.array([names.index(label) for label in known.imagenet]),
    )
