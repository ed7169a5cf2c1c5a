"""What was erased is in no file of the data directory, in no encoding, from the moment it is acknowledged."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from chalicelib.local.moto.aws import Aws
from chalicelib.local.state.keeper import Keeper
from chalicelib.local.state.state import State
from chalicelib.search import Search
from chalicelib.store import logs
from chalicelib.store.store import Store
from chalicelib.store.tables import Head
from chalicelib.store.tokens import Once
from tests.accounts import unused_account
from tests.store.material import NOW, add, store_over, vector

PIECE = 24
"""Bytes of a needle: none of these is found by chance."""


class Directory:
    """A data directory in use, its files as a thief would read them, and its rows as the server does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.aws = Aws(unused_account())
        self.state = State(folder, sync=False)
        self.aws.keeper = Keeper(self.state)
        self.s3 = self.aws.client("s3")
        self.bucket = f"results-{self.aws.account}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.store: Store = store_over(self.aws, self.state.keys)
        self.store.create_tables()

    def files(self) -> bytes:
        """Every byte of every file."""
        return b"\n".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())

    def holds(self, needle: bytes) -> bool:
        """Whether any piece of the needle is in any file."""
        files = self.files()
        return any(needle[at : at + PIECE] in files for at in range(0, max(1, len(needle) - PIECE + 1), PIECE))

    def sealed_rows(self) -> dict[str, bytes]:
        """What is in the state file for each item of the tables and object, by name."""
        return {
            self.state._seal.open(place, sealed)[0].name: sealed
            for place, sealed in self.state._rows.execute("SELECT place, sealed FROM rows")
        }

    def item(self, table: str, key: str) -> bytes:
        """The row of the item of that key, sealed as the file has it."""
        (found,) = (sealed for name, sealed in self.sealed_rows().items() if name.startswith(table) and key in name)
        return found


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    made = Directory(tmp_path)
    yield made
    made.state.close()


@pytest.fixture
def head(directory: Directory) -> Head:
    return directory.store.collections.create("people", "7.0", {}, NOW)


def encodings(seed: int) -> list[bytes]:
    """A vector as it might be written down."""
    plain = vector(seed)
    scaled = np.clip(np.round(plain / np.abs(plain).max() * 127), -127, 127).astype(np.int8)
    return [
        plain.tobytes(),
        plain.astype(">f4").tobytes(),
        plain.astype(np.float16).tobytes(),
        plain.astype(np.float64).tobytes(),
        scaled.tobytes(),
        msgspec.json.encode(plain.tolist()),
        msgspec.msgpack.encode(plain.tolist()),
        b"".join(f"{one:.9g},".encode() for one in plain.tolist()),
    ]


def test_a_planted_vector_is_in_no_file_to_begin_with(directory: Directory, head: Head) -> None:
    add(directory.store, head, 1)
    assert not any(directory.holds(needle) for needle in encodings(1))
    (directory.folder / "leak").write_bytes(b"x" * 7 + encodings(1)[2])
    assert any(directory.holds(needle) for needle in encodings(1)), "the search finds what is there"


def test_a_planted_photo_is_in_no_file(directory: Directory, astronaut: bytes) -> None:
    for key, body in {
        "small.jpg": astronaut[:20_000],
        "large.jpg": astronaut * 3,
        "collections/people/ada": b"",
    }.items():
        directory.s3.put_object(Bucket=directory.bucket, Key=key, Body=body, Metadata={"who": "somebody-named"})
    upload = {"Bucket": directory.bucket, "Key": "parts.jpg"}
    upload["UploadId"] = directory.s3.create_multipart_upload(**upload)["UploadId"]
    directory.s3.upload_part(**upload, PartNumber=1, Body=astronaut)
    assert not directory.holds(astronaut)
    for name in (b"small.jpg", b"collections/people", b"somebody-named"):
        assert name not in directory.files()
    assert directory.s3.get_object(Bucket=directory.bucket, Key="large.jpg")["Body"].read() == astronaut * 3


def test_keys_of_kms_are_in_no_file(directory: Directory) -> None:
    kms = directory.aws.client("kms")
    key = kms.create_key(Description="the key of everything")["KeyMetadata"]["KeyId"]
    assert key.encode() not in directory.files()
    assert b"the key of everything" not in directory.files()


def test_a_deleted_face_is_gone(directory: Directory, head: Head) -> None:
    """One of a picture with several: its record is written anew, not removed."""
    going, staying = add(directory.store, head, 1, 2)
    before = directory.item("test-records", f"{head.uid}/faces/0")
    assert directory.holds(before)
    directory.store.faces.remove(head, [going.id])
    assert not directory.holds(before)
    vectors = directory.store.faces.vectors(directory.store.collections.get("people"), [going.id, staying.id])
    assert vectors.keys() == {staying.id}


def test_a_users_vector_is_gone_with_a_face_and_with_the_user(directory: Directory, head: Head) -> None:
    store = directory.store
    faces = [add(store, head, seed)[0].id for seed in (1, 2)]
    store.users.create(head, "ada", Once("CreateUser", {}))
    head = store.collections.get("people")
    store.associations.add(head, "ada", faces, np.inf, Once("AssociateFaces", {}))
    of_both = directory.item("test-records", f"{head.uid}/users/0")
    store.erasure.erase(head, faces[:1])
    assert not directory.holds(of_both)
    of_one = directory.item("test-records", f"{head.uid}/users/0")
    assert directory.holds(of_one)
    store.associations.delete_user(head, "ada", Once("DeleteUser", {}))
    assert not directory.holds(of_one)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # moto copies versions that it lists
def test_a_snapshot_is_gone_with_a_face_all_versions(directory: Directory, head: Head) -> None:
    versioning = {"Bucket": directory.bucket, "VersioningConfiguration": {"Status": "Enabled"}}
    directory.s3.put_bucket_versioning(**versioning)
    face = [add(directory.store, head, number % 250, number // 250)[0] for number in range(logs.WORTH_A_SNAPSHOT)][7]
    log = directory.store.log(directory.store.collections.get("people"), "faces", 128)
    Search(128).nearest(log, vector(0), 1)
    snapshot = directory.item(directory.bucket, f"snapshots/{head.uid}/faces")
    bodies = [path.read_bytes() for path in (directory.folder / "objects").iterdir()]
    assert bodies
    assert directory.holds(snapshot)
    directory.store.faces.remove(head, [face.id])
    assert not directory.holds(snapshot)
    assert not any(directory.holds(body[:4096]) for body in bodies)
    gc.collect()


def test_the_data_key_is_destroyed_with_the_collection(directory: Directory, head: Head) -> None:
    add(directory.store, head, 1, 2)
    record, own = directory.item("test-records", f"{head.uid}/faces/0"), directory.item("test-collections", "people")
    wrapped = bytes(directory.store.collections.get("people").key)
    directory.store.collections.delete("people")
    for gone in (record, own, wrapped):
        assert not directory.holds(gone)
    tables = directory.aws.client("dynamodb")
    dump = repr([tables.scan(TableName=name)["Items"] for name in tables.list_tables()["TableNames"]])
    assert repr(wrapped)[2:-1] not in dump
    assert head.uid not in dump


def test_a_removed_object_is_gone(directory: Directory) -> None:
    contents = {"small": os.urandom(9_000), "large": os.urandom(200_000)}
    for key, content in contents.items():
        directory.s3.put_object(Bucket=directory.bucket, Key=key, Body=content)
    rows = [directory.item(directory.bucket, key) for key in contents]
    (body,) = [path.read_bytes() for path in (directory.folder / "objects").iterdir()]
    assert all(map(directory.holds, (*rows, body)))
    for key in contents:
        directory.s3.delete_object(Bucket=directory.bucket, Key=key)
    assert not any(map(directory.holds, (*rows, body)))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # moto copies versions that it lists
def test_a_removed_version_is_gone_also_from_the_marker_that_hid_it(directory: Directory) -> None:
    versioning = {"Bucket": directory.bucket, "VersioningConfiguration": {"Status": "Enabled"}}
    directory.s3.put_bucket_versioning(**versioning)
    put = directory.s3.put_object(Bucket=directory.bucket, Key="photo", Body=os.urandom(200_000))
    (body,) = [path.read_bytes() for path in (directory.folder / "objects").iterdir()]
    directory.s3.delete_object(Bucket=directory.bucket, Key="photo")
    assert directory.holds(body)
    directory.s3.delete_object(Bucket=directory.bucket, Key="photo", VersionId=put["VersionId"])
    assert not directory.holds(body)
    assert len(directory.s3.list_object_versions(Bucket=directory.bucket)["DeleteMarkers"]) == 1
    gc.collect()


def test_an_object_that_is_replaced_is_gone_with_the_next_removal(directory: Directory) -> None:
    directory.s3.put_object(Bucket=directory.bucket, Key="photo", Body=os.urandom(9_000))
    before = directory.item(directory.bucket, "photo")
    directory.s3.put_object(Bucket=directory.bucket, Key="photo", Body=b"another")
    directory.s3.delete_object(Bucket=directory.bucket, Key="whatever")
    assert not directory.holds(before)


def test_among_many_records_the_erased_ones_leave_nothing(directory: Directory, head: Head) -> None:
    """SQLite moves rows between pages as they come and go; no page keeps a copy."""
    faces = [add(directory.store, head, seed, seed + 1)[0].id for seed in range(0, 240, 2)]
    going = faces[::3]
    rows = directory.sealed_rows()
    number = {face: f'{head.uid}/faces/{at}"' for at, face in enumerate(faces)}
    before = [sealed for name, sealed in rows.items() if any(number[face] in name for face in going)]
    assert len(before) == len(going)
    directory.store.faces.remove(head, going)
    assert not any(map(directory.holds, before))
