"""The index gives what a plain scan gives: the same vectors, distances and order."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from chalicelib.search import Index, Match

DIMENSIONS = 128


class Entries(NamedTuple):
    """As the store gives them."""

    record: int
    slots: Sequence[int]
    payloads: Sequence[Any]
    vectors: NDArray[np.float32]


def vectors(count: int, seed: int = 0, spread: float = 1.0, centre: float = 0.0) -> NDArray[np.float32]:
    """Like face embeddings: clusters, with a spectrum of which 16 axes hold most of the variance."""
    random = np.random.default_rng(seed)
    scale = np.exp(-np.arange(DIMENSIONS) / 20)
    turn, _ = np.linalg.qr(random.normal(size=(DIMENSIONS, DIMENSIONS)))
    people = random.normal(size=(max(1, count // 5), DIMENSIONS))
    found = people[random.integers(len(people), size=count)] + 0.3 * random.normal(size=(count, DIMENSIONS))
    turned: NDArray[np.float64] = spread * (found * scale) @ turn + centre
    return turned.astype(np.float32)


def record(number: int, found: NDArray[np.float32], first: int = 0) -> Entries:
    return Entries(number, range(len(found)), range(first, first + len(found)), found)


def index_of(found: NDArray[np.float32], a_record: int = 3) -> Index:
    """Payloads are row numbers; records of `a_record` vectors, folded 50 at a time."""
    index = Index(found.shape[1])
    entries = [record(at, found[at : at + a_record], at) for at in range(0, len(found), a_record)]
    for start in range(0, len(entries), 50):
        index.apply(entries[start : start + 50])
    return index


def scan(found: NDArray[np.float32], query: NDArray[np.float32], count: int, radius: float) -> list[Match]:
    squares = np.sum((found - query.astype(np.float64)) ** 2, axis=1)
    rows = [row for row in np.argsort(squares, kind="stable") if squares[row] <= radius * radius][:count]
    return [Match(float(np.sqrt(squares[row])), row) for row in rows]


@pytest.mark.parametrize("count", [1, 2, 80, 4096])
@pytest.mark.parametrize("radius", [0.0, 0.4, 1.5, np.inf])
def test_equals_the_plain_scan(count: int, radius: float) -> None:
    found = vectors(9_000)
    index = index_of(found)
    for query in (found[7], found[8_999] + np.float32(0.05), vectors(1, seed=9)[0]):
        assert index.nearest(query, count, radius) == scan(found, query, count, radius)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 5000),
    dimensions=st.sampled_from([1, 2, 15, 16, 17, 128]),
    spread=st.sampled_from([1e-6, 1e-3, 1.0, 1e4]),
    centre=st.sampled_from([0.0, 1.0, 1e3]),
    twins=st.booleans(),
    count=st.integers(1, 50),
)
def test_nothing_is_lost_to_rounding(
    *, seed: int, size: int, dimensions: int, spread: float, centre: float, twins: bool, count: int
) -> None:
    """Far from the origin and close together, float32 leaves few digits: ties and near ties everywhere."""
    random = np.random.default_rng(seed)
    found = (spread * random.normal(size=(size, dimensions)) + centre).astype(np.float32)
    if twins:
        found[size // 2 :] = found[: size - size // 2]
    query = found[random.integers(size)] + np.float32(spread * 0.1)
    index = index_of(found, a_record=100)
    for radius in (np.inf, spread, float(np.linalg.norm(found[0] - query.astype(np.float64)))):
        assert index.nearest(query, count, radius) == scan(found, query, count, radius)


def test_ties_are_answered_in_the_order_of_the_log() -> None:
    found = np.repeat(vectors(10), 30, axis=0)
    assert [match.payload for match in index_of(found).nearest(found[100], 7)] == list(range(90, 97))


def test_one_vector_at_a_time_is_as_exact() -> None:
    found = vectors(600)
    index = Index(DIMENSIONS)
    for row, vector in enumerate(found):
        index.apply([record(row, vector[None], row)])
        assert index.nearest(found[0], 5) == scan(found[: row + 1], found[0], 5, np.inf)


def test_what_is_removed_is_gone_from_memory() -> None:
    found = vectors(9000)
    index = index_of(found)
    index.apply([Entries(3, (0, 2), (3, 5), found[[3, 5]]), Entries(6, (), (), found[:0])])
    kept = np.delete(found, [4, 6, 7, 8], axis=0)
    expected = [match._replace(payload=match.payload) for match in scan(kept, found[4], 20, np.inf)]
    names = np.delete(np.arange(9000), [4, 6, 7, 8])
    assert index.nearest(found[4], 20) == [Match(distance, names[row]) for distance, row in expected]
    assert index.vector(3, 1) is None
    assert index.payload(6, 0) is None
    held = index._table.vectors[: len(index)]
    assert not (held == found[4]).all(axis=1).any()
    index.apply([record(row + 9000, one[None], row + 9000) for row, one in enumerate(vectors(9000, seed=3))])  # refits
    assert 4 not in [match.payload for match in index.nearest(found[4], 9000)]


def test_a_record_may_change_its_vectors_and_what_they_stand_for() -> None:
    found = vectors(40)
    index = Index(DIMENSIONS)
    nobody = np.full((1, DIMENSIONS), np.nan, np.float32)
    index.apply([Entries(0, (0,), ("nobody",), nobody), Entries(2, (0,), ("other",), found[:1])])
    assert index.nearest(found[1], 10) == scan_named(found[:1], ["other"], found[1])
    index.apply([Entries(0, (0,), ("somebody",), found[1:2])])
    assert index.nearest(found[1], 10) == scan_named(found[[1, 0]], ["somebody", "other"], found[1])
    index.apply([Entries(0, (0,), ("nobody",), nobody)])
    assert index.vector(0, 0) is None
    assert index.payload(0, 0) == "nobody"


def scan_named(found: NDArray[np.float32], names: Sequence[Any], query: NDArray[np.float32]) -> list[Match]:
    return [Match(distance, names[row]) for distance, row in scan(found, query, 10, np.inf)]


def test_places_are_found_by_record_and_slot() -> None:
    found = vectors(100)
    index = index_of(found)
    vector = index.vector(33, 2)
    assert vector is not None
    assert (vector == found[35]).all()
    assert index.payload(33, 2) == 35
    assert index.vector(33, 3) is None
    assert index.vector(500, 0) is None


def test_readers_see_whole_states_while_others_write() -> None:
    """Vectors come in pairs of twins, and go in pairs: a reader never meets one without the other."""
    found = np.repeat(vectors(3000), 2, axis=0)
    index = index_of(found[:2000], a_record=2)
    failures: list[Any] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            for row in range(0, 400, 2):
                matches = index.nearest(found[row], 2, 1e-9)
                if [match.payload for match in matches] not in ([], [row, row + 1]):
                    failures.append(matches)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for at in range(2000, 6000, 2):
        index.apply([record(at, found[at : at + 2], at), Entries((at - 2000) // 5 * 2 % 400, (), (), found[:0])])
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert index.nearest(found[0], 2, 1e-9) == []
    assert [match.payload for match in index.nearest(found[5998], 2, 1e-9)] == [5998, 5999]
