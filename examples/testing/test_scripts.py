"""Tests that say what Rekognition answers, where the real answer is not what they are about."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import lookalike
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

PHOTO = Path(__file__).parent.parent / "visitor.jpg"


def test_an_answer_for_some_objects(lookalike_client: Callable[..., Any]) -> None:
    s3, rekognition = lookalike_client("s3"), lookalike_client()
    s3.create_bucket(Bucket="photos")
    for key in ("cats/tom.jpg", "visitors/1.jpg"):
        s3.upload_file(str(PHOTO), "photos", key)
    lookalike.script.on("DetectFaces", key="cats/*").returns({"FaceDetails": []})

    def faces(key: str) -> int:
        return len(rekognition.detect_faces(Image={"S3Object": {"Bucket": "photos", "Name": key}})["FaceDetails"])

    assert faces("cats/tom.jpg") == 0
    assert faces("visitors/1.jpg") == 1  # not scripted, and so real


def test_an_error_once(lookalike_client: Callable[..., Any]) -> None:
    patient = lookalike_client(config=Config(retries={"mode": "standard", "total_max_attempts": 2}))
    lookalike.script.on("DetectFaces", image=PHOTO, times=1).raises("ThrottlingException")
    assert patient.detect_faces(Image={"Bytes": PHOTO.read_bytes()})["FaceDetails"]
    assert lookalike.script.rules[0]["Used"] == 1


def test_every_second_call_fails(lookalike_client: Callable[..., Any]) -> None:
    impatient = lookalike_client(config=Config(retries={"mode": "standard", "total_max_attempts": 1}))
    lookalike.script.on("*").fails(every=2)
    impatient.list_collections()
    with pytest.raises(impatient.exceptions.InternalServerError):
        impatient.list_collections()


@mock_aws
@lookalike.mock_rekognition
def test_inside_moto_too() -> None:
    rekognition = boto3.client("rekognition", region_name="us-east-1")
    lookalike.script.on("ListFaces", CollectionId="staff").returns({"Faces": [{"ExternalImageId": "Ada"}]})
    assert rekognition.list_faces(CollectionId="staff")["Faces"] == [{"ExternalImageId": "Ada"}]
    with pytest.raises(ClientError, match="does not exist"):
        rekognition.list_faces(CollectionId="guests")


def test_real_answers_are_recorded_and_played(lookalike_client: Callable[..., Any], tmp_path: Path) -> None:
    rekognition, photo = lookalike_client(), {"Bytes": PHOTO.read_bytes()}
    with lookalike.script.record(tmp_path / "script.json"):
        real = rekognition.detect_labels(Image=photo)["Labels"]
    lookalike.script.load(tmp_path / "script.json")
    assert rekognition.detect_labels(Image=photo)["Labels"] == real
    assert lookalike.script.rules[0]["Used"] == 1


@pytest.mark.usefixtures("lookalike")
def test_what_aws_could_not_answer_is_refused() -> None:
    with pytest.raises(lookalike.ScriptError, match="has no member 'Smiles'"):
        lookalike.script.on("DetectFaces").returns({"FaceDetails": [{"Smiles": True}]})
    with pytest.raises(lookalike.ScriptError, match="DetectFaces has no error 'ConflictException'"):
        lookalike.script.on("DetectFaces").raises("ConflictException")
