"""Real answers kept as a script that gives them again.

A request is known again by its members; an image in it by the SHA-256 of its bytes, since no image is ever written
down. Where the same request was answered differently, the answers are given in the order in which they came, and the
last one from then on.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ..errors import ServiceError
from ..operations import Operation
from . import documents, service
from .rules import Failure, Match, Rule, errors_of

if TYPE_CHECKING:
    from ..backend import Backend


class Recording:
    """What was answered since it was made. Threads may add to it at once."""

    def __init__(self) -> None:
        self._heard: dict[str, list[Rule]] = {}
        """By request: a rule for each answer in a row, its `used` saying how often it came."""
        self._adding = threading.Lock()

    def noting(self, name: str, operation: Operation) -> Operation:
        """`operation`, which notes what it answers."""

        def noted(request: Any, backend: Backend) -> Mapping[str, Any]:
            try:
                result = operation(request, backend)
            except ServiceError as error:
                if error.code in errors_of(name):
                    self._note(Rule(name, _match(name, request), error=Failure(error.code, error.message)))
                raise
            self._note(Rule(name, _match(name, request), answer=documents.write_answer(name, result)))
            return result

        return noted

    def told(self) -> dict[str, Any]:
        """The script: {"Rules": [...]}."""
        with self._adding:
            rules = [rule for heard in self._heard.values() for rule in _in_turn(heard)]
        return {"Rules": msgspec.to_builtins(rules)}

    def _note(self, rule: Rule) -> None:
        key = msgspec.json.encode([rule.operation, rule.match], order="sorted").decode()
        with self._adding:
            heard = self._heard.setdefault(key, [])
            if heard and (heard[-1].answer, heard[-1].error) == (rule.answer, rule.error):
                heard[-1] = msgspec.structs.replace(heard[-1], used=heard[-1].used + 1)
            else:
                heard.append(msgspec.structs.replace(rule, used=1))


def _in_turn(heard: list[Rule]) -> list[Rule]:
    *earlier, last = heard
    counted = [msgspec.structs.replace(rule, times=rule.used, used=0) for rule in earlier]
    return [*counted, msgspec.structs.replace(last, used=0)]


def _match(operation: str, request: Mapping[str, Any]) -> Match:
    """What knows the request again: all of its members, but for images' bytes and for tokens that SDKs make up."""
    shape = service.shape(service.request_shape(operation))["members"]
    sums, members = [], {}
    for name, value in request.items():
        if shape[name]["shape"] == "Image" and "Bytes" in value:
            sums.append(hashlib.sha256(value["Bytes"]).hexdigest())
        elif name != "ClientRequestToken":
            members[name] = value
    return Match(sha256=sums, members=documents.write_request(operation, members))
