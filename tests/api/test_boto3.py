"""An unmodified boto3 program, with nothing but AWS_ENDPOINT_URL set: the first fourteen operations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT, Server

PROGRAM = """
import json, sys
import boto3

rekognition = boto3.client("rekognition")
photo = open(sys.argv[1], "rb").read()
image = {"Bytes": photo}
name = sys.argv[2]
seen = {}

created = rekognition.create_collection(CollectionId=name, Tags={"team": "blue"})
assert created["StatusCode"] == 200 and created["CollectionArn"].endswith(f":collection/{name}")
arn = rekognition.describe_collection(CollectionId=name)["CollectionARN"]
assert name in [each for page in rekognition.get_paginator("list_collections").paginate()
                for each in page["CollectionIds"]]

(found,) = rekognition.detect_faces(Image=image, Attributes=["DEFAULT"])["FaceDetails"]
seen["landmarks"] = sorted(landmark["Type"] for landmark in found["Landmarks"])
compared = rekognition.compare_faces(SourceImage=image, TargetImage=image)
seen["compared"] = compared["FaceMatches"][0]["Similarity"]
assert compared["UnmatchedFaces"] == []

indexed = rekognition.index_faces(CollectionId=name, Image=image, ExternalImageId="eileen", DetectionAttributes=[])
(record,) = indexed["FaceRecords"]
face = record["Face"]["FaceId"]
again = rekognition.index_faces(CollectionId=name, Image=image, ExternalImageId="eileen")
assert again["FaceRecords"][0]["Face"]["FaceId"] == face
assert indexed["UnindexedFaces"] == []
assert [each["FaceId"] for page in rekognition.get_paginator("list_faces").paginate(CollectionId=name)
        for each in page["Faces"]] == [face]
assert rekognition.search_faces(CollectionId=name, FaceId=face)["FaceMatches"] == []
(match,) = rekognition.search_faces_by_image(CollectionId=name, Image=image, FaceMatchThreshold=99)["FaceMatches"]
seen["match"] = [match["Face"]["ExternalImageId"], match["Similarity"]]

rekognition.tag_resource(ResourceArn=arn, Tags={"level": "2"})
assert rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "blue", "level": "2"}
rekognition.untag_resource(ResourceArn=arn, TagKeys=["team"])
assert rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"level": "2"}

assert rekognition.delete_faces(CollectionId=name, FaceIds=[face])["DeletedFaces"] == [face]
assert rekognition.describe_collection(CollectionId=name)["FaceCount"] == 0
assert rekognition.delete_collection(CollectionId=name)["StatusCode"] == 200
try:
    rekognition.describe_collection(CollectionId=name)
except rekognition.exceptions.ResourceNotFoundException as error:
    seen["gone"] = error.response["Error"]["Message"]
print(json.dumps(seen))
"""


def environment(server: Server) -> dict[str, str]:
    """What the two lines that `lookalike serve` prints set."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return plain | {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def test_an_unmodified_program(server: Server, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    photo = ROOT / "tests" / "photos" / "astronaut.jpg"
    done = subprocess.run(
        [sys.executable, str(program), str(photo), "boto3-program"],
        env=environment(server),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["landmarks"] == ["eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose"]
    assert seen["compared"] > 99.9
    assert seen["match"][0] == "eileen"
    assert seen["match"][1] > 99.9
    assert seen["gone"] == "The collection id: boto3-program does not exist"
