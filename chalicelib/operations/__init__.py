"""The 75 operations: the API on one page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import images, labels, moderation

if TYPE_CHECKING:
    from ..backend import Backend

Operation = Callable[[Any, "Backend"], Mapping[str, Any]]
"""A validated request and what it runs against, to the members of the answer."""

OPERATIONS: dict[str, Operation] = {
    "CompareFaces": images.compare_faces,
    "DetectFaces": images.detect_faces,
    "DetectLabels": labels.detect_labels,
    "DetectModerationLabels": moderation.detect_moderation_labels,
}
