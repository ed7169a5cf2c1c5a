"""A user's tests of what a data directory holds; run twice by tests/testing/test_suites.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lookalike as module
import pytest


def test_collections_are_added(lookalike_client: Callable[..., Any]) -> None:
    there = lookalike_client().list_collections()["CollectionIds"]
    lookalike_client().create_collection(CollectionId=f"c{len(there)}")
    module.script.on("DetectText").returns({"TextDetections": []})


def test_they_stay_and_scripts_do_not(lookalike: Any) -> None:
    print(lookalike.client().list_collections()["CollectionIds"])
    assert lookalike.client().list_collections()["CollectionIds"]
    assert module.script.rules == []
    with pytest.raises(module.ScriptError, match="keeps its state"):
        lookalike._stage.wipe()
