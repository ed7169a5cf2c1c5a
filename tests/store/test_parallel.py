"""Reads side by side: in order, few at a time, and of one object."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest

from chalicelib.errors import TooLargeToSearchError
from chalicelib.local.moto.aws import Aws
from chalicelib.store import objects
from chalicelib.store.objects import Objects
from chalicelib.store.parallel import in_order


def test_answers_come_in_order_however_they_arrive() -> None:
    turns = [threading.Event() for _ in range(20)]
    turns[19].set()

    def read(number: int) -> int:
        if number % 4 == 0 and number < 19:
            turns[number + 1].wait(5)
        turns[number].set()
        return number * 10

    assert list(in_order(read, range(20), at_once=4)) == [number * 10 for number in range(20)]


def test_no_more_than_asked_are_held() -> None:
    begun: list[int] = []

    def read(number: int) -> int:
        begun.append(number)
        return number

    answers = in_order(read, range(100), at_once=3)
    assert next(answers) == 0
    assert len(begun) <= 4


def test_an_error_ends_it() -> None:
    def read(number: int) -> int:
        if number == 5:
            raise ConnectionError
        return number

    found = []
    with pytest.raises(ConnectionError):
        found += list(in_order(read, range(50)))
    assert found == []


@pytest.fixture
def bucket(aws: Aws) -> str:
    aws.client("s3").create_bucket(Bucket=f"large-{aws.account}")
    return f"large-{aws.account}"


@pytest.mark.parametrize("size", [1, objects.LARGE_PART, objects.LARGE_PART + 1, 3 * objects.LARGE_PART - 7])
def test_a_large_object_is_read_whole(aws: Aws, bucket: str, size: int) -> None:
    body = os.urandom(size)
    aws.client("s3").put_object(Bucket=bucket, Key="k", Body=body)
    assert Objects(aws.session, aws.region).get_large(bucket, "k", size) == body


def test_one_that_is_too_large_is_refused_before_it_is_read(aws: Aws, bucket: str) -> None:
    aws.client("s3").put_object(Bucket=bucket, Key="k", Body=bytes(objects.LARGE_PART + 1))
    with pytest.raises(TooLargeToSearchError, match="LOOKALIKE_SEARCH_LIMIT"):
        Objects(aws.session, aws.region).get_large(bucket, "k", objects.LARGE_PART)


@pytest.mark.parametrize("name", ["absent", "large"])
def test_one_that_is_absent_is_none(aws: Aws, bucket: str, name: str) -> None:
    found: Any = Objects(aws.session, aws.region).get_large(bucket if name == "large" else name, "absent", 10)
    assert found is None
