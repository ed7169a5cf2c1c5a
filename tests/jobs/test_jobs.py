"""Jobs put, claimed, ended and announced: once each, whoever dies."""

from __future__ import annotations

import re
from collections.abc import Callable
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
from chalicelib.jobs.worker import JobHeldError, LeaseLostError, Progress, StoppedError, Worker
from chalicelib.store.job import Job
from chalicelib.store.objects import Objects
from tests.jobs.conftest import Place

Work = Callable[[Job, Progress], dict[str, Any]]


class Killed(BaseException):
    """The worker's process ends here: nothing is caught, nothing put down."""


def worker(place: Place, work: Work, **more: Any) -> Worker:
    return Worker(place.desk, {"FaceDetection": work}, clock=place.clock, **more)


def done(_job: Job, _progress: Progress) -> dict[str, Any]:
    return {"counts": {}}


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


class TestDeath:
    def test_in_the_middle(self, place: Place) -> None:
        def die(_job: Job, _progress: Progress) -> dict[str, Any]:
            raise Killed

        job_id = place.start()
        with pytest.raises(Killed):
            worker(place, die).run(job_id)
        with pytest.raises(JobHeldError):
            worker(place, done).run(job_id)
        place.clock.now += 61
        worker(place, done).run(job_id)
        assert place.desk.get("FaceDetection", job_id).status == "SUCCEEDED"
        assert len(place.messages()) == 1
        worker(place, done).run(job_id)  # the queue may give a message twice
        assert place.messages() == []

    def test_between_the_end_and_its_announcement(self, place: Place) -> None:
        job_id = place.start()
        job = place.jobs.claim(job_id, "dead", 60)
        assert job is not None
        assert place.jobs.finish(job, "SUCCEEDED")
        place.clock.now += 61

        def never(_job: Job, _progress: Progress) -> dict[str, Any]:
            raise AssertionError("the work was done already")

        worker(place, never).run(job_id)
        assert [message["Status"] for message in place.messages()] == ["SUCCEEDED"]
        assert place.jobs.open() == frozenset()

    def test_a_worker_thought_dead_does_not_end_the_job_again(self, place: Place) -> None:
        def late(job: Job, progress: Progress) -> dict[str, Any]:
            place.clock.now += 61
            worker(place, done).run(job.id)
            with pytest.raises(LeaseLostError):
                progress(0.5)
            raise InvalidS3ObjectException

        job_id = place.start()
        worker(place, late).run(job_id)
        assert place.desk.get("FaceDetection", job_id).status == "SUCCEEDED"
        assert len(place.messages()) == 1

    def test_a_job_that_kills_its_workers_fails_at_last(self, place: Place) -> None:
        def die(_job: Job, _progress: Progress) -> dict[str, Any]:
            raise Killed

        job_id = place.start()
        for _ in range(5):
            with pytest.raises(Killed):
                worker(place, die).run(job_id)
            place.clock.now += 61
        worker(place, die).run(job_id)
        assert place.desk.get("FaceDetection", job_id).status == "FAILED"
        assert len(place.messages()) == 1

    def test_ten_jobs_and_two_deaths(self, place: Place) -> None:
        lives = [3, 6]

        def mortal(_job: Job, _progress: Progress) -> dict[str, Any]:
            lives[0] -= 1
            if lives[0] == 0:
                lives.pop(0)
                raise Killed
            return {}

        ids = [place.start() for _ in range(10)]
        lives.append(1000)
        deaths = 0
        while place.jobs.open():
            for job_id in place.jobs.open():
                try:
                    worker(place, mortal).run(job_id)
                except Killed:
                    deaths += 1
                except JobHeldError:
                    place.clock.now += 61
        assert deaths == 2
        assert sorted(message["JobId"] for message in place.messages()) == sorted(ids)
        assert place.jobs.counts().succeeded == 10


class TestWork:
    def test_long_work_keeps_its_claim(self, place: Place) -> None:
        def long(job: Job, progress: Progress) -> dict[str, Any]:
            for step in range(10):
                place.clock.now += 30
                progress(step / 10)
                with pytest.raises(JobHeldError):
                    place.jobs.claim(job.id, "other", 60)
            assert place.desk.get("FaceDetection", job.id).progress == 0.9
            return {}

        job_id = place.start()
        worker(place, long).run(job_id)
        assert place.desk.get("FaceDetection", job_id).status == "SUCCEEDED"

    def test_what_may_pass_is_tried_again_at_once(self, place: Place) -> None:
        def broken(_job: Job, _progress: Progress) -> dict[str, Any]:
            raise OSError("no space left")

        job_id = place.start()
        with pytest.raises(OSError, match="no space"):
            worker(place, broken).run(job_id)
        worker(place, done).run(job_id)
        assert place.desk.get("FaceDetection", job_id).status == "SUCCEEDED"

    def test_a_stop_puts_the_work_down(self, place: Place) -> None:
        def long(_job: Job, progress: Progress) -> dict[str, Any]:
            progress(0.1)
            raise AssertionError("it goes on")

        job_id = place.start()
        with pytest.raises(StoppedError):
            worker(place, long, stopped=lambda: True).run(job_id)
        worker(place, done).run(job_id)
        assert len(place.messages()) == 1

    def test_a_topic_that_is_gone_keeps_no_job_open(self, place: Place) -> None:
        gone = {"SNSTopicArn": f"{place.topic}x", "RoleArn": "arn:aws:iam::123456789012:role/r"}
        job_id = place.start(NotificationChannel=gone)
        worker(place, done).run(job_id)
        assert place.jobs.open() == frozenset()

    def test_a_lone_process_resumes_what_was_open(self, place: Place) -> None:
        job_id = place.start()
        place.queued()
        assert place.jobs.claim(job_id, "of the process before", 60)
        place.desk.resume()
        assert place.queued() == [job_id]
        worker(place, done).run(job_id)
        assert len(place.messages()) == 1
