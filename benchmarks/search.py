"""Search: SearchFaces at 10,000 and 100,000 faces, the index alone at 1,000,000, against a bare product.

The vectors have the spectrum measured on real embeddings (16 of 128 components hold 63 % of the variance, 32 hold
82 %, 64 hold 98 %), in clusters of four: people with four photos each. The bare product is what most code does:
all squared distances by one matrix product, then the smallest. The answers must be the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.backend import Backend
from chalicelib.config import Settings
from chalicelib.local.world import World
from chalicelib.search import Index
from chalicelib.store.faces import Found
from chalicelib.vision.faces import distance_at
from chalicelib.wire import gateway

from .measuring import Line, by_themselves, in_turn

DIMENSIONS = 128
QUERIES = 30
THRESHOLD = 80.0
LIMIT = 80

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Record:
    """A picture with one face, as the index takes it."""

    record: int
    vectors: Floats
    slots: Sequence[int] = (0,)

    @property
    def payloads(self) -> Sequence[Any]:
        return (self.record,)


def people(faces: int, seed: int = 1) -> Floats:
    """[faces, 128]: four photos of each person, .43 apart as real ones are, and .78 from other people's."""
    random = np.random.default_rng(seed)
    shares = np.interp(np.arange(129), [0, 16, 32, 64, 128], [0, 0.63, 0.82, 0.98, 1])
    spread = np.sqrt(np.diff(shares))
    centres = random.normal(size=(-(-faces // 4), DIMENSIONS)) * spread * 0.46
    photos = np.repeat(centres, 4, axis=0)[:faces] + random.normal(size=(faces, DIMENSIONS)) * spread * 0.304
    return photos.astype(np.float32)


def product(vectors: Floats, squares: Floats, query: Floats, reach: float, limit: int = LIMIT) -> list[int]:
    """Rows within `reach` of `query`, nearest first, by the bare product over all of them."""
    distances = squares - 2 * (vectors @ query) + query @ query
    within = np.flatnonzero(distances <= reach * reach)
    nearest: list[int] = within[np.argsort(distances[within], kind="stable")][:limit].tolist()
    return nearest


def run() -> Iterator[Line]:
    """SearchFaces through the gateway, then the index alone; equal answers are asserted."""
    for faces in (10_000, 100_000):
        yield _operation(faces)
    yield from _index(1_000_000)


def _index(faces: int) -> Iterator[Line]:
    vectors, reach = people(faces), distance_at(THRESHOLD)
    squares = np.einsum("ij,ij->i", vectors, vectors)
    index = Index(DIMENSIONS)
    for start in range(0, faces, 10_000):
        index.apply([Record(start + n, vector[None]) for n, vector in enumerate(vectors[start : start + 10_000])])
    for count in (10, LIMIT):
        times = _compared(index, vectors, squares, reach, count)
        yield Line(f"search index, {faces:,} faces, the {count} nearest", times[0], "bare product", times[1], "≤ .33")


def _compared(index: Index, vectors: Floats, squares: Floats, reach: float, count: int) -> tuple[float, float]:
    """Seconds of the index and of the bare product, whose answers must be equal."""
    queries = vectors[:: len(vectors) // QUERIES] + np.float32(0.01)

    def ours(query: Floats) -> list[int]:
        return [match.payload for match in index.nearest(query, count, reach)]

    def bare(query: Floats) -> list[int]:
        return product(vectors, squares, query, reach, count)

    for query in queries[:10]:
        assert ours(query) == bare(query), "the answers differ"
    one, other = cycle(queries), cycle(queries)
    return by_themselves(lambda: ours(next(one)), lambda: bare(next(other)), 3)


def _operation(faces: int) -> Line:
    """A collection filled past the models, and searched as a client would, all but the socket."""
    vectors = people(faces)
    squares = np.einsum("ij,ij->i", vectors, vectors)
    name = f"bench-{faces}"  # moto's state is the process's: another world still holds the last one's
    with World(Settings.from_environ()) as world:
        backend = world.backend
        gateway.call("CreateCollection", {"CollectionId": name}, backend)
        face_ids = list(_filled(backend, name, vectors))
        rows = {face_id: row for row, face_id in enumerate(face_ids)}
        chosen = range(0, faces, faces // QUERIES)

        def search(row: int) -> list[int]:
            request = {"CollectionId": name, "FaceId": face_ids[row], "MaxFaces": LIMIT}
            matches = gateway.call("SearchFaces", request, backend)["FaceMatches"]
            return [rows[match["Face"]["FaceId"]] for match in matches]

        def bare(row: int) -> list[int]:
            nearest = product(vectors, squares, vectors[row], distance_at(THRESHOLD), LIMIT + 1)
            return [one for one in nearest if one != row][:LIMIT]

        for row in chosen[:10]:
            assert search(row) == bare(row), "the answers differ"
        ours, theirs = cycle(chosen), cycle(chosen)
        times = in_turn(lambda: search(next(ours)), lambda: bare(next(theirs)), QUERIES)
    return Line(f"SearchFaces, {faces:,} faces", times[0], "bare product", times[1])


def _filled(backend: Backend, name: str, vectors: Floats) -> Iterator[str]:
    """The FaceIds of `vectors`, indexed into a collection a hundred at a time."""
    for start in range(0, len(vectors), 100):
        head = backend.store.collections.get(name)
        crowd = [
            Found((n / 100, 0.0, 0.005, 0.1), 99.0, vector) for n, vector in enumerate(vectors[start : start + 100])
        ]
        digest = hashlib.sha256(str(start).encode()).digest()
        yield from (face.id for face in backend.store.faces.add(head, digest, None, crowd, backend.clock()))
