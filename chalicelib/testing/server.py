"""A server for the tests of one pytest process, and what they do with it.

A process of its own, because moto's state is the process's: the user's `mock_aws` would erase the server's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import SetupError
from . import stages
from .scripting import Scripting, script

_PATIENCE = 10.0
"""Seconds that a server may take to stop."""
_ELSEWHERE = ("AWS_CA_BUNDLE", "AWS_ENDPOINT_URL_REKOGNITION", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_PROFILE")
"""Variables that would lead an SDK to another AWS."""


@contextmanager
def serving(packs: str | None = None, data_dir: Path | None = None) -> Iterator[str]:
    """The URL of a server, while entered. `packs` names the only model packs it shall use, with commas between.

    Raises SetupError for what a person must put right.
    """
    command = [sys.executable, "-P", "-m", f"{__package__}.child"]
    command += [] if packs is None else ["--packs", packs]
    command += [] if data_dir is None else ["--data-dir", str(data_dir.absolute())]
    # A session of its own: Ctrl-C is for pytest, which then ends the server in order.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline()
        told = json.loads(line) if line else {"error": "the server did not start: its own words are above"}
        try:
            if "error" in told:
                raise SetupError(told["error"])
            yield told["url"]
        finally:
            process.stdin.close()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


class Lookalike:
    """The server of this pytest process.

    `url` is where it listens; `script` says what its requests are answered. `keeps` for one with a data directory.
    """

    def __init__(self, url: str, *, keeps: bool = False) -> None:
        self.url = url
        self.region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        self.script: Scripting = script.at(url)
        self._stage = stages.Port(url)
        self._keeps = keeps
        self._session: Any = None
        self._clients: dict[str, Any] = {}
        self._shown = False
        self._others = self._environment()
        """The environment that is not there: ours while it is hidden, the user's while it is shown."""
        self._default_session: Any = None

    def client(self, service: str = "rekognition", **options: Any) -> Any:
        """A boto3 client of any service that talks to the server. `options` are boto3's; without, it is made once."""
        if options:
            return self._client(service, **options)
        if service not in self._clients:
            self._clients[service] = self._client(service)
        return self._clients[service]

    def reset(self) -> None:
        """Have the server forget all that was put there, and the script; with a data directory the script alone."""
        if self._keeps:
            self._stage.reset()
        else:
            self._stage.wipe()

    def show(self) -> None:
        """Let AWS SDKs find the server in the environment, and `lookalike.script` be its script."""
        if not self._shown:
            self._swap()
            stages.enter(self._stage)
            self._shown = True

    def hide(self) -> None:
        """Let the environment be as it was."""
        if self._shown:
            self._swap()
            stages.leave(self._stage)
            self._shown = False

    def _environment(self) -> dict[str, str | None]:
        return dict.fromkeys((*_ELSEWHERE, "AWS_SESSION_TOKEN")) | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": self.region,
        }

    def _swap(self) -> None:
        """Change places with the other environment, and with boto3's default session, which remembers credentials."""
        import boto3

        for name, value in self._others.items():
            self._others[name] = os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        boto3.DEFAULT_SESSION, self._default_session = self._default_session, boto3.DEFAULT_SESSION

    def _client(self, service: str, **options: Any) -> Any:
        import boto3

        if self._session is None:
            self._session = boto3.Session("test", "test", region_name=self.region)
        return self._session.client(service, **{"endpoint_url": self.url} | options)
