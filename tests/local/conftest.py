"""A private AWS for each test, and all that a port serves for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.local.moto.aws import Aws
from chalicelib.local.world import World
from tests.accounts import unused_account, unused_settings


@pytest.fixture
def account() -> str:
    """An account that no other test of this process uses."""
    return unused_account()


@pytest.fixture
def aws(account: str) -> Aws:
    return Aws(account)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """What a port serves, asked without one."""
    with World(unused_settings()) as world:
        yield world
