"""A tiny published world: packages of a few kilobytes, the manifest that pins them, servers that offer them."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from chalicelib.modelkit.convert import build
from chalicelib.modelkit.graph import Graph
from chalicelib.modelkit.manifest import Manifest, Model, Pack, Source

WHEEL = "tiny_wheel-1.0-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl"
SDIST = "tiny_sdist-2.0.tar.gz"
FILE = "alone.onnx"


def model_file(scale: float) -> bytes:
    """An ONNX model that multiplies by `scale`, as an exporter might leave it."""
    graph = Graph()
    graph.add("Mul", "x", graph.constant(np.full((40, 40), scale, np.float32)), name="y")
    data: bytes = graph.model({"x": [40, 40]}, {"y": [40, 40]}).SerializeToString()
    return data


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(members: Mapping[str, bytes]) -> bytes:
    """A wheel of another platform than any that tests run on together: nothing may depend on its tags."""
    about = "tiny_wheel-1.0.dist-info"
    tags = "".join(f"Tag: cp311-cp311-{each}\n" for each in ("manylinux_2_17_aarch64", "manylinux2014_aarch64"))
    files = {
        **members,
        f"{about}/METADATA": b"Metadata-Version: 2.1\nName: tiny-wheel\nVersion: 1.0\nRequires-Python: <3.5\n",
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\n{tags}".encode(),
        f"{about}/RECORD": b"",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def sdist(members: Mapping[str, bytes]) -> bytes:
    """A source distribution whose set-up must never run."""
    files = {"tiny_sdist-2.0/setup.py": b"raise SystemExit('a package was run')\n", **members}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


@dataclass(frozen=True)
class World:
    """What is published, and the manifest of it: one pack of three models from three sources, one pack to accept."""

    folder: Path
    manifest: Manifest

    def index(self) -> Path:
        """The packages as a package index (PEP 503) in a folder."""
        root = self.folder / "simple"
        for package, file in (("tiny-wheel", WHEEL), ("tiny-sdist", SDIST)):
            page = root / package
            page.mkdir(parents=True, exist_ok=True)
            (page / file).write_bytes((self.folder / file).read_bytes())
            (page / "index.html").write_text(f'<a href="{file}">{file}</a>')
        return root


def publish(folder: Path) -> World:
    """Write the archives into `folder` and pin them."""
    models = {"one": model_file(1), "two": model_file(2), "three": model_file(3)}
    members = {"one": "tiny/one.onnx", "two": "tiny_sdist-2.0/tiny/two.onnx", "three": ""}
    archives = {
        WHEEL: wheel({members["one"]: models["one"]}),
        SDIST: sdist({members["two"]: models["two"]}),
        FILE: models["three"],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in archives.items():
        (folder / name).write_bytes(data)
    pins: list[dict[str, Any]] = [
        {"file": name, "sha256": sha256(data), "bytes": len(data)} for name, data in archives.items()
    ]
    sources = {
        "wheel": Source(**pins[0], requirement="tiny_wheel==1.0"),
        "sdist": Source(**pins[1], requirement="tiny_sdist==2.0"),
        "alone": Source(**pins[2], url="http://127.0.0.1:9/alone.onnx"),
    }
    cards = {
        name: _card(pack, source, members[name], models[name])
        for (name, source), pack in zip(
            [("one", "wheel"), ("two", "sdist"), ("three", "alone")], ["core"] * 3, strict=True
        )
    }
    cards["asked"] = _card("asking", "wheel", members["one"], models["one"])
    packs = {"core": Pack("what is needed"), "asking": Pack("what is asked for", accept="AGPL-3.0")}
    return World(folder, Manifest(packs, sources, cards))


def _card(pack: str, source: str, member: str, data: bytes) -> Model:
    def card(built: bytes) -> Model:
        return Model(
            pack=pack,
            source=source,
            member=member,
            member_sha256=sha256(data),
            format="onnx",
            sha256=sha256(built),
            bytes=len(built),
            licence="CC0-1.0",
            trained_on="nothing",
            stated="none",
            measured="none",
            meaning="a number",
            inputs={"input": [40, 40]},
            outputs={"output": [40, 40]},
        )

    return card(build(card(b""), data))


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """An HTTP server of `folder`: its address, and the paths that it has been asked for."""
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            asked.append(self.path.rpartition("/")[2])

        def log_message(self, *_: Any) -> None:
            """What it is asked for and lacks is the test's business."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
