"""S3's events: one for each change that AWS reports, in AWS's shape, whichever way the object came."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.local.moto.aws import Aws


class Bucket:
    """A bucket, its client and the events that it sent."""

    def __init__(self, aws: Aws) -> None:
        self.name = f"uploads-{aws.account}"
        self.s3 = aws.client("s3")
        self.s3.create_bucket(Bucket=self.name)
        self.events: list[dict[str, Any]] = []
        aws.object_events = self.events.append

    def put(self, key: str, body: bytes = b"bytes") -> Any:
        return self.s3.put_object(Bucket=self.name, Key=key, Body=body)

    @property
    def records(self) -> list[dict[str, Any]]:
        return [record for event in self.events for record in event["Records"]]

    @property
    def names(self) -> list[str]:
        return [record["eventName"] for record in self.records]


@pytest.fixture
def bucket(aws: Aws) -> Bucket:
    return Bucket(aws)


def test_a_put_sends_one_event_in_awss_shape(bucket: Bucket) -> None:
    etag = bucket.put("collections/staff/Zoë Müller+1.jpg")["ETag"]
    (record,) = bucket.records
    assert record["eventVersion"] == "2.1"
    assert record["eventSource"] == "aws:s3"
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["eventTime"].endswith("Z")
    assert set(record) == {
        "eventVersion", "eventSource", "awsRegion", "eventTime", "eventName",
        "userIdentity", "requestParameters", "responseElements", "s3",
    }  # fmt: skip
    assert record["s3"]["bucket"]["arn"] == f"arn:aws:s3:::{bucket.name}"
    stored = record["s3"]["object"]
    assert stored["key"] == "collections/staff/Zo%C3%AB+M%C3%BCller%2B1.jpg"
    assert stored["size"] == 5
    assert stored["eTag"] == etag.strip('"')
    int(stored["sequencer"], 16)


def test_sequencers_grow(bucket: Bucket) -> None:
    for _ in range(3):
        bucket.put("a.jpg")
    bucket.s3.delete_object(Bucket=bucket.name, Key="a.jpg")
    sequencers = [record["s3"]["object"]["sequencer"] for record in bucket.records]
    assert sequencers == sorted(set(sequencers))


def test_a_multipart_upload_sends_its_completion_only(bucket: Bucket) -> None:
    where = {"Bucket": bucket.name, "Key": "large.jpg"}
    upload = bucket.s3.create_multipart_upload(**where)["UploadId"]
    parts = []
    for number, body in enumerate((b"a" * 5 * 2**20, b"b"), 1):
        part = bucket.s3.upload_part(**where, UploadId=upload, PartNumber=number, Body=body)
        parts.append({"ETag": part["ETag"], "PartNumber": number})
    assert bucket.names == []
    bucket.s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
    assert bucket.names == ["ObjectCreated:CompleteMultipartUpload"]
    assert bucket.records[0]["s3"]["object"]["size"] == 5 * 2**20 + 1
    assert bucket.records[0]["s3"]["object"]["eTag"].endswith("-2")


def test_a_copy_sends_one_event(bucket: Bucket) -> None:
    bucket.put("a.jpg")
    bucket.s3.copy_object(Bucket=bucket.name, Key="b.jpg", CopySource=f"{bucket.name}/a.jpg")
    assert bucket.names == ["ObjectCreated:Put", "ObjectCreated:Copy"]


def test_tags_put_by_themselves_are_reported(bucket: Bucket) -> None:
    bucket.put("a.jpg")
    tags = {"TagSet": [{"Key": "album", "Value": "summer"}]}
    bucket.s3.put_object_tagging(Bucket=bucket.name, Key="a.jpg", Tagging=tags)
    assert bucket.names == ["ObjectCreated:Put", "ObjectTagging:Put"]


def test_deletes_are_reported_without_what_is_gone(bucket: Bucket) -> None:
    for key in ("a.jpg", "b.jpg", "c.jpg"):
        bucket.put(key)
    bucket.s3.delete_object(Bucket=bucket.name, Key="a.jpg")
    bucket.s3.delete_objects(Bucket=bucket.name, Delete={"Objects": [{"Key": "b.jpg"}, {"Key": "c.jpg"}]})
    bucket.s3.delete_object(Bucket=bucket.name, Key="never there.jpg")
    removed = bucket.records[3:]
    assert [record["eventName"] for record in removed] == ["ObjectRemoved:Delete"] * 3
    assert [record["s3"]["object"]["key"] for record in removed] == ["a.jpg", "b.jpg", "c.jpg"]
    assert set(removed[0]["s3"]["object"]) == {"key", "sequencer"}


def test_a_delete_in_a_versioned_bucket_reports_its_marker(bucket: Bucket) -> None:
    bucket.s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    version = bucket.put("a.jpg")["VersionId"]
    marker = bucket.s3.delete_object(Bucket=bucket.name, Key="a.jpg")["VersionId"]
    assert bucket.names == ["ObjectCreated:Put", "ObjectRemoved:DeleteMarkerCreated"]
    assert [record["s3"]["object"]["versionId"] for record in bucket.records] == [version, marker]


def test_a_queue_named_by_the_bucket_gets_the_same_event(aws: Aws, bucket: Bucket) -> None:
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    wanted = {"Id": "mine", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    bucket.s3.put_bucket_notification_configuration(
        Bucket=bucket.name, NotificationConfiguration={"QueueConfigurations": [wanted]}
    )
    sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)  # S3 greets the queue with a test event
    bucket.put("album/a.jpg")
    (message,) = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    (record,) = json.loads(message["Body"])["Records"]
    assert record["s3"].pop("configurationId") == "mine"
    assert bucket.records[0]["s3"].pop("configurationId") == "lookalike"
    assert record == bucket.records[0]
