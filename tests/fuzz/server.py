"""The server under test, and what is not to be seen of it."""

from __future__ import annotations

import base64
import http.client
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.conftest import ROOT
from tests.fuzz.requests import Sent

SLOWEST = 5.0
"""Seconds that no answer may take."""
MOST_GROWTH = 100.0
"""MB by which the server may grow."""
_WARM = 0.1
"""Of what is sent, until models are open and caches full."""
_DETECT = ("DetectFaces", "DetectLabels", "DetectText", "DetectModerationLabels", "IndexFaces", "SearchFacesByImage")
_COLLECTIONS = ("IndexFaces", "SearchFacesByImage")


@dataclass
class Findings:
    """What was seen."""

    answers: Counter[str] = field(default_factory=Counter)
    """How often each status and error was answered."""
    wrong: list[tuple[str, Sent]] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds."""
    grown: float = 0.0
    """MB of memory that the server has more than when it was warm."""

    def require_none(self) -> None:
        """Raises AssertionError where something was seen that may not be."""
        assert not self.wrong, "\n".join(
            f"{why}: {sent.operation} {sent.body[:500]!r}" for why, sent in self.wrong[:10]
        )
        assert self.slowest < SLOWEST, f"an answer took {self.slowest:.1f} s"
        assert self.grown < MOST_GROWTH, f"the server grew by {self.grown:.0f} MB"


class Target:
    """A server in a process of its own, and one connection to it."""

    def __init__(self, url: str, process: subprocess.Popen[str], expected: int) -> None:
        self.findings = Findings()
        self._netloc = urlsplit(url).netloc
        self._process = process
        self._connection = http.client.HTTPConnection(self._netloc, timeout=60)
        self._warm_after = max(1, int(expected * _WARM))
        self._sent = 0
        self._warm = 0.0

    def send(self, sent: Sent) -> None:
        """Send a request, and note what is wrong with its answer."""
        began = time.perf_counter()
        try:
            status, code = self._answer(sent)
        except (http.client.HTTPException, OSError, ValueError) as error:
            self._connection.close()
            self.findings.wrong.append((f"no answer ({error!r})", sent))
            return
        seconds = time.perf_counter() - began
        self.findings.answers[f"{status} {code}".rstrip()] += 1
        self.findings.slowest = max(self.findings.slowest, seconds)
        if status >= 500 and status != 501:
            self.findings.wrong.append((f"{status} {code}", sent))
        if seconds >= SLOWEST:
            self.findings.wrong.append((f"{seconds:.1f} s", sent))
        self._sent += 1
        if self._sent == self._warm_after:
            self._warm = self.memory()
        if self._sent % 2000 == 0:
            self._tidy()

    def send_picture(self, data: bytes, chance: random.Random) -> None:
        """Have a picture looked at, mostly by what runs no model: nearly all that is odd is in the file."""
        image = {"Bytes": base64.b64encode(data).decode()}
        members: dict[str, object] = {"Image": image}
        operation = chance.choice(_DETECT) if chance.random() < 0.1 else "DetectLabels"
        if operation == "DetectLabels":
            members["Features"] = ["IMAGE_PROPERTIES"]
        if operation in _COLLECTIONS:
            members["CollectionId"] = "fuzz"
        headers = {"X-Amz-Target": f"RekognitionService.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        self.send(Sent(operation, json.dumps(members).encode(), headers))

    def warm_up(self) -> None:
        """Have every model opened that will be asked for."""
        self._tidy()
        picture = {
            "Image": {"Bytes": base64.b64encode((ROOT / "tests" / "photos" / "astronaut.jpg").read_bytes()).decode()}
        }
        for operation in _DETECT:
            self._call(operation, picture | ({"CollectionId": "fuzz"} if operation in _COLLECTIONS else {}))

    def finish(self) -> Findings:
        """What was seen, once nothing more is sent."""
        self._tidy()
        assert self._process.poll() is None, "the server stopped"
        self.findings.grown = self.memory() - self._warm
        return self.findings

    def close(self) -> None:
        self._connection.close()

    def memory(self) -> float:
        """MB that the server holds."""
        status = Path(f"/proc/{self._process.pid}/status")
        if status.exists():
            return int(status.read_text().partition("VmRSS:")[2].split()[0]) / 1024
        told = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self._process.pid)], capture_output=True, text=True, check=True
        )
        return int(told.stdout) / 1024

    def _answer(self, sent: Sent) -> tuple[int, str]:
        self._connection.putrequest(sent.method, sent.path, skip_host="Host" in sent.headers)
        for name, value in (sent.headers | {"Content-Length": str(len(sent.body))}).items():
            self._connection.putheader(name, value.encode())
        self._connection.endheaders(sent.body)
        answer = self._connection.getresponse()
        content = answer.read()
        code = answer.headers.get("x-amzn-ErrorType", "")
        if code and content.startswith(b"{"):
            told = json.loads(content)
            if told.get("__type", "").rpartition("#")[2] != code:
                raise ValueError(f"the error's code is {told}")
        return answer.status, code

    def _tidy(self) -> None:
        """Delete the collections that were made: what is kept is no leak."""
        listed = self._call("ListCollections", {"MaxResults": 1000})
        for name in listed.get("CollectionIds", []):
            self._call("DeleteCollection", {"CollectionId": name})
        self._call("CreateCollection", {"CollectionId": "fuzz"})

    def _call(self, operation: str, members: dict[str, object]) -> dict[str, Any]:
        headers = {"X-Amz-Target": f"RekognitionService.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        self._connection.request("POST", "/", json.dumps(members), headers)
        told: dict[str, Any] = json.loads(self._connection.getresponse().read())
        return told


@contextmanager
def target(expected: int) -> Iterator[Target]:
    """A server that keeps nothing, to which about so many requests will be sent."""
    command = [sys.executable, "-m", "chalicelib", "serve", "--port", "0", "--memory"]
    environ = os.environ | {"LOOKALIKE_THREADS": "1"}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the server did not start: it says why above"
        made = Target(line.split()[-1], process, expected)
        try:
            made.warm_up()
            yield made
        finally:
            made.close()
            process.terminate()


def keep(wrong: list[tuple[str, Sent]], folder: Path) -> None:
    """Write what went wrong to files, a request each, as HTTP has it."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (why, sent) in enumerate(wrong):
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.headers.items())
        text = (
            f"{sent.method} {sent.path} HTTP/1.1\r\nHost: localhost\r\n{head}Content-Length: {len(sent.body)}\r\n\r\n"
        )
        (folder / f"{number:04}.http").write_bytes(text.encode() + sent.body)
        (folder / f"{number:04}.txt").write_text(why + "\n")
