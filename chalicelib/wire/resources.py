"""What a request is about, as ARNs: the collections and others that it names, the objects of S3 it reads and writes.

Source: "Actions, resources, and condition keys for Amazon Rekognition", Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_STREAMS = "StreamProcessor"


@dataclass(frozen=True, slots=True)
class Account:
    """Whose resources they are."""

    number: str
    region: str

    def arn(self, resource: str) -> str:
        """As in `arn:aws:rekognition:us-east-1:123456789012:collection/staff`."""
        return f"arn:aws:rekognition:{self.region}:{self.number}:{resource}"


def named(operation: str, members: Mapping[str, Any], account: Account) -> list[str]:
    """The ARNs that a request needs permission for, each once; `*` alone where the operation has no resource."""
    found = dict.fromkeys(_in(members, account))
    if operation == "ListCollections":  # by the reference it has the type `collection`, and names none
        found[account.arn("collection/*")] = None
    elif _STREAMS in operation and "Name" in members:
        found[account.arn(f"streamprocessor/{members['Name']}")] = None
    elif operation == "CreateProject":
        found[account.arn(f"project/{members['ProjectName']}/*")] = None
    return list(found) or ["*"]


def objects(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The actions and ARNs of the objects of S3 that are read, and of the prefixes that are written."""
    for name, value in members.items():
        if name == "S3Object" and {"Bucket", "Name"} <= value.keys():
            yield "s3:GetObject", f"arn:aws:s3:::{value['Bucket']}/{value['Name']}"
        elif name == "OutputConfig" and "S3Bucket" in value:
            yield "s3:PutObject", f"arn:aws:s3:::{value['S3Bucket']}/{value.get('S3KeyPrefix', '')}*"
        else:
            for inner in _mappings(value):
                yield from objects(inner)


def _in(members: Mapping[str, Any], account: Account) -> Iterator[str]:
    for name, value in members.items():
        if name == "CollectionId":
            yield account.arn(f"collection/{value}")
        elif name.endswith("Arn") and isinstance(value, str):
            # CreateCollection answers ARNs without `arn:`, and clients send those.
            whole = f"arn:{value}" if value.startswith("aws:") else value
            if whole.startswith("arn:aws:rekognition:"):
                yield whole
        else:
            for inner in _mappings(value):
                yield from _in(inner, account)


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for each in value:
            yield from _mappings(each)
