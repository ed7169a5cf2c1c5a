"""A user's tests with `mock_rekognition`; run by tests/testing/test_suites.py against the installed wheel."""

from __future__ import annotations

import asyncio
import json
import socket
import unittest
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import lookalike
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

PHOTO = Path("photo.jpg").read_bytes()
FILM = Path("film.mp4")
BEFORE = mock_aws()
"""Imports moto's handlers, so that the client below has them."""
CLIENT = boto3.client("rekognition", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
"""Made before anything is mocked."""


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def mocked() -> Iterator[None]:
    with mock_aws(), lookalike.mock_rekognition():
        yield


def names(client: Any = CLIENT) -> list[str]:
    found: list[str] = client.list_collections()["CollectionIds"]
    return found


@pytest.mark.usefixtures("mocked")
def test_clients_made_before_and_within_are_answered_alike() -> None:
    CLIENT.create_collection(CollectionId="a")
    within = boto3.client("rekognition")
    within.create_collection(CollectionId="b")
    assert names() == names(within) == ["a", "b"]


@pytest.mark.usefixtures("mocked")
def test_it_reads_the_mocked_s3() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="a b/ü.jpg", Body=PHOTO)
    image = {"S3Object": {"Bucket": "photos", "Name": "a b/ü.jpg"}}
    assert len(CLIENT.detect_faces(Image=image)["FaceDetails"]) == 1
    with pytest.raises(CLIENT.exceptions.InvalidS3ObjectException):
        CLIENT.detect_faces(Image={"S3Object": {"Bucket": "photos", "Name": "none"}})


@pytest.mark.usefixtures("mocked")
def test_nothing_of_it_is_seen_in_the_users_account() -> None:
    CLIENT.create_collection(CollectionId="a")
    CLIENT.index_faces(CollectionId="a", Image={"Bytes": PHOTO})
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []
    assert boto3.client("s3").list_buckets()["Buckets"] == []
    assert "QueueUrls" not in boto3.client("sqs").list_queues()


def test_motos_reset_forgets_collections_and_scripts() -> None:
    with lookalike.mock_rekognition():
        for _ in range(2):
            with mock_aws():
                assert names() == []
                assert lookalike.script.rules == []
                CLIENT.create_collection(CollectionId="a")
                CLIENT.index_faces(CollectionId="a", Image={"Bytes": PHOTO})
                found = CLIENT.search_faces_by_image(CollectionId="a", Image={"Bytes": PHOTO})
                assert len(found["FaceMatches"]) == 1
                lookalike.script.on("DetectFaces").returns({"FaceDetails": []})
                assert CLIENT.detect_faces(Image={"Bytes": PHOTO})["FaceDetails"] == []


@pytest.mark.usefixtures("mocked")
def test_regions_are_apart() -> None:
    ireland = boto3.client("rekognition", region_name="eu-west-1")
    arn = ireland.create_collection(CollectionId="a")["CollectionArn"]
    assert arn == "aws:rekognition:eu-west-1:123456789012:collection/a"
    assert (names(), names(ireland)) == ([], ["a"])


@pytest.mark.usefixtures("mocked")
def test_accounts_are_apart_and_reached_by_their_credentials() -> None:
    sts = boto3.client("sts")
    role = {"RoleArn": "arn:aws:iam::210987654321:role/other", "RoleSessionName": "test"}
    keys = sts.assume_role(**role)["Credentials"]
    other = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], "us-east-1")
    arn = other.client("rekognition").create_collection(CollectionId="a")["CollectionArn"]
    assert arn.split(":")[3] == "210987654321"
    assert (names(), names(other.client("rekognition"))) == ([], ["a"])
    assert other.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.usefixtures("mocked")
def test_policies_are_enforced_where_moto_is_told_to() -> None:
    iam = boto3.client("iam")
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    allowed = {"Effect": "Allow", "Action": "rekognition:ListCollections", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="ada", PolicyName="list", PolicyDocument=policy)
    ada = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1").client("rekognition")

    @set_initial_no_auth_action_count(0)
    def enforced() -> None:
        assert names(ada) == []
        with pytest.raises(ClientError, match="is not authorized to perform: rekognition:CreateCollection"):
            ada.create_collection(CollectionId="a")

    enforced()


def test_within_comes_moto_again() -> None:
    def labels() -> list[str]:
        return [label["Name"] for label in CLIENT.detect_labels(Image={"Bytes": PHOTO})["Labels"]]

    with mock_aws():
        canned = labels()
        with lookalike.mock_rekognition():
            with lookalike.mock_rekognition():
                assert "Person" in labels()
            assert "Person" in labels()
        assert labels() == canned


def test_outside_of_moto_nothing_leaves_the_machine() -> None:
    with lookalike.mock_rekognition():
        client = boto3.Session("real", "real", region_name="us-east-1").client("rekognition")
        with pytest.raises(Exception, match="inside moto's mock_aws, which is not active"):
            client.detect_faces(Image={"Bytes": PHOTO})


def test_outside_there_is_nothing_to_script() -> None:
    with pytest.raises(lookalike.ScriptError, match="no Rekognition to script here"):
        lookalike.script.on("DetectFaces").returns({"FaceDetails": []})


@pytest.mark.usefixtures("mocked")
def test_answers_are_recorded_and_played_here_too() -> None:
    with lookalike.script.record() as recorded:
        real = CLIENT.detect_faces(Image={"Bytes": PHOTO})["FaceDetails"]
        with pytest.raises(ClientError):
            CLIENT.list_faces(CollectionId="none")
    assert [rule["Operation"] for rule in recorded.script["Rules"]] == ["DetectFaces", "ListFaces"]
    CLIENT.create_collection(CollectionId="none")
    lookalike.script.load(recorded.script)
    assert CLIENT.detect_faces(Image={"Bytes": PHOTO})["FaceDetails"] == real
    with pytest.raises(ClientError, match="The collection id: none does not exist"):
        CLIENT.list_faces(CollectionId="none")
    lookalike.script.reset()
    assert CLIENT.list_faces(CollectionId="none")["Faces"] == []


@mock_aws
@lookalike.mock_rekognition
def test_a_function_is_decorated() -> None:
    CLIENT.create_collection(CollectionId="a")


@lookalike.mock_rekognition()
@mock_aws
def test_in_either_order() -> None:
    assert names() == []


def test_a_coroutine_is_decorated() -> None:
    @lookalike.mock_rekognition
    async def found() -> list[str]:
        await asyncio.sleep(0)
        return names()

    with mock_aws():
        assert asyncio.run(found()) == []


@mock_aws
@lookalike.mock_rekognition
class TestClass:
    def setup_method(self) -> None:
        CLIENT.create_collection(CollectionId="a")
        lookalike.script.on("DetectFaces").returns({"FaceDetails": []})

    def test_one(self) -> None:
        assert names() == ["a"]

    def test_another(self) -> None:
        assert names() == ["a"]
        assert CLIENT.detect_faces(Image={"Bytes": PHOTO})["FaceDetails"] == []


@lookalike.mock_rekognition
@mock_aws
class Unittest(unittest.TestCase):
    def setUp(self) -> None:
        CLIENT.create_collection(CollectionId="a")

    def test_one(self) -> None:
        assert names() == ["a"]

    def test_another(self) -> None:
        assert names() == ["a"]


@pytest.mark.usefixtures("mocked")
def test_a_video_is_done_when_its_start_returns() -> None:
    s3, sns, sqs = (boto3.client(service) for service in ("s3", "sns", "sqs"))
    s3.create_bucket(Bucket="videos")
    s3.upload_file(str(FILM), "videos", "film.mp4")
    topic = sns.create_topic(Name="done")["TopicArn"]
    queue = sqs.create_queue(QueueName="done")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:done")
    lookalike.script.on("GetFaceDetection").stays_in_progress(polls=1)
    job = CLIENT.start_face_detection(
        Video={"S3Object": {"Bucket": "videos", "Name": "film.mp4"}},
        NotificationChannel={"SNSTopicArn": topic, "RoleArn": "arn:aws:iam::123456789012:role/r"},
    )["JobId"]
    assert [CLIENT.get_face_detection(JobId=job)["JobStatus"] for _ in range(2)] == ["IN_PROGRESS", "SUCCEEDED"]
    assert CLIENT.get_face_detection(JobId=job)["Faces"]
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(json.loads(message["Body"])["Message"])["Status"] == "SUCCEEDED"


@pytest.mark.usefixtures("mocked")
def test_threads_may_call_at_once() -> None:
    CLIENT.create_collection(CollectionId="a")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: CLIENT.create_user(CollectionId="a", UserId=str(at)), range(24)))
    assert CLIENT.describe_collection(CollectionId="a")["UserCount"] == 24


@pytest.mark.usefixtures("mocked")
def test_errors_are_aws_s() -> None:
    with pytest.raises(ClientError, match="The collection id: none does not exist") as raised:
        CLIENT.list_faces(CollectionId="none")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.usefixtures("mock_rekognition")
@mock_aws
def test_there_is_a_fixture() -> None:
    assert names() == []
