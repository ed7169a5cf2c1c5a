"""Ten jobs on a server that is killed twice: all end, and each end is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chalicelib.local.worker import WORKERS
from tests.conftest import ROOT, Server
from tests.films import film, photo

JOBS = 10
KILLS = 2


class Subscriber:
    """An HTTP subscriber of a topic: its memory outlives the server that is killed."""

    def __init__(self) -> None:
        told = self.told = Counter[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if body.get("Type") == "Notification":
                    message = json.loads(body["Message"])
                    told[f"{message['JobId']} {message['Status']}"] += 1
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server with a data directory, which ends by SIGKILL."""
    command = [sys.executable, "-m", "chalicelib", "serve", "--port", "0", "--data-dir", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        yield Server(process.stdout.readline().split()[-1], process)
        process.send_signal(signal.SIGKILL)


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    made = Subscriber()
    yield made
    made.close()


def statuses(server: Server, ids: list[str]) -> list[str]:
    client = server.client()
    return [client.get_face_detection(JobId=job_id, MaxResults=1)["JobStatus"] for job_id in ids]


def wait_for(ended: int, server: Server, ids: list[str]) -> None:
    until = time.monotonic() + 120
    while statuses(server, ids).count("SUCCEEDED") < ended:
        assert time.monotonic() < until, statuses(server, ids)
        time.sleep(0.05)


def test_ten_jobs_and_two_kills(tmp_path: Path, subscriber: Subscriber, models: Path) -> None:
    clip = film([photo("astronaut", (240, 240))] * 60)
    with serving(tmp_path) as server:
        server.client("s3").create_bucket(Bucket="videos")
        server.client("s3").put_object(Bucket="videos", Key="clip.mp4", Body=clip)
        topic = server.client("sns").create_topic(Name="ended")["TopicArn"]
        server.client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=subscriber.url)
        channel = {"SNSTopicArn": topic, "RoleArn": "arn:aws:iam::123456789012:role/publisher"}
        video = {"S3Object": {"Bucket": "videos", "Name": "clip.mp4"}}
        rekognition = server.client()
        ids = [rekognition.start_face_detection(Video=video, NotificationChannel=channel)["JobId"] for _ in range(JOBS)]
        wait_for(2, server, ids)
    with serving(tmp_path) as server:
        wait_for(5, server, ids)
    with serving(tmp_path) as server:
        wait_for(JOBS, server, ids)
        until = time.monotonic() + 20
        while sum(subscriber.told.values()) < JOBS and time.monotonic() < until:
            time.sleep(0.05)
        faces = server.client().get_face_detection(JobId=ids[0])["Faces"]
        assert [face["Timestamp"] for face in faces] == [*range(0, 6000, 500)]
    assert set(subscriber.told) == {f"{job_id} SUCCEEDED" for job_id in ids}
    # SNS tells at least once: a kill between a message and the note that it went out tells one more time.
    assert sum(subscriber.told.values()) <= JOBS + KILLS * WORKERS
