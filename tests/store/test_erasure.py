"""Faces whose time is over: erased once, and what is known to be empty is not read again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from chalicelib.local.moto.aws import Aws
from chalicelib.store.ledger import BATCH
from chalicelib.store.store import Store
from chalicelib.store.tables import Head
from chalicelib.store.vault import LocalKeys
from tests.store.material import NOW, add, store_over


def damage(aws: Aws, key: str) -> None:
    """Have a record that nobody can read."""
    content = {":content": {"S": "no JSON"}}
    aws.client("dynamodb").update_item(
        TableName="test-records",
        Key={"key": {"S": key}},
        UpdateExpression="SET content = :content",
        ExpressionAttributeValues=content,
    )


def nobody(_face_ids: Sequence[str]) -> None:
    """Nothing else names the faces."""


def test_who_is_stopped_before_faces_are_erased_finds_them_again(store: Store, head: Head) -> None:
    (face,) = add(store, head, 1)[:1]
    head = store.collections.get("people")

    def stopped(face_ids: Sequence[str]) -> None:
        assert list(face_ids) == [face.id]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.erasure.expire(head, NOW + timedelta(days=1), stopped)
    assert store.erasure.expire(head, NOW + timedelta(days=1), nobody) == [face.id]


def test_a_process_that_starts_reads_nothing_that_was_swept(
    aws: Aws, keys: LocalKeys, store: Store, head: Head
) -> None:
    for number in range(BATCH + 5):
        add(store, head, number % 256, number // 256)
    (young,) = add(store, head, 1, 2, 3, now=NOW + timedelta(days=2))[:1]
    head = store.collections.get("people")
    assert len(store.erasure.expire(head, NOW + timedelta(days=1), nobody)) == 2 * (BATCH + 5)
    head = store.collections.get("people")
    assert int(head.swept) >= BATCH
    damage(aws, f"{head.uid}/faces/0")
    later = store_over(aws, keys)
    assert later.erasure.expire(head, NOW + timedelta(days=1), nobody) == []
    assert young.id in later.erasure.expire(head, NOW + timedelta(days=3), nobody)
    assert int(later.collections.get("people").face_count) == 0


def test_what_was_swept_stays_known_when_the_collection_changes(store: Store, head: Head) -> None:
    for number in range(BATCH):
        add(store, head, number)
    store.erasure.expire(store.collections.get("people"), NOW + timedelta(days=1), nobody)
    swept = int(store.collections.get("people").swept)
    add(store, head, 7, 8, now=NOW + timedelta(days=2))
    assert swept >= BATCH
    assert int(store.collections.get("people").swept) == swept


def test_a_collection_made_anew_meanwhile_is_not_taken_for_swept(store: Store, head: Head) -> None:
    for number in range(BATCH):
        add(store, head, number)
    old = store.collections.get("people")
    store.collections.delete("people")
    store.collections.create("people", "7.0", {}, NOW)
    store.erasure.expire(old, NOW + timedelta(days=1), nobody)
    assert int(store.collections.get("people").swept) == 0
