"""A private AWS for each test."""

from __future__ import annotations

from uuid import uuid4

import pytest

from chalicelib.local.moto.aws import Aws


@pytest.fixture
def account() -> str:
    """An account that no other test of this process uses."""
    return f"{uuid4().int % 10**12:012d}"


@pytest.fixture
def aws(account: str) -> Aws:
    return Aws(account)
