"""The rules of a script: which request each is for, and what it does; read from JSON and checked against the model.

    {"Rules": [{"Operation": "DetectFaces", "Match": {"Key": "cats/*"}, "Answer": {"FaceDetails": []}, "Times": 1}]}

A rule has one of `Answer` (the members of the answer), `Error` (`Code`, and `Message` where it is not AWS's own) and
`Fault` (see `Fault`). It applies where all of its `Match` does; without one, always.
"""

from __future__ import annotations

import difflib
from functools import cache
from typing import Any

import msgspec

from .. import errors
from . import documents, service

ANY = "*"
"""Stands for every operation, in rules with an Error or a Fault."""

_FRONT = frozenset(
    {
        *("ExpiredTokenException", "IncompleteSignatureException", "InvalidSignatureException"),
        *("MissingAuthenticationTokenException", "RequestEntityTooLargeException", "SerializationException"),
        *("UnrecognizedClientException", "ValidationException"),
    }
)
"""Errors of AWS's front end, which any operation may meet and none declares."""


class ScriptError(ValueError):
    """A rule that AWS could not obey; the message says which and why."""


class Match(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True, omit_defaults=True):
    """What a request must have for a rule to apply."""

    sha256: list[str] = []
    """Hexadecimal sums of images, all of which the request holds, be it as bytes or as objects in S3."""
    bucket: str = "*"
    """A pattern of S3 buckets, as in a shell: `photos-*`."""
    key: str = "*"
    """A pattern of S3 keys: `cats/*`."""
    members: dict[str, Any] = {}
    """Members of the request and their values, as in {"CollectionId": "staff"}."""


class Failure(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True, omit_defaults=True):
    """An error of AWS."""

    code: str
    message: str | None = None
    """AWS's own unless given."""

    def raised(self) -> errors.ServiceError:
        """The error, to be raised."""
        kind: type[errors.ServiceError] = getattr(errors, self.code)
        return kind(self.message)


class Fault(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True, omit_defaults=True):
    """What goes wrong on the way; a call that it lets pass goes on to the next rule, or to the real operation."""

    throttle_every: int = 0
    """Every so many calls one is refused with ThrottlingException, which clients try again."""
    fail_every: int = 0
    """Every so many calls one ends with InternalServerError (500)."""
    delay_milliseconds: int = 0
    """Each call waits so long."""
    in_progress_polls: int = 0
    """So many times Get says of each job that it is IN_PROGRESS, however far it is."""


class Rule(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True, omit_defaults=True):
    """One rule of a script."""

    operation: str
    match: Match = Match()
    answer: dict[str, Any] | None = None
    error: Failure | None = None
    fault: Fault | None = None
    times: int | None = None
    """How often it applies; None for ever."""
    left: int | None = None
    """How often it still applies; None for ever. Told, and ignored when read: counting begins anew."""
    used: int = 0
    """How often it applied. Told, and ignored when read."""


class _Document(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    rules: list[Rule]
    recording: bool = False


def read(document: Any) -> list[Rule]:
    """The rules of {"Rules": [...]}, checked. Raises ScriptError."""
    try:
        rules = msgspec.convert(document, _Document).rules
    except msgspec.ValidationError as error:
        raise ScriptError(f'a script is {{"Rules": [...]}}: {error}') from None
    for number, rule in enumerate(rules):
        try:
            check(rule)
        except ValueError as error:
            raise ScriptError(f"$.Rules[{number}]: {error}") from None
    return rules


def check(rule: Rule) -> None:
    """Raises ScriptError or DocumentError for a rule that AWS could not obey."""
    _check_operation(rule)
    if sum(effect is not None for effect in (rule.answer, rule.error, rule.fault)) != 1:
        raise ScriptError("one of Answer, Error and Fault says what the rule does")
    if rule.times is not None and rule.times < 1:
        raise ScriptError(f"Times is 1 or more, not {rule.times}")
    _check_match(rule)
    if rule.answer is not None:
        documents.read_answer(rule.operation, rule.answer)
    if rule.error is not None and rule.error.code not in errors_of(rule.operation):
        told = ", ".join(sorted(errors_of(rule.operation) - _FRONT))
        raise ScriptError(f"{rule.operation} has no error {rule.error.code!r}: AWS declares {told}")
    if rule.fault is not None:
        _check_fault(rule.operation, rule.fault)


@cache
def errors_of(operation: str) -> frozenset[str]:
    """The codes of errors that an operation may answer with; of `*`, those of all operations."""
    declared = service.model()["operations"]
    if operation == ANY:
        return frozenset.intersection(*map(errors_of, declared))
    return _FRONT.union(error["shape"] for error in declared[operation].get("errors", ()))


@cache
def job_status(operation: str) -> str | None:
    """The member of an operation's answer that says how far a job is; None where it tells of no job."""
    if operation == "GetMediaAnalysisJob":
        return "Status"
    if operation == ANY or "JobStatus" in service.shape(service.result_shape(operation))["members"]:
        return "JobStatus"
    return None


@cache
def holds(operation: str, shape: str) -> bool:
    """Whether requests of an operation can hold a structure or blob of that shape, at any depth."""
    return operation == ANY or shape in _below(service.request_shape(operation))


@cache
def _below(name: str) -> frozenset[str]:
    members = service.shape(name).get("members", {}).values()
    return frozenset({name}).union(*(_below(member["shape"]) for member in members))


def _check_operation(rule: Rule) -> None:
    if rule.operation == ANY:
        if rule.answer is not None or rule.match.members:
            raise ScriptError("an Answer, or members to match, want an operation by name")
    elif rule.operation not in service.operations():
        like = difflib.get_close_matches(rule.operation, service.operations(), 1)
        raise ScriptError(f"AWS has no operation {rule.operation!r}" + "".join(f": is it {name}?" for name in like))


def _check_match(rule: Rule) -> None:
    match = rule.match
    if match.sha256 and not holds(rule.operation, "ImageBlob"):
        raise ScriptError(f"requests of {rule.operation} hold no image to match by its sum")
    if (match.bucket, match.key) != ("*", "*") and not holds(rule.operation, "S3Object"):
        raise ScriptError(f"requests of {rule.operation} name no object in S3 to match by its key")
    if wrong := [value for value in match.sha256 if len(value) != 64 or set(value) - set("0123456789abcdef")]:
        raise ScriptError(f"a SHA-256 is 64 hexadecimal digits in lower case, not {wrong[0]!r}")
    if match.members:
        documents.read_request(rule.operation, match.members)


def _check_fault(operation: str, fault: Fault) -> None:
    named = {field: value for field in fault.__struct_fields__ if (value := getattr(fault, field))}
    if len(named) != 1 or min(named.values()) < 1:
        raise ScriptError(
            "a Fault is one of ThrottleEvery, FailEvery, DelayMilliseconds and InProgressPolls, of 1 or more"
        )
    if fault.in_progress_polls and job_status(operation) is None:
        raise ScriptError(f"{operation} tells of no job that could be IN_PROGRESS")
