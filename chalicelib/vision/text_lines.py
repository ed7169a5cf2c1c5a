"""What a line of text says: PP-OCRv6's recogniser, a CTC network (Graves et al. 2006), in batches.

A character's place in the line is the column at which the network says it; word boxes come from these columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from unicodedata import east_asian_width

import numpy as np
from numpy.typing import NDArray

from .sessions import Sessions

LINE_HEIGHT = 48
"""The network's input height, in pixels."""
_STEP = 8
"""Pixels of the input to a column of the output."""
_NARROWEST = 160
"""Shorter lines are padded. Of 500 word photos 95.4 % were right at their own widths, 96.0 % padded to this, 95.6 %
padded to the 320 pixels that the model was trained with, which cost twice the time."""
_BATCH_WIDTH = 16 * 320
"""Pixels of width in one run: enough to keep the cores busy, little enough for the 18,710 classes of each column."""
_BLANK = 0
_ASCII = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
_SPACE = 0.15
"""A blank column whose second thought is a space, this probable, is one: on receipts this mends 38 of 72 spaces
that the first thought misses and puts 8 among 6,621 pairs of letters."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A line as read, one entry a character."""

    text: str
    confidences: tuple[float, ...]
    """0 to 1."""
    places: tuple[float, ...]
    """Each character's middle as a ratio of the line's width."""

    @property
    def confidence(self) -> float:
        """The mean of the characters', spaces apart; 0 where nothing is read."""
        sure = [sure for character, sure in zip(self.text, self.confidences, strict=True) if character != " "]
        return sum(sure) / max(len(sure), 1)


class LineReader:
    """Reads crops of single lines."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[Reading]:
        """One reading for each crop [LINE_HEIGHT, width, 3] (RGB), in the order of `crops`."""
        readings: dict[int, Reading] = {}
        for batch in _batches([crop.shape[1] for crop in crops]):
            readings.update(zip(batch, self._run([crops[index] for index in batch]), strict=True))
        return [readings[index] for index in range(len(crops))]

    def _run(self, crops: list[NDArray[np.uint8]]) -> Iterator[Reading]:
        widths = [crop.shape[1] for crop in crops]
        lines = np.zeros((len(crops), 3, LINE_HEIGHT, _padded(max(widths))), dtype=np.float32)
        for line, crop, width in zip(lines, crops, widths, strict=True):
            bgr = crop[..., ::-1].transpose(2, 0, 1)  # trained on OpenCV's channel order
            line[:, :, :width] = bgr * np.float32(1 / 127.5) - 1
        (probabilities,) = self._sessions.run("ocr_recognition", {"input": lines})
        classes = probabilities.argmax(axis=2)
        sure = np.take_along_axis(probabilities, classes[..., None], axis=2)[..., 0]
        space = probabilities.shape[2] - 1
        classes[(classes == _BLANK) & (probabilities[..., space] >= _SPACE)] = space
        return map(self._decoded, classes, sure, widths)

    def _decoded(self, classes: NDArray[np.intp], confidences: NDArray[np.float32], width: int) -> Reading:
        """Greedy CTC: repeats are one character, blanks none."""
        firsts = np.flatnonzero(np.diff(classes, prepend=-1))
        behind = np.append(firsts[1:], len(classes))
        said = classes[firsts] != _BLANK
        firsts, behind = firsts[said], behind[said]
        middles = (firsts + behind) / 2 * _STEP / width
        return Reading(
            _folded("".join(self._alphabet[index] for index in classes[firsts])),
            tuple(confidences[firsts].tolist()),
            tuple(np.minimum(middles, 1).tolist()),
        )

    @cached_property
    def _alphabet(self) -> list[str]:
        """The character of each class: blank, those of the model's own list, space."""
        listed = self._sessions.session("ocr_recognition").get_modelmeta().custom_metadata_map["character"]
        return ["", *listed.split("\n"), " "]


def _folded(text: str) -> str:
    """Full-width punctuation belongs among Chinese characters; elsewhere a client looks for ASCII."""
    return text if any(east_asian_width(character) == "W" for character in text) else text.translate(_ASCII)


def _padded(width: int) -> int:
    return max(-(-width // _STEP) * _STEP, _NARROWEST)


def _batches(widths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of `widths`, similar widths together, so that little is computed on padding."""
    batch: list[int] = []
    for index in sorted(range(len(widths)), key=widths.__getitem__):
        if batch and (len(batch) + 1) * _padded(widths[index]) > _BATCH_WIDTH:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
