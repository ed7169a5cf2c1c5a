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


class _Members(NamedTuple):
    """The labels that the classifier knows, and which of its classes are each one's own or its descendants'."""

    names: list[str]
    classes: NDArray[np.intp]
    """The classes of all labels, one label after the other."""
    firsts: NDArray[np.intp]
    """Where each label's classes begin."""
    own: NDArray[np.intp]
    """The place among the names of each of the 1,000 classes."""

    def mask(self, index: np.integer) -> NDArray[np.bool_]:
        """[1000]: the classes of one label."""
        end = self.firsts[index + 1] if index + 1 < len(self.firsts) else None
        return np.isin(np.arange(len(self.own)), self.classes[self.firsts[index] : end])


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
        best = self._best(sight)
        for index in np.flatnonzero(best >= least):
            name, confidence = self._members.names[index], float(best[index])
            instances: tuple[Instance, ...] = ()
            if confidence >= _BOXED and taxonomy().labels[name].kind == THING:
                places = locate(sight, self._members.mask(index))
                instances = tuple(Instance(box, sure * 100) for box, sure in places)
            yield _Finding(name, confidence, instances)

    def _best(self, sight: Sight) -> NDArray[np.float32]:
        """The confidence of each of `_members`, 0 to 100."""
        members = self._members
        evident = np.where(sight.probabilities >= _EVIDENT, sight.probabilities, 0)
        best = np.add.reduceat(evident[:, members.classes], members.firsts, axis=1).max(axis=0)
        np.maximum.at(best, members.own, sight.probabilities.max(axis=0))
        return np.asarray(best.clip(0, 1) * 100)

    @cached_property
    def _members(self) -> _Members:
        known = taxonomy()
        lineages = [(label, *known.labels[label].parents) for label in known.imagenet]
        pairs = sorted((name, index) for index, lineage in enumerate(lineages) for name in lineage)
        firsts = [place for place, (name, _) in enumerate(pairs) if not place or pairs[place - 1][0] != name]
        names = [pairs[first][0] for first in firsts]
        return _Members(
            names=names,
            classes=np.array([index for _, index in pairs]),
            firsts=np.array(firsts),
            own=np.array([names.index(label) for label in known.imagenet]),
        )

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
