"""Messages of a queue: each fails alone, and comes back when that is worth while."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.jobs.deliveries import AGAIN, attempt
from chalicelib.jobs.worker import JobHeldError, StoppedError


def record(number: int, body: str = "{}", received: int = 1) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(received)}
    return {"messageId": str(number), "receiptHandle": f"receipt {number}", "body": body, "attributes": attributes}


class Delays(dict[str, int]):
    """A queue that notes when its messages are to come back."""

    def __call__(self, receipt: str, seconds: int) -> None:
        self[receipt] = seconds


def failing(error: Exception) -> Any:
    def handle(content: Any) -> None:
        if content == {"fail": True}:
            raise error

    return handle


def test_what_succeeds_is_not_reported() -> None:
    seen: list[Any] = []
    assert attempt([record(1, '{"a": 1}'), record(2, '{"b": 2}')], seen.append, Delays()) == {"batchItemFailures": []}
    assert seen == [{"a": 1}, {"b": 2}]


def test_one_that_fails_takes_no_other_with_it() -> None:
    delays = Delays()
    records = [record(1), record(2, '{"fail": true}'), record(3, "no JSON"), record(4)]
    told = attempt(records, failing(RuntimeError()), delays)
    assert told == {"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "3"}]}
    assert delays == {"receipt 2": AGAIN[0], "receipt 3": AGAIN[0]}


def test_what_fails_again_and_again_waits_longer_and_longer() -> None:
    waits = []
    for received in range(1, len(AGAIN) + 3):
        delays = Delays()
        attempt([record(1, '{"fail": true}', received)], failing(RuntimeError()), delays)
        waits.append(delays["receipt 1"])
    assert waits == [*AGAIN, AGAIN[-1], AGAIN[-1]]


def test_a_held_job_comes_back_when_it_is_free() -> None:
    delays = Delays()
    attempt([record(1, '{"fail": true}')], failing(JobHeldError(41.5)), delays)
    assert delays == {"receipt 1": 42}


def test_a_stopped_worker_gives_its_job_back_at_once() -> None:
    delays = Delays()
    assert attempt([record(1, '{"fail": true}')], failing(StoppedError()), delays)["batchItemFailures"]
    assert delays == {"receipt 1": AGAIN[0]}


def test_a_queue_that_cannot_be_told_returns_the_message_later() -> None:
    def refused(receipt: str, seconds: int) -> None:
        raise ClientError({"Error": {"Code": "ReceiptHandleIsInvalid"}}, "ChangeMessageVisibility")

    told = attempt([record(1, '{"fail": true}')], failing(RuntimeError()), refused)
    assert told == {"batchItemFailures": [{"itemIdentifier": "1"}]}
