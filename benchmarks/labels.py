"""DetectLabels against the bare model runs it needs, side by side in one run.

    python -m benchmarks.labels [PHOTO ...]

The feeds of each photo's model runs are recorded once; then the operation and the recorded runs take turns. The least
of the rounds counts: what else the machine does can only add. What is left is decoding, resizing, arithmetic and the
answer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from chalicelib.config import Settings
from chalicelib.operations.labels import label_member
from chalicelib.vision.faces import Faces
from chalicelib.vision.labels import Labels
from chalicelib.vision.picture import decode
from chalicelib.vision.sessions import Sessions

ROUNDS = 25
PHOTOS = Path(__file__).parent.parent / "tests" / "photos"


class Recorder(Sessions):
    """Sessions that keep what each run was fed."""

    def __init__(self, models: Path) -> None:
        super().__init__(models)
        self.runs: list[tuple[str, Mapping[str, NDArray[Any]]]] = []

    def run(self, model: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        self.runs.append((model, feeds))
        return super().run(model, feeds)


def compare(photo: Path, models: Path) -> tuple[float, float]:
    """Milliseconds of the bare runs and of the operation, the least of ROUNDS."""
    data = photo.read_bytes()
    recorder, sessions = Recorder(models), Sessions(models)
    Labels(recorder, Faces(recorder)).detect(decode(data))
    opened = [(sessions.session(model), dict(feeds)) for model, feeds in recorder.runs]
    labels = Labels(sessions, Faces(sessions))

    def bare() -> None:
        for session, feeds in opened:
            session.run(None, feeds)

    def operation() -> None:
        picture = decode(data)
        for found in labels.detect(picture):
            label_member(found, picture)

    bare()
    operation()
    times = [(_milliseconds(bare), _milliseconds(operation)) for _ in range(ROUNDS)]
    return min(one for one, _ in times), min(other for _, other in times)


def _milliseconds(function: Callable[[], None]) -> float:
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    photos = [Path(name) for name in sys.argv[1:]] or sorted(PHOTOS.glob("*.jpg"))
    print(f"{'photo':24} {'bare runs':>10} {'DetectLabels':>13} {'ratio':>6}")
    for photo in photos:
        bare, operation = compare(photo, Settings.from_environ().models)
        print(f"{photo.name:24} {bare:7.1f} ms {operation:10.1f} ms {operation / bare:6.2f}")


if __name__ == "__main__":
    main()
