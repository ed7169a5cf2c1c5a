"""What each analysis of stored video sees: the operations on images, frame by frame, with the time of the frame.

Each is prepared from the Start's request, so that what cannot be is refused there, before a job is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..jobs import analyses
from ..jobs.results import Members
from ..jobs.viewing import Observe
from ..vision.faces import similarity
from ..vision.picture import Picture
from ..vision.shots import MIN_CONFIDENCE, Black, Segment, Watcher
from ..vision.timecode import timecode
from ..vision.tracking import Sighting, Tracker, sightings
from ..vision.video import Video
from . import policy
from .celebrities import MOST_FACES, celebrity, celebrity_id, matches
from .details import face_detail, face_details
from .faces import MATCH_THRESHOLD, face_matches
from .labels import filtered, label_member
from .moderation import moderation_member
from .responses import bounding_box
from .searching import face_log, nearest
from .text import WordFilter, text_detections

if TYPE_CHECKING:
    from ..backend import Backend

Prepare = Callable[[Mapping[str, Any], "Backend"], Observe]

_MIN_CONFIDENCE = 50.0
"""Of labels and moderation labels in stored video."""
_FACE_MATCHES = 80
"""Of one person in one frame; as many as SearchFaces gives unless asked (unconfirmed)."""
_PERSON = "Person"


def faces(request: Mapping[str, Any], backend: Backend) -> Observe:
    """Faces of each frame, with all attributes where FaceAttributes is ALL."""
    asked = ("ALL",) if request.get("FaceAttributes") == "ALL" else ()

    def see(picture: Picture) -> Iterator[Members]:
        for detail in face_details(picture, backend.faces.detect(picture), asked, backend):
            yield {"Face": detail}

    return _sampled(see)


def labels(request: Mapping[str, Any], backend: Backend) -> Observe:
    """Labels of each frame that reach MinConfidence, 50 unless given, and pass the filters."""
    least = request.get("MinConfidence", _MIN_CONFIDENCE)
    settings = request.get("Settings", {}).get("GeneralLabels", {})

    def see(picture: Picture) -> Iterator[Members]:
        for label in filtered(backend.labels.detect(picture, least), settings):
            yield {"Label": label_member(label)}

    return _sampled(see)


def text(request: Mapping[str, Any], backend: Backend) -> Observe:
    """Lines and words of each frame that pass the filters. InvalidParameterException for a region that is none."""
    words = WordFilter.of(request.get("Filters", {}))

    def see(picture: Picture) -> Iterator[Members]:
        for detection in text_detections(backend.text.read(picture), words):
            yield {"TextDetection": detection}

    return _sampled(see)


def moderation(request: Mapping[str, Any], backend: Backend) -> Observe:
    """Moderation labels of each frame that reach MinConfidence, 50 unless given."""
    least = request.get("MinConfidence", _MIN_CONFIDENCE)

    def see(picture: Picture) -> Iterator[Members]:
        found = backend.moderation.detect(picture, least)
        kinds = [{"Name": name, "Confidence": confidence} for name, confidence in found.content_types]
        for label, confidence in found.labels:
            yield {"ModerationLabel": moderation_member(label, confidence), "ContentTypes": kinds}

    return _sampled(see)


def celebrities(_request: Mapping[str, Any], backend: Backend) -> Observe:
    """Faces of each frame that the gallery knows by name."""

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


def people(_request: Mapping[str, Any], backend: Backend) -> Observe:
    """People of each frame, each with the index that it keeps while it is followed."""

    def see(picture: Picture) -> list[Sighting]:
        found = backend.faces.detect(picture)
        bodies = [thing.box for thing in backend.objects.detect(picture) if thing.label == _PERSON]
        return sightings(bodies, found, backend.faces.embed(picture, found))

    def tell(_sighting: Sighting) -> Members:
        return {}

    return _followed(see, tell)


def face_search(request: Mapping[str, Any], backend: Backend) -> Observe:
    """Raises ResourceNotFoundException for a collection that is not there."""
    collection = policy.collection(request["CollectionId"], backend)
    threshold = request.get("FaceMatchThreshold", MATCH_THRESHOLD)

    def see(picture: Picture) -> list[Sighting]:
        found = backend.faces.detect(picture)
        return sightings([], found, backend.faces.embed(picture, found))

    def tell(sighting: Sighting) -> Members:
        if sighting.vector is None:
            return {"FaceMatches": []}
        found = nearest(sighting.vector, face_log(collection, backend), _FACE_MATCHES, threshold, backend)
        return {"FaceMatches": face_matches(found, collection)}

    return _followed(see, tell)


def segments(request: Mapping[str, Any], _backend: Backend) -> Observe:
    """Shots and technical cues, as SegmentTypes asks, after every frame was glanced at."""
    filters = request.get("Filters", {})
    cue_filter, shot_filter = filters.get("TechnicalCueFilter", {}), filters.get("ShotFilter", {})
    black = cue_filter.get("BlackFrame", {})

    def observe(video: Video) -> Iterator[tuple[int, Sequence[Members]]]:
        watcher = Watcher(
            Black(black.get("MaxPixelThreshold", 0.2), black.get("MinCoveragePercentage", 99.0)), video.full_range
        )
        for glance in video.glances():
            watcher.see(glance)
            yield glance.millis, ()
        found = {
            "TECHNICAL_CUE": lambda: watcher.cues(cue_filter.get("MinSegmentConfidence", MIN_CONFIDENCE)),
            "SHOT": lambda: watcher.shots(shot_filter.get("MinSegmentConfidence", MIN_CONFIDENCE)),
        }
        times = [*watcher.times, max(video.metadata.duration_millis, *watcher.times)]
        for kind in dict.fromkeys(request["SegmentTypes"]):
            members = [segment_member(one, number, times, video.exact_rate) for number, one in enumerate(found[kind]())]
            yield times[-1], members

    return observe


def _followed(see: Callable[[Picture], list[Sighting]], tell: Callable[[Sighting], Members]) -> Observe:
    """The people that `see` sees in the sampled frames, each with an index, and what `tell` tells of each."""

    def observe(video: Video) -> Iterator[tuple[int, Sequence[Members]]]:
        tracker = Tracker()
        for frame in video.frames():
            seen = see(frame.picture)
            yield (
                frame.millis,
                [
                    {
                        "Timestamp": frame.millis,
                        "Person": person_member(index, sighting),
                        **tell(sighting),
                    }
                    for index, sighting in zip(tracker.follow(frame.millis, seen), seen, strict=True)
                ],
            )

    return observe


def _sampled(see: Callable[[Picture], Iterable[Members]]) -> Observe:
    """What `see` sees in the sampled frames, with their times."""

    def observe(video: Video) -> Iterator[tuple[int, Sequence[Members]]]:
        for frame in video.frames():
            yield frame.millis, [{"Timestamp": frame.millis, **members} for members in see(frame.picture)]

    return observe


def person_member(index: int, sighting: Sighting) -> Members:
    """A person as AWS's PersonDetail."""
    members: dict[str, Any] = {"Index": index, "BoundingBox": bounding_box(sighting.box)}
    if sighting.face is not None:
        members["Face"] = face_detail(sighting.face)
    return members


def segment_member(segment: Segment, number: int, times: Sequence[int], rate: Fraction) -> Members:
    """A SegmentDetection. `times` are the frames' in milliseconds, and the end of the video's.

    The end is the last frame's; the duration includes it, so that start and duration make the next start (unconfirmed).
    """
    frames = segment.last + 1 - segment.first
    members: dict[str, Any] = {
        "StartTimestampMillis": times[segment.first],
        "EndTimestampMillis": times[segment.last],
        "DurationMillis": times[segment.last + 1] - times[segment.first],
        "StartTimecodeSMPTE": timecode(segment.first, rate),
        "EndTimecodeSMPTE": timecode(segment.last, rate),
        "DurationSMPTE": timecode(frames, rate),
        "StartFrameNumber": segment.first,
        "EndFrameNumber": segment.last,
        "DurationFrames": frames,
    }
    if segment.kind == "Shot":
        return {"Type": "SHOT", **members, "ShotSegment": {"Index": number, "Confidence": segment.confidence}}
    return {
        "Type": "TECHNICAL_CUE",
        **members,
        "TechnicalCueSegment": {"Type": segment.kind, "Confidence": segment.confidence},
    }


OBSERVATIONS: Mapping[str, Prepare] = {
    analyses.FACES.name: faces,
    analyses.LABELS.name: labels,
    analyses.TEXT.name: text,
    analyses.MODERATION.name: moderation,
    analyses.CELEBRITIES.name: celebrities,
    analyses.FACE_SEARCH.name: face_search,
    analyses.PEOPLE.name: people,
    analyses.SEGMENTS.name: segments,
}
"""By the analysis's name."""
