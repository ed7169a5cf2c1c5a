"""Stored video as applications use it: start, wait for SNS through SQS, page through the results."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import numpy as np
import pytest
from botocore.exceptions import ClientError

from tests.conftest import ROOT, Server
from tests.films import Pixels, card, film, photo, plain

ROLE = "arn:aws:iam::123456789012:role/publisher"
CUTS = [12, 30, 45, 95]
"""First frames of the second to the fifth shot, at ten a second."""
TEXT = (1200, 3000)
"""Milliseconds at which the card is on the screen."""
PERSON = (5900, 8100)
"""Milliseconds at which the whole face of somebody who walks through the room is in the picture."""


def scenes() -> Iterator[Pixels]:
    """Coffee, a card, a cat, a room that somebody enters and leaves, and coffee again."""
    yield from [photo("coffee")] * 12
    yield from [card("HELLO")] * 18
    yield from [photo("chelsea")] * 15
    eileen = photo("astronaut", (200, 200))  # the face ends 115 pixels from its left edge
    for frame in range(50):
        room = plain("#8899aa").copy()
        left = 60 + 13 * abs(frame - 25)
        room[40:, left : left + 200] = eileen[:, : max(320 - left, 0)]
        yield room
    yield from [np.ascontiguousarray(photo("coffee")[::-1])] * 10


@dataclass
class Studio:
    """One client's bucket of videos, and its topic of ends."""

    server: Server

    def __post_init__(self) -> None:
        self.rekognition, self.s3, self._sns, self._sqs = map(self.server.client, ("rekognition", "s3", "sns", "sqs"))
        self.bucket = f"videos-{uuid4().hex}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.topic = self._sns.create_topic(Name=self.bucket)["TopicArn"]
        self._queue = self._sqs.create_queue(QueueName=self.bucket)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        self._sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        self._ended: dict[str, dict[str, Any]] = {}

    def put(self, data: bytes) -> dict[str, Any]:
        """Store a video; returns the request's Video."""
        name = f"{uuid4().hex}.mp4"
        self.s3.put_object(Bucket=self.bucket, Key=name, Body=data)
        return {"S3Object": {"Bucket": self.bucket, "Name": name}}

    def start(self, analysis: str, video: dict[str, Any], **more: Any) -> str:
        channel = {"SNSTopicArn": self.topic, "RoleArn": ROLE}
        answer = getattr(self.rekognition, f"start_{analysis}")(Video=video, NotificationChannel=channel, **more)
        return str(answer["JobId"])

    def ended(self, job_id: str, seconds: float = 120) -> dict[str, Any]:
        """The message that says so."""
        until = time.monotonic() + seconds
        while job_id not in self._ended:
            assert time.monotonic() < until, "no message of the job's end"
            for message in self._sqs.receive_message(QueueUrl=self._queue, WaitTimeSeconds=5).get("Messages", ()):
                told = json.loads(json.loads(message["Body"])["Message"])
                assert told["JobId"] not in self._ended, "told twice"
                self._ended[told["JobId"]] = told
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return self._ended[job_id]

    def pages(self, analysis: str, job_id: str, **more: Any) -> list[dict[str, Any]]:
        """All pages, as applications loop."""
        get = getattr(self.rekognition, f"get_{analysis}")
        found = [get(JobId=job_id, **more)]
        while "NextToken" in found[-1]:
            found.append(get(JobId=job_id, NextToken=found[-1]["NextToken"], **more))
        return found

    def run(self, analysis: str, video: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Start, wait, and get what fits on one page."""
        job_id = self.start(analysis, video, **more)
        assert self.ended(job_id)["Status"] == "SUCCEEDED"
        (page,) = self.pages(analysis, job_id)
        return page


@pytest.fixture(scope="module")
def studio(server: Server) -> Studio:
    return Studio(server)


@pytest.fixture(scope="module")
def short(studio: Studio) -> dict[str, Any]:
    """Two seconds of Eileen Collins."""
    return studio.put(film([photo("astronaut", (240, 240))] * 20))


@pytest.fixture(scope="module")
def story(studio: Studio) -> dict[str, Any]:
    return studio.put(film(scenes()))


def test_start_wait_and_page(studio: Studio, short: dict[str, Any]) -> None:
    job_id = studio.start("face_detection", short, JobTag="tag", FaceAttributes="ALL")
    told = studio.ended(job_id)
    assert told.pop("Timestamp") == pytest.approx(time.time() * 1000, abs=60_000)
    assert told == {
        "JobId": job_id,
        "Status": "SUCCEEDED",
        "API": "StartFaceDetection",
        "JobTag": "tag",
        "Video": {"S3ObjectName": short["S3Object"]["Name"], "S3Bucket": studio.bucket},
    }
    pages = studio.pages("face_detection", job_id, MaxResults=3)
    assert [[face["Timestamp"] for face in page["Faces"]] for page in pages] == [[0, 500, 1000], [1500]]
    for page in pages:
        assert page["JobStatus"] == "SUCCEEDED"
        assert (page["JobId"], page["JobTag"], page["Video"]) == (job_id, "tag", short)
        assert page["VideoMetadata"] == {
            "Codec": "h264",
            "DurationMillis": 2000,
            "Format": "QuickTime / MOV",
            "FrameRate": 10.0,
            "FrameHeight": 240,
            "FrameWidth": 240,
            "ColorRange": "LIMITED",
        }
        assert all(face["Face"]["Confidence"] > 90 and "Smile" in face["Face"] for face in page["Faces"])


class TestStory:
    """One video whose every moment is known."""

    def test_shots_to_the_frame(self, studio: Studio, story: dict[str, Any]) -> None:
        answer = studio.run("segment_detection", story, SegmentTypes=["SHOT"])
        shots = answer["Segments"]
        assert [shot["StartFrameNumber"] for shot in shots] == pytest.approx([0, *CUTS], abs=1)
        assert [shot["ShotSegment"]["Index"] for shot in shots] == [0, 1, 2, 3, 4]
        assert [shot["StartTimestampMillis"] + shot["DurationMillis"] for shot in shots] == pytest.approx(
            [100 * cut for cut in (*CUTS, 105)], abs=100
        )
        assert shots[2]["StartTimecodeSMPTE"] == "00:00:03:00"
        assert answer["VideoMetadata"][0]["FrameRate"] == 10.0
        assert answer["AudioMetadata"] == []
        assert [kind["Type"] for kind in answer["SelectedSegmentTypes"]] == ["SHOT"]

    def test_text_with_its_time(self, studio: Studio, story: dict[str, Any]) -> None:
        found = studio.run("text_detection", story)["TextDetections"]
        times = {one["Timestamp"] for one in found if one["TextDetection"]["DetectedText"] == "HELLO"}
        assert times == set(range(1500, 3000, 500))

    def test_a_person_enters_and_leaves(self, studio: Studio, story: dict[str, Any]) -> None:
        found = studio.run("person_tracking", story)["Persons"]
        with_face = [one for one in found if "Face" in one["Person"] and one["Person"]["Face"]["Confidence"] > 90]
        assert len({one["Person"]["Index"] for one in with_face}) == 1
        assert with_face[0]["Timestamp"] == pytest.approx(PERSON[0], abs=500)
        assert with_face[-1]["Timestamp"] == pytest.approx(PERSON[1], abs=500)

    def test_somebody_known_is_found(self, studio: Studio, story: dict[str, Any], astronaut: bytes) -> None:
        studio.rekognition.create_collection(CollectionId=studio.bucket)
        studio.rekognition.index_faces(
            CollectionId=studio.bucket, Image={"Bytes": astronaut}, ExternalImageId="eileen", MaxFaces=1
        )
        found = studio.run("face_search", story, CollectionId=studio.bucket)["Persons"]
        matched = [one for one in found if one["FaceMatches"]]
        assert {one["FaceMatches"][0]["Face"]["ExternalImageId"] for one in matched} == {"eileen"}
        assert all(PERSON[0] <= one["Timestamp"] <= PERSON[1] for one in matched)
        assert len(matched) >= 3

    def test_a_celebrity_is_named(self, studio: Studio, story: dict[str, Any], astronaut: bytes) -> None:
        gallery = {"CollectionId": "celebrities"}
        with suppress(studio.rekognition.exceptions.ResourceAlreadyExistsException):
            studio.rekognition.create_collection(**gallery)
        named = {"ExternalImageId": "Eileen_Collins"}
        studio.rekognition.index_faces(Image={"Bytes": astronaut}, **gallery, **named)
        job_id = studio.start("celebrity_recognition", story)
        studio.ended(job_id)
        studio.rekognition.delete_collection(**gallery)
        (found,) = studio.pages("celebrity_recognition", job_id, SortBy="ID")
        assert {one["Celebrity"]["Name"] for one in found["Celebrities"]} == {"Eileen Collins"}
        assert all(PERSON[0] <= one["Timestamp"] <= PERSON[1] for one in found["Celebrities"])
        assert all(one["Celebrity"]["Confidence"] >= 90 for one in found["Celebrities"])

    def test_labels_in_both_orders_and_as_segments(self, studio: Studio, story: dict[str, Any]) -> None:
        job_id = studio.start("label_detection", story)
        studio.ended(job_id)
        (by_time,), (by_name,) = (studio.pages("label_detection", job_id, SortBy=by) for by in ("TIMESTAMP", "NAME"))
        times = [one["Timestamp"] for one in by_time["Labels"]]
        assert times == sorted(times)
        keys = [(one["Label"]["Name"], -one["Label"]["Confidence"]) for one in by_name["Labels"]]
        assert keys == sorted(keys)
        assert len(keys) == len(times)
        (parts,) = studio.pages("label_detection", job_id, AggregateBy="SEGMENTS")
        assert parts["GetRequestMetadata"] == {"SortBy": "TIMESTAMP", "AggregateBy": "SEGMENTS"}
        (cat,) = [one for one in parts["Labels"] if one["Label"]["Name"] == "Cat"]
        assert (cat["StartTimestampMillis"], cat["EndTimestampMillis"], cat["DurationMillis"]) == (3000, 4000, 1000)
        assert "Instances" not in cat["Label"]


def test_the_same_token_is_the_same_job(studio: Studio, short: dict[str, Any]) -> None:
    token = uuid4().hex
    job_id = studio.start("content_moderation", short, ClientRequestToken=token)
    studio.ended(job_id)
    assert studio.start("content_moderation", short, ClientRequestToken=token) == job_id
    with pytest.raises(ClientError) as refused:
        studio.start("content_moderation", short, ClientRequestToken=token, MinConfidence=60)
    assert refused.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"


def test_a_video_that_is_none_fails_with_a_reason(studio: Studio) -> None:
    job_id = studio.start("celebrity_recognition", studio.put(b"not a video"))
    assert studio.ended(job_id)["Status"] == "FAILED"
    (page,) = studio.pages("celebrity_recognition", job_id)
    assert (page["JobStatus"], page["Celebrities"]) == ("FAILED", [])
    assert page["StatusMessage"] == "The video cannot be read: it is damaged, or no video"


def code(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return str(refused.value.response["Error"]["Code"])


def test_what_is_refused(studio: Studio, short: dict[str, Any]) -> None:
    client = studio.rekognition
    absent = {"S3Object": {"Bucket": studio.bucket, "Name": "absent"}}
    assert code(client.start_face_detection, Video=absent) == "InvalidS3ObjectException"
    assert code(client.start_face_detection, Video={}) == "InvalidParameterException"
    assert code(client.start_face_search, Video=short, CollectionId="absent") == "ResourceNotFoundException"
    assert code(client.get_label_detection, JobId="f" * 64) == "ResourceNotFoundException"
    assert code(client.start_segment_detection, Video=short, SegmentTypes=["SCENE"]) == "ValidationException"
    job_id = studio.start("face_detection", short)
    studio.ended(job_id)
    assert code(client.get_face_detection, JobId=job_id, NextToken="AAAA") == "InvalidPaginationTokenException"


@pytest.mark.parametrize("analysis", ["label_detection", "person_tracking"])
def test_the_command_line(analysis: str, studio: Studio, short: dict[str, Any], server: Server, tmp_path: Path) -> None:
    from tests.api.test_cli import AWS, Aws

    if not AWS.exists():
        pytest.skip("the AWS CLI is not installed here")
    aws = Aws(server)
    channel = f"SNSTopicArn={studio.topic},RoleArn={ROLE}"
    name = analysis.replace("_", "-")
    started = aws("rekognition", f"start-{name}", "--video", json.dumps(short), "--notification-channel", channel)
    assert studio.ended(started["JobId"])["Status"] == "SUCCEEDED"
    found = aws("rekognition", f"get-{name}", "--job-id", started["JobId"])
    assert found["JobStatus"] == "SUCCEEDED"
    assert found["Labels" if analysis == "label_detection" else "Persons"]


def watched(server: Server, job_id: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chalicelib", "watch", job_id, "--endpoint-url", server.url]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_lookalike_watch(studio: Studio, story: dict[str, Any], server: Server) -> None:
    done = watched(server, studio.start("face_detection", story))
    assert (done.returncode, done.stdout) == (0, "FaceDetection: SUCCEEDED\n")
    failed = watched(server, studio.start("face_detection", studio.put(b"not a video")))
    assert failed.returncode == 1
    assert "FaceDetection failed: The video cannot be read" in failed.stderr
    unknown = watched(server, "f" * 64)
    assert unknown.returncode == 1
    assert "There is no job" in unknown.stderr


def test_health_counts_jobs(studio: Studio, short: dict[str, Any], server: Server) -> None:
    def counts() -> dict[str, int]:
        with urlopen(f"{server.url}/_lookalike/health") as answer:
            return dict(json.load(answer)["jobs"])

    before = counts()
    studio.ended(studio.start("face_detection", short))
    until = time.monotonic() + 10
    while counts()["succeeded"] == before["succeeded"]:
        assert time.monotonic() < until
    assert counts()["failed"] == before["failed"]
