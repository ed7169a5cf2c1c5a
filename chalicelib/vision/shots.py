"""Where a video cuts, and its technical cues: what can be told from how its frames differ and from their colours.

A cut is a frame unlike the one before it, much more so than its neighbours are unlike theirs, and unlike still one
frame later (a flash is not). Dissolves and fades are not told from motion, and are no cuts here.

Cues are given where frames are evidence of them: BlackFrames by luma, as AWS defines them; ColorBars by the order and
purity of their colours; Content is what lies between. Slates, logos and credits would take a model that knows them,
and are not given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .video import Glance

_LEAST_CHANGE = 0.06
"""Mean difference of two frames, 0 to 1, below which nothing is a cut: a cut between like scenes changes more."""
_ABOVE_MOTION = 3.0
"""How many times more than its neighbours a cut changes."""
_NEIGHBOURS = 6
"""Frames on each side that say how much motion there is."""
_UNIFORM = 14.0
"""Standard deviation within a colour bar, of 255, above which it is no bar; compression leaves about 3."""
_BARS = ("110", "011", "010", "101", "100", "001")
"""After white: yellow, cyan, green, magenta, red, blue; which of red, green and blue are lit (SMPTE RP 219)."""
_LEAST_BARS = 70.0

MIN_CONFIDENCE = 50.0


class Segment(NamedTuple):
    """Frames from `first` to `last`, both included."""

    kind: str
    """Shot, or the technical cue's type."""
    first: int
    last: int
    confidence: float
    """50 to 100."""


@dataclass(frozen=True, slots=True)
class Black:
    """What counts as a black frame; by AWS's definition."""

    max_pixel_threshold: float = 0.2
    """Of the range of luma."""
    min_coverage: float = 99.0
    """Percent of the pixels."""

    def coverage(self, lumas: NDArray[np.int64], full_range: bool) -> float:
        """Percent of the pixels that are black."""
        lowest, span = (0, 255) if full_range else (16, 219)
        darkest = int(lowest + self.max_pixel_threshold * span)
        return 100 * float(lumas[: darkest + 1].sum()) / max(float(lumas.sum()), 1)


class Watcher:
    """Sees every frame once, in order, and says afterwards what the video is made of. Keeps five numbers a frame."""

    def __init__(self, black: Black, full_range: bool) -> None:
        self._black = black
        self._full_range = full_range
        self._times: list[int] = []
        self._changes: list[float] = []
        self._later: list[float] = []
        self._coverages: list[float] = []
        self._bars: list[float] = []
        self._before: list[NDArray[np.int16]] = []

    def see(self, glance: Glance) -> None:
        """The next frame."""
        small = glance.small.astype(np.int16)
        self._times.append(glance.millis)
        self._changes.append(_change(small, self._before[-1]) if self._before else 0.0)
        if len(self._before) > 1:
            self._later[-1] = _change(small, self._before[-2])
        self._later.append(1.0)  # until the frame after is seen
        self._coverages.append(self._black.coverage(glance.lumas, self._full_range))
        self._bars.append(_likeness_to_bars(glance.small))
        self._before = [*self._before[-1:], small]

    @property
    def times(self) -> Sequence[int]:
        """Of each frame, in milliseconds."""
        return self._times

    def shots(self, least: float = MIN_CONFIDENCE) -> list[Segment]:
        """The shots between the cuts that are at least so sure, 50 to 100. The ends of the video are certain."""
        cuts = [(frame, sure) for frame, sure in self._cuts() if sure >= least]
        bounds = [(0, 100.0), *cuts, (len(self._times), 100.0)]
        return [
            Segment("Shot", first, behind - 1, min(sure, until))
            for (first, sure), (behind, until) in pairwise(bounds)
            if behind > first
        ]

    def cues(self, least: float = MIN_CONFIDENCE) -> list[Segment]:
        """Technical cues at least so sure, in the order of their first frames."""
        black = self._runs("BlackFrames", self._coverages, self._black.min_coverage)
        bars = self._runs("ColorBars", self._bars, _LEAST_BARS)
        found = [*black, *bars, *self._content([*black, *bars])]
        return sorted((cue for cue in found if cue.confidence >= least), key=lambda cue: cue.first)

    def _cuts(self) -> Iterator[tuple[int, float]]:
        """The first frame of each shot but the first, and how sure it is."""
        beside = np.array(self._later)  # of the frame after from the frame before
        changes = np.minimum(self._changes, np.minimum(beside, np.r_[1.0, beside[:-1]]))
        for at in range(1, len(changes)):
            around = np.r_[self._changes[max(at - _NEIGHBOURS, 1) : at], self._changes[at + 1 : at + 1 + _NEIGHBOURS]]
            motion = float(np.median(around)) if len(around) else 0.0
            needed = max(_LEAST_CHANGE, _ABOVE_MOTION * motion)
            if changes[at] >= needed:
                yield at, 100 - 50 * needed / float(changes[at])

    def _runs(self, kind: str, measures: Sequence[float], least: float) -> list[Segment]:
        """Stretches of frames whose measure is at least so much; the mean of them is how sure each is."""
        found = []
        for passes, frames in groupby(range(len(measures)), lambda frame: measures[frame] >= least):
            if passes:
                run = list(frames)
                found.append(Segment(kind, run[0], run[-1], float(np.mean([measures[frame] for frame in run]))))
        return found

    def _content(self, others: Sequence[Segment]) -> Iterator[Segment]:
        """From the first frame that is nothing else to the last, parted by colour bars alone: a film has its black
        frames too. As sure as its share of frames that are nothing else."""
        kinds = np.full(len(self._times), " ")
        for segment in others:
            kinds[segment.first : segment.last + 1] = segment.kind[0]
        for is_bars, frames in groupby(range(len(kinds)), lambda frame: kinds[frame] == "C"):
            plain = [] if is_bars else [frame for frame in frames if kinds[frame] == " "]
            if plain:
                yield Segment("Content", plain[0], plain[-1], 100 * len(plain) / (plain[-1] - plain[0] + 1))


def _change(one: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    """How unlike two small frames are, 0 to 1."""
    return float(np.abs(one - other).mean()) / 255


def _likeness_to_bars(small: NDArray[np.uint8]) -> float:
    """0 to 100: how much the upper half looks like colour bars, with or without a black one at the end."""
    upper = small[2 : len(small) // 2].astype(np.float32)
    return max(_as_bars(upper, 7), _as_bars(upper, 8))


def _as_bars(upper: NDArray[np.float32], number: int) -> float:
    edges = np.linspace(0, upper.shape[1], number + 1)
    bars = [upper[:, int(np.ceil(left + 2)) : int(right - 1)] for left, right in pairwise(edges)]
    if max(float(bar.std(axis=(0, 1)).max()) for bar in bars) > _UNIFORM:
        return 0.0
    colours = np.array([bar.mean(axis=(0, 1)) for bar in bars])
    lit = float(colours[1:7].max())
    if lit < 96 or colours[0].min() < 0.9 * lit:  # the first bar is white, or grey of 75 %
        return 0.0
    expected = np.array([[int(channel) for channel in bar] for bar in _BARS])
    if number == 8 and colours[7].max() > 0.25 * lit:
        return 0.0
    return max(0.0, 100 * (1 - 2 * float(np.abs(colours[1:7] / lit - expected).mean())))
