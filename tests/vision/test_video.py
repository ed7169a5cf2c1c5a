"""Frames and metadata of videos whose every frame is known."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from io import BytesIO
from itertools import count

import numpy as np
import pytest

from chalicelib.vision.ahead import ahead
from chalicelib.vision.video import Video, VideoError, VideoMetadata
from tests.films import film, photo, plain


def millis(data: bytes, rate: float = 2.0) -> list[int]:
    return [frame.millis for frame in Video(BytesIO(data), rate).frames()]


@pytest.mark.parametrize(
    ("container", "format_name"),
    [
        ("mp4", "QuickTime / MOV"),
        ("mov", "QuickTime / MOV"),
        ("matroska", "Matroska / WebM"),
        ("avi", "AVI (Audio Video Interleaved)"),
    ],
)
def test_metadata(container: str, format_name: str) -> None:
    data = film([photo("coffee")] * 25, 10, container=container)
    assert Video(BytesIO(data)).metadata == VideoMetadata(
        codec="h264",
        duration_millis=2500,
        format=format_name,
        frame_rate=10.0,
        frame_height=240,
        frame_width=320,
        color_range="LIMITED",
    )


def test_fractional_rate() -> None:
    video = Video(BytesIO(film([plain("grey")] * 30, Fraction(30000, 1001))))
    assert video.exact_rate == Fraction(30000, 1001)
    assert video.metadata.frame_rate == pytest.approx(29.97003)
    assert video.metadata.duration_millis == 1001


def test_two_frames_a_second() -> None:
    assert millis(film([plain("grey")] * 25, 10)) == [0, 500, 1000, 1500, 2000]


def test_frames_that_nobody_needs_are_not_decoded() -> None:
    """The same frames are given as where all are decoded."""
    moving = [np.roll(photo("coffee"), 2 * number, axis=1) for number in range(60)]
    data = film(moving, 30, between=3)
    found = [*Video(BytesIO(data)).frames()]
    assert [frame.millis for frame in found] == [0, 500, 1000, 1500]
    everything = [frame for frame, _ in Video(BytesIO(data))._decoded()]
    assert len(everything) == 60
    for frame, number in zip(found, (0, 15, 30, 45), strict=True):
        assert np.array_equal(frame.picture.pixels, everything[number].to_ndarray(format="rgb24"))
    assert len([*Video(BytesIO(data))._decoded(lambda at: at >= 10)]) < 40


def test_other_rate() -> None:
    assert millis(film([plain("grey")] * 25, 10), rate=5) == [*range(0, 2500, 200)]


def test_a_slower_video_gives_each_frame_once() -> None:
    assert millis(film([plain("grey")] * 3, 1)) == [0, 1000, 2000]


def test_variable_frame_rate() -> None:
    """The first frame at or after each half second, by its own time."""
    times = [0, 40, 80, 490, 640, 700, 1900, 1950, 2000]
    assert millis(film([plain("grey")] * 9, 25, times=times)) == [0, 640, 1900, 2000]


def test_an_edit_list_cuts_the_start() -> None:
    """Of ten frames the first five are cut off: what is shown first is the sixth, at 0."""
    frames = [plain("red")] * 5 + [plain("blue")] * 5
    shown = list(Video(BytesIO(film(frames, 10, skip=5)), rate=10).frames())
    assert [frame.millis for frame in shown] == [0, 100, 200, 300, 400]
    assert all(frame.picture.pixels[120, 160, 2] > 200 for frame in shown)


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (-90, -1), (180, 2)])
def test_rotation(rotation: int, turns: int) -> None:
    coffee = photo("coffee")
    video = Video(BytesIO(film([coffee] * 3, rotation=rotation)))
    frame = next(video.frames())
    upright = np.rot90(coffee, turns)
    assert (video.metadata.frame_height, video.metadata.frame_width) == upright.shape[:2]
    assert np.abs(frame.picture.pixels.astype(int) - upright).mean() < 8


def test_glances_see_every_frame() -> None:
    frames = [plain("black")] * 3 + [plain("white")] * 2
    glances = list(Video(BytesIO(film(frames, 10))).glances())
    assert [(one.number, one.millis) for one in glances] == [(0, 0), (1, 100), (2, 200), (3, 300), (4, 400)]
    assert all(one.lumas.sum() == 160 * 120 for one in glances)
    assert [one.lumas[:20].sum() > 0 for one in glances] == [True] * 3 + [False] * 2
    assert glances[4].small.mean() > 250


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff not even a photo", bytes(5000)])
def test_what_is_no_video(data: bytes) -> None:
    with pytest.raises(VideoError, match="damaged, or no video"):
        Video(BytesIO(data))


def test_cut_short() -> None:
    """Before the index of its frames, as an upload that broke off leaves it."""
    with pytest.raises(VideoError, match="damaged, or no video"):
        Video(BytesIO(film([plain("grey")] * 20)[:1000]))


def test_codecs_and_formats_that_aws_does_not_take() -> None:
    with pytest.raises(VideoError, match="Unsupported codec: mpeg4"):
        Video(BytesIO(film([plain("grey")] * 20, codec="mpeg4")))
    with pytest.raises(VideoError, match="Unsupported format"):
        Video(BytesIO(film([plain("grey")] * 20, container="mpegts")))


def test_sound_alone() -> None:
    with pytest.raises(VideoError, match="no video stream"):
        Video(BytesIO(_sound()))


def test_too_long() -> None:
    with pytest.raises(VideoError, match="longer than"):
        Video(BytesIO(film([plain("grey")] * 25)), longest=timedelta(seconds=2))


def test_damage_in_the_middle_costs_no_more_than_that() -> None:
    data = bytearray(film([photo("chelsea")] * 40, 10, container="matroska"))
    middle = len(data) // 3
    data[middle : middle + 300] = bytes(300)
    shown = millis(bytes(data))
    assert shown[0] == 0
    assert shown[-1] == 3500


def test_ahead_keeps_order_and_raises_what_is_raised() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise VideoError("gone")

    found = ahead(items(), 2)
    assert [next(found) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(VideoError, match="gone"):
        next(found)


def test_ahead_stops_with_its_caller() -> None:
    before = threading.active_count()
    endless = ahead(count(), 2)
    assert next(iter(endless)) == 0
    endless.close()  # type: ignore[attr-defined]  # a generator
    assert threading.active_count() == before


def _sound() -> bytes:
    import av

    out = BytesIO()
    with av.open(out, "w", format="mp4") as opened:
        stream = opened.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        opened.mux(stream.encode(frame))
        opened.mux(stream.encode(None))
    return out.getvalue()
