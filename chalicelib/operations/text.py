"""DetectText: the lines and words of an image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..vision.text import Line, Word
from .regions import Region, bounds, inside, regions_of_interest
from .responses import geometry

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import (
        DetectionFilterTypeDef,
        DetectTextFiltersTypeDef,
        DetectTextRequestTypeDef,
        TextDetectionTypeDef,
    )

    from ..backend import Backend

TEXT_MODEL_VERSION = "3.0"
_MOST_WORDS = 100
_MIN_CONFIDENCE = 80.0


def detect_text(request: DetectTextRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Up to 100 words that pass the filters, in reading order, after the lines that hold them."""
    words = WordFilter.of(request.get("Filters", {}))
    lines = backend.text.read(backend.picture(request["Image"]))
    return {"TextDetections": text_detections(lines, words), "TextModelVersion": TEXT_MODEL_VERSION}


@dataclass(frozen=True, slots=True)
class WordFilter:
    """Which words are answered."""

    confidence: float
    width: float
    height: float
    """The least of a word's box, as a ratio of the image."""
    regions: tuple[Region, ...]
    """None: the whole image."""

    @classmethod
    def of(cls, filters: DetectTextFiltersTypeDef) -> WordFilter:
        """Raises InvalidParameterException for a region that is none."""
        words: DetectionFilterTypeDef = filters.get("WordFilter", {})
        return cls(
            confidence=words.get("MinConfidence", _MIN_CONFIDENCE),
            width=words.get("MinBoundingBoxWidth", 0.0),
            height=words.get("MinBoundingBoxHeight", 0.0),
            regions=regions_of_interest(filters.get("RegionsOfInterest", [])),
        )

    def passes(self, word: Word) -> bool:
        """Whether a word is sure and large enough, and inside a region where any is asked for."""
        box = bounds(word.polygon)
        return (
            word.confidence >= self.confidence
            and box.width >= self.width
            and box.height >= self.height
            and inside(word.polygon, self.regions)
        )


def text_detections(lines: Iterable[Line], words: WordFilter) -> list[TextDetectionTypeDef]:
    """Lines first, then words, numbered together from 0.

    A line says what its remaining words say, and one without any is not answered (unconfirmed), so that every
    ParentId is answered and no text comes from outside the regions.
    """
    kept = list(_limited(_filtered(lines, words)))
    detections = [_detection(line, "LINE", number) for number, line in enumerate(kept)]
    for parent, line in enumerate(kept):
        for word in line.words:
            detections.append(_detection(word, "WORD", len(detections)) | {"ParentId": parent})
    return detections


def _filtered(lines: Iterable[Line], words: WordFilter) -> Iterator[Line]:
    for line in lines:
        yield _of_words(line, tuple(word for word in line.words if words.passes(word)))


def _limited(lines: Iterable[Line]) -> Iterator[Line]:
    left = _MOST_WORDS
    for line in lines:
        kept = _of_words(line, tuple(islice(line.words, left)))
        left -= len(kept.words)
        if kept.words:
            yield kept


def _of_words(line: Line, words: tuple[Word, ...]) -> Line:
    """`line` with these of its words and no others."""
    if len(words) == len(line.words) or not words:
        return replace(line, words=words)
    first, last = words[0].polygon, words[-1].polygon
    return Line(
        text=" ".join(word.text for word in words),
        confidence=sum(word.confidence for word in words) / len(words),
        polygon=(first[0], last[1], last[2], first[3]),
        words=words,
    )


def _detection(found: Line | Word, kind: str, number: int) -> TextDetectionTypeDef:
    return {
        "DetectedText": found.text,
        "Type": kind,  # type: ignore[typeddict-item]  # LINE or WORD
        "Id": number,
        "Confidence": found.confidence,
        "Geometry": geometry(bounds(found.polygon), found.polygon),
    }
