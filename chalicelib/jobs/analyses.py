"""The eight analyses of stored video, as data.

Their operations differ in nothing else: `StartFaceDetection` and `GetFaceDetection` are FACES's, and so on. What an
analysis sees in a frame is given to the worker beside this, because it takes the models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..vision.labels import LABEL_MODEL_VERSION
from ..vision.moderation import MODERATION_MODEL_VERSION
from .results import Members

Key = Callable[[Any], Any]
"""What a result is sorted by."""
Aggregate = Callable[[Iterable[Members], int], Sequence[Members]]
"""From results by timestamp, and the longest gap in milliseconds that is none, to results by segment."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """One pair of Start and Get."""

    name: str
    """Start and Get before it make the operations' names."""
    results: str
    """The member of Get's answer that lists them."""
    orders: Mapping[str, Key | None] = field(default_factory=lambda: {"TIMESTAMP": None})
    """Values of SortBy, the default first; None: as they were found."""
    aggregate: Aggregate | None = None
    """Where Get has AggregateBy, what SEGMENTS makes of the results."""
    version: tuple[str, str] | None = None
    """A member of Get's answer that tells the model's version."""

    @property
    def start(self) -> str:
        """The operation that starts it."""
        return f"Start{self.name}"

    @property
    def views(self) -> Iterator[tuple[str, str]]:
        """Each AggregateBy with each SortBy; first the one that is written as the results are found."""
        for aggregation in ("TIMESTAMPS", "SEGMENTS") if self.aggregate else ("TIMESTAMPS",):
            for order in self.orders:
                yield aggregation, order


def segments(what: str) -> Aggregate:
    """Joins the results in which the label under `what` is seen without a gap. It keeps its greatest confidence.

    A label has no Instances in a segment (AWS).
    """

    def aggregate(results: Iterable[Members], gap: int) -> Sequence[Members]:
        found: list[dict[str, Any]] = []
        last: dict[str, dict[str, Any]] = {}
        for result in results:
            at, label = result["Timestamp"], {name: of for name, of in result[what].items() if name != "Instances"}
            segment = last.get(label["Name"])
            if segment is None or at - segment["EndTimestampMillis"] > gap:
                segment = {"Timestamp": at, "StartTimestampMillis": at, what: label}
                found.append(segment)
                last[label["Name"]] = segment
            segment["EndTimestampMillis"] = at
            segment["DurationMillis"] = at - segment["StartTimestampMillis"]
            segment[what]["Confidence"] = max(segment[what]["Confidence"], label["Confidence"])
        return found

    return aggregate


def _by_name(what: str) -> Key:
    """In the order of names; of one name the surest first (AWS)."""
    return lambda result: (result[what]["Name"], -result[what]["Confidence"], result["Timestamp"])


def _by_index(result: Members) -> tuple[int, int]:
    return result["Person"]["Index"], result["Timestamp"]


def _by_id(result: Members) -> tuple[str, int]:
    return result["Celebrity"]["Id"], result["Timestamp"]


_BY_PERSON: Mapping[str, Key | None] = {"TIMESTAMP": None, "INDEX": _by_index}

FACES = Analysis("FaceDetection", "Faces")
LABELS = Analysis(
    "LabelDetection",
    "Labels",
    orders={"TIMESTAMP": None, "NAME": _by_name("Label")},
    aggregate=segments("Label"),
    version=("LabelModelVersion", LABEL_MODEL_VERSION),
)
TEXT = Analysis("TextDetection", "TextDetections", version=("TextModelVersion", "3.0"))
MODERATION = Analysis(
    "ContentModeration",
    "ModerationLabels",
    orders={"TIMESTAMP": None, "NAME": _by_name("ModerationLabel")},
    aggregate=segments("ModerationLabel"),
    version=("ModerationModelVersion", MODERATION_MODEL_VERSION),
)
FACE_SEARCH = Analysis("FaceSearch", "Persons", orders=_BY_PERSON)
CELEBRITIES = Analysis("CelebrityRecognition", "Celebrities", orders={"TIMESTAMP": None, "ID": _by_id})
PEOPLE = Analysis("PersonTracking", "Persons", orders=_BY_PERSON)
SEGMENTS = Analysis("SegmentDetection", "Segments")

ALL = (FACES, LABELS, TEXT, MODERATION, FACE_SEARCH, CELEBRITIES, PEOPLE, SEGMENTS)
