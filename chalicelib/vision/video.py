"""Stored video to frames: the only place that decodes it.

container ── packets ──> decoder ──> every frame's time ──> two frames a second, upright, as pictures
                                                       └──> every frame, small: what cuts are found in

Times are the stream's own, in milliseconds from the start of the video, rounded down as AWS does. FFmpeg applies edit
lists before we see a frame, so that the first frame shown is at 0 whatever was cut off before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .ahead import ahead
from .picture import Picture

FRAMES_PER_SECOND = 2.0
LONGEST = timedelta(hours=6)
"""AWS's limit for a stored video."""
CODEC = "h264"
_FULL_RANGE = 2  # FFmpeg's AVCOL_RANGE_JPEG
_FORMATS = frozenset({"mov", "mp4", "avi", "matroska"})
"""FFmpeg's names of what AWS reads (MP4, MOV, AVI), and Matroska, which holds the same streams."""
_AHEAD = 4
"""Sampled frames that wait decoded while a model looks at another: 3 MB each at 1280x720."""
_GLANCES_AHEAD = 64
GLANCE_WIDTH, GLANCE_HEIGHT = 64, 36
"""Of the small form of a frame: cuts are seen in it, grain and a few pixels of motion are not."""


class VideoError(Exception):
    """A video that cannot be analysed; the message is for the job's StatusMessage."""


@dataclass(frozen=True, slots=True)
class VideoMetadata:
    """What the container says of its video stream."""

    codec: str
    duration_millis: int
    format: str
    """Such as QuickTime / MOV."""
    frame_rate: float
    """Frames a second: the mean where it varies."""
    frame_height: int
    frame_width: int
    """In pixels, upright (that AWS answers it so for a turned video is unconfirmed)."""
    color_range: str
    """FULL or LIMITED; LIMITED where the stream does not say, as players take it."""


@dataclass(frozen=True, slots=True)
class AudioMetadata:
    """What the container says of one audio stream."""

    codec: str
    duration_millis: int
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A sampled frame."""

    millis: int
    picture: Picture


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """Any frame, small."""

    number: int
    """From 0."""
    millis: int
    small: NDArray[np.uint8]
    """[GLANCE_HEIGHT, GLANCE_WIDTH, 3], RGB."""
    lumas: NDArray[np.int64]
    """[256]: how many pixels have each luma, in the stream's own range."""


class Video:
    """An open video of a file or path; its frames can be read once, in one of the two ways.

    Raises VideoError for what is no video, for formats and codecs that AWS does not take, and for more than six hours.
    """

    def __init__(self, source: BinaryIO | Path, rate: float = FRAMES_PER_SECOND, longest: timedelta = LONGEST) -> None:
        import av  # .1 s, and on Lambda only the worker has it

        self._rate = Fraction(rate).limit_denominator(1000)
        self._undecodable: type[Exception] = av.FFmpegError
        try:
            self._container: Any = av.open(
                str(source) if isinstance(source, Path) else source, metadata_errors="ignore"
            )
        except (av.FFmpegError, ValueError) as error:
            raise VideoError("The video cannot be read: it is damaged, or no video") from error
        try:
            self._stream = self._supported_stream()
            first = self._first_frame()
            self.metadata = self._metadata(first)
            self.full_range = self.metadata.color_range == "FULL"
            """Whether luma runs from 0 to 255, and not from 16 to 235."""
            if self.metadata.duration_millis > longest / timedelta(milliseconds=1):
                raise VideoError(f"The video is longer than {longest / timedelta(hours=1):g} hours")
        except VideoError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the decoder."""
        self._container.close()

    @property
    def exact_rate(self) -> Fraction:
        """Frames a second, as a fraction: 30000/1001 for 29.97."""
        return Fraction(self._stream.average_rate or self._stream.guessed_rate or 0)

    @property
    def audio(self) -> list[AudioMetadata]:
        """The audio streams."""
        return [
            AudioMetadata(
                codec=stream.codec_context.name,
                duration_millis=self._millis(stream.duration * stream.time_base if stream.duration else None),
                sample_rate=stream.codec_context.sample_rate,
                channels=stream.codec_context.channels,
            )
            for stream in self._container.streams.audio
        ]

    def frames(self) -> Iterator[Frame]:
        """Frames at the rate asked for: the first at or after each multiple of its interval. Decoded ahead."""
        return ahead(self._sampled(), _AHEAD)

    def glances(self) -> Iterator[Glance]:
        """Every frame, small. Decoded ahead."""
        return ahead(
            (self._glance(number, frame, at) for number, (frame, at) in enumerate(self._decoded())), _GLANCES_AHEAD
        )

    def _sampled(self) -> Iterator[Frame]:
        due = Fraction(0)
        for frame, at in self._decoded(lambda at: at >= due):  # noqa: B023 -- as it is by then
            if at >= due:
                yield Frame(int(at * 1000), Picture.of(_upright(frame)))
                due = (at * self._rate // 1 + 1) / self._rate

    def _decoded(self, wanted: Callable[[Fraction], bool] = lambda at: True) -> Iterator[tuple[Any, Fraction]]:
        """Each frame with its time in seconds from the start. A damaged packet costs no more than its own frames.

        Frames that are not `wanted` are left out where no other needs them to be decoded (B-frames: of 30 frames a
        second as x264 writes them, two in a second wanted, a quarter of the decoder's time).
        """
        start = Fraction(self._container.start_time or 0, 1_000_000)
        found = False
        for packet in self._container.demux(self._stream):
            unwanted = packet.pts is not None and not wanted(packet.pts * Fraction(packet.time_base) - start)
            self._stream.codec_context.skip_frame = "NONREF" if unwanted else "DEFAULT"
            with suppress(self._undecodable):
                for frame in packet.decode():
                    if frame.pts is None:
                        continue
                    at = max(frame.pts * Fraction(frame.time_base) - start, Fraction(0))
                    found = True
                    yield frame, at
        if not found:
            raise VideoError("The video cannot be decoded: it holds no frame that is whole")

    def _glance(self, number: int, frame: Any, at: Fraction) -> Glance:
        small = frame.reformat(GLANCE_WIDTH, GLANCE_HEIGHT, "rgb24", interpolation="AREA").to_ndarray()
        luma = (frame if frame.format.name in _EIGHT_BIT_PLANAR else frame.reformat(format="yuv420p")).planes[0]
        pixels = np.frombuffer(luma, np.uint8).reshape(luma.height, luma.line_size)[::2, : luma.width : 2]
        return Glance(number, int(at * 1000), small, np.bincount(pixels.ravel(), minlength=256))

    def _supported_stream(self) -> Any:
        if not _FORMATS & set(self._container.format.name.split(",")):
            raise VideoError(f"Unsupported format: {self._container.format.long_name}")
        stream = next((one for one in self._container.streams.video if not _is_cover(one)), None)
        if stream is None:
            raise VideoError("The file holds no video stream")
        if stream.codec_context.name != CODEC:
            raise VideoError(f"Unsupported codec: {stream.codec_context.name}")
        stream.thread_type = "AUTO"
        return stream

    def _first_frame(self) -> Any:
        """The first frame: it alone says how the video is turned. Reading then begins anew."""
        frame = next((frame for frame, _ in self._decoded()))
        self._container.seek(0)
        return frame

    def _metadata(self, first: Any) -> VideoMetadata:
        stream = self._stream
        width, height = first.width, first.height
        if first.rotation % 180:
            width, height = height, width
        return VideoMetadata(
            codec=stream.codec_context.name,
            duration_millis=self._millis(stream.duration * stream.time_base if stream.duration else None),
            format=self._container.format.long_name,
            frame_rate=float(self.exact_rate),
            frame_height=height,
            frame_width=width,
            color_range="FULL" if int(first.color_range) == _FULL_RANGE else "LIMITED",
        )

    def _millis(self, seconds: Fraction | None) -> int:
        """Of a stream, or of the whole where its container keeps no times of streams (Matroska)."""
        return int((seconds if seconds is not None else Fraction(self._container.duration or 0, 1_000_000)) * 1000)


_EIGHT_BIT_PLANAR = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"})
"""Pixel formats whose first plane is luma, a byte a pixel."""


def _is_cover(stream: Any) -> bool:
    """Whether a stream is a picture attached to sound."""
    return "attached_pic" in str(stream.disposition).lower()


def _upright(frame: Any) -> NDArray[np.uint8]:
    """[height, width, 3], RGB, turned as the display matrix says (degrees, counter-clockwise)."""
    pixels: NDArray[np.uint8] = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90))) if frame.rotation else pixels
