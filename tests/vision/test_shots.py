"""Cuts and cues of videos put together frame by frame."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from chalicelib.vision.shots import Black, Watcher
from chalicelib.vision.timecode import timecode
from chalicelib.vision.video import Video
from tests.films import Pixels, card, film, photo, plain


def watched(frames: list[Pixels], black: Black | None = None) -> Watcher:
    video = Video(BytesIO(film(frames, 10)))
    watcher = Watcher(black or Black(), video.full_range)
    for glance in video.glances():
        watcher.see(glance)
    return watcher


def spans(watcher: Watcher) -> list[tuple[int, int]]:
    return [(shot.first, shot.last) for shot in watcher.shots()]


def bars(number: int = 7, level: int = 191) -> Pixels:
    lit = ["111", "110", "011", "010", "101", "100", "001", "000"][:number]
    row = np.array([[level * int(channel) for channel in bar] for bar in lit], np.uint8)
    return np.asarray(Image.fromarray(row[None]).resize((320, 240), Image.Resampling.NEAREST))


def test_five_shots_to_the_frame() -> None:
    lengths = [13, 7, 22, 4, 18]
    scenes = [photo("coffee"), photo("chelsea"), card("Pause"), photo("astronaut"), photo("coffee")[::-1]]
    frames = [scene for scene, length in zip(scenes, lengths, strict=True) for _ in range(length)]
    assert spans(watched(frames)) == [(0, 12), (13, 19), (20, 41), (42, 45), (46, 63)]
    assert all(shot.confidence >= 70 for shot in watched(frames).shots())


def test_a_still_picture_is_one_shot() -> None:
    assert spans(watched([photo("coffee")] * 20)) == [(0, 19)]


def test_a_pan_is_no_cut() -> None:
    wide = photo("chelsea", (800, 240))
    assert spans(watched([wide[:, at : at + 320] for at in range(0, 480, 16)])) == [(0, 29)]


def test_a_flash_is_no_cut() -> None:
    frames = [photo("coffee")] * 10 + [plain("white")] + [photo("coffee")] * 10
    assert spans(watched(frames)) == [(0, 20)]


def test_a_cut_within_motion() -> None:
    one, other = photo("chelsea", (800, 240)), photo("coffee", (800, 240))
    frames = [one[:, at : at + 320] for at in range(0, 160, 8)] + [other[:, at : at + 320] for at in range(0, 160, 8)]
    assert spans(watched(frames)) == [(0, 19), (20, 39)]


def test_surer_cuts_are_fewer() -> None:
    frames = [photo("coffee")] * 5 + [photo("chelsea")] * 5
    watcher = watched(frames)
    sure = watcher.shots()[0].confidence
    assert len(watcher.shots(least=sure + 0.01)) == 1


class TestCues:
    def test_black_between(self) -> None:
        watcher = watched([photo("coffee")] * 8 + [plain("black")] * 5 + [photo("chelsea")] * 7)
        assert [(cue.kind, cue.first, cue.last) for cue in watcher.cues()] == [
            ("Content", 0, 19),
            ("BlackFrames", 8, 12),
        ]

    def test_black_at_the_ends_is_no_content(self) -> None:
        watcher = watched([plain("black")] * 4 + [photo("coffee")] * 8 + [plain("black")] * 3)
        found = [(cue.kind, cue.first, cue.last) for cue in watcher.cues()]
        assert found == [("BlackFrames", 0, 3), ("Content", 4, 11), ("BlackFrames", 12, 14)]

    def test_how_black(self) -> None:
        """A luma of 40 of 255 is black by default, and not with a threshold of a tenth."""
        dark = plain("rgb(40,40,40)")
        assert [cue.kind for cue in watched([dark] * 5).cues()] == ["BlackFrames"]
        assert [cue.kind for cue in watched([dark] * 5, Black(max_pixel_threshold=0.1)).cues()] == ["Content"]

    def test_how_much_of_it(self) -> None:
        """Two percent of white are too much by default."""
        frame = plain("black").copy()
        frame[:40, :39] = 255
        assert [cue.kind for cue in watched([frame] * 5).cues()] == ["Content"]
        assert [cue.kind for cue in watched([frame] * 5, Black(min_coverage=97)).cues()] == ["BlackFrames"]

    @pytest.mark.parametrize("frame", [bars(7), bars(8, 255), bars(7, 255)])
    def test_colour_bars(self, frame: Pixels) -> None:
        watcher = watched([frame] * 6 + [photo("coffee")] * 6)
        found = [(cue.kind, cue.first, cue.last) for cue in watcher.cues()]
        assert found == [("ColorBars", 0, 5), ("Content", 6, 11)]

    @pytest.mark.parametrize("frame", [bars(7)[:, ::-1], card("Bars"), plain("grey"), photo("astronaut")])
    def test_other_pictures_are_no_bars(self, frame: Pixels) -> None:
        assert [cue.kind for cue in watched([frame] * 4).cues()] == ["Content"]


class TestTimecodes:
    @pytest.mark.parametrize(
        ("frame", "rate", "expected"),
        [
            (0, Fraction(24), "00:00:00:00"),
            (24 * 3725 + 7, Fraction(24), "01:02:05:07"),
            (100, Fraction(24000, 1001), "00:00:04:04"),
            (1799, Fraction(30000, 1001), "00:00:59;29"),
            (1800, Fraction(30000, 1001), "00:01:00;02"),
            (3597, Fraction(30000, 1001), "00:01:59;29"),
            (3598, Fraction(30000, 1001), "00:02:00;02"),
            (17981, Fraction(30000, 1001), "00:09:59;29"),
            (17982, Fraction(30000, 1001), "00:10:00;00"),
            (107892, Fraction(30000, 1001), "01:00:00;00"),
            (3600, Fraction(60000, 1001), "00:01:00;04"),
            (1800, Fraction(30), "00:01:00:00"),
        ],
    )
    def test_timecode(self, frame: int, rate: Fraction, expected: str) -> None:
        assert timecode(frame, rate) == expected

    def test_drop_frame_counts_every_frame_once(self) -> None:
        rate = Fraction(30000, 1001)
        codes = [timecode(frame, rate) for frame in range(40_000)]
        assert len(set(codes)) == len(codes)
        assert codes == sorted(codes)
