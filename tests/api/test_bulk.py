"""Bulk analysis: a manifest in, two manifests out."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Server


class Shop:
    """A client with a bucket of its own."""

    def __init__(self, server: Server) -> None:
        self.rekognition, self.s3 = server.client("rekognition"), server.client("s3")
        self.bucket = f"bulk-{uuid4().hex}"
        self.s3.create_bucket(Bucket=self.bucket)

    def put(self, key: str, data: bytes) -> dict[str, str]:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)
        return {"Bucket": self.bucket, "Name": key}

    def start(self, manifest: bytes, **more: Any) -> str:
        parameters: dict[str, Any] = {
            "OperationsConfig": {"DetectModerationLabels": {"MinConfidence": 1}},
            "Input": {"S3Object": self.put(f"{uuid4().hex}.jsonl", manifest)},
            "OutputConfig": {"S3Bucket": self.bucket, "S3KeyPrefix": "out/"},
        }
        return str(self.rekognition.start_media_analysis_job(**parameters | more)["JobId"])

    def ended(self, job_id: str) -> dict[str, Any]:
        until = time.monotonic() + 60
        while (job := self.rekognition.get_media_analysis_job(JobId=job_id))["Status"] not in ("SUCCEEDED", "FAILED"):
            assert time.monotonic() < until
            time.sleep(0.1)
        return dict(job)

    def read(self, place: dict[str, Any]) -> str:
        named = place["S3Object"]
        return str(self.s3.get_object(Bucket=named["Bucket"], Key=named["Name"])["Body"].read().decode())


@pytest.fixture(scope="module")
def shop(server: Server) -> Shop:
    return Shop(server)


def test_results_and_errors(shop: Shop, astronaut: bytes) -> None:
    shop.put("a b.jpg", astronaut)
    shop.put("none.jpg", b"not a picture")
    image, broken, absent = (f"s3://{shop.bucket}/{name}" for name in ("a b.jpg", "none.jpg", "absent.jpg"))
    lines = [json.dumps({"source-ref": image}), "{", json.dumps({"source-ref": broken})]
    lines += [json.dumps({"source-ref": absent}), '{"other": 1}', '{"source-ref": "a.jpg"}', "", lines[0]]
    job = shop.ended(shop.start("\n".join(lines).encode(), JobName="first"))
    assert (job["Status"], job["JobName"]) == ("SUCCEEDED", "first")
    assert job["CreationTimestamp"] <= job["CompletionTimestamp"]
    assert job["Results"]["ModelVersions"] == {"Moderation": "7.0"}
    assert job["Results"]["S3Object"]["Name"].startswith(f"out/{job['JobId']}/")

    results = [json.loads(line) for line in shop.read(job["Results"]).splitlines()]
    assert [result["source-ref"] for result in results] == [image, image]
    named = {"S3Object": {"Bucket": shop.bucket, "Name": "a b.jpg"}}
    alone = shop.rekognition.detect_moderation_labels(Image=named, MinConfidence=1)
    found = results[0]["detect-moderation-labels"]
    assert found["ModerationLabels"] == alone["ModerationLabels"]
    assert found["ModerationModelVersion"] == "7.0"
    summary = json.loads(shop.read(job["ManifestSummary"]))
    assert summary["statistics"] == {"total-json-lines": 7, "valid-json-lines": 2, "invalid-json-lines": 5}
    assert [(error["line-number"], error["code"]) for error in summary["errors"]] == [
        (2, "InvalidManifestException"),
        (3, "InvalidImageFormatException"),
        (4, "InvalidS3ObjectException"),
        (5, "InvalidManifestException"),
        (6, "InvalidManifestException"),
    ]


def test_encrypted_with_the_key_that_is_named(shop: Shop, server: Server, astronaut: bytes) -> None:
    key = server.client("kms").create_key()["KeyMetadata"]["Arn"]
    image = shop.put("c.jpg", astronaut)["Name"]
    job = shop.ended(shop.start(json.dumps({"source-ref": f"s3://{shop.bucket}/{image}"}).encode(), KmsKeyId=key))
    named = job["Results"]["S3Object"]
    assert shop.s3.head_object(Bucket=named["Bucket"], Key=named["Name"])["SSEKMSKeyId"] == key


def test_an_empty_manifest(shop: Shop) -> None:
    job = shop.ended(shop.start(b"\n"))
    assert (job["Status"], job["FailureDetails"]["Code"]) == ("FAILED", "INVALID_MANIFEST")
    assert "Results" not in job


def test_listed_newest_first(shop: Shop) -> None:
    ids = [shop.start(b"\n") for _ in range(3)]
    first = shop.rekognition.list_media_analysis_jobs(MaxResults=2)
    assert [job["JobId"] for job in first["MediaAnalysisJobs"]] == ids[:0:-1]
    second = shop.rekognition.list_media_analysis_jobs(MaxResults=2, NextToken=first["NextToken"])
    assert second["MediaAnalysisJobs"][0]["JobId"] == ids[0]
    for job_id in ids:
        shop.ended(job_id)


def test_the_same_token_is_the_same_job(shop: Shop) -> None:
    more = {"ClientRequestToken": uuid4().hex, "Input": {"S3Object": shop.put("m.jsonl", b"\n")}}
    assert shop.start(b"", **more) == shop.start(b"", **more)


def code(shop: Shop, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        shop.start(b"\n", **parameters)
    return str(refused.value.response["Error"]["Code"])


def test_what_is_refused(shop: Shop) -> None:
    absent = {"S3Object": {"Bucket": shop.bucket, "Name": "absent"}}
    assert code(shop, Input=absent) == "InvalidS3ObjectException"
    assert code(shop, OutputConfig={"S3Bucket": "no-such-bucket-here"}) == "InvalidS3ObjectException"
    assert code(shop, OperationsConfig={}) == "InvalidParameterException"
    adapter = "arn:aws:rekognition:us-east-1:123456789012:project/p/version/v/1700000000000"
    config = {"DetectModerationLabels": {"ProjectVersion": adapter}}
    assert code(shop, OperationsConfig=config) == "ResourceNotFoundException"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        shop.rekognition.get_media_analysis_job(JobId="f" * 64)
