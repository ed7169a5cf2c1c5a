"""Stored video: the eight Starts and the eight Gets, which differ only in data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InvalidParameterException, VideoTooLargeException
from ..jobs import analyses
from ..jobs.analyses import Analysis
from ..jobs.results import PART, Results
from ..jobs.viewing import Viewing, folder
from ..store.job import Job
from . import pages
from .observations import OBSERVATIONS

if TYPE_CHECKING:
    from ..backend import Backend

Operation = Callable[[Any, "Backend"], Mapping[str, Any]]

LARGEST_VIDEO = 10 * 1024**3
"""Bytes (AWS)."""
SEGMENT_MODEL_VERSION = "2.0"
"""As AWS names its models of shots and cues (unconfirmed)."""
_LARGEST_PAGE = PART


def start(analysis: Analysis, largest: int = LARGEST_VIDEO) -> Operation:
    """The operation that starts `analysis` on videos of at most `largest` bytes.

    It raises, besides what the request's members ask for, InvalidS3ObjectException, VideoTooLargeException,
    IdempotentParameterMismatchException and LimitExceededException.
    """
    prepare = OBSERVATIONS[analysis.name]

    def operation(request: Mapping[str, Any], backend: Backend) -> Mapping[str, Any]:
        video = request["Video"].get("S3Object", {})
        if "Bucket" not in video or "Name" not in video:
            raise InvalidParameterException
        size = backend.store.objects.size(video["Bucket"], video["Name"], video.get("Version"))
        if size > largest:
            raise VideoTooLargeException(
                f"Video size in bytes: {size} is more than the maximum limit of: {largest} bytes."
            )
        prepare(request, backend)
        return {"JobId": backend.jobs.start(analysis.name, request, backend.clock().timestamp())}

    return operation


def get(analysis: Analysis) -> Operation:
    """The operation that answers a page of what `analysis` found."""

    def operation(request: Mapping[str, Any], backend: Backend) -> Mapping[str, Any]:
        job = backend.jobs.get(analysis.name, request["JobId"])
        aggregation = request.get("AggregateBy", "TIMESTAMPS")
        order = request.get("SortBy", next(iter(analysis.orders)))
        answer: dict[str, Any] = {
            "JobId": job.id,
            "JobStatus": job.status,
            "Video": job.request["Video"],
            analysis.results: [],
        }
        if "JobTag" in job.request:
            answer["JobTag"] = job.request["JobTag"]
        if job.message:
            answer["StatusMessage"] = job.message
        if analysis.version:
            answer[analysis.version[0]] = analysis.version[1]
        if analysis.aggregate:
            answer["GetRequestMetadata"] = {"SortBy": order, "AggregateBy": aggregation}
        if job.status == "SUCCEEDED":
            answer |= _metadata(analysis, job)
            answer |= _page(analysis, job, f"{aggregation}/{order}", request, backend)
        return answer

    return operation


def viewing(analysis: Analysis, backend: Backend) -> Viewing:
    """How a worker does the work of `analysis`."""
    prepare, settings = OBSERVATIONS[analysis.name], backend.settings
    return Viewing(
        analysis,
        lambda request: prepare(request, backend),
        backend.store.objects,
        results(backend),
        settings.frames_per_second,
    )


def _page(analysis: Analysis, job: Job, view: str, request: Mapping[str, Any], backend: Backend) -> Mapping[str, Any]:
    name = f"Get{analysis.name}"
    at = int(pages.position(name, request, backend.clock()) or 0)
    most = min(request.get("MaxResults", _LARGEST_PAGE), _LARGEST_PAGE)
    found = results(backend).page(folder(job, job.outcome["attempt"], *view.split("/")), at, most)
    page: dict[str, Any] = {analysis.results: found}
    if at + most < job.outcome["counts"][view]:
        page["NextToken"] = pages.token(name, request, str(at + most), backend.clock())
    return page


def _metadata(analysis: Analysis, job: Job) -> Mapping[str, Any]:
    """What the answer says of the video. Of segments it says more, and in lists."""
    if analysis is not analyses.SEGMENTS:
        return {"VideoMetadata": _video_metadata(job)}
    return {
        "VideoMetadata": [_video_metadata(job)],
        "AudioMetadata": [
            {
                "Codec": of["codec"],
                "DurationMillis": of["duration_millis"],
                "SampleRate": of["sample_rate"],
                "NumberOfChannels": of["channels"],
            }
            for of in job.outcome["audio"]
        ],
        "SelectedSegmentTypes": [
            {"Type": kind, "ModelVersion": SEGMENT_MODEL_VERSION} for kind in dict.fromkeys(job.request["SegmentTypes"])
        ],
    }


def _video_metadata(job: Job) -> Mapping[str, Any]:
    of = job.outcome["video"]
    return {
        "Codec": of["codec"],
        "DurationMillis": of["duration_millis"],
        "Format": of["format"],
        "FrameRate": of["frame_rate"],
        "FrameHeight": of["frame_height"],
        "FrameWidth": of["frame_width"],
        "ColorRange": of["color_range"],
    }


def results(backend: Backend) -> Results:
    """Where the results of jobs are."""
    return Results(backend.store.objects, backend.settings.bucket)
