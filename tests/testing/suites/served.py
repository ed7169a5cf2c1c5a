"""A user's tests with the plugin's server, in this order; run by tests/testing/test_suites.py."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import lookalike as module
import pytest
from botocore.config import Config
from moto import mock_aws

PHOTO = Path("photo.jpg").read_bytes()
Client = Callable[..., Any]


def test_nothing_is_started_for_who_does_not_ask() -> None:
    assert "AWS_ENDPOINT_URL" not in os.environ


def test_much_is_put_there(lookalike: Any) -> None:
    for service, method, named in [
        ("rekognition", "create_collection", {"CollectionId": "a"}),
        ("s3", "create_bucket", {"Bucket": "photos"}),
        ("sqs", "create_queue", {"QueueName": "q"}),
        ("sns", "create_topic", {"Name": "t"}),
        ("iam", "create_user", {"UserName": "u"}),
        ("kms", "create_key", {}),
    ]:
        getattr(lookalike.client(service), method)(**named)
    table = {"TableName": "lookalike-mine", "BillingMode": "PAY_PER_REQUEST"}
    hashed = [{"AttributeName": "a", "KeyType": "HASH"}]
    typed = [{"AttributeName": "a", "AttributeType": "S"}]
    lookalike.client("dynamodb").create_table(**table, KeySchema=hashed, AttributeDefinitions=typed)
    lookalike.client().index_faces(CollectionId="a", Image={"Bytes": PHOTO})
    lookalike.client("s3").put_object(Bucket="lookalike-uploads", Key="collections/b/ada.jpg", Body=PHOTO)
    module.script.on("DetectText").returns({"TextDetections": []})


def test_all_of_it_is_gone(lookalike: Any) -> None:
    assert lookalike.client().list_collections()["CollectionIds"] == []
    buckets = {bucket["Name"] for bucket in lookalike.client("s3").list_buckets()["Buckets"]}
    assert buckets == {"lookalike-results", "lookalike-uploads"}
    assert lookalike.client("s3").list_objects_v2(Bucket="lookalike-uploads")["KeyCount"] == 0
    assert all("/lookalike-" in url for url in lookalike.client("sqs").list_queues()["QueueUrls"])
    assert lookalike.client("sns").list_topics()["Topics"] == []
    assert lookalike.client("iam").list_users()["Users"] == []
    assert lookalike.client("kms").list_keys()["Keys"] == []
    assert "lookalike-mine" not in lookalike.client("dynamodb").list_tables()["TableNames"]
    assert module.script.rules == lookalike.script.rules == []


def test_it_still_works_after_that(lookalike_client: Client) -> None:
    rekognition, s3 = lookalike_client(), lookalike_client("s3")
    rekognition.create_collection(CollectionId="a")
    rekognition.index_faces(CollectionId="a", Image={"Bytes": PHOTO})
    assert rekognition.search_faces_by_image(CollectionId="a", Image={"Bytes": PHOTO})["FaceMatches"]
    s3.upload_file("film.mp4", "lookalike-uploads", "film.mp4")
    video = {"S3Object": {"Bucket": "lookalike-uploads", "Name": "film.mp4"}}
    job = rekognition.start_face_detection(Video=video)["JobId"]
    deadline = time.monotonic() + 60
    while (found := rekognition.get_face_detection(JobId=job))["JobStatus"] == "IN_PROGRESS":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert found["Faces"]


def test_a_job_may_be_left_running(lookalike_client: Client) -> None:
    lookalike_client("s3").upload_file("film.mp4", "lookalike-uploads", "film.mp4")
    video = {"S3Object": {"Bucket": "lookalike-uploads", "Name": "film.mp4"}}
    lookalike_client().start_label_detection(Video=video)


def test_nobody_minds_the_job_that_was_left(lookalike_client: Client) -> None:
    for number in range(20):
        lookalike_client().create_collection(CollectionId=str(number))
    assert len(lookalike_client().list_collections()["CollectionIds"]) == 20


@pytest.mark.usefixtures("lookalike")
def test_sdks_find_it_in_the_environment() -> None:
    boto3.client("rekognition").create_collection(CollectionId="a")
    assert boto3.client("rekognition").list_collections()["CollectionIds"] == ["a"]


@mock_aws
def test_moto_beside_it_is_not_disturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert "AWS_ENDPOINT_URL" not in os.environ
    boto3.client("s3").create_bucket(Bucket="mine")
    assert [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]] == ["mine"]


@mock_aws
def test_both_at_once(lookalike: Any) -> None:
    lookalike.client("s3").create_bucket(Bucket="theirs")
    mine = boto3.client("s3", region_name="us-east-1", config=Config(ignore_configured_endpoint_urls=True))
    assert mine.list_buckets()["Buckets"] == []
    with module.mock_rekognition():
        module.script.on("ListFaces").returns({"Faces": []})
        assert lookalike.script.rules == [], "the innermost is meant"
    assert lookalike.client().list_collections()["CollectionIds"] == []


def test_a_client_may_have_options(lookalike_client: Client) -> None:
    ireland = lookalike_client("rekognition", region_name="eu-west-1", config=Config(read_timeout=5))
    assert (ireland.meta.region_name, ireland.meta.config.read_timeout) == ("eu-west-1", 5)
    assert lookalike_client() is lookalike_client("rekognition")


def test_faults_are_met_by_real_clients(lookalike_client: Client) -> None:
    patient = lookalike_client(config=Config(retries={"mode": "standard", "total_max_attempts": 3}))
    module.script.on("*").throttles(every=2)
    module.script.on("ListCollections").delays(milliseconds=100)
    began = time.monotonic()
    for _ in range(3):
        patient.list_collections()
    assert time.monotonic() - began > 0.3
    assert [rule["Used"] for rule in module.script.rules] == [5, 3]
