"""What several models say of one picture, put together: labels, their ancestors, and where they are."""

from __future__ import annotations

from collections.abc import Iterable
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
