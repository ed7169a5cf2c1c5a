"""Sealing: what leaves the process can be read with the key only, and only as what it was sealed for."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from chalicelib.errors import SetupError
from chalicelib.local.moto.aws import Aws
from chalicelib.store.store import Store
from chalicelib.store.tables import Head
from chalicelib.store.vault import OVERHEAD, KmsKeys, LocalKeys, NoKeys, Seal, SealError, Vault
from tests.store.material import NOW, add, store_over, vector


def test_sealed_text_opens_under_its_name_only() -> None:
    seal = Seal(os.urandom(32))
    sealed = seal.seal(b"a vector", "one")
    assert len(sealed) == len(b"a vector") + OVERHEAD
    assert sealed != seal.seal(b"a vector", "one")
    assert seal.open(sealed, "one") == b"a vector"
    for other, text, name in (
        (seal, sealed, "two"),
        (seal, sealed[:-1] + bytes([sealed[-1] ^ 1]), "one"),
        (seal, sealed[:10], "one"),
        (Seal(os.urandom(32)), sealed, "one"),
    ):
        with pytest.raises(SealError):
            other.open(text, name)


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key"
    wrapped = LocalKeys.from_file(path).wrap(b"k" * 32, "name")
    assert path.stat().st_mode & 0o777 == 0o600
    assert LocalKeys.from_file(path).unwrap(wrapped, "name") == b"k" * 32


def test_all_who_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(LocalKeys.from_file, [tmp_path / "key"] * 16))
    wrapped = keys[0].wrap(b"k" * 32, "name")
    assert {one.unwrap(wrapped, "name") for one in keys} == {b"k" * 32}
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("content", ["", "nonsense", "abcd"])
def test_a_damaged_key_file_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(SetupError, match=str(path)):
        LocalKeys.from_file(path)
    assert path.read_text() == content


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    LocalKeys.from_file(path)
    path.chmod(0o644)
    with pytest.raises(SetupError, match="chmod 600"):
        LocalKeys.from_file(path)


def test_another_key_is_a_clear_error() -> None:
    wrapped = Vault(LocalKeys([os.urandom(32)])).make("collection")
    with pytest.raises(SealError, match="is not in the key file"):
        Vault(LocalKeys([os.urandom(32)])).seal(wrapped, "collection")
    with pytest.raises(SealError, match="LOOKALIKE_KMS_KEY"):
        Vault(NoKeys()).make("collection")


def test_kms_wraps_for_one_collection(aws: Aws) -> None:
    kms = aws.client("kms")
    keys = KmsKeys(kms, kms.create_key()["KeyMetadata"]["KeyId"])
    wrapped = keys.wrap(b"k" * 32, "collection")
    assert keys.unwrap(wrapped, "collection") == b"k" * 32
    with pytest.raises(SealError, match="cannot decrypt"):
        keys.unwrap(wrapped, "another")
    with pytest.raises(SealError, match="cannot encrypt"):
        KmsKeys(kms, "no-such-key").wrap(b"k" * 32, "collection")


def test_a_lost_key_spoils_nothing(store: Store, head: Head, aws: Aws, keys: LocalKeys) -> None:
    (face,) = add(store, head, 1)
    stranger = store_over(aws, LocalKeys([os.urandom(32)]))
    same = stranger.collections.get("people")
    with pytest.raises(SealError):
        stranger.faces.vectors(same, [face.id])
    with pytest.raises(SealError):
        add(stranger, same, 2)
    assert stranger.faces.get(same, [face.id])[face.id] == face
    again = store_over(aws, keys)
    assert (again.faces.vectors(same, [face.id])[face.id] == vector(1)).all()
    assert int(again.collections.get("people").face_count) == 1


def test_rotation_rewraps_and_the_old_key_is_not_needed_any_more(aws: Aws) -> None:
    old, new = os.urandom(32), os.urandom(32)
    before = store_over(aws, LocalKeys([old]))
    before.create_tables()
    head = before.collections.create("people", "7.0", {}, NOW)
    (face,) = add(before, head, 5)
    assert store_over(aws, LocalKeys([new, old])).collections.rewrap() == 1
    after = store_over(aws, LocalKeys([new]))
    kept = after.faces.vectors(after.collections.get("people"), [face.id])[face.id]
    assert np.array_equal(kept, vector(5))
    with pytest.raises(SealError):
        store_over(aws, LocalKeys([old])).faces.vectors(after.collections.get("people"), [face.id])


def test_no_table_holds_a_float_of_a_vector(store: Store, head: Head, aws: Aws) -> None:
    planted = vector(3)
    add(store, head, 3)
    client = aws.client("dynamodb")
    dump = b"".join(
        value if isinstance(value, bytes) else repr(value).encode()
        for table in client.list_tables()["TableNames"]
        for item in client.scan(TableName=table)["Items"]
        for typed in item.values()
        for value in typed.values()
    )
    assert not any(one.tobytes() in dump or repr(float(one)).encode() in dump for one in planted)
    assert planted.astype(np.float16).tobytes()[:8] not in dump
