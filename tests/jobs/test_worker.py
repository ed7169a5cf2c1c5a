"""Workers that die, come late, stop or fail: each job is ended and announced once."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import InvalidS3ObjectException
from chalicelib.jobs.worker import JobHeldError, LeaseLostError, Progress, StoppedError
from chalicelib.store.job import Job
from tests.jobs.conftest import Place, done, worker


class Killed(BaseException):
    """The worker's process ends here: nothing is caught, nothing put down."""


def die(_job: Job, _progress: Progress) -> dict[str, Any]:
    raise Killed


class TestDeath:
    def test_in_the_middle(self, place: Place) -> None:
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
