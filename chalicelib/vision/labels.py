"""The labels of a picture: what the classifier, the face models and, where built, the object detector see.

classifier ── classes of each view ── taxonomy ──> labels and ancestors ── activation maps ──> boxes of things
faces ──> Person, Head, Face and what is known of them
objects ──> boxes of eighty everyday things; they replace those of the activation maps
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .activation import locate
from .classifier import Classifier, Sight
from .geometry import Box
from .objects import Objects
from .people import Describe, FaceFinder, head, undescribed
from .picture import Picture
from .sessions import Sessions
from .taxonomy import THING, Label, taxonomy

LABEL_MODEL_VERSION = "3.0"
LEAST_CONFIDENCE = 55.0
"""What DetectLabels answers with unless asked for more or less (AWS)."""
_BOXED = 30.0
"""A label less sure than this has no boxes: its activation map would be noise."""
_EVIDENT = 0.02
"""A class less likely than this says nothing of its ancestors. A softmax spreads what it does not know over all
classes, two in five of which are animals: noise would be an Animal at 75 and a Bird at 64."""


class Instance(NamedTuple):
    """One thing of a label's kind."""

    box: Box
    confidence: float
    """0 to 100."""


@dataclass(frozen=True, slots=True)
class FoundLabel:
    """A label of a picture."""

    label: Label
    confidence: float
    """0 to 100, calibrated; never below that of a label of which this one is an ancestor."""
    instances: tuple[Instance, ...]
    """Surest first; empty for what is no thing."""


class _Finding(NamedTuple):
    """What one source says."""

    name: str
    confidence: float
    instances: tuple[Instance, ...] = ()


class Labels:
    """The label models over one set of sessions; safe to use from many threads."""

    def __init__(self, sessions: Sessions, faces: FaceFinder, describe: Describe = undescribed) -> None:
        self._classifier = Classifier(sessions)
        self._objects = Objects(sessions)
        self._faces = faces
        self._describe = describe

    def detect(self, picture: Picture, least: float = LEAST_CONFIDENCE) -> list[FoundLabel]:
        """The labels of `picture` whose confidence is at least `least` (0 to 100), surest first."""
        findings = [
            *self._classified(self._classifier.look(picture), least),
            *self._faced(picture),
            *_detected(self._objects, picture),
        ]
        return _answer(findings, least)

    def _classified(self, sight: Sight, least: float) -> Iterator[_Finding]:
        """Each label by the view that is surest of it; a label's probability is the sum of its classes'."""
        names, members = self._members
        evident = np.where(sight.probabilities >= _EVIDENT, sight.probabilities, 0)
        best = (evident @ members).max(axis=0)
        np.maximum.at(best, self._own, sight.probabilities.max(axis=0))
        best = best.clip(0, 1) * 100
        for index in np.flatnonzero(best >= least):
            name, confidence = names[index], float(best[index])
            instances: tuple[Instance, ...] = ()
            if confidence >= _BOXED and taxonomy().labels[name].kind == THING:
                places = locate(sight, members[:, index] > 0)
                instances = tuple(Instance(box, sure * 100) for box, sure in places)
            yield _Finding(name, confidence, instances)

    @cached_property
    def _members(self) -> tuple[list[str], NDArray[np.float32]]:
        """The labels the classifier knows, and which of its classes are each one's own or its descendants'."""
        known = taxonomy()
        names = sorted({name for label in known.imagenet for name in (label, *known.labels[label].parents)})
        columns = {name: column for column, name in enumerate(names)}
        members = np.zeros((len(known.imagenet), len(names)), dtype=np.float32)
        for row, label in enumerate(known.imagenet):
            members[row, [columns[name] for name in (label, *known.labels[label].parents)]] = 1
        return names, members

    @cached_property
    def _own(self) -> NDArray[np.intp]:
        """The column of each class's own label."""
        columns = {name: column for column, name in enumerate(self._members[0])}
        return np.array([columns[label] for label in taxonomy().imagenet])

    def _faced(self, picture: Picture) -> Iterator[_Finding]:
        """Person, Head and Face, and what is known of each face. A person's box is the head: no more is seen."""
        faces = self._faces.detect(picture)
        found: dict[str, list[Instance]] = {}
        for face, known in zip(faces, self._describe(picture, faces), strict=True):
            whole = head(face.box)
            found.setdefault("Face", []).append(Instance(face.box, face.confidence))
            for name, confidence in {"Head": face.confidence, "Person": face.confidence, **known}.items():
                found.setdefault(name, []).append(Instance(whole, confidence))
        for name, instances in found.items():
            instances.sort(key=lambda instance: -instance.confidence)
            yield _Finding(name, instances[0].confidence, tuple(instances))


def _detected(objects: Objects, picture: Picture) -> Iterator[_Finding]:
    found: dict[str, list[Instance]] = {}
    for thing in objects.detect(picture):
        found.setdefault(thing.label, []).append(Instance(thing.box, thing.confidence))
    for name, instances in found.items():
        yield _Finding(name, instances[0].confidence, tuple(instances))


def _answer(findings: Iterable[_Finding], least: float) -> list[FoundLabel]:
    """Findings and their ancestors. Of several findings of one label, the last to have boxes gives them."""
    labels = taxonomy().labels
    confidences: dict[str, float] = {}
    instances: dict[str, tuple[Instance, ...]] = {}
    for finding in findings:
        for name in (finding.name, *labels[finding.name].parents):
            confidences[name] = max(confidences.get(name, 0.0), finding.confidence)
        if finding.instances:
            instances[finding.name] = finding.instances
    found = [
        FoundLabel(labels[name], confidence, tuple(one for one in instances.get(name, ()) if one.confidence >= least))
        for name, confidence in confidences.items()
        if confidence >= least
    ]
    return sorted(found, key=lambda one: (-one.confidence, len(one.label.parents), one.label.name))
