"""DetectText against the rapidocr library's own pipeline with the same models, on one 1280x720 photo.

    python -m benchmarks.text [--photo PHOTO] [--rounds 9] [--threads 2]

rapidocr brings OpenCV and is none of our requirements: install it elsewhere and name its folder in PYTHONPATH.
Rounds alternate, so that a busy machine slows both; the ratio is of the medians. rapidocr enlarges a photo until
its shorter side has 736 pixels, we shrink the longer one to 960: the second comparison gives it our size.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from chalicelib.backend import Backend
from chalicelib.config import packs_folder
from chalicelib.operations.text import detect_text
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.sessions import Sessions
from chalicelib.vision.text import Text

_PORTRAIT = Path(__file__).parent.parent / "tests" / "photos" / "astronaut.jpg"
_NOTICES = (
    "DEPARTURES 14:05",
    "Platform 9 closed until Monday",
    "Mind the gap",
    "EXIT",
    "Tickets and information",
    "No. 2048-A",
)


class TimedSessions(Sessions):
    """Sessions that know how long their models ran."""

    seconds = 0.0

    def run(self, model: str, feeds: Any) -> list[NDArray[Any]]:
        start = time.perf_counter()
        outputs = super().run(model, feeds)
        self.seconds += time.perf_counter() - start
        return outputs


@dataclass(frozen=True)
class OneImage:
    """As much of a backend as DetectText asks for."""

    text: Text

    def picture(self, image: dict[str, Any]) -> Picture:
        return decode(image["Bytes"])


def photo(path: Path | None) -> bytes:
    """A JPEG of 1280x720: `path`, or a public-domain portrait with notices on it."""
    image = Image.open(path or _PORTRAIT).convert("RGB").resize((1280, 720))
    if path is None:
        pen = ImageDraw.Draw(image)
        for row, notice in enumerate(_NOTICES):
            pen.text((40 + 90 * row, 30 + 112 * row), notice, "white", ImageFont.load_default(28 + 6 * (row % 3)))
    out = BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def rapidocr(threads: int, **detection: Any) -> Callable[[bytes], Any]:
    options = {"EngineConfig.onnxruntime.intra_op_num_threads": threads, "Global.log_level": "error"}
    parameters = options | {f"Det.{name}": value for name, value in detection.items()}
    engine: Callable[[bytes], Any] = importlib.import_module("rapidocr").RapidOCR(params=parameters)
    return engine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    data = photo(asked.photo)
    sessions = TimedSessions(packs_folder(os.environ), asked.threads)
    backend = cast("Backend", OneImage(Text(sessions)))
    request: Any = {"Image": {"Bytes": data}}
    rivals: dict[str, Callable[[bytes], Any]] = {"DetectText": lambda _: detect_text(request, backend)}
    if importlib.util.find_spec("rapidocr"):
        rivals["rapidocr"] = rapidocr(asked.threads)
        rivals["rapidocr at our size"] = rapidocr(asked.threads, limit_type="max", limit_side_len=960)
    else:
        print("rapidocr is not importable: its side is skipped")

    times: dict[str, list[tuple[float, float]]] = {name: [] for name in rivals}
    models = []
    for number in range(asked.rounds + 1):  # the first opens the models
        for name, rival in rivals.items():
            sessions.seconds = 0.0
            start = time.perf_counter(), time.process_time()
            rival(data)
            elapsed = time.perf_counter() - start[0], time.process_time() - start[1]
            if number:
                times[name].append(elapsed)
            if number and name == "DetectText":
                models.append(sessions.seconds / elapsed[0])
    ours = medians(times["DetectText"])
    for name, measured in times.items():
        wall, processor = medians(measured)
        print(f"{name:21} {wall * 1e3:6.0f} ms, {wall / ours[0]:.2f} of ours", end="; ")
        print(f"processor {processor * 1e3:6.0f} ms, {processor / ours[1]:.2f} of ours")
    print(f"the models themselves take {statistics.median(models):.0%} of DetectText")


def medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    """Of wall-clock and of processor seconds."""
    wall, processor = zip(*times, strict=True)
    return statistics.median(wall), statistics.median(processor)


if __name__ == "__main__":
    main()
