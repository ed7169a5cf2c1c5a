"""How everything here is measured: in turn, by medians."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chalicelib.vision.sessions import Sessions

if TYPE_CHECKING:
    import onnxruntime

PHOTOS = Path(__file__).parent.parent / "tests" / "photos"


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison."""

    what: str
    ours: float
    """Milliseconds, the median."""
    yardstick: str
    theirs: float
    """Milliseconds, the median."""
    aim: str = ""
    """What the ratio should be."""

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs


def in_turn(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Medians in milliseconds of two functions that take turns, after one call of each that is not counted."""
    ours()
    theirs()
    times = [(milliseconds(ours), milliseconds(theirs)) for _ in range(rounds)]
    return statistics.median(one for one, _ in times), statistics.median(other for _, other in times)


def by_themselves(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The same where each would push the other's data out of the caches: turns of thirty calls, of which the last
    twenty are counted.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for function, counted in zip((ours, theirs), times, strict=True):
            counted.extend([milliseconds(function) for _ in range(30)][10:])
    return statistics.median(times[0]), statistics.median(times[1])


def milliseconds(function: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1000


class Recorder(Sessions):
    """Sessions that keep what each run was fed, to run it again bare."""

    def __init__(self, models: Path, threads: int = 0) -> None:
        super().__init__(models, threads)
        self.runs: list[tuple[str, Mapping[str, NDArray[Any]]]] = []

    def run(self, model: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        self.runs.append((model, feeds))
        return super().run(model, feeds)

    def again(self) -> Callable[[], None]:
        """The recorded runs one after another, each on all threads, and nothing else."""
        opened = {model: self._bare(model) for model, _ in self.runs}

        def bare() -> None:
            for model, feeds in self.runs:
                opened[model].run(None, feeds)

        return bare

    def _bare(self, model: str) -> onnxruntime.InferenceSession:
        """As onnxruntime opens it, but that no thread spins, which made the runs of DetectFaces take 51 ms, not 34."""
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime  # which keeps a record of its use, unless told not to before

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(str(self.path(model)), options, providers=["CPUExecutionProvider"])


def photo(width: int = 1280, height: int = 960) -> bytes:
    """A JPEG with one face: the public-domain portrait, beside noise that no encoder can flatten away."""
    noise = np.random.default_rng(1).normal(120, 30, (height // 8, width // 8, 3)).clip(0, 255).astype(np.uint8)
    scene = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
    portrait = Image.open(PHOTOS / "astronaut.jpg").resize((height * 3 // 4, height * 3 // 4))
    scene.paste(portrait, (width // 8, height // 8))
    out = BytesIO()
    scene.save(out, "JPEG", quality=90)
    return out.getvalue()
