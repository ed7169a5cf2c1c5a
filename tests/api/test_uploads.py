"""Objects put into the watched bucket, by whichever client, are indexed or analysed; failures are parked."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Server
from tests.films import film, photo

BUCKET = "lookalike-uploads"


def get(server: Server, path: str) -> tuple[int, Any]:
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def eventually(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """What `condition` returns when it is true at last."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
    return result


def faces(server: Server, collection: str) -> list[str]:
    try:
        found = server.client().list_faces(CollectionId=collection)["Faces"]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ResourceNotFoundException"  # noqa: PT017
        return []
    return [face["ExternalImageId"] for face in found]


def by_presigned_put(server: Server, key: str, body: bytes) -> None:
    url = server.client("s3").generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": key})
    parts = urlsplit(url)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl says
    with closing(http.client.HTTPConnection(parts.netloc)) as connection:
        connection.request("PUT", f"{parts.path}?{parts.query}", body, headers)
        assert connection.getresponse().status == 200


def by_multipart(server: Server, key: str, body: bytes) -> None:
    s3 = server.client("s3")
    where = {"Bucket": BUCKET, "Key": key}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    part = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=body)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)


def by_copy(server: Server, key: str, body: bytes) -> None:
    s3 = server.client("s3")
    source = f"source-{key.replace('/', '-')}"
    s3.create_bucket(Bucket=source.replace(".", "-"))
    s3.put_object(Bucket=source.replace(".", "-"), Key="photo", Body=body)
    s3.copy_object(Bucket=BUCKET, Key=key, CopySource=f"{source.replace('.', '-')}/photo")


def by_put(server: Server, key: str, body: bytes) -> None:
    server.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


@pytest.mark.parametrize("put", [by_put, by_multipart, by_copy, by_presigned_put])
def test_a_photo_is_indexed_and_forgotten(
    server: Server, astronaut: bytes, put: Callable[[Server, str, bytes], None]
) -> None:
    collection = f"uploads-{put.__name__.replace('_', '-')}"
    key = f"collections/{collection}/eileen.jpg"
    put(server, key, astronaut)
    assert eventually(lambda: faces(server, collection)) == ["eileen"]
    server.client("s3").delete_object(Bucket=BUCKET, Key=key)
    eventually(lambda: faces(server, collection) == [])


def test_a_picture_is_analysed_and_found_by_what_is_in_it(server: Server, astronaut: bytes) -> None:
    key = "album 1/Zoë+1.jpg"
    by_put(server, key, astronaut)
    path = f"/media/{quote(key)}"
    status, medium = eventually(lambda: (found := get(server, path))[0] == 200 and found)
    assert status == 200
    assert (medium["Key"], medium["Size"]) == (key, len(astronaut))
    assert len(medium["Results"]["DetectFaces"]["FaceDetails"]) == 1
    found = get(server, "/media?label=face")[1]["Media"]
    assert key in [each["Key"] for each in found]
    server.client("s3").delete_object(Bucket=BUCKET, Key=key)
    eventually(lambda: get(server, path)[0] == 404)
    assert key not in [each["Key"] for each in get(server, "/media?label=face")[1]["Media"]]


def test_a_video_is_analysed(server: Server) -> None:
    key = "clips/eileen.mp4"
    by_put(server, key, film([photo("astronaut", (240, 240))] * 15))

    def done() -> Any:
        status, medium = get(server, f"/media/{quote(key)}")
        results = medium["Results"].values() if status == 200 else ()
        return results and all(each["JobStatus"] == "SUCCEEDED" for each in results) and medium

    results = eventually(done)["Results"]
    assert set(results) == {"GetLabelDetection", "GetFaceDetection", "GetTextDetection"}
    assert [face["Timestamp"] for face in results["GetFaceDetection"]["Faces"]] == [0, 500, 1000]
    assert "Person" in {label["Label"]["Name"] for label in results["GetLabelDetection"]["Labels"]}


def test_a_video_is_found_by_what_it_shows(server: Server) -> None:
    key = "clips/found.mp4"
    by_put(server, key, film([photo("astronaut", (240, 240))] * 15))

    def found(label: str) -> bool:
        return key in [each["Key"] for each in get(server, f"/media?label={label}")[1]["Media"]]

    eventually(lambda: found("person") and found("face"))
    server.client("s3").delete_object(Bucket=BUCKET, Key=key)
    eventually(lambda: not found("person") and not found("face"))


def test_more_videos_than_jobs_may_run(server: Server) -> None:
    """Eight videos are 24 jobs, of which 20 may be in progress: the others wait."""
    clip = film([photo("astronaut", (160, 160))] * 2)
    keys = [f"crowd/{number}.mp4" for number in range(8)]
    for key in keys:
        by_put(server, key, clip)

    def done(key: str) -> bool:
        status, medium = get(server, f"/media/{quote(key)}")
        results = medium["Results"].values() if status == 200 else ()
        return len(results) == 3 and all(each["JobStatus"] == "SUCCEEDED" for each in results)

    eventually(lambda: all(map(done, keys)), 120)


def test_a_broken_picture_is_parked_and_blocks_nobody(server: Server, astronaut: bytes) -> None:
    by_put(server, "collections/uploads-broken/a.jpg", b"no picture")
    by_put(server, "collections/uploads-broken/b.jpg", astronaut)
    assert eventually(lambda: faces(server, "uploads-broken")) == ["b"]
    sqs = server.client("sqs")
    queue = sqs.get_queue_url(QueueName="lookalike-dead-letters")["QueueUrl"]

    def parked() -> Any:
        messages = sqs.receive_message(
            QueueUrl=queue, MessageAttributeNames=["All"], VisibilityTimeout=0, MaxNumberOfMessages=10
        )
        ours = [each for each in messages.get("Messages", ()) if "uploads-broken" in each["Body"]]
        return ours and ours[0]

    letter = eventually(parked)
    (record,) = json.loads(letter["Body"])["Records"]
    assert record["s3"]["object"]["key"] == "collections/uploads-broken/a.jpg"
    assert "InvalidImageFormatException" in letter["MessageAttributes"]["ErrorMessage"]["StringValue"]
