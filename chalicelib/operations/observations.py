"""What each analysis of stored video sees: the operations on images, frame by frame, with the time of the frame.

Each is prepared from the Start's request, so that what cannot be is refused there, before a job is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..jobs import analyses
from ..jobs.results import Members
from ..jobs.viewing import Observe
from ..vision.faces import similarity
from ..vision.picture import Picture
from ..vision.video import Video
from .celebrities import MOST_FACES, celebrity, celebrity_id, matches
from .details import face_details
from .labels import filtered, label_member
from .moderation import moderation_member
from .responses import bounding_box
from .text import WordFilter, text_detections

if TYPE_CHECKING:
    from ..backend import Backend

Prepare = Callable[[Mapping[str, Any], "Backend"], Observe]

_MIN_CONFIDENCE = 50.0
"""Of labels and moderation labels in stored video."""


def faces(request: Mapping[str, Any], backend: Backend) -> Observe:
    asked = ("ALL",) if request.get("FaceAttributes") == "ALL" else ()

    def see(picture: Picture) -> Iterator[Members]:
        for detail in face_details(picture, backend.faces.detect(picture), asked, backend):
            yield {"Face": detail}

    return _sampled(see)


def labels(request: Mapping[str, Any], backend: Backend) -> Observe:
    least = request.get("MinConfidence", _MIN_CONFIDENCE)
    settings = request.get("Settings", {}).get("GeneralLabels", {})

    def see(picture: Picture) -> Iterator[Members]:
        for label in filtered(backend.labels.detect(picture, least), settings):
            yield {"Label": label_member(label)}

    return _sampled(see)


def text(request: Mapping[str, Any], backend: Backend) -> Observe:
    words = WordFilter.of(request.get("Filters", {}))

    def see(picture: Picture) -> Iterator[Members]:
        for detection in text_detections(backend.text.read(picture), words):
            yield {"TextDetection": detection}

    return _sampled(see)


def moderation(request: Mapping[str, Any], backend: Backend) -> Observe:
    least = request.get("MinConfidence", _MIN_CONFIDENCE)

    def see(picture: Picture) -> Iterator[Members]:
        found = backend.moderation.detect(picture, least)
        kinds = [{"Name": name, "Confidence": confidence} for name, confidence in found.content_types]
        for label, confidence in found.labels:
            yield {"ModerationLabel": moderation_member(label, confidence), "ContentTypes": kinds}

    return _sampled(see)


def celebrities(_request: Mapping[str, Any], backend: Backend) -> Observe:
    def see(picture: Picture) -> Iterator[Members]:
        found = backend.faces.detect(picture, MOST_FACES)
        details = face_details(picture, found, (), backend)
        for face, detail, match in zip(found, details, matches(picture, found, backend), strict=True):
            if match is not None:
                yield {
                    "Celebrity": {
                        **celebrity(match.payload.external_id, backend),
                        "Id": celebrity_id(match.payload.external_id),
                        "Confidence": similarity(match.distance),
                        "BoundingBox": bounding_box(face.box),
                        "Face": detail,
                    }
                }

    return _sampled(see)


def _sampled(see: Callable[[Picture], Iterable[Members]]) -> Observe:
    """What `see` sees in the sampled frames, with their times."""

    def observe(video: Video) -> Iterator[tuple[int, Sequence[Members]]]:
        for frame in video.frames():
            yield frame.millis, [{"Timestamp": frame.millis, **members} for members in see(frame.picture)]

    return observe


OBSERVATIONS: Mapping[str, Prepare] = {
    analyses.FACES.name: faces,
    analyses.LABELS.name: labels,
    analyses.TEXT.name: text,
    analyses.MODERATION.name: moderation,
    analyses.CELEBRITIES.name: celebrities,
}
"""By the analysis's name."""
