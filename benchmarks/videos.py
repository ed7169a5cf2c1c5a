"""FaceDetection on stored video: against real time, what decoding ahead gains, and the memory of an hour.

    python -m benchmarks.videos [MINUTES]

The video is 640x480 at 30 frames a second, a portrait in the public domain that wanders about, so that every sampled
frame has a face. A minute is encoded; longer ones repeat its packets.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from chalicelib.config import Settings
from chalicelib.jobs.results import Writer
from chalicelib.operations.details import face_detail
from chalicelib.vision.faces import Faces
from chalicelib.vision.sessions import Sessions
from chalicelib.vision.video import Frame, Video

RATE, SECONDS = 30, 60
ROUNDS = 5
PHOTO = Path(__file__).parent.parent / "tests" / "photos" / "astronaut.jpg"


def scenes() -> Iterator[np.ndarray[Any, Any]]:
    with Image.open(PHOTO) as opened:
        wide = np.asarray(opened.convert("RGB").resize((800, 800)))
    for frame in range(RATE * SECONDS):
        x, y = 80 + int(80 * np.sin(frame / 40)), 60 + int(60 * np.cos(frame / 55))
        yield wide[y : y + 480, x : x + 640]


def make(path: Path, minutes: int) -> None:
    """Write the video."""
    with av.open(str(path), "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=RATE, width=640, height=480, pix_fmt="yuv420p")
        stream.options = {"preset": "veryfast", "bf": "0"}
        packets = []
        for number, pixels in enumerate(scenes()):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        base = packets[0].time_base
        minute = int(SECONDS / base)
        kept = [(bytes(packet), packet.pts, packet.dts, packet.is_keyframe) for packet in packets]
        for shift in range(minutes):
            for data, pts, dts, key in kept:
                packet = av.Packet(data)
                packet.stream, packet.time_base, packet.is_keyframe = stream, base, key
                packet.pts, packet.dts = pts + shift * minute, dts + shift * minute
                container.mux(packet)


def detect(faces: Faces, frames: Iterable[Frame]) -> int:
    """FaceDetection's work: details of every face of every frame, written as they are found."""
    writer = Writer(lambda _number, _data: None)
    for frame in frames:
        found = faces.detect(frame.picture)
        writer.extend([{"Timestamp": frame.millis, "Face": face_detail(face)} for face in found])
    return writer.close()


def timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def resident() -> float:
    """MB of memory in use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def watched(frames: Iterable[Frame]) -> Iterator[Frame]:
    """`frames`, and every ten minutes of them the memory in use."""
    due = 60_000
    for frame in frames:
        if frame.millis >= due:
            print(f"  minute {frame.millis // 60_000}: {resident():.0f} MB", flush=True)
            due += 600_000
        yield frame


def main() -> None:
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    faces = Faces(Sessions(Settings.from_environ().models))
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "video.mp4"
        make(video, minutes)
        if minutes > 1:
            spent = timed(lambda: detect(faces, watched(Video(video).frames())))
            print(f"{minutes} minutes in {spent:.0f} s: {60 * minutes / spent:.1f} times real time")
            return
        detect(faces, Video(video).frames())  # opens the models
        rounds = [
            (
                timed(lambda: [*Video(video).frames()]),
                timed(lambda: detect(faces, Video(video)._sampled())),
                timed(lambda: detect(faces, Video(video).frames())),
            )
            for _ in range(ROUNDS)
        ]
        decoding, in_turn, ahead = (min(each) for each in zip(*rounds, strict=True))
        print(f"decoding {decoding:.2f} s; decoding and looking in turn {in_turn:.2f} s, decoding ahead {ahead:.2f} s")
        print(f"{in_turn / ahead:.2f} times as fast; {SECONDS / ahead:.1f} times real time")


if __name__ == "__main__":
    main()
