"""A store of its own for each test: real DynamoDB and S3 calls, answered by moto in this process."""

from __future__ import annotations

import os

import pytest

from chalicelib.local.moto.aws import Aws
from chalicelib.store.store import Store
from chalicelib.store.tables import Head
from chalicelib.store.vault import LocalKeys
from tests.accounts import unused_account
from tests.store.material import NOW, store_over


@pytest.fixture
def aws() -> Aws:
    """An account that no other test uses."""
    return Aws(unused_account())


@pytest.fixture
def keys() -> LocalKeys:
    return LocalKeys([os.urandom(32)])


@pytest.fixture
def store(aws: Aws, keys: LocalKeys) -> Store:
    made = store_over(aws, keys)
    made.create_tables()
    return made


@pytest.fixture
def head(store: Store) -> Head:
    """An empty collection."""
    return store.collections.create("people", "7.0", {}, NOW)
