"""Faces in DynamoDB: all of a picture or none, never twice, found by id, and gone when they are deleted."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.local.moto.aws import Aws
from chalicelib.search import Search
from chalicelib.store.faces import Found, Position
from chalicelib.store.records import SLOT_BITS, IndexedFace, image_id, new_face_id, place_of
from chalicelib.store.store import Store
from chalicelib.store.tables import Head
from chalicelib.store.vault import LocalKeys
from tests.store.material import NOW, add, found, store_over, vector


def everything(store: Store) -> list[IndexedFace]:
    head = store.collections.get("people")
    listed, more = store.faces.page(head, store.faces.first, 10_000)
    assert more is None
    assert int(head.face_count) == len(listed)
    return listed


@given(record=st.integers(0, 2**36 - 1), slot=st.integers(0, 2**SLOT_BITS - 1))
def test_a_face_id_is_a_uuid_that_knows_its_place(record: int, slot: int) -> None:
    face_id = new_face_id(record, slot)
    assert place_of(face_id) == (record, slot)
    assert UUID(face_id).version == 4
    assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", face_id)
    assert new_face_id(record, slot) != face_id


def test_the_same_bytes_have_the_same_image_id() -> None:
    assert image_id(bytes(32)) == image_id(bytes(32)) != image_id(b"1" + bytes(31))
    assert UUID(image_id(bytes(32))).version == 5


def test_faces_come_back_as_they_were_found(store: Store, head: Head) -> None:
    faces = add(store, head, 1, 2, 3, external_id="party")
    assert [face.box for face in faces] == [one.box for one in found(1, 2, 3)]
    assert {(face.image_id, face.external_id, face.confidence, face.user) for face in faces} == {
        (image_id(bytes([1, 2, 3] + [0] * 29)), "party", 99.0, None)
    }
    assert everything(store) == faces
    head = store.collections.get("people")
    vectors = store.faces.vectors(head, [face.id for face in faces])
    assert all((vectors[face.id] == vector(seed)).all() for face, seed in zip(faces, (1, 2, 3), strict=True))
    unknown = new_face_id(0, 1)
    assert store.faces.get(head, [faces[1].id, unknown]) == {faces[1].id: faces[1]}


def test_a_picture_without_faces_writes_nothing(store: Store, head: Head) -> None:
    assert add(store, head) == []
    assert int(store.collections.get("people").faces) == 0


def test_a_crowd_of_a_hundred_is_one_transaction(store: Store, head: Head) -> None:
    faces = add(store, head, *range(100))
    assert everything(store) == faces
    assert int(store.collections.get("people").faces) == 1


def test_the_same_picture_again_brings_the_same_faces(store: Store, head: Head) -> None:
    first = add(store, head, 1, 2, external_id="a")
    assert add(store, store.collections.get("people"), 1, 2, external_id="a") == first
    assert add(store, head, 1, 2, external_id="a") == first, "by a stale head too"
    other = add(store, head, 1, 2, external_id="b")
    assert {face.image_id for face in other} == {face.image_id for face in first}
    assert not {face.id for face in other} & {face.id for face in first}
    assert everything(store) == [*first, *other]


def test_more_faces_of_the_same_picture_join_those_it_brought(store: Store, head: Head) -> None:
    """As with a larger MaxFaces, and after some were deleted; rounding may move a box by a little."""
    digest = bytes(32)
    first = store.faces.add(head, digest, None, found(1, 2)[1:], NOW)
    moved = [Found((one.box[0] + 1e-5, *one.box[1:]), one.confidence, one.vector) for one in found(1, 2, 3)]
    second = store.faces.add(head, digest, None, moved, NOW)
    assert second[1] == first[0]
    assert len({face.id for face in second}) == 3
    assert store.faces.remove(store.collections.get("people"), [second[0].id]) == {}
    third = store.faces.add(head, digest, None, found(1, 2, 3), NOW)
    assert third[1:] == second[1:]
    assert third[0].id != second[0].id
    assert len(everything(store)) == 3


def test_pages_hold_every_face_once_in_order(store: Store, head: Head) -> None:
    faces = [face for seed in range(0, 80, 2) for face in add(store, head, seed, seed + 1)]
    gone = [faces[0].id, faces[5].id, faces[6].id, faces[7].id, faces[-1].id]
    head = store.collections.get("people")
    assert store.faces.remove(head, gone) == {}
    head = store.collections.get("people")
    expected = [face for face in faces if face.id not in gone]
    for limit in (2, 7, len(expected), len(expected) + 1):
        listed: list[IndexedFace] = []
        place: Position | None = store.faces.first
        while place is not None:
            page, place = store.faces.page(head, place, limit)
            listed += page
        assert listed == expected
    assert everything(store) == expected


def test_removing_says_what_stays(store: Store, head: Head) -> None:
    faces = add(store, head, 1, 2, 3)
    unknown = [new_face_id(0, 2), new_face_id(77, 0)]
    kept = store.faces.remove(store.collections.get("people"), [faces[1].id, *unknown])
    assert kept == dict.fromkeys(unknown)
    assert everything(store) == [faces[0], faces[2]]


def test_what_is_removed_is_nowhere(store: Store, head: Head, aws: Aws) -> None:
    def raw() -> dict[str, bytes]:
        items = aws.client("dynamodb").scan(TableName="test-records")["Items"]
        return {item["key"]["S"]: item.get("vectors", {}).get("B", b"") for item in items}

    search = Search(128)
    faces = add(store, head, 1, 2)
    (single,) = add(store, head, 3)
    search.index(store.log(store.collections.get("people"), "faces", 128))
    before = raw()
    store.faces.remove(store.collections.get("people"), [faces[0].id, single.id])
    head = store.collections.get("people")
    search.refresh(store.log(head, "faces", 128))
    sealed = before[f"{head.uid}/faces/0"][: 512 + 28]
    assert not any(sealed in held for held in raw().values())
    assert f"{head.uid}/faces/1" not in raw()
    names = {item["name"]["S"] for item in aws.client("dynamodb").scan(TableName="test-names")["Items"]}
    assert len(names) == 1, "only the picture that still has a face is known"
    index = search.index(store.log(head, "faces", 128))
    held = index._table.vectors[: len(index)]
    for seed, there in ((1, False), (2, True), (3, False)):
        assert (held == vector(seed)).all(axis=1).any() == there


def test_many_are_removed_in_several_changes(store: Store, head: Head) -> None:
    faces = [add(store, head, seed)[0] for seed in range(50)]
    kept = store.faces.remove(store.collections.get("people"), [face.id for face in faces[1:]])
    assert kept == {}
    assert everything(store) == faces[:1]


def fold(store: Store, search: Search) -> list[Any]:
    head = store.collections.get("people")
    return [match.payload for match in search.nearest(store.log(head, "faces", 128), vector(0), 10_000)]


def test_a_search_that_follows_equals_one_that_begins(store: Store, head: Head) -> None:
    """Folding change by change, and all at once, give the same index."""
    following = Search(128)
    faces: list[IndexedFace] = []
    for seed in range(0, 30, 3):
        faces += add(store, head, seed, seed + 1, seed + 2)
        if seed % 6 == 0:
            store.faces.remove(store.collections.get("people"), [faces[-1].id, faces[seed // 3].id])
        assert fold(store, following) == fold(store, Search(128))
    assert sorted(face.id for face in fold(store, following)) == sorted(face.id for face in everything(store))


@pytest.mark.parametrize("processes", [1, 4])
def test_sixteen_clients_lose_nothing(store: Store, head: Head, aws: Aws, keys: LocalKeys, processes: int) -> None:
    """Each in a thread; with four stores, as in four processes that share nothing but the tables."""
    stores = [store, *(store_over(aws, keys) for _ in range(processes - 1))]

    def client(number: int) -> list[IndexedFace]:
        mine = stores[number % processes]
        brought: list[IndexedFace] = []
        for turn in range(3):
            seed = number * 10 + turn
            brought += add(mine, head, seed, 200, external_id="own")
            brought += add(mine, head, 250, 251, turn, external_id="shared")  # all clients bring this one
            if turn == 2:
                gone = brought.pop(0)
                assert mine.faces.remove(mine.collections.get("people"), [gone.id]) == {}
        return brought

    with ThreadPoolExecutor(16) as threads:
        brought = {face.id: face for faces in threads.map(client, range(16)) for face in faces}
    listed = everything(store)
    assert sorted(brought) == sorted(face.id for face in listed)
    assert len(listed) == 16 * 3 * 2 - 16 + 3 * 3
    assert {face.id for face in fold(store, Search(128))} == set(brought)


def test_a_search_follows_while_others_write(store: Store, head: Head) -> None:
    search = Search(128)

    def write(number: int) -> None:
        for turn in range(5):
            add(store, head, number * 5 + turn)

    def read(_: int) -> None:
        for _ in range(10):
            fold(store, search)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda job: job[0](job[1]), [(write, n) for n in range(4)] + [(read, n) for n in range(4)]))
    assert fold(store, search) == fold(store, Search(128))
    assert len(fold(store, search)) == 20


def test_what_the_memory_cannot_hold_is_folded_again(store: Store, head: Head) -> None:
    other = store.collections.create("other", "7.0", {}, NOW)
    add(store, head, 1)
    add(store, other, 2)
    search = Search(128, memory=1)
    for _ in range(2):
        for name, seed in (("people", 1), ("other", 2)):
            log = store.log(store.collections.get(name), "faces", 128)
            (match,) = search.nearest(log, vector(seed), 1)
            assert match.distance == 0
    assert search.memory == Search(128).memory + search.index(log).memory, "only the last one is kept"
