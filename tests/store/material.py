"""What the store's tests put into it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from chalicelib.local.moto.aws import Aws
from chalicelib.store.faces import Found
from chalicelib.store.records import IndexedFace
from chalicelib.store.store import Store
from chalicelib.store.tables import Head
from chalicelib.store.vault import Keys

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def mean(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = vectors.mean(axis=0)
    return found


def store_over(aws: Aws, keys: Keys) -> Store:
    """As another process would see the same tables."""
    return Store(
        aws.session, region="us-east-1", prefix="test", bucket=f"results-{aws.account}", keys=keys, represent=mean
    )


def vector(seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=128).astype(np.float32)


def found(*seeds: int) -> list[Found]:
    """Faces side by side, each with the vector of its seed."""
    return [Found((0.01 * at, 0.5, 0.008, 0.01), 99.0, vector(seed)) for at, seed in enumerate(seeds)]


def add(
    store: Store, head: Head, *seeds: int, external_id: str | None = None, now: datetime = NOW
) -> list[IndexedFace]:
    """Index a picture whose digest follows from its faces."""
    return store.faces.add(head, bytes([*seeds, *bytes(32)])[:32], external_id, found(*seeds), now)
