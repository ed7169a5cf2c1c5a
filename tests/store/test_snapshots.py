"""Snapshots: who starts reads one, it follows the log, and what is erased is in none of them."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import TooLargeToSearchError
from chalicelib.local.moto.aws import Aws
from chalicelib.search import Search
from chalicelib.store import logs
from chalicelib.store.store import Store
from chalicelib.store.tables import Head
from chalicelib.store.tokens import Once
from chalicelib.store.vault import LocalKeys
from tests.store.material import add, store_over, vector

ONCE = Once("AnyOperation", {})
MANY = logs.WORTH_A_SNAPSHOT


class Bucket:
    """Where the snapshots are."""

    def __init__(self, aws: Aws) -> None:
        self._client = aws.client("s3")
        self._name = f"results-{aws.account}"
        self._client.create_bucket(Bucket=self._name)

    def keys(self) -> list[str]:
        return [found["Key"] for found in self._client.list_objects_v2(Bucket=self._name).get("Contents", ())]

    def read(self, key: str) -> bytes:
        data: bytes = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        return data


@pytest.fixture
def bucket(aws: Aws) -> Bucket:
    return Bucket(aws)


def folded(store: Store, kind: Any = "faces") -> list[Any]:
    """By a process that has just started."""
    log = store.log(store.collections.get("people"), kind, 128)
    return [(match.distance, match.payload) for match in Search(128).nearest(log, vector(0), 10_000)]


@pytest.fixture
def indexed(store: Store, head: Head) -> list[str]:
    """More pictures than are read without a snapshot; quickly, since every picture is the same to the store."""
    return [add(store, head, number % 250, number // 250)[0].id for number in range(MANY)]


@pytest.mark.usefixtures("indexed")
def test_a_snapshot_is_read_and_followed(store: Store, head: Head, bucket: Bucket, aws: Aws, keys: LocalKeys) -> None:
    first = folded(store)
    assert bucket.keys() == [f"snapshots/{head.uid}/faces"]
    for record in range(0, MANY, 7):  # what the snapshot holds is not read from the table
        aws.client("dynamodb").delete_item(TableName="test-records", Key={"key": {"S": f"{head.uid}/faces/{record}"}})
    again = store_over(aws, keys)
    assert folded(again) == first
    (new,) = add(again, head, 251)
    assert sorted(payload.id for _, payload in folded(again)) == sorted([*(p.id for _, p in first), new.id])
    sealed = bucket.read(f"snapshots/{head.uid}/faces")
    assert len(sealed) > MANY * 2 * 512
    assert not any(vector(seed).tobytes()[:16] in sealed for seed in range(250))


def test_what_is_erased_is_in_no_snapshot(store: Store, head: Head, indexed: list[str], bucket: Bucket) -> None:
    before = folded(store)
    assert bucket.keys()
    store.faces.remove(store.collections.get("people"), [indexed[3]])
    assert bucket.keys() == []
    after = folded(store)
    assert after == [match for match in before if match[1].id != indexed[3]]
    assert bucket.keys(), "written anew without it"
    store.collections.delete("people")
    assert bucket.keys() == []


def test_an_association_is_seen_beside_a_snapshot(store: Store, head: Head, indexed: list[str], bucket: Bucket) -> None:
    folded(store)
    store.users.create(head, "ada", ONCE)
    store.associations.add(store.collections.get("people"), "ada", [indexed[5]], 9.0, ONCE)
    users = {payload.id: payload.user for _, payload in folded(store)}
    assert {face_id for face_id, user in users.items() if user == "ada"} == {indexed[5]}


def test_no_bucket_is_no_error(store: Store, head: Head, indexed: list[str]) -> None:
    assert len(folded(store)) == 2 * MANY
    store.faces.remove(store.collections.get("people"), indexed[:1])
    assert len(folded(store)) == 2 * MANY - 1


def test_a_vector_erased_while_the_snapshot_was_written(
    store: Store, head: Head, indexed: list[str], bucket: Bucket
) -> None:
    """The one who reads is slow: its snapshot holds what was erased meanwhile, and must not stay."""
    slow = store.log(store.collections.get("people"), "faces", 128).since(0)
    next(slow)
    store.faces.remove(store.collections.get("people"), [indexed[0]])
    assert sum(len(changes) for changes in slow)
    assert bucket.keys() == []


@pytest.mark.usefixtures("indexed")
def test_a_collection_that_memory_cannot_hold_is_refused_with_the_setting(store: Store, bucket: Bucket) -> None:
    log = store.log(store.collections.get("people"), "faces", 128)
    with pytest.raises(TooLargeToSearchError, match="LOOKALIKE_SEARCH_LIMIT"):
        Search(128, limit=MANY * 128 * 4).nearest(log, vector(0), 10)
    assert bucket.keys() == []
    assert len(Search(128, limit=16 * MANY * 128 * 4).nearest(log, vector(0), 10)) == 10
