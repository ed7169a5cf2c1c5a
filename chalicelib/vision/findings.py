"""What several models say of one picture, put together: labels, their ancestors, and where they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .geometry import Box
from .taxonomy import Label, taxonomy


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


class Finding(NamedTuple):
    """What one source says."""

    name: str
    confidence: float
    instances: tuple[Instance, ...] = ()


def together(findings: Iterable[Finding], least: float) -> list[FoundLabel]:
    """Findings and their ancestors, without what is less sure than `least`; later findings have the better boxes."""
    labels = taxonomy().labels
    confidences: dict[str, float] = {}
    instances: dict[str, list[Instance]] = {}
    for finding in findings:
        for name in (finding.name, *labels[finding.name].parents):
            confidences[name] = max(confidences.get(name, 0.0), finding.confidence)
        instances[finding.name] = _agreed(instances.get(finding.name, []), finding.instances)
    found = [
        FoundLabel(labels[name], confidence, tuple(one for one in instances.get(name, []) if one.confidence >= least))
        for name, confidence in confidences.items()
        if confidence >= least
    ]
    return sorted(found, key=lambda one: (-one.confidence, len(one.label.parents), one.label.name))


def _agreed(before: Sequence[Instance], later: Sequence[Instance]) -> list[Instance]:
    """The later boxes, each as sure as the surest earlier one it holds, and the earlier ones that none holds."""
    boxes = [
        Instance(one.box, max([one.confidence, *(other.confidence for other in before if _holds(one.box, other.box))]))
        for one in later
    ]
    alone = [other for other in before if not any(_holds(one.box, other.box) for one in later)]
    return sorted([*boxes, *alone], key=lambda one: -one.confidence)


def _holds(outer: Box, inner: Box) -> bool:
    """Whether the middle of `inner` lies in `outer`."""
    x, y = inner.left + inner.width / 2, inner.top + inner.height / 2
    return outer.left <= x <= outer.left + outer.width and outer.top <= y <= outer.top + outer.height
