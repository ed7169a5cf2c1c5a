"""`script`: what a request is answered, said in Python.

script.on("DetectFaces", key="cats/*").returns({"FaceDetails": []})
script.on("DetectLabels", times=2).raises("ThrottlingException")
script.on("*").delays(200)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from ..wire import documents
from ..wire.rules import ANY, ScriptError, read
from . import stages
from .stages import Stage

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Scripting:
    """A script, on a stage: where none is given, the Rekognition of the test that runs."""

    _stage: Stage | None = field(default=None, repr=False)

    def at(self, url: str) -> Scripting:
        """The script of the server at `url`, such as http://127.0.0.1:4566."""
        return Scripting(stages.Port(url))

    def on(
        self,
        operation: str,
        *,
        image: bytes | PathLike[str] | None = None,
        bucket: str = "*",
        key: str = "*",
        times: int | None = None,
        **members: Any,
    ) -> Rule:
        """Calls of an operation, `*` for all, that a rule shall be for; say next what it does.

        `image` are the bytes or the path of an image that the request must hold, itself or in S3; `bucket` and `key`
        patterns of an object in S3 that it names; `members` values of its members, as in CollectionId="staff". The
        rule applies `times` times, or until the script is reset.
        """
        match: dict[str, Any] = {name: text for name, text in (("Bucket", bucket), ("Key", key)) if text != "*"}
        if image is not None:
            content = image if isinstance(image, bytes) else Path(image).read_bytes()
            match["Sha256"] = [hashlib.sha256(content).hexdigest()]
        if members:
            match["Members"] = members
        rule: dict[str, Any] = {"Operation": operation, "Match": match}
        return Rule(self, rule if times is None else rule | {"Times": times})

    def add(self, *rules: Mapping[str, Any]) -> None:
        """Put rules, as in JSON, after those in force. Raises ScriptError for what AWS could not do."""
        document = {"Rules": list(rules)}
        read(document)  # told here, before anything is sent
        self._played.load(document, keep=True)

    def load(self, script: Mapping[str, Any] | PathLike[str] | str) -> None:
        """Put {"Rules": [...]}, or the JSON file of that path, in place of what is in force. Raises ScriptError."""
        if not isinstance(script, Mapping):
            try:
                script = json.loads(Path(script).read_bytes())
            except ValueError as error:
                raise ScriptError(f"{script} is not JSON: {error}") from None
        self._played.load(script, keep=False)

    def reset(self) -> None:
        """Have everything real again, and nothing recorded."""
        self._played.reset()

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules in force, as in JSON, each with `Used`, how often it applied, and `Left`, None for ever."""
        rules: list[dict[str, Any]] = self._played.told()["Rules"]
        return rules

    @contextmanager
    def record(self, path: PathLike[str] | str | None = None) -> Iterator[Recorded]:
        """Note the real answers given within it; afterwards they are a script, also in a file where one is named."""
        stage, recorded = self._played, Recorded()
        stage.record()
        try:
            yield recorded
        finally:
            recorded.script = stage.recorded()
        if path is not None:
            recorded.save(path)

    @property
    def _played(self) -> Stage:
        return self._stage or stages.current()


@dataclass
class Recorded:
    """What was recorded; whole when the recording is over."""

    script: dict[str, Any] = field(default_factory=lambda: {"Rules": []})
    """{"Rules": [...]}, to be given to `Scripting.load`."""

    def save(self, path: PathLike[str] | str) -> None:
        """Write the script as JSON. It holds no image, but what was seen on images."""
        Path(path).write_text(json.dumps(self.script, indent=2) + "\n")


@dataclass(frozen=True)
class Rule:
    """A rule that has yet to say what it does. All raise ScriptError for what AWS could not do."""

    _script: Scripting = field(repr=False)
    _rule: Mapping[str, Any]

    def returns(self, answer: Answer) -> None:
        """Answer with these members, as boto3 gives them: floats, bytes, datetimes with a zone."""
        operation = self._rule["Operation"]
        if operation == ANY:
            raise ScriptError("an answer wants an operation by name")
        try:
            written = documents.write_answer(operation, documents.read_answer(operation, answer))
        except documents.DocumentError as error:
            raise ScriptError(str(error)) from None
        except KeyError:
            written = {}  # of an operation that AWS lacks, which is what there is to say
        self._add(Answer=written)

    def raises(self, code: str, message: str | None = None) -> None:
        """Answer with this error of AWS, such as ThrottlingException, in AWS's own words unless given."""
        self._add(Error={"Code": code} | ({} if message is None else {"Message": message}))

    def delays(self, milliseconds: int) -> None:
        """Wait so long before what comes next: another rule, or the real operation."""
        self._add(Fault={"DelayMilliseconds": milliseconds})

    def throttles(self, every: int) -> None:
        """Refuse every so many calls one with ThrottlingException; the others go on."""
        self._add(Fault={"ThrottleEvery": every})

    def fails(self, every: int) -> None:
        """End every so many calls one with InternalServerError; the others go on."""
        self._add(Fault={"FailEvery": every})

    def stays_in_progress(self, polls: int) -> None:
        """Say IN_PROGRESS of each job so many times, however far it is."""
        self._add(Fault={"InProgressPolls": polls})

    def _add(self, **effect: Any) -> None:
        self._script.add({**self._rule, **effect})


script = Scripting()
"""The script of the Rekognition that the running test talks to."""
