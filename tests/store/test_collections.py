"""Collections in DynamoDB: made once, listed whole, deleted with all that they hold."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.errors import (
    InvalidPaginationTokenException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from chalicelib.local.moto.aws import Aws
from chalicelib.store.collections import tags_of
from chalicelib.store.store import Store
from chalicelib.store.tables import Head
from chalicelib.store.tokens import Once
from tests.store.material import NOW, add

ONCE = Once("AnyOperation", {})


def items(aws: Aws, table: str) -> list[Any]:
    found: list[Any] = aws.client("dynamodb").scan(TableName=f"test-{table}")["Items"]
    return found


def test_a_collection_is_made_once(store: Store) -> None:
    def make(_: int) -> bool:
        try:
            store.collections.create("one", "7.0", {}, NOW)
        except ResourceAlreadyExistsException:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(make, range(24))) == 1
    with pytest.raises(ResourceAlreadyExistsException, match="The collection id: one already exists"):
        store.collections.create("one", "7.0", {}, NOW)


def test_the_tables_are_made_once(store: Store, aws: Aws) -> None:
    store.create_tables()
    described = aws.client("dynamodb").describe_table(TableName="test-records")["Table"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_unknown_collections(store: Store) -> None:
    for act in (store.collections.get, store.collections.delete, store.collections.tags):
        with pytest.raises(ResourceNotFoundException, match="The collection id: none does not exist"):
            act("none")


def test_pages_hold_every_collection_once(store: Store) -> None:
    names = sorted(["a" * 255, "b" * 255, "c" * 255, *(f"c{number}" for number in range(20))])
    for name in names:
        store.collections.create(name, "7.0", {}, NOW)
    for limit in (1, 3, 23, 24):
        listed: list[str] = []
        after: str | None = None
        while True:
            page, after = store.collections.page(after, limit)
            listed += [name for name, _ in page]
            assert len(page) == limit or after is None
            assert page, "the last page is never an empty one"
            if after is None:
                break
            assert len(after) <= 160
        assert sorted(listed) == names


def test_a_mark_that_was_never_given(store: Store) -> None:
    with pytest.raises(InvalidPaginationTokenException):
        store.collections.page("#" + "0" * 64, 3)


def test_a_page_goes_on_after_a_collection_that_was_deleted(store: Store) -> None:
    for name in "abcd":
        store.collections.create(name, "7.0", {}, NOW)
    _, after = store.collections.page(None, 2)
    store.collections.delete("b")
    assert [name for name, _ in store.collections.page(after, 10)[0]] == ["c", "d"]


def test_concurrent_tags_all_stay(store: Store, head: Head) -> None:
    def tag(number: int) -> None:
        store.collections.retag("people", lambda tags: tags | {f"tag{number}": "x"})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(tag, range(24)))
    assert len(tags_of(store.collections.get("people"))) == 24


def test_deleting_leaves_nothing(store: Store, head: Head, aws: Aws) -> None:
    faces = [add(store, head, seed)[0] for seed in range(5)]
    store.users.create(head, "somebody", ONCE)
    store.associations.add(store.collections.get("people"), "somebody", [faces[0].id], 9.0, ONCE)
    other = store.collections.create("other", "7.0", {}, NOW)
    add(store, other, 7)
    store.collections.delete("people")
    assert [item["id"]["S"] for item in items(aws, "collections")] == ["other"]
    assert [item["key"]["S"] for item in items(aws, "records")] == [f"{other.uid}/faces/0"]
    assert {name.split("/")[0] for item in items(aws, "names") if (name := item["name"]["S"]) != "graves"} == {
        other.uid
    }


def test_an_interrupted_deletion_is_finished_later(store: Store, head: Head, aws: Aws) -> None:
    for seed in range(3):
        add(store, head, seed)
    store.collections.delete("people", seconds=-1)
    assert len(items(aws, "records")) == 3
    with pytest.raises(ResourceNotFoundException):
        store.collections.get("people")
    assert store.collections.sweep()
    assert items(aws, "records") == []
    assert store.collections.sweep()


def test_a_collection_made_anew_is_empty(store: Store, head: Head) -> None:
    add(store, head, 1)
    store.collections.delete("people", seconds=-1)
    again = store.collections.create("people", "7.0", {}, NOW)
    assert int(again.face_count) == 0
    assert store.faces.page(again, store.faces.first, 10) == ([], None)
    (face,) = add(store, head, 1)  # by a stale head
    assert store.faces.get(store.collections.get("people"), [face.id])
