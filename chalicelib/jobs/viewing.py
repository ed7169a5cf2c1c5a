"""The work of a video job: the video fetched, looked at frame by frame, and what was seen kept in every order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from tempfile import TemporaryFile
from typing import Any

from ..store.job import Job
from ..store.objects import Objects
from ..vision.video import Video
from .analyses import Analysis
from .results import Members, Results
from .worker import Progress

Observe = Callable[[Video], Iterable[tuple[int, Sequence[Members]]]]
"""Looks at a video; yields, as it goes on, how far it is (milliseconds) and the results found since."""


@dataclass(frozen=True, slots=True)
class Viewing:
    """One analysis at work."""

    analysis: Analysis
    prepare: Callable[[dict[str, Any]], Observe]
    """From a Start's request to what looks at its video; raises ServiceError for what cannot be."""
    objects: Objects
    results: Results
    rate: float
    """Frames looked at a second."""

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Do the work of `job`; returns its video's metadata and how many results each order has."""
        observe = self.prepare(job.request)
        video_object = job.request["Video"]["S3Object"]
        with TemporaryFile() as file:
            self.objects.fetch(video_object["Bucket"], video_object["Name"], video_object.get("Version"), file)
            file.seek(0)
            video = Video(file, self.rate)
            try:
                count = self._observe(job, observe, video, progress)
                metadata, audio = asdict(video.metadata), [asdict(one) for one in video.audio]
            finally:
                video.close()
        gap = int(1500 / min(self.rate, metadata["frame_rate"] or self.rate))
        return {"video": metadata, "audio": audio, "attempt": job.attempt, "counts": self._arrange(job, count, gap)}

    def _observe(self, job: Job, observe: Observe, video: Video, progress: Progress) -> int:
        """Keep the results as they are found; returns how many."""
        writer = self.results.writer(folder(job, job.attempt, *next(self.analysis.views)))
        for millis, found in observe(video):
            writer.extend(found)
            progress(min(millis / max(video.metadata.duration_millis, 1), 1.0))
        return writer.close()

    def _arrange(self, job: Job, count: int, gap: int) -> dict[str, int]:
        """Keep the results in all other orders; returns how many there are in each."""
        (first, *others), counts = self.analysis.views, {}
        counts["/".join(first)] = count
        for aggregation, order in others:
            found: Iterable[Members] = self.results.all(folder(job, job.attempt, *first))
            if aggregation == "SEGMENTS" and self.analysis.aggregate is not None:
                found = self.analysis.aggregate(found, gap)
            if (key := self.analysis.orders[order]) is not None:
                found = sorted(found, key=key)
            writer = self.results.writer(folder(job, job.attempt, aggregation, order))
            writer.extend(found)
            counts[f"{aggregation}/{order}"] = writer.close()
        return counts


def folder(job: Job, attempt: int, aggregation: str, order: str) -> str:
    """Where one order of one attempt's results is kept: an attempt that was given up spoils no other."""
    return f"{job.id}/{attempt}/{aggregation}/{order}"
