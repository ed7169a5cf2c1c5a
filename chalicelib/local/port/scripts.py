"""What tests ask of the port: the script in force, a recording, and that all be forgotten.

    PUT     /_lookalike/script             put {"Rules": [...]} in force, instead of what was
    POST    /_lookalike/script             add {"Rules": [...]} to what is in force
    GET     /_lookalike/script             tell it, with how often each rule applied
    DELETE  /_lookalike/script             have everything real again
    PUT     /_lookalike/script/recording   note real answers from now on
    GET     /_lookalike/script/recording   the answers so far, as a script
    DELETE  /_lookalike/script/recording   the same, and note no more
    POST    /_lookalike/reset              forget everything that was ever put here: only with --memory

Each answers 200 and JSON; a script that AWS could not obey 400 and why.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec

from ...wire.gateway import Request, Response
from ...wire.rules import ScriptError
from ...wire.scripting import Script
from .answers import as_json


class Scripts:
    """The routes. `reset` forgets everything; None where that is not to be had. Who may ask is for the gate to say."""

    def __init__(self, script: Script, reset: Callable[[], None] | None) -> None:
        self._script = script
        self._reset = reset
        self._routes: dict[tuple[str, str], Callable[[bytes], Any]] = {
            ("PUT", "/_lookalike/script"): self._replace,
            ("POST", "/_lookalike/script"): self._add,
            ("GET", "/_lookalike/script"): lambda _: script.told(),
            ("DELETE", "/_lookalike/script"): self._clear,
            ("PUT", "/_lookalike/script/recording"): self._record,
            ("GET", "/_lookalike/script/recording"): lambda _: self._recorded(),
            ("DELETE", "/_lookalike/script/recording"): self._stop,
            ("POST", "/_lookalike/reset"): self._forget,
        }

    def answer(self, request: Request) -> Response | None:
        """Answer a request for one of the routes; None for others."""
        route = self._routes.get((request.method, request.path))
        if route is None:
            return None
        try:
            return as_json(HTTPStatus.OK, route(request.body))
        except ScriptError as error:
            return as_json(HTTPStatus.BAD_REQUEST, {"Message": str(error)})

    def _replace(self, body: bytes) -> Any:
        self._script.load(_read(body))
        return self._script.told()

    def _add(self, body: bytes) -> Any:
        self._script.load(_read(body), keep=True)
        return self._script.told()

    def _clear(self, _: bytes) -> Any:
        self._script.reset()
        return self._script.told()

    def _record(self, _: bytes) -> Any:
        self._script.record()
        return self._recorded()

    def _recorded(self) -> Any:
        recording = self._script.recording
        return {"Rules": []} if recording is None else recording.told()

    def _stop(self, _: bytes) -> Any:
        recorded = self._recorded()
        self._script.recording = None
        return recorded

    def _forget(self, _: bytes) -> Any:
        if self._reset is None:
            raise ScriptError("a server that keeps its state forgets nothing: start one with --memory")
        self._reset()
        return {}


def _read(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ScriptError(f"the script is not JSON: {error}") from None
