"""A package answers real events, its AWS a local port: a request, an upload, a stored video, the clock.

Nothing of the checkout is on its path; see `container`. Raises ProofError where an answer is not what it should be.
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import av
import boto3
import numpy as np
from av.video.stream import VideoStream
from botocore.config import Config
from botocore.credentials import Credentials
from PIL import Image

from chalicelib.config import packs_folder

from . import events, tables
from .building import ROOT, Package
from .container import Container, Reply
from .targets import BuildError

SEEN: Mapping[str, tuple[dict[str, Any], str]] = {
    "DetectLabels": ({"Features": ["GENERAL_LABELS", "IMAGE_PROPERTIES"]}, "ImageProperties"),
    "DetectText": ({}, "TextDetections"),
    "DetectModerationLabels": ({}, "ModerationLabels"),
    "RecognizeCelebrities": ({}, "UnrecognizedFaces"),
}
"""Operations on an image: more members of the request, and one of the answer."""
VIDEO: Mapping[str, tuple[dict[str, Any], str]] = {
    "FaceDetection": ({"FaceAttributes": "ALL"}, "Faces"),
    "LabelDetection": ({}, "Labels"),
    "TextDetection": ({}, "TextDetections"),
    "SegmentDetection": ({"SegmentTypes": ["SHOT"]}, "Segments"),
}
"""Analyses of stored videos: more members of the Start, and the member of the Get that lists what was found."""
PHOTO = ROOT / "tests" / "photos" / "astronaut.jpg"
"""Eileen Collins: NASA's portrait, in the public domain."""


class ProofError(Exception):
    """A package does not do what it should."""


@dataclass(frozen=True, slots=True)
class Account:
    """Tables, buckets, queues and a key behind a port, by the names that functions find in their environment."""

    url: str
    environ: Mapping[str, str]
    key: Credentials = events.KEY
    """What its requests are signed with."""

    @classmethod
    def at(cls, url: str) -> Account:
        """One of its own behind the port at `url`, as Terraform makes it."""
        name = f"proof-{uuid4().hex[:8]}"
        client = cls(url, {}).client
        tables.create(client("dynamodb"), name)
        for bucket in ("uploads", "results"):
            client("s3").create_bucket(Bucket=f"{name}-{bucket}")
        for queue in ("uploads", "jobs"):
            client("sqs").create_queue(QueueName=f"{name}-{queue}")
        named = {
            "TABLE_PREFIX": name,
            "UPLOADS": f"{name}-uploads",
            "BUCKET": f"{name}-results",
            "QUEUE": f"{name}-jobs",
            "UPLOADS_QUEUE": f"{name}-uploads",
            "KMS_KEY": client("kms").create_key()["KeyMetadata"]["Arn"],
        }
        return cls(url, {f"LOOKALIKE_{field}": value for field, value in named.items()})

    @property
    def uploads(self) -> str:
        """The bucket of uploads."""
        return self.environ["LOOKALIKE_UPLOADS"]

    def start(self, package: Package, function: str, timeout: float = 60) -> Container:
        """One of the package's functions, for this account."""
        lambdas = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        return Container(package, function, {"AWS_ENDPOINT_URL": self.url, **lambdas, **self.environ}, timeout=timeout)

    def ask(self, api: Container, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of an operation through a REST API."""
        return answer(api.invoke(events.rest(operation, members, self.key)))

    def client(self, service: str) -> Any:
        """A boto3 client of that service behind the port."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 -- moto takes any
            config=Config(s3={"addressing_style": "path"}),
        )

    def messages(self) -> Iterator[dict[str, Any]]:
        """The events of the messages that wait in the queue of jobs."""
        sqs = self.client("sqs")
        queue = self.environ["LOOKALIKE_QUEUE"]
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        while found := sqs.receive_message(QueueUrl=url, AttributeNames=["All"]).get("Messages"):
            yield from (events.received(message, queue) for message in found)

    def age(self, collection: str, days: float) -> None:
        """Have a collection and its faces be so many days older than they are."""
        dynamodb, prefix = self.client("dynamodb"), self.environ["LOOKALIKE_TABLE_PREFIX"]
        named = {"TableName": f"{prefix}-collections", "Key": {"id": {"S": collection}}}
        head = dynamodb.get_item(**named)["Item"]
        dynamodb.update_item(
            **named,
            UpdateExpression="SET created = created - :age",
            ExpressionAttributeValues={":age": {"N": str(days * 86400)}},
        )
        for number in range(int(head["faces"]["N"])):
            record = {"TableName": f"{prefix}-records", "Key": {"key": {"S": f"{head['uid']['S']}/faces/{number}"}}}
            content = json.loads(dynamodb.get_item(**record)["Item"]["content"]["S"])
            if content["kind"] == "image":
                content["indexed"] -= days * 86400
                dynamodb.update_item(
                    **record,
                    UpdateExpression="SET content = :content",
                    ExpressionAttributeValues={":content": {"S": json.dumps(content)}},
                )


@contextmanager
def port(*packs: str) -> Iterator[str]:
    """The URL of a `lookalike serve --memory` of its own, with these packs of models, or all that there are."""
    command = [sys.executable, "-m", "chalicelib", "serve", "--port", "0", "--memory"]
    environ = os.environ | {"PYTHONUNBUFFERED": "1"}
    with ExitStack() as stack:
        if packs:
            models = stack.enter_context(TemporaryDirectory())
            for pack in packs:
                Path(models, pack).symlink_to(packs_folder(os.environ) / pack)
            environ["LOOKALIKE_MODELS"] = models
        process = stack.enter_context(
            subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environ)
        )
        assert process.stdout is not None
        line = process.stdout.readline()  # "Lookalike serves Rekognition on http://127.0.0.1:PORT"
        if not line:
            raise BuildError("the local server, on which packages are proven, did not start: it says why above")
        stack.callback(process.terminate)
        yield line.split()[-1]


def prove(package: Package, account: Account) -> None:
    """Have each function of the package answer."""
    with account.start(package, "api_handler") as api:
        detect_faces(account, api)
        see(account, api)
        with account.start(package, "on_upload") as uploads:
            index_faces(account, uploads, api)
        with account.start(package, "on_job", timeout=900) as jobs:
            video_jobs(account, jobs, api)
        with account.start(package, "on_clock", timeout=900) as clock:
            expired_faces(account, clock, api)
    with account.start(package, "on_uploads") as uploads:
        told = uploads.invoke(
            events.queued(events.uploaded(account.uploads, "collections/crew/eileen.jpg", 1), "uploads")
        )
        _check(told.result == {"batchItemFailures": []}, "an event that S3 put into a queue is not dealt with")


def detect_faces(account: Account, api: Container) -> None:
    """The portrait's face by both formats of a request, and an error as AWS words it."""
    members = {"Image": portrait()}
    for event in (events.rest, events.function_url):
        faces = answer(api.invoke(event("DetectFaces", members, account.key)))["FaceDetails"]
        _check(len(faces) == 1 and faces[0]["Confidence"] > 90, f"the portrait has one face, not {faces}")
    refused = api.invoke(events.rest("DescribeCollection", {"CollectionId": "absent"}, account.key)).result
    _check(refused["statusCode"] == 400 and "ResourceNotFoundException" in refused["body"], f"no error: {refused}")


def see(account: Account, api: Container) -> None:
    """Every other kind of model, and Pillow's two formats, are there."""
    for operation, (members, told) in SEEN.items():
        found = account.ask(api, operation, {"Image": portrait(), **members})
        _check(told in found, f"{operation} does not tell {told}: {found}")
    compared = {"SourceImage": portrait(), "TargetImage": portrait("PNG")}
    faces = account.ask(api, "CompareFaces", compared)["FaceMatches"]
    _check(len(faces) == 1 and faces[0]["Similarity"] > 99, f"the portrait is not like itself: {faces}")


def index_faces(account: Account, uploads: Container, api: Container) -> None:
    """An upload's face is found again, also when its event comes twice."""
    body = PHOTO.read_bytes()
    account.client("s3").put_object(Bucket=account.uploads, Key="collections/crew/eileen.jpg", Body=body)
    event = events.uploaded(account.uploads, "collections/crew/eileen.jpg", len(body))
    for _ in range(2):
        _check(uploads.invoke(event).error is None, "the upload is not indexed")
    matches = account.ask(api, "SearchFacesByImage", {"CollectionId": "crew", "Image": portrait()})["FaceMatches"]
    names = [match["Face"]["ExternalImageId"] for match in matches]
    _check(names == ["eileen"], f"the uploaded face is not found once: {names}")


def video_jobs(account: Account, jobs: Container, api: Container) -> None:
    """Analyses of a stored video, from the Start to the Get."""
    account.client("s3").put_object(Bucket=account.uploads, Key="film.mp4", Body=film())
    video = {"Video": {"S3Object": {"Bucket": account.uploads, "Name": "film.mp4"}}}
    for analysis, (members, results) in VIDEO.items():
        job = account.ask(api, f"Start{analysis}", video | members)
        for event in account.messages():
            _check(jobs.invoke(event).result == {"batchItemFailures": []}, "the job is not done")
        found = account.ask(api, f"Get{analysis}", job)
        _check(found["JobStatus"] == "SUCCEEDED", f"Get{analysis} tells: {found}")
        _check(bool(found[results]) or results == "TextDetections", f"Get{analysis} found no {results}")


def expired_faces(account: Account, clock: Container, api: Container) -> None:
    """A face whose time is over is erased when the clock strikes, once."""
    visitors = {"CollectionId": "visitors"}
    account.ask(api, "CreateCollection", visitors | {"Tags": {"lookalike:retention-days": "1"}})
    account.ask(api, "IndexFaces", visitors | {"Image": portrait()})
    account.age("visitors", days=2)
    for erased in ({"visitors": 1}, {}):
        told = clock.invoke(events.scheduled())
        _check(told.result == erased, f"the clock erases {told.error or told.result}, not {erased}")
    faces = account.ask(api, "ListFaces", visitors)["Faces"]
    _check(faces == [], f"faces are left whose time is over: {faces}")
    account.ask(api, "DeleteCollection", visitors)


def answer(reply: Reply) -> dict[str, Any]:
    """The members of an operation's answer; raises ProofError for an error."""
    result: Mapping[str, Any] = reply.result or {}
    if result.get("statusCode") != 200:
        raise ProofError(f"no answer: {reply.error or result}")
    members: dict[str, Any] = json.loads(result["body"])
    return members


def portrait(kind: str = "JPEG") -> dict[str, str]:
    """The portrait as an Image of a request, in one of Rekognition's two formats."""
    file = io.BytesIO()
    Image.open(PHOTO).save(file, kind)
    return {"Bytes": base64.b64encode(file.getvalue()).decode()}


def film(encoder: str = "libx264", kind: str = "mp4") -> bytes:
    """Two seconds of the portrait, 20 frames; H.264 unless another encoder is named."""
    file = io.BytesIO()
    pixels = np.asarray(Image.open(PHOTO).convert("RGB").resize((320, 320)))
    with av.open(file, "w", kind) as container:
        stream = container.add_stream(encoder, rate=Fraction(10))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 320, "yuv420p"
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def _check(right: bool, wrong: str) -> None:
    if not right:
        raise ProofError(wrong)
