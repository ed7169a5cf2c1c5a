"""The endpoint over HTTP, against the bare models with the JPEG's decoding, and against moto's canned answers."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from chalicelib.config import Settings
from chalicelib.vision.attributes import AttributeReader
from chalicelib.vision.faces import Faces
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.sessions import Sessions

from .measuring import Line, Recorder, in_turn, photo

ROUNDS = 40
ROOT = Path(__file__).parent.parent
_HEAD = re.compile(rb"HTTP/1.1 (?P<status>\d+) .*?\r\nContent-Length: (?P<length>\d+)(?=\r\n).*?\r\n\r\n", re.DOTALL)
CANNED = "StartFaceDetection"
"""An operation that moto answers without looking at the video."""


class Client:
    """Sends requests that are ready to send over a bare socket: what an SDK takes to make and read them is not ours."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._connection: socket.socket | None = None

    def request(self, operation: str, members: Mapping[str, Any], path: str = "/") -> Callable[[], bytes]:
        """A function that sends one request and reads its answer."""
        body = json.dumps(members).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nX-Amz-Target: RekognitionService.{operation}\r\n"
            f"Content-Type: application/x-amz-json-1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return partial(self._exchange, head.encode() + body)

    def _exchange(self, message: bytes) -> bytes:
        host, port = self._host.split(":")
        connection = self._connection or socket.create_connection((host, int(port)))
        connection.sendall(message)
        answer = b""
        while not (head := _HEAD.match(answer)) or len(answer) < head.end() + int(head["length"]):
            if not (piece := connection.recv(65536)):
                raise ConnectionError(answer)
            answer += piece
        self._connection = None if b"Connection: close" in head[0] else connection
        assert head["status"] == b"200", answer
        return answer[head.end() :]

    def indexing(self, image: Mapping[str, str]) -> Callable[[], bytes]:
        """A function that indexes the image, each time under another name: the same would be recognised."""
        self.request("CreateCollection", {"CollectionId": "bench"})()
        numbers = count()

        def index() -> bytes:
            name = {"CollectionId": "bench", "Image": image, "ExternalImageId": f"n{next(numbers)}"}
            return self.request("IndexFaces", name)()

        return index


@contextmanager
def served(*command: str, **environ: str) -> Iterator[Client]:
    """A server in a process of its own; its first line ends with its URL."""
    given = os.environ | environ
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=given
    ) as process:
        assert process.stdout is not None
        try:
            yield Client(process.stdout.readline().split()[-1])
        finally:
            process.terminate()


def run() -> Iterator[Line]:
    """DetectFaces, IndexFaces and ListCollections."""
    data = photo()
    image = {"Bytes": base64.b64encode(data).decode()}
    with served("-m", "chalicelib", "serve", "--port", "0", "--memory") as client:
        detecting, indexing = bare_detection(data), bare_indexing(data)
        ours = client.request("DetectFaces", {"Image": image})
        yield Line(
            "DetectFaces, 1280x960", *_with(in_turn(ours, detecting, ROUNDS), "bare models and decoding"), "≤ 1.15"
        )
        everything = client.request("DetectFaces", {"Image": image, "Attributes": ["ALL"]})
        describing = bare_description(data)
        yield Line(
            "DetectFaces ALL", *_with(in_turn(everything, describing, ROUNDS), "bare models and decoding"), "≤ 1.5"
        )
        times = in_turn(everything, ours, ROUNDS)
        yield Line(f"DetectFaces ALL, {times[0] - times[1]:.0f} ms more", *_with(times, "DetectFaces"), "≤ 40 ms more")
        index = client.indexing(image)
        yield Line("IndexFaces, 1280x960", *_with(in_turn(index, indexing, ROUNDS), "bare models and decoding"))
        listing = client.request("ListCollections", {})
        counting = client.request("DescribeCollection", {"CollectionId": "bench"})
        with served("-m", "benchmarks.canned") as moto:
            canned = moto.request(CANNED, {"Video": {"S3Object": {"Bucket": "b", "Name": "n"}}})
            for name, one in (("ListCollections", listing), ("DescribeCollection", counting)):
                yield Line(name, *_with(in_turn(one, canned, 5 * ROUNDS), f"moto's canned {CANNED}"), "< 1")


def bare_detection(data: bytes) -> Callable[[], None]:
    """The JPEG decoded, and the model runs that DetectFaces makes of it."""
    return _bare(data, lambda sessions, picture: Faces(sessions).detect(picture))


def bare_description(data: bytes) -> Callable[[], None]:
    """The same for all attributes."""
    return _bare(
        data, lambda sessions, picture: AttributeReader(sessions).read(picture, Faces(sessions).detect(picture))
    )


def bare_indexing(data: bytes) -> Callable[[], None]:
    """The same for IndexFaces: the embedding too."""

    def index(sessions: Sessions, picture: Picture) -> None:
        faces = Faces(sessions)
        faces.embed(picture, faces.detect(picture))

    return _bare(data, index)


def _bare(data: bytes, look: Callable[[Sessions, Picture], object]) -> Callable[[], None]:
    """The decoding, and the runs that `look` makes, without `look`."""
    settings = Settings.from_environ()
    recorder = Recorder(settings.models, settings.threads)
    look(recorder, decode(data))
    again = recorder.again()

    def bare() -> None:
        Image.open(BytesIO(data)).load()
        again()

    return bare


def _with(times: tuple[float, float], yardstick: str) -> tuple[float, str, float]:
    return times[0], yardstick, times[1]
