"""botocore's service model of Rekognition: the schema of every request and answer.

The file is read directly: botocore's own loader takes 45 ms for it and 90 ms to import, this 5 ms.
What it would add (extra data paths, patches of the signer) does not concern a server.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

Shape = Mapping[str, Any]
"""One entry of the model's `shapes`: `type`, then what the type has (`members`, `required`, `enum`, `max`, ...)."""

TARGET = "RekognitionService."
"""What an X-Amz-Target begins with; the operation's name follows."""


@cache
def model() -> Mapping[str, Any]:
    """The newest service model that botocore brings: `metadata`, `operations`, `shapes`."""
    package = find_spec("botocore")
    assert package is not None
    assert package.submodule_search_locations is not None
    folder = Path(package.submodule_search_locations[0]) / "data" / "rekognition"
    newest = max(version for version in folder.iterdir() if version.is_dir())
    packed = newest / "service-2.json.gz"
    # Some distributions of botocore unpack their data.
    data = gzip.decompress(packed.read_bytes()) if packed.exists() else (newest / "service-2.json").read_bytes()
    decoded: Mapping[str, Any] = msgspec.json.decode(data)
    return decoded


@cache
def operations() -> frozenset[str]:
    """The names of all operations of Rekognition, as in `DetectFaces`."""
    return frozenset(model()["operations"])


def shape(name: str) -> Shape:
    """The shape of that name. Raises KeyError for a name that the model lacks."""
    found: Shape = model()["shapes"][name]
    return found


def request_shape(operation: str) -> str:
    """The name of the shape of an operation's request."""
    name: str = model()["operations"][operation]["input"]["shape"]
    return name


def result_shape(operation: str) -> str:
    """The name of the shape of an operation's result."""
    name: str = model()["operations"][operation]["output"]["shape"]
    return name
