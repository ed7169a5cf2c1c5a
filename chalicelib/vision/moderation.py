"""What some do not want to see: the moderation labels for which a model has evidence, and no others.

`models/moderation.tsv` holds the taxonomy and says what counts as evidence: classes of the classifier, and body parts
that the pack `nudity` finds. Where neither sees a category, it is never reported.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from ..config import data_file
from .classifier import Classifier
from .nudity import Nudity
from .picture import Picture
from .sessions import Sessions
from .taxonomy import taxonomy

MODERATION_MODEL_VERSION = "7.0"
LEAST_CONFIDENCE = 50.0
"""What DetectModerationLabels answers with unless asked for more or less (AWS)."""
_DRAWN = "Comics"
"""The label that shows a page to be drawn rather than photographed."""


@dataclass(frozen=True, slots=True)
class ModerationLabel:
    """One name of the taxonomy, and what is evidence of it."""

    name: str
    parent: str
    """Empty at the top."""
    level: int
    """1 to 3."""
    labels: tuple[str, ...]
    """Labels of `vision.taxonomy`; what is below them counts too."""
    nudity: tuple[str, ...]
    """Classes of the pack `nudity`."""


@dataclass(frozen=True, slots=True)
class Moderated:
    """What was found in one picture."""

    labels: tuple[tuple[ModerationLabel, float], ...]
    """With confidences, 0 to 100: the surest first, a label before those below it."""
    content_types: tuple[tuple[str, float], ...]
    """Such as ("Illustrated", 97.2)."""


@cache
def moderation_labels() -> Mapping[str, ModerationLabel]:
    """The taxonomy by name, a parent before its children; read once."""
    found: dict[str, ModerationLabel] = {}
    with data_file("moderation.tsv").open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        for row in csv.DictReader(lines, delimiter="\t", restval="", quoting=csv.QUOTE_NONE):
            parent = row["parent"]
            level = found[parent].level + 1 if parent else 1
            evidence = [tuple(row[source].split(", ")) if row[source] else () for source in ("labels", "nudity")]
            found[row["label"]] = ModerationLabel(row["label"], parent, level, *evidence)
    return found


class Moderation:
    """The models that moderate over one set of sessions; safe to use from many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._classifier = Classifier(sessions)
        self._nudity = Nudity(sessions)

    def detect(self, picture: Picture, least: float = LEAST_CONFIDENCE) -> Moderated:
        """The moderation labels of `picture` whose confidence is at least `least` (0 to 100), with their ancestors."""
        sight = self._classifier.look(picture)
        seen = dict(zip(self._classified, (sight.probabilities @ self._evidence).max(axis=0) * 100, strict=True))
        bare = self._nudity.detect(picture)
        confidences: dict[str, float] = {}
        for label in moderation_labels().values():
            sure = max((float(seen.get(label.name, 0)), *(bare.get(part, 0.0) for part in label.nudity)))
            for name in lineage(label):
                confidences[name] = max(confidences.get(name, 0.0), min(sure, 100.0))
        found = [(moderation_labels()[name], sure) for name, sure in confidences.items() if 0 < sure >= least]
        drawn = float(sight.probabilities[0, self._drawn].sum()) * 100
        return Moderated(
            labels=tuple(sorted(found, key=lambda pair: (-pair[1], pair[0].level, pair[0].name))),
            content_types=(("Illustrated", drawn),) if drawn >= max(least, LEAST_CONFIDENCE) else (),
        )

    @cached_property
    def _classified(self) -> list[str]:
        """The moderation labels of which the classifier has evidence."""
        return [label.name for label in moderation_labels().values() if label.labels]

    @cached_property
    def _evidence(self) -> NDArray[np.float32]:
        """[1000, labels of `_classified`]: which classes are evidence of which."""
        known = taxonomy()
        lineages = [{name, *known.labels[name].parents} for name in known.imagenet]
        wanted = [set(moderation_labels()[name].labels) for name in self._classified]
        return np.array([[bool(line & names) for names in wanted] for line in lineages], dtype=np.float32)

    @cached_property
    def _drawn(self) -> NDArray[np.bool_]:
        return np.array([name == _DRAWN for name in taxonomy().imagenet])


def lineage(label: ModerationLabel) -> list[str]:
    """The label's name and those of its ancestors, the nearest first."""
    parent = moderation_labels().get(label.parent)
    return [label.name, *(lineage(parent) if parent else ())]
