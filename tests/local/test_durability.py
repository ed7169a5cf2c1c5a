"""What was acknowledged survives `kill -9`, and what was not is not there by half.

LOOKALIKE_KILL_ROUNDS=200 runs it for as long as issue 5 asks.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ROOT = Path(__file__).resolve().parent.parent.parent
ROUNDS = int(os.environ.get("LOOKALIKE_KILL_ROUNDS", "3"))
WRITERS = 8


@cache
def session() -> Any:
    """One for all clients: each would read a megabyte of endpoints for itself."""
    return boto3.session.Session()


class Killable:
    """A server with a data directory, and clients of it."""

    def __init__(self, folder: Path, sync: str = "sync", port: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("durable_server.py")), str(folder), sync, str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, self.process.communicate()[1]

    def client(self, service: str) -> Any:
        return session().client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}, read_timeout=20),
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@contextmanager
def server(folder: Path, sync: str = "sync", port: int = 0) -> Iterator[Killable]:
    running = Killable(folder, sync, port)
    try:
        yield running
    finally:
        running.kill()


def content(key: str) -> bytes:
    """What the object of that key holds: some are kept in rows, some in files."""
    seed = hashlib.sha256(key.encode()).digest()
    return seed * (20 if seed[0] % 2 else 3000)


def prepare(running: Killable) -> None:
    running.client("dynamodb").create_table(
        TableName="faces",
        AttributeDefinitions=[
            {"AttributeName": "collection", "AttributeType": "S"},
            {"AttributeName": "face", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "collection", "KeyType": "HASH"}, {"AttributeName": "face", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
    )
    running.client("s3").create_bucket(Bucket="photos")


def index(dynamodb: Any, face: str) -> None:
    """A face and the count of faces, in one transaction."""
    count = {"collection": {"S": "count"}, "face": {"S": "count"}}
    dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "faces", "Item": {"collection": {"S": "all"}, "face": {"S": face}}}},
            {
                "Update": {
                    "TableName": "faces",
                    "Key": count,
                    "UpdateExpression": "ADD faces :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
        ]
    )


def write(clients: tuple[Any, Any], name: str, faces: set[str], objects: set[str], removed: set[str]) -> None:
    """Write until the server is gone; what it acknowledged goes into the sets."""
    dynamodb, s3 = clients
    try:
        for number in range(10_000):
            item = f"{name}-{number}"
            index(dynamodb, item)
            faces.add(item)
            s3.put_object(Bucket="photos", Key=item, Body=content(item))
            objects.add(item)
            if number % 3 == 2:
                objects.discard(item)
                s3.delete_object(Bucket="photos", Key=item)
                removed.add(item)
    except (BotoCoreError, ClientError):
        return


def verify(running: Killable, faces: set[str], objects: set[str], removed: set[str]) -> None:
    dynamodb, s3 = running.client("dynamodb"), running.client("s3")
    pages = dynamodb.get_paginator("query").paginate(
        TableName="faces",
        KeyConditionExpression="collection = :all",
        ExpressionAttributeValues={":all": {"S": "all"}},
    )
    kept = {item["face"]["S"] for page in pages for item in page["Items"]}
    assert faces <= kept
    count = dynamodb.get_item(TableName="faces", Key={"collection": {"S": "count"}, "face": {"S": "count"}})
    assert int(count.get("Item", {}).get("faces", {"N": "0"})["N"]) == len(kept)
    listed = [entry for page in s3.get_paginator("list_objects_v2").paginate(Bucket="photos")
              for entry in page.get("Contents", ())]  # fmt: skip
    keys = {entry["Key"] for entry in listed}
    assert objects <= keys
    assert not removed & keys
    for key in random.sample(sorted(keys), min(20, len(keys))):
        assert s3.get_object(Bucket="photos", Key=key)["Body"].read() == content(key)
    for entry in listed:
        assert entry["Size"] == len(content(entry["Key"]))


def await_writes(objects: set[str], number: int) -> None:
    """Wait until so many objects were acknowledged: clients take a while to begin."""
    deadline = time.monotonic() + 30
    while len(objects) < number:
        assert time.monotonic() < deadline, "the server acknowledges nothing"
        time.sleep(0.01)


@pytest.mark.timeout(120 + 30 * ROUNDS)
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    faces, objects, removed = set[str](), set[str](), set[str]()
    with server(tmp_path) as running:
        prepare(running)
        port = int(running.url.rsplit(":", 1)[1])
        clients = [(running.client("dynamodb"), running.client("s3")) for _ in range(WRITERS)]
    for turn in range(ROUNDS):
        with server(tmp_path, port=port) as running:
            verify(running, faces, objects, removed)
            writers = [
                threading.Thread(target=write, args=(pair, f"{turn}-{writer}", faces, objects, removed))
                for writer, pair in enumerate(clients)
            ]
            for writer in writers:
                writer.start()
            await_writes(objects, len(objects) + WRITERS)
            time.sleep(random.uniform(0, 0.5))
            running.kill()
            for writer in writers:
                writer.join()
    assert faces
    assert objects
    with server(tmp_path) as running:
        verify(running, faces, objects, removed)
    named = len(list((tmp_path / "objects").iterdir()))
    assert named <= len(objects) + WRITERS * ROUNDS


def restarted(folder: Path, change: Callable[[Killable], Any]) -> Killable:
    """The server after `change`, a kill and a restart."""
    with server(folder, "nosync") as running:
        change(running)
    return Killable(folder, "nosync")


def test_s3_comes_back_whole(tmp_path: Path) -> None:
    def change(running: Killable) -> None:
        s3 = running.client("s3")
        s3.create_bucket(Bucket="photos")
        s3.create_bucket(Bucket="gone")
        s3.put_object(Bucket="gone", Key="a", Body=b"a")
        s3.delete_object(Bucket="gone", Key="a")
        s3.delete_bucket(Bucket="gone")
        s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_tagging(Bucket="photos", Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
        for body in (b"first", b"second"):
            s3.put_object(Bucket="photos", Key="a/b", Body=body, Metadata={"my_key": "u"}, ContentType="image/png")
        s3.put_object_tagging(Bucket="photos", Key="a/b", Tagging={"TagSet": [{"Key": "album", "Value": "1"}]})
        s3.put_object(Bucket="photos", Key="deleted", Body=b"deleted")
        s3.delete_object(Bucket="photos", Key="deleted")
        upload = s3.create_multipart_upload(Bucket="photos", Key="large")["UploadId"]
        s3.upload_part(Bucket="photos", Key="large", UploadId=upload, PartNumber=1, Body=b"a" * 5 * 2**20)

    running = restarted(tmp_path, change)
    try:
        s3 = running.client("s3")
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["photos"]
        assert s3.get_bucket_tagging(Bucket="photos")["TagSet"] == [{"Key": "team", "Value": "a"}]
        latest = s3.get_object(Bucket="photos", Key="a/b")
        assert (latest["Body"].read(), latest["ContentType"]) == (b"second", "image/png")
        assert latest["Metadata"] == {"my_key": "u"}
        assert s3.get_object_tagging(Bucket="photos", Key="a/b")["TagSet"] == [{"Key": "album", "Value": "1"}]
        versions = s3.list_object_versions(Bucket="photos")
        assert [version["Key"] for version in versions["Versions"]] == ["a/b", "a/b", "deleted"]
        assert [marker["Key"] for marker in versions["DeleteMarkers"]] == ["deleted"]
        (upload,) = s3.list_multipart_uploads(Bucket="photos")["Uploads"]
        where = {"Bucket": "photos", "Key": "large", "UploadId": upload["UploadId"]}
        second = s3.upload_part(**where, PartNumber=2, Body=b"b")["ETag"]
        first = s3.list_parts(**where)["Parts"][0]["ETag"]
        parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
        assert s3.get_object(Bucket="photos", Key="large")["Body"].read() == b"a" * 5 * 2**20 + b"b"
    finally:
        running.kill()


def test_tables_keys_queues_and_topics_come_back(tmp_path: Path) -> None:
    sealed: dict[str, Any] = {}

    def change(running: Killable) -> None:
        dynamodb, kms = running.client("dynamodb"), running.client("kms")
        for table in ("kept", "gone"):
            dynamodb.create_table(
                TableName=table,
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "B"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )
            item = {"id": {"B": b"\x00\xff"}, "map": {"M": {"list": {"L": [{"N": "1.5"}, {"SS": ["a", "b"]}]}}}}
            dynamodb.put_item(TableName=table, Item=item)
        dynamodb.delete_table(TableName="gone")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")
        kms.create_alias(AliasName="alias/faces", TargetKeyId=key)
        sealed["key"] = kms.encrypt(KeyId=key, Plaintext=b"data key")["CiphertextBlob"]
        running.client("sqs").create_queue(QueueName="jobs")
        running.client("sns").create_topic(Name="results")

    running = restarted(tmp_path, change)
    try:
        dynamodb = running.client("dynamodb")
        assert dynamodb.list_tables()["TableNames"] == ["kept"]
        (item,) = dynamodb.scan(TableName="kept")["Items"]
        assert item["id"] == {"B": b"\x00\xff"}
        assert item["map"]["M"]["list"]["L"] == [{"N": "1.5"}, {"SS": ["a", "b"]}]
        assert dynamodb.get_item(TableName="kept", Key={"id": {"B": b"\x00\xff"}})["Item"] == item
        kms = running.client("kms")
        assert kms.decrypt(CiphertextBlob=sealed["key"], KeyId="alias/faces")["Plaintext"] == b"data key"
        assert running.client("sqs").get_queue_url(QueueName="jobs")["QueueUrl"].endswith("/jobs")
        assert len(running.client("sns").list_topics()["Topics"]) == 1
    finally:
        running.kill()


def test_a_table_made_anew_does_not_get_the_old_items(tmp_path: Path) -> None:
    def change(running: Killable) -> None:
        prepare(running)
        dynamodb = running.client("dynamodb")
        index(dynamodb, "old")
        dynamodb.delete_table(TableName="faces")
        running.client("s3").delete_bucket(Bucket="photos")
        prepare(running)

    running = restarted(tmp_path, change)
    try:
        assert running.client("dynamodb").scan(TableName="faces")["Count"] == 0
    finally:
        running.kill()
