"""Which pack holds a model: what the models' runner needs of the manifest."""

from __future__ import annotations

import tomllib
from functools import cache

from ..config import data_file


def pack_of(model: str) -> str:
    """The pack that holds `model`; raises KeyError for a name that the manifest lacks."""
    return _packs()[model]


@cache  # the file comes with the program and does not change under it
def _packs() -> dict[str, str]:
    manifest = tomllib.loads(data_file("manifest.toml").read_text(encoding="utf-8"))
    return {name: model["pack"] for name, model in manifest["models"].items()}
