"""What a key may do: IAM's policy language, as much of it as can be held to here.

Served: Allow and Deny, Action and NotAction, Resource and NotResource with `*` and `?`; an explicit Deny wins, and what
no statement allows is denied. Policies limit the operations of Rekognition, by collection or other resource. Of other
services they can say all or nothing (`"s3:*"` on `"*"`), and which objects of S3 Rekognition may be asked to read and
write (`s3:GetObject`, `s3:PutObject`). What cannot be held to is refused when the key is made, never ignored:
Condition, Principal, policy variables, single actions of other services.

Source: "IAM JSON policy elements reference" and "Policy evaluation logic", IAM User Guide.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Annotated, Literal

import msgspec

from ..errors import MalformedPolicyDocumentException
from . import service

LONGEST = 10_240
"""Characters of a document: IAM's limit for the policies of a role."""
_OBJECTS = frozenset({"s3:getobject", "s3:putobject"})
_BESIDE_THE_MODEL = frozenset({"StartFaceLivenessSession"})
"""Actions of Rekognition that botocore's model has in another service."""

_Texts = str | Annotated[list[str], msgspec.Meta(min_length=1)]


class Decision(Enum):
    """How a policy takes a request."""

    ALLOWED = "allowed"
    DENIED = "an explicit deny"
    UNSAID = "no statement allows it"


@dataclass(frozen=True, slots=True)
class _Statement:
    allows: bool
    action: re.Pattern[str]
    but_action: bool
    """Of NotAction: the statement is about all actions but these."""
    resource: re.Pattern[str]
    but_resource: bool

    def is_about(self, action: str, resource: str) -> bool:
        acts = (self.action.fullmatch(action.lower()) is not None) != self.but_action
        return acts and (self.resource.fullmatch(resource) is not None) != self.but_resource


@dataclass(frozen=True, slots=True)
class Policy:
    """A document that was understood whole."""

    statements: tuple[_Statement, ...]

    def decide(self, action: str, resource: str) -> Decision:
        """For one action, as in `rekognition:IndexFaces`, and one ARN, or `*` where the action has no resource."""
        about = [statement for statement in self.statements if statement.is_about(action, resource)]
        return _verdict(about)

    def decide_whole(self, name: str) -> Decision:
        """For a service without regard to what is asked of it: allowed only if nothing of it is denied."""
        action = f"{name}:*"
        about = [
            each
            for each in self.statements
            if each.is_about(action, "*") or (not each.allows and _touches(each, action))
        ]
        return _verdict(about)


class _Element(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    effect: Literal["Allow", "Deny"]
    sid: str = ""
    action: _Texts | None = None
    not_action: _Texts | None = None
    resource: _Texts | None = None
    not_resource: _Texts | None = None


class _Document(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    statement: _Element | Annotated[list[_Element], msgspec.Meta(min_length=1)]
    version: Literal["2012-10-17", "2008-10-17"] = "2008-10-17"
    id: str = ""


@lru_cache(maxsize=1024)
def parse(text: str) -> Policy:
    """A policy document. Raises MalformedPolicyDocumentException that says what is wrong or not supported."""
    if len(text) > LONGEST:
        raise MalformedPolicyDocumentException(f"The policy is longer than {LONGEST} characters")
    try:
        document = msgspec.json.decode(text.encode(), type=_Document)
    except msgspec.ValidationError as error:
        hint = "; Condition, Principal and NotPrincipal are not supported" if "unknown field" in str(error) else ""
        raise MalformedPolicyDocumentException(f"The policy cannot be held to: {error}{hint}") from None
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise MalformedPolicyDocumentException(f"The policy is not JSON: {error}") from None
    elements = document.statement if isinstance(document.statement, list) else [document.statement]
    return Policy(tuple(_statement(element) for element in elements))


def _statement(element: _Element) -> _Statement:
    allows = element.effect == "Allow"
    actions = _one_of("Action", element.action, element.not_action)
    resources = _one_of("Resource", element.resource, element.not_resource)
    for action in actions:
        _check_action(action, allows)
    for resource in resources:
        _check_resource(resource)
    return _Statement(
        allows,
        _pattern(action.lower() for action in actions),
        element.not_action is not None,
        _pattern(resources),
        element.not_resource is not None,
    )


def _one_of(name: str, those: _Texts | None, others: _Texts | None) -> list[str]:
    texts = those if others is None else others
    if texts is None or (those is not None and others is not None):
        raise MalformedPolicyDocumentException(f"A statement has either {name} or Not{name}")
    return [texts] if isinstance(texts, str) else texts


def _check_action(action: str, allows: bool) -> None:
    """Whether the action is one that can be held to."""
    name, _, operation = action.partition(":")
    if action == "*" or (name and operation == "*" and re.fullmatch(r"[a-z0-9-]+", name)):
        return
    if action.lower() in _OBJECTS:
        if allows:
            return
        raise MalformedPolicyDocumentException(f"{action} can be allowed and not denied: deny s3:*")
    if name.lower() != "rekognition":
        raise MalformedPolicyDocumentException(
            f"{action} is not supported: policies limit Rekognition's actions; of another service say {name or 's3'}:*,"
            " and of objects that Rekognition reads or writes s3:GetObject or s3:PutObject"
        )
    known = service.operations() | _BESIDE_THE_MODEL
    pattern = _pattern([operation.lower()])
    if not any(pattern.fullmatch(each.lower()) for each in known):
        raise MalformedPolicyDocumentException(f"{action} is no action of Rekognition")


def _check_resource(resource: str) -> None:
    if resource != "*" and not resource.startswith("arn:"):
        raise MalformedPolicyDocumentException(f"{resource} is no ARN")
    if "${" in resource:
        raise MalformedPolicyDocumentException(f"{resource}: policy variables are not supported")


def _pattern(texts: Iterable[str]) -> re.Pattern[str]:
    """One that matches whatever one of the texts does, `*` standing for anything and `?` for one character."""
    # fnmatch's translation, unlike `.*` for each `*`, takes no time that grows with a power of their number.
    return re.compile("|".join(fnmatch.translate(text.replace("[", "[[]")) for text in texts))


def _touches(statement: _Statement, action: str) -> bool:
    """Whether the statement is about the service on any resource."""
    return (statement.action.fullmatch(action) is not None) != statement.but_action


def _verdict(about: list[_Statement]) -> Decision:
    if not about:
        return Decision.UNSAID
    return Decision.ALLOWED if all(statement.allows for statement in about) else Decision.DENIED
