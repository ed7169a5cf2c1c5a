"""DetectLabels against the bare model runs it needs: what is left is decoding, resizing, arithmetic and the answer."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.backend import Vision
from chalicelib.config import Settings
from chalicelib.operations.labels import label_member
from chalicelib.vision.picture import decode
from chalicelib.vision.sessions import Sessions

from .measuring import PHOTOS, Line, Recorder, in_turn

ROUNDS = 25


def run() -> Iterator[Line]:
    """A line for each photo of tests/photos."""
    for photo in sorted(PHOTOS.glob("*.jpg")):
        yield _compared(photo.stem, photo.read_bytes())


def _compared(name: str, data: bytes) -> Line:
    models = Settings.from_environ().models
    recorder, sessions = Recorder(models), Sessions(models)
    Vision(recorder).labels.detect(decode(data))
    labels = Vision(sessions).labels

    def operation() -> None:
        picture = decode(data)
        for found in labels.detect(picture):
            label_member(found, picture)

    ours, theirs = in_turn(operation, recorder.again(), ROUNDS)
    return Line(f"DetectLabels, {name}", ours, "the bare runs it needs", theirs, "≤ 1.15")
