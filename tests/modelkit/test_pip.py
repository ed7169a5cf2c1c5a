"""The real pip, asked for archives at an index of our own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from chalicelib.errors import SetupError
from chalicelib.modelkit import pip
from chalicelib.modelkit.manifest import Source

from .mirror import World, publish


@pytest.fixture
def world(tmp_path: Path) -> World:
    return publish(tmp_path / "published")


def environ(index: str) -> dict[str, str]:
    """What pip sees: one index, none of this machine's settings."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return ours | {"PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", "PIP_NO_CACHE_DIR": "1"}


@pytest.mark.parametrize("name", ["wheel", "sdist"])
def test_pip_fetches_archives_of_any_platform_and_runs_nothing(world: World, tmp_path: Path, name: str) -> None:
    source = world.manifest.sources[name]
    index = world.index().as_uri()
    path = pip.download(source, tmp_path, lambda task, done, total: None, environ=environ(index))
    assert path.read_bytes() == (world.folder / source.file).read_bytes()


@pytest.mark.parametrize(
    ("index", "changes", "message"),
    [
        ("{index}", {"sha256": "0" * 64}, "not the file that is pinned"),
        (
            "{index}",
            {"requirement": "tiny_wheel==9.9"},
            "pip could not fetch tiny_wheel==9.9: No matching distribution",
        ),
        ("http://127.0.0.1:9/simple", {}, "no network: the package index did not answer"),
    ],
)
def test_what_pip_says_is_told_in_a_line(
    world: World, tmp_path: Path, index: str, changes: dict[str, str], message: str
) -> None:
    source: Source = msgspec.structs.replace(world.manifest.sources["wheel"], **changes)
    address = index.format(index=world.index().as_uri())
    with pytest.raises(SetupError, match=message) as caught:
        pip.download(source, tmp_path, lambda task, done, total: None, environ=environ(address))
    assert "\n" not in str(caught.value)


def test_a_python_without_pip_is_told(world: World, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    with pytest.raises(SetupError, match="python -m ensurepip"):
        pip.download(
            world.manifest.sources["wheel"], tmp_path, lambda task, done, total: None, python=f"{bare}/bin/python"
        )
