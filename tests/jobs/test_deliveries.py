"""Messages of a queue: each fails alone, and comes back when that is worth while."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.errors import LimitExceededException, ProvisionedThroughputExceededException
from chalicelib.jobs.deliveries import AGAIN, PAUSE, attempt
from chalicelib.jobs.queue import Messages
from chalicelib.jobs.worker import JobHeldError, StoppedError
from deploy import events
from tests.jobs.conftest import Place


def record(number: int, body: str = "{}", received: int = 1) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(received)}
    return {"messageId": str(number), "receiptHandle": f"receipt {number}", "body": body, "attributes": attributes}


class Line:
    """A queue that notes what is to come when."""

    def __init__(self) -> None:
        self.delayed: dict[str, int] = {}
        self.new: list[tuple[str, int]] = []

    def put(self, body: str, seconds: int) -> None:
        self.new.append((body, seconds))

    def delay(self, receipt: str, seconds: int) -> None:
        self.delayed[receipt] = seconds


def failing(error: Exception) -> Any:
    def handle(content: Any) -> None:
        if content == {"fail": True}:
            raise error

    return handle


def test_what_succeeds_is_not_reported() -> None:
    seen: list[Any] = []
    assert attempt([record(1, '{"a": 1}'), record(2, '{"b": 2}')], seen.append, Line()) == {"batchItemFailures": []}
    assert seen == [{"a": 1}, {"b": 2}]


def test_one_that_fails_takes_no_other_with_it() -> None:
    line = Line()
    records = [record(1), record(2, '{"fail": true}'), record(3, "no JSON"), record(4)]
    told = attempt(records, failing(RuntimeError()), line)
    assert told == {"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "3"}]}
    assert line.delayed == {"receipt 2": AGAIN[0], "receipt 3": AGAIN[0]}


def test_what_fails_again_and_again_waits_longer_and_longer() -> None:
    waits = []
    for received in range(1, len(AGAIN) + 3):
        line = Line()
        attempt([record(1, '{"fail": true}', received)], failing(RuntimeError()), line)
        waits.append(line.delayed["receipt 1"])
    assert waits == [*AGAIN, AGAIN[-1], AGAIN[-1]]


def test_a_held_job_comes_anew_when_it_is_free() -> None:
    line = Line()
    told = attempt([record(1, '{"fail": true}')], failing(JobHeldError(41.5)), line)
    assert (told, line.new, line.delayed) == ({"batchItemFailures": []}, [('{"fail": true}', 42)], {})


@pytest.mark.parametrize("error", [LimitExceededException(), ProvisionedThroughputExceededException()])
def test_what_finds_no_room_comes_anew_not_all_at_once(error: Exception) -> None:
    line = Line()
    records = [record(number, '{"fail": true}', received=10) for number in range(50)]
    assert attempt(records, failing(error), line) == {"batchItemFailures": []}
    waits = {seconds for _, seconds in line.new}
    assert len(line.new) == 50
    assert PAUSE[0] <= min(waits) < max(waits) <= PAUSE[1] <= 900, "SQS delays a message by 15 minutes at most"
    assert line.delayed == {}


def test_what_cannot_be_put_anew_counts_as_failed() -> None:
    class Full(Line):
        def put(self, body: str, seconds: int) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "SendMessage")

    line = Full()
    told = attempt([record(1, '{"fail": true}')], failing(LimitExceededException()), line)
    assert told == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert line.delayed == {"receipt 1": AGAIN[0]}


def test_a_stopped_worker_gives_its_job_back_at_once() -> None:
    line = Line()
    assert attempt([record(1, '{"fail": true}')], failing(StoppedError()), line)["batchItemFailures"]
    assert line.delayed == {"receipt 1": AGAIN[0]}


class Impatient(Messages):
    """A real queue whose messages come at once."""

    def put(self, body: str, seconds: int) -> None:
        super().put(body, 0)

    def delay(self, receipt: str, seconds: int) -> None:
        super().delay(receipt, 0)


def test_only_failures_lead_to_the_dead_letters(place: Place) -> None:
    """As deployed, with fewer receives: a film waits for one of the 20 jobs to end, another is broken."""
    sqs, name = place.desk.sqs, f"films-{place.bucket}"
    dead = sqs.create_queue(QueueName=f"dead-{place.bucket}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    url = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    attempts = {"waits": 0, "broken": 0}

    def handle(film: dict[str, str]) -> None:
        attempts[film["name"]] += 1
        if film["name"] == "broken":
            raise ValueError
        if attempts["waits"] <= 12:
            raise LimitExceededException

    for film in attempts:
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"name": film}))
    while found := sqs.receive_message(QueueUrl=url, AttributeNames=["All"]).get("Messages"):
        (received,) = (events.received(message, name)["Records"][0] for message in found)
        if not attempt([received], handle, Impatient(place.desk, name))["batchItemFailures"]:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=received["receiptHandle"])
    assert attempts == {"waits": 13, "broken": 3}
    (letter,) = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(letter["Body"]) == {"name": "broken"}


def test_a_queue_that_cannot_be_told_returns_the_message_later() -> None:
    class Gone(Line):
        def delay(self, receipt: str, seconds: int) -> None:
            raise ClientError({"Error": {"Code": "ReceiptHandleIsInvalid"}}, "ChangeMessageVisibility")

    told = attempt([record(1, '{"fail": true}')], failing(RuntimeError()), Gone())
    assert told == {"batchItemFailures": [{"itemIdentifier": "1"}]}
