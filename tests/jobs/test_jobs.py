"""Jobs put, limited, ended, announced and forgotten: once each."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.errors import (
    IdempotentParameterMismatchException,
    InvalidS3ObjectException,
    LimitExceededException,
    ResourceNotFoundException,
)
from chalicelib.jobs.expiry import sweep
from chalicelib.jobs.results import Results
from chalicelib.jobs.worker import Progress
from chalicelib.store.job import Job
from chalicelib.store.objects import Objects
from tests.jobs.conftest import Place, done, worker


def test_a_job_is_kept_and_queued(place: Place) -> None:
    job_id = place.start()
    assert re.fullmatch("[0-9a-f]{64}", job_id)
    assert place.queued() == [job_id]
    assert place.desk.get("FaceDetection", job_id).status == "IN_PROGRESS"


def test_the_end_is_told_in_the_words_of_aws(place: Place) -> None:
    job_id = place.start(JobTag="tag")
    worker(place, done).run(job_id)
    (message,) = place.messages()
    assert isinstance(message.pop("Timestamp"), int)
    assert message == {
        "JobId": job_id,
        "Status": "SUCCEEDED",
        "API": "StartFaceDetection",
        "JobTag": "tag",
        "Video": {"S3ObjectName": "film.mp4", "S3Bucket": place.bucket},
    }


def test_a_job_fails_with_its_reason(place: Place) -> None:
    def work(_job: Job, _progress: Progress) -> dict[str, Any]:
        raise InvalidS3ObjectException

    job_id = place.start()
    worker(place, work).run(job_id)
    job = place.desk.get("FaceDetection", job_id)
    assert (job.status, job.message) == ("FAILED", InvalidS3ObjectException.text)
    assert [message["Status"] for message in place.messages()] == ["FAILED"]


class TestTokens:
    def test_the_same_request_is_the_same_job(self, place: Place) -> None:
        first = place.start(ClientRequestToken="t")
        worker(place, done).run(first)
        place.queued()
        assert place.start(ClientRequestToken="t") == first
        assert place.queued() == []
        assert len(place.messages()) == 1

    def test_another_request_is_refused(self, place: Place) -> None:
        place.start(ClientRequestToken="t")
        with pytest.raises(IdempotentParameterMismatchException):
            place.start(ClientRequestToken="t", JobTag="other")

    def test_without_a_token_each_is_its_own(self, place: Place) -> None:
        assert place.start() != place.start()

    def test_a_message_that_was_never_sent_is_sent_by_the_next_try(self, place: Place) -> None:
        job_id = place.start(ClientRequestToken="t")
        place.queued()  # as if it had been lost
        place.start(ClientRequestToken="t")
        assert place.queued() == [job_id]

    def test_at_once(self, place: Place) -> None:
        with ThreadPoolExecutor(8) as pool:
            ids = set(pool.map(lambda _: place.start(ClientRequestToken="t"), range(16)))
        assert len(ids) == 1
        assert place.jobs.open() == ids

    def test_a_token_lives_as_long_as_its_job(self, place: Place) -> None:
        first = place.start(ClientRequestToken="t")
        worker(place, done).run(first)
        place.clock.now += 7 * 24 * 3600 + 1
        assert place.start(ClientRequestToken="t", JobTag="other") != first


class TestLimit:
    def test_twenty_at_once(self, place: Place) -> None:
        ids = [place.start() for _ in range(20)]
        with pytest.raises(LimitExceededException):
            place.start()
        worker(place, done).run(ids[7])
        place.start()

    def test_from_many_threads(self, place: Place) -> None:
        def attempt(_number: int) -> bool:
            try:
                place.start()
            except LimitExceededException:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(attempt, range(30))) == 20


class TestUnknown:
    def test_never_was(self, place: Place) -> None:
        with pytest.raises(ResourceNotFoundException):
            place.desk.get("FaceDetection", "f" * 64)

    def test_of_another_analysis(self, place: Place) -> None:
        """Unconfirmed."""
        with pytest.raises(ResourceNotFoundException):
            place.desk.get("LabelDetection", place.start())

    def test_after_seven_days(self, place: Place) -> None:
        job_id = place.start()
        place.clock.now += 7 * 24 * 3600 - 1
        assert place.desk.get("FaceDetection", job_id).id == job_id
        place.clock.now += 2
        with pytest.raises(ResourceNotFoundException):
            place.desk.get("FaceDetection", job_id)


def test_after_seven_days_nothing_is_left(place: Place) -> None:
    objects = Objects(place.session, "us-east-1")
    results = Results(objects, place.bucket)

    def work(job: Job, _progress: Progress) -> dict[str, Any]:
        writer = results.writer(f"{job.id}/{job.attempt}/TIMESTAMPS/TIMESTAMP")
        writer.extend({"Timestamp": number} for number in range(2500))
        return {"counts": writer.close()}

    old, stuck = place.start(ClientRequestToken="t"), place.start()
    worker(place, work).run(old)
    place.clock.now += 24 * 3600
    young = place.start()
    worker(place, work).run(young)
    place.clock.now += 6 * 24 * 3600
    assert sweep(place.jobs, results) == 3  # two jobs and a token
    assert objects.keys(place.bucket, f"jobs/{old}/") == []
    assert len(objects.keys(place.bucket, f"jobs/{young}/")) == 3
    assert place.desk.get("FaceDetection", young).status == "SUCCEEDED"
    assert stuck not in place.jobs.open()
    assert sweep(place.jobs, results) == 0


def test_a_token_used_again_while_it_is_swept_stays(place: Place) -> None:
    place.start(ClientRequestToken="t")
    place.clock.now += 7 * 24 * 3600 + 1
    over = place.jobs.expired()
    job_id = place.start(ClientRequestToken="t")
    for key in over:
        place.jobs.forget(key)
    assert place.start(ClientRequestToken="t") == job_id


def test_what_dynamodb_removed_gives_its_place_back(place: Place) -> None:
    """A job whose message was given up stays open, and its item goes by the table's time to live."""
    for _ in range(20):
        place.start()
    place.clock.now += 7 * 24 * 3600 + 1
    dynamodb = place.session.create_client("dynamodb")
    for job_id in place.jobs.open():
        dynamodb.delete_item(TableName=f"{place.bucket}-jobs", Key={"key": {"S": job_id}})
    with pytest.raises(LimitExceededException):
        place.start()
    assert sweep(place.jobs, Results(Objects(place.session, "us-east-1"), place.bucket)) == 20
    place.start()
