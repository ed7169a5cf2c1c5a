"""Ten jobs on a server that is killed twice: all end, and who waits at a queue is told of each end once."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.conftest import Server
from tests.films import film, photo
from tests.servers import serving

JOBS = 10


def inbox(server: Server, topic: str) -> str:
    """A queue that the topic tells, and where it is."""
    sqs = server.client("sqs")
    url: str = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    server.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def told(server: Server) -> Counter[str]:
    """How often the inbox tells which job's end, as long as anything comes."""
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName="inbox")["QueueUrl"]
    found = Counter[str]()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages"):
        for message in messages:
            end = json.loads(json.loads(message["Body"])["Message"])
            found[f"{end['JobId']} {end['Status']}"] += 1
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def wait_for(ended: int, server: Server, ids: list[str]) -> None:
    """Until so many jobs have succeeded: the moment at which their ends are told."""
    client, until = server.client(), time.monotonic() + 120

    def status(job_id: str) -> Any:
        return client.get_face_detection(JobId=job_id, MaxResults=1)["JobStatus"]

    while (statuses := [status(job_id) for job_id in ids]).count("SUCCEEDED") < ended:
        assert time.monotonic() < until, statuses


def test_ten_jobs_and_two_kills(tmp_path: Path, models: Path) -> None:
    clip = film([photo("astronaut", (240, 240))] * 60)
    with serving(tmp_path) as server:
        server.client("s3").create_bucket(Bucket="videos")
        server.client("s3").put_object(Bucket="videos", Key="clip.mp4", Body=clip)
        topic = server.client("sns").create_topic(Name="ended")["TopicArn"]
        inbox(server, topic)
        channel = {"SNSTopicArn": topic, "RoleArn": "arn:aws:iam::123456789012:role/publisher"}
        video = {"S3Object": {"Bucket": "videos", "Name": "clip.mp4"}}
        rekognition = server.client()
        ids = [rekognition.start_face_detection(Video=video, NotificationChannel=channel)["JobId"] for _ in range(JOBS)]
        wait_for(2, server, ids)
    with serving(tmp_path) as server:
        wait_for(5, server, ids)
    with serving(tmp_path) as server:
        wait_for(JOBS, server, ids)
        faces = server.client().get_face_detection(JobId=ids[0])["Faces"]
        assert [face["Timestamp"] for face in faces] == [*range(0, 6000, 500)]
        assert told(server) == Counter({f"{job_id} SUCCEEDED": 1 for job_id in ids})
