"""Where a script is played: in this process, inside moto, or by a server at its URL. Both answer to the same calls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from ..wire.rules import ScriptError

if TYPE_CHECKING:
    from ..wire.scripting import Script

_SECONDS = 30.0


class Stage(Protocol):
    """Plays a script: documents are {"Rules": [...]}. All raise ScriptError for what AWS could not do."""

    def load(self, document: Any, *, keep: bool) -> None:
        """Obey the rules, after those in force where they are kept."""

    def told(self) -> dict[str, Any]:
        """What is in force, with counts."""
        ...

    def reset(self) -> None:
        """Have everything real."""

    def record(self) -> None:
        """Note real answers from now on."""

    def recorded(self) -> dict[str, Any]:
        """The answers noted, as a script; no more are noted."""
        ...


class Inside:
    """Inside moto, which forgets the script with all else when it is reset."""

    def load(self, document: Any, *, keep: bool) -> None:
        inside_script().load(document, keep=keep)

    def told(self) -> dict[str, Any]:
        return inside_script().told()

    def reset(self) -> None:
        inside_script().reset()

    def record(self) -> None:
        inside_script().record()

    def recorded(self) -> dict[str, Any]:
        script = inside_script()
        recording, script.recording = script.recording, None
        return {"Rules": []} if recording is None else recording.told()


class Port:
    """A server, by its URL."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._open = build_opener(ProxyHandler({})).open  # it is on this machine, whatever the environment says

    def load(self, document: Any, *, keep: bool) -> None:
        self._ask("POST" if keep else "PUT", "script", document)

    def told(self) -> dict[str, Any]:
        return self._ask("GET", "script")

    def reset(self) -> None:
        self._ask("DELETE", "script")

    def record(self) -> None:
        self._ask("PUT", "script/recording")

    def recorded(self) -> dict[str, Any]:
        return self._ask("DELETE", "script/recording")

    def wipe(self) -> None:
        """Have the server forget everything, the script too. Raises ScriptError where it keeps its state."""
        self._ask("POST", "reset")

    def _ask(self, method: str, path: str, document: Any = None) -> dict[str, Any]:
        body = None if document is None else json.dumps(document).encode()
        url = f"{self.url}/_lookalike/{path}"
        request = Request(url, body, {"Content-Type": "application/json"}, method=method)  # noqa: S310 (the user's own)
        try:
            with self._open(request, timeout=_SECONDS) as answer:
                told: dict[str, Any] = json.load(answer)
        except HTTPError as error:
            with error:
                raise ScriptError(_reason(error.read()) or str(error)) from None
        except URLError as error:
            raise ScriptError(f"no Lookalike answers at {self.url}: {error.reason}") from None
        return told


INSIDE = Inside()

_entered: list[Stage] = []
"""The stages of the test that runs, innermost last. The process's, as moto's mocks are: one test runs at a time."""


def enter(stage: Stage) -> None:
    """Play on this stage from now on."""
    _entered.append(stage)


def leave(stage: Stage) -> None:
    """Go back to the stage before."""
    del _entered[len(_entered) - 1 - _entered[::-1].index(stage)]


def current() -> Stage:
    """The innermost stage. Raises ScriptError outside of all."""
    if not _entered:
        raise ScriptError(
            "there is no Rekognition to script here: do it within mock_rekognition(), in a test that uses the fixture "
            "lookalike, or through lookalike.script.at(url)"
        )
    return _entered[-1]


def inside_script() -> Script:
    """The script inside moto, kept where moto keeps what it knows of Rekognition, so that its reset drops it."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.rekognition.models import rekognition_backends

    from ..wire.scripting import Script

    held = vars(rekognition_backends[DEFAULT_ACCOUNT_ID]["us-east-1"])
    script: Script = held.get("lookalike_script") or held.setdefault("lookalike_script", Script())
    return script


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["Message"])
    except (ValueError, LookupError, TypeError):
        return ""
