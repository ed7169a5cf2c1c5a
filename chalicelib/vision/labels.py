"""The labels of a picture: what the classifier, the face models and, where built, the object detector see.

classifier ── classes of each view ── vocabulary ──> labels and ancestors ── activation maps ──> boxes of things
faces ──> Person, Head, Face and what is known of them
objects ──> boxes of eighty everyday things; they replace those of the activation maps
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from . import classifier, detector
from .activation import locate
from .classifier import Classifier, Sight
from .findings import Finding, FoundLabel, Instance, together
from .objects import Objects
from .people import Describe, FaceFinder, People, undescribed
from .picture import Picture
from .sessions import Sessions
from .taxonomy import THING, taxonomy
from .vocabulary import vocabulary

LABEL_MODEL_VERSION = "3.0"
LEAST_CONFIDENCE = 55.0
"""What DetectLabels answers with unless asked for more or less (AWS)."""
_BOXED = 30.0
"""A label less sure than this has no boxes: its activation map would be noise."""


class Labels:
    """The label models over one set of sessions; safe to use from many threads."""

    def __init__(self, sessions: Sessions, faces: FaceFinder, describe: Describe = undescribed) -> None:
        self._classifier = Classifier(sessions)
        self._people = People(faces, self._classifier, describe)
        self._objects = Objects(sessions)

    def detect(self, picture: Picture, least: float = LEAST_CONFIDENCE) -> list[FoundLabel]:
        """The labels of `picture` whose confidence is at least `least` (0 to 100), surest first."""
        # Read once, as finely as either needs, before both ask.
        picture.reduced(min(detector.shrinking(picture), classifier.shrinking(picture)))
        with ThreadPoolExecutor(1) as aside:  # one model computes while another's input is prepared
            faces = aside.submit(self._people.look, picture)
            sight = self._classifier.look(picture)
            confidences = vocabulary().confidences(sight.probabilities)
            things = list(_classified(sight, confidences, least))
        animals = float(confidences[vocabulary().names.index("Animal")])
        people = self._people.find(picture, faces.result(), animals)
        return together([*things, *people, *_detected(self._objects, picture)], least)


def _classified(sight: Sight, confidences: NDArray[np.float32], least: float) -> Iterator[Finding]:
    """The classifier's labels, those of things with boxes."""
    words = vocabulary()
    for index in np.flatnonzero(confidences >= least):
        name, confidence = words.names[index], float(confidences[index])
        instances: tuple[Instance, ...] = ()
        if confidence >= _BOXED and taxonomy().labels[name].kind == THING:
            instances = tuple(Instance(box, sure * 100) for box, sure in locate(sight, words.mask(name)))
        yield Finding(name, confidence, instances)


def _detected(objects: Objects, picture: Picture) -> Iterator[Finding]:
    """The object detector's labels, each with all its boxes."""
    found: dict[str, list[Instance]] = {}
    for thing in objects.detect(picture):
        found.setdefault(thing.label, []).append(Instance(thing.box, thing.confidence))
    for name, instances in found.items():
        yield Finding(name, instances[0].confidence, tuple(instances))
