"""The endpoint over HTTP, against the bare models with the JPEG's decoding, and against moto's canned answers."""

from __future__ import annotations

import base64
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from chalicelib.config import Settings
from chalicelib.vision.faces import Faces
from chalicelib.vision.picture import decode

from .measuring import Line, Recorder, in_turn, photo

ROUNDS = 40
ROOT = Path(__file__).parent.parent
CANNED = "StartFaceDetection"
"""An operation that moto answers without looking at the video."""


class Client:
    """Sends requests that are ready to send: what an SDK takes to make and read them is not ours."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)

    def request(self, operation: str, members: Mapping[str, Any], path: str = "/") -> Callable[[], bytes]:
        """A function that sends one request and reads its answer."""
        body = json.dumps(members).encode()
        headers = {"X-Amz-Target": f"RekognitionService.{operation}", "Content-Type": "application/x-amz-json-1.1"}

        def send() -> bytes:
            self._connection.request("POST", path, body, headers)
            answer = self._connection.getresponse()
            content = answer.read()
            assert answer.status == 200, content
            return content

        return send


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
        client.request("CreateCollection", {"CollectionId": "bench"})()
        numbers = count()

        def index() -> bytes:  # another ExternalImageId each time: the same would be recognised, not indexed
            name = {"CollectionId": "bench", "Image": image, "ExternalImageId": f"n{next(numbers)}"}
            return client.request("IndexFaces", name)()

        yield Line("IndexFaces, 1280x960", *_with(in_turn(index, indexing, ROUNDS), "bare models and decoding"))
        listing = client.request("ListCollections", {})
        describing = client.request("DescribeCollection", {"CollectionId": "bench"})
        with served("-m", "benchmarks.canned") as moto:
            canned = moto.request(CANNED, {"Video": {"S3Object": {"Bucket": "b", "Name": "n"}}})
            for name, one in (("ListCollections", listing), ("DescribeCollection", describing)):
                yield Line(name, *_with(in_turn(one, canned, 5 * ROUNDS), f"moto's canned {CANNED}"), "< 1")


def bare_detection(data: bytes) -> Callable[[], None]:
    """The JPEG decoded, and the model runs that DetectFaces makes of it."""
    recorder = Recorder(Settings.from_environ().models)
    Faces(recorder).detect(decode(data))
    return _after_decoding(data, recorder)


def bare_indexing(data: bytes) -> Callable[[], None]:
    """The same for IndexFaces: the embedding too."""
    recorder = Recorder(Settings.from_environ().models)
    faces, picture = Faces(recorder), decode(data)
    faces.embed(picture, faces.detect(picture))
    return _after_decoding(data, recorder)


def _after_decoding(data: bytes, recorder: Recorder) -> Callable[[], None]:
    again = recorder.again()

    def bare() -> None:
        Image.open(BytesIO(data)).load()
        again()

    return bare


def _with(times: tuple[float, float], yardstick: str) -> tuple[float, str, float]:
    return times[0], yardstick, times[1]
