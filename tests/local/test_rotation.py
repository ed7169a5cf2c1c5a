"""The key replaced: with what is on the disk at any instant everything can be opened."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from chalicelib.errors import SetupError
from chalicelib.local.moto.aws import Aws
from chalicelib.local.state.keeper import Keeper
from chalicelib.local.state.rotation import Rotation
from chalicelib.local.state.sealing import SEPARATOR
from chalicelib.local.state.state import State
from chalicelib.store.store import Store
from chalicelib.store.vault import KmsKeys
from tests.accounts import unused_account
from tests.store.material import NOW, add, store_over, vector


class Running:
    """A directory in use."""

    def __init__(self, folder: Path, key_file: Path | None = None) -> None:
        self.aws = Aws(unused_account())
        self.state = State(folder, sync=False, key_file=key_file)
        self.aws.keeper = Keeper(self.state)
        self.store: Store = store_over(self.aws, self.state.keys)
        self.store.create_tables()
        self.rotation = Rotation(self.state, self.store, key_file)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path / "data")
    yield made
    made.state.close()


def opens(folder: Path, account: str, faces: dict[str, str], access_key: str) -> None:
    """What lies there can be read by a server that starts with it: keys, rows, vectors."""
    with closing(State(folder, sync=False)) as state:
        state.verify()
        aws = Aws(unused_account())  # moto's own is still in use
        store = store_over(aws, state.keys)
        store.create_tables()
        client = aws.client("dynamodb")
        for row, value in state.rows("dynamodb", "item"):
            if row.owner.startswith(account):
                client.put_item(TableName=row.name.split(SEPARATOR)[0], Item=msgspec.msgpack.decode(value))
        assert sorted(head.id for head in store.collections.all()) == sorted(faces)
        for collection, face in faces.items():
            found = store.faces.vectors(store.collections.get(collection), [face])
            assert (found[face] == vector(7)).all()
        assert store.access.get(access_key) is not None


def test_a_stop_at_any_instant_loses_nothing(running: Running, tmp_path: Path) -> None:
    faces = {}
    for name in ("people", "others", "more"):
        head = running.store.collections.create(name, "7.0", {}, NOW)
        faces[name] = add(running.store, head, 7)[0].id
    access_key = running.store.access.make("ada").id
    folder = running.state.folder
    steps = 0
    for steps, _ in enumerate(running.rotation.steps(drop=True)):
        copy = tmp_path / f"after{steps}"
        shutil.copytree(folder, copy)
        opens(copy, running.aws.account, faces, access_key)
        if steps == 2:
            head = running.store.collections.create("late", "7.0", {}, NOW)
            faces["late"] = add(running.store, head, 7)[0].id
    assert steps == 6
    opens(tmp_path / "after6", running.aws.account, faces, access_key)


def test_the_old_key_is_not_needed_and_gone(running: Running, tmp_path: Path) -> None:
    running.store.collections.create("people", "7.0", {}, NOW)
    key = running.state.folder / "key"
    old = key.read_text()
    rotated = running.rotation.run()
    assert (rotated.collections, rotated.old_key_dropped) == (1, True)
    assert len(key.read_text().split()) == 1
    assert old.strip() not in key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in running.state.folder.glob("tmp*")] == []
    shutil.copytree(running.state.folder, tmp_path / "copy")
    (tmp_path / "copy" / "key").write_text(old)
    with pytest.raises(SetupError, match="another key file"):
        State(tmp_path / "copy")
    running.rotation.run()
    head = running.store.collections.create("new", "7.0", {}, NOW)
    assert add(running.store, head, 1)


def test_a_key_file_of_the_users_own_keeps_the_old_key_unless_told(tmp_path: Path) -> None:
    running = Running(tmp_path / "data", tmp_path / "key")
    old = (tmp_path / "key").read_text().strip()
    assert not running.rotation.run().old_key_dropped
    assert (tmp_path / "key").read_text().split()[1:] == [old]
    assert running.rotation.run(drop=True).old_key_dropped
    assert len((tmp_path / "key").read_text().split()) == 1
    running.state.close()


def test_a_key_file_that_cannot_be_written_changes_nothing(running: Running) -> None:
    head = running.store.collections.create("people", "7.0", {}, NOW)
    key = running.state.folder / "key"
    before = key.read_bytes()
    key.chmod(0o644)  # `from_file` refuses one that others may read
    with pytest.raises(SetupError, match="chmod 600"):
        running.rotation.run()
    key.chmod(0o600)
    assert key.read_bytes() == before
    assert add(running.store, head, 1)


def test_kms_wraps_anew_without_giving_the_key_away(running: Running) -> None:
    kms = running.aws.client("kms")
    first, second = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    store = store_over(running.aws, KmsKeys(kms, first))
    head = store.collections.create("people", "7.0", {}, NOW)
    (face,) = add(store, head, 7)
    asked: list[str] = []
    kms.meta.events.register("before-call", lambda model, **_: asked.append(model.name))
    later = store_over(running.aws, KmsKeys(kms, second))
    Rotation(running.state, later, None).run()
    assert set(asked) == {"ReEncrypt"}
    kms.schedule_key_deletion(KeyId=first)
    found = later.faces.vectors(later.collections.get("people"), [face.id])[face.id]
    assert (found == vector(7)).all()
