"""Which models of a pack are right, told without reading them.

A *stamp* beside a pack's models remembers the sum, size and time that each had when it was last found right. What the
stamp does not vouch for is read and summed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from . import files
from .manifest import Model

NAME = ".built.json"


class Seen(msgspec.Struct, frozen=True):
    """What a model file was like."""

    sha256: str
    bytes: int
    modified: int
    """Nanoseconds since 1970."""


def path(folder: Path, model: str) -> Path:
    """Where a pack's folder holds a model."""
    return folder / f"{model}.onnx"


def vouched(folder: Path, models: Mapping[str, Model]) -> set[str]:
    """The models that are as they were when their sums were found to be the manifest's."""
    try:
        stamp = msgspec.json.decode((folder / NAME).read_bytes(), type=dict[str, Seen])
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return set()
    return {name for name, model in models.items() if name in stamp and stamp[name] == _seen(folder, name, model)}


def summed(folder: Path, models: Mapping[str, Model]) -> set[str]:
    """The models whose files have the manifest's sums, by reading them all."""
    there = {name: path(folder, name) for name in models if path(folder, name).is_file()}
    return {name for name, file in there.items() if files.sha256(file) == models[name].sha256}


def right(folder: Path, models: Mapping[str, Model]) -> set[str]:
    """The models that need no building: vouched for, or else read and found right."""
    known = vouched(folder, models)
    return known | summed(folder, {name: model for name, model in models.items() if name not in known})


def write(folder: Path, models: Mapping[str, Model], names: Collection[str]) -> None:
    """Vouch for these models from now on."""
    stamp = {name: _seen(folder, name, models[name]) for name in sorted(names)}
    files.write(folder / NAME, msgspec.json.encode(stamp))


def remove(folder: Path) -> None:
    """Vouch for none of the folder's models any more."""
    with files.told(folder):
        (folder / NAME).unlink(missing_ok=True)


def _seen(folder: Path, name: str, model: Model) -> Seen | None:
    try:
        status = path(folder, name).stat()
    except OSError:
        return None
    return Seen(model.sha256, status.st_size, status.st_mtime_ns)
