"""What is told of a request's members: enough to know what was done, and nobody's name.

Numbers, booleans and enumerated values are kept, and those texts that name a thing. A text that may name somebody
(ExternalImageId, UserId, an object's key, a tag) is a pseudonym, the same for the same text: calls can be found by who
knows the text and not read by who does not, and erasing a person leaves no name here. Of a picture its size is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from ..wire import service

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""CloudTrail's own words, where there is no key to make a pseudonym with."""

_THINGS = frozenset(
    {
        *("CollectionId", "FaceId", "ImageId", "JobId", "MediaAnalysisJobId", "LivenessSessionId", "TagKey"),
        *("S3Bucket", "S3ObjectVersion", "KmsKeyId", "RoleArn", "SNSTopicArn", "ResourceArn", "DatasetArn"),
        *("ProjectArn", "ProjectName", "ProjectVersionArn", "ProjectVersionId", "VersionName", "ProjectPolicyName"),
        *("StreamProcessorArn", "StreamProcessorName", "KinesisDataArn", "KinesisVideoArn"),
        *("ConnectedHomeLabel", "GeneralLabelsFilterValue", "Version"),
    }
)
"""Shapes of texts that name no person."""
_LONGEST_TEXT, _LONGEST_LIST = 256, 4096
"""Of a request that is refused for more."""

Tell = Callable[[Any], Any]
"""From a member's value to what is told of it."""
Members = Mapping[str, tuple[str, Tell]]
"""By a member's name: the name in camel case, and what is told."""


class Parameters:
    """What is told of the members of any shape. `key` makes pseudonyms; None hides what they would stand for."""

    def __init__(self, key: bytes | None) -> None:
        self._pseudonym = pseudonyms(key)
        self._simple: Mapping[str, Tell] = {"blob": _size, "map": self._tags, "timestamp": str}

    def of(self, structure: str) -> Members:
        """By the name of a structure's shape."""
        members = service.shape(structure)["members"]
        return {name: (camel(name), self._telling(of["shape"])) for name, of in members.items()}

    def _telling(self, name: str) -> Tell:
        shape = service.shape(name)
        match shape["type"]:
            case "string":
                return shortened if "enum" in shape or name in _THINGS else self._pseudonym
            case "structure":
                members = self.of(name)
                return lambda value: told(value, members)
            case "list":
                tell = self._telling(shape["member"]["shape"])
                return lambda values: [tell(value) for value in values[:_LONGEST_LIST]]
        return self._simple.get(shape["type"], same)

    def _tags(self, tags: Mapping[str, str]) -> Mapping[str, str]:
        """Those that set policy are kept, since the log is to prove which held when."""
        return {
            shortened(key): shortened(value) if key.startswith("lookalike:") else self._pseudonym(value)
            for key, value in tags.items()
        }


def pseudonyms(key: bytes | None) -> Callable[[str], str]:
    """What stands for a text that may name somebody: 64 bits of a keyed hash (BLAKE2b, RFC 7693)."""
    if key is None:
        return lambda _text: HIDDEN
    own = hashlib.blake2b(b"pseudonyms", key=key, digest_size=32).digest()
    return lambda text: "hmac:" + hashlib.blake2b(text.encode(), key=own, digest_size=8).hexdigest()


def told(members: Mapping[str, Any], known: Members) -> dict[str, Any]:
    """What is told of `members`; those that are not known are left out."""
    return {known[name][0]: known[name][1](value) for name, value in members.items() if name in known}


def same(value: Any) -> Any:
    """The value itself."""
    return value


def shortened(text: str) -> str:
    """The beginning of a text that may be refused for its length."""
    return text[:_LONGEST_TEXT]


def camel(name: str) -> str:
    """As CloudTrail writes a member's name."""
    return name[0].lower() + name[1:]


def _size(content: bytes) -> Mapping[str, int]:
    return {"bytes": len(content)}
