"""The model's constraints, in AWS's words."""

from __future__ import annotations

import time
from typing import Any

import pytest

from chalicelib.errors import ValidationException
from chalicelib.wire import service
from chalicelib.wire.validation import _constraints, validate

FACE_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
PATTERN = "Member must satisfy regular expression pattern: "
AT_LEAST, AT_MOST = (
    "Member must have length greater than or equal to ",
    "Member must have length less than or equal to ",
)
IMAGE: dict[str, Any] = {"Bytes": b"x"}


def complaint(operation: str, members: dict[str, Any]) -> str:
    with pytest.raises(ValidationException) as caught:
        validate(operation, members)
    return caught.value.message


def one(value: str, path: str, constraint: str) -> str:
    return f"1 validation error detected: Value {value} at '{path}' failed to satisfy constraint: {constraint}"


def test_an_empty_image_as_quoted_from_aws() -> None:
    """The answer of Rekognition in aws-sdk-js-v3 issues 854 and 2310."""
    assert complaint("DetectFaces", {"Image": {"Bytes": b""}}) == (
        "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at 'image.bytes' "
        "failed to satisfy constraint: Member must have length greater than or equal to 1"
    )


@pytest.mark.parametrize(
    ("operation", "members", "value", "path", "constraint"),
    [
        # required, at the top, nested, in a list, in a structure of a list
        ("CreateCollection", {}, "null", "collectionId", "Member must not be null"),
        ("StartStreamProcessor", {}, "null", "name", "Member must not be null"),
        (
            "CreateStreamProcessor",
            {"Input": {}, "Output": {}, "Name": "a", "RoleArn": "arn:aws:iam::123456789012:role/r"},
            "null",
            "settings",
            "Member must not be null",
        ),
        (
            "CopyProjectVersion",
            {
                "SourceProjectArn": "arn:aws:rekognition:eu-west-1:123456789012:project/a/1",
                "SourceProjectVersionArn": "arn:aws:rekognition:eu-west-1:123456789012:project/a/version/b/1",
                "DestinationProjectArn": "arn:aws:rekognition:eu-west-1:123456789012:project/b/1",
                "VersionName": "v",
                "OutputConfig": {},
                "KmsKeyId": "!",
            },
            "'!'",
            "kmsKeyId",
            PATTERN + "^[A-Za-z0-9][A-Za-z0-9:_/+=,@.-]{0,2048}$",
        ),
        (
            "DistributeDatasetEntries",
            {"Datasets": [{"Arn": "arn:aws:rekognition:eu-west-1:123456789012:project/a/dataset/test/1"}, {}]},
            "null",
            "datasets.2.member.arn",
            "Member must not be null",
        ),
        ("DetectText", {"Image": IMAGE, "Filters": {"RegionsOfInterest": [None]}}, "null",
         "filters.regionsOfInterest.1.member", "Member must not be null"),
        # lengths
        ("CreateCollection", {"CollectionId": "a" * 256}, f"'{'a' * 256}'", "collectionId", AT_MOST + "255"),
        ("DetectFaces", {"Image": {"Bytes": bytes(5_242_881)}},
         "'java.nio.HeapByteBuffer[pos=0 lim=5242881 cap=5242881]'",
         "image.bytes", AT_MOST + "5242880"),
        ("DetectFaces", {"Image": {"S3Object": {"Bucket": "ab"}}}, "'ab'", "image.s3Object.bucket", AT_LEAST + "3"),
        ("DeleteFaces", {"CollectionId": "a", "FaceIds": []}, "'[]'", "faceIds", AT_LEAST + "1"),
        # patterns
        ("CreateCollection", {"CollectionId": "a b"}, "'a b'", "collectionId", PATTERN + "[a-zA-Z0-9_.\\-]+"),
        ("CreateCollection", {"CollectionId": "a\n"}, "'a\n'", "collectionId", PATTERN + "[a-zA-Z0-9_.\\-]+"),
        ("CreateCollection", {"CollectionId": "à"}, "'à'", "collectionId", PATTERN + "[a-zA-Z0-9_.\\-]+"),
        ("SearchFaces", {"CollectionId": "a", "FaceId": "x"}, "'x'", "faceId", PATTERN + FACE_ID),
        # enums and ranges
        ("CompareFaces", {"SourceImage": IMAGE, "TargetImage": IMAGE, "QualityFilter": "BEST"},
         "'BEST'", "qualityFilter", "Member must satisfy enum value set: [NONE, AUTO, LOW, MEDIUM, HIGH]"),
        ("ListFaces", {"CollectionId": "a", "MaxResults": -1}, "'-1'", "maxResults",
         "Member must have value greater than or equal to 0"),
        ("ListFaces", {"CollectionId": "a", "MaxResults": 4097}, "'4097'", "maxResults",
         "Member must have value less than or equal to 4096"),
        ("DetectLabels", {"Image": IMAGE, "MinConfidence": 101.0}, "'101.0'", "minConfidence",
         "Member must have value less than or equal to 100"),
        ("DetectLabels", {"Image": IMAGE, "MinConfidence": -0.5}, "'-0.5'", "minConfidence",
         "Member must have value greater than or equal to 0"),
        ("DetectLabels", {"Image": IMAGE, "MinConfidence": 1e10}, "'1.0E10'", "minConfidence",
         "Member must have value less than or equal to 100"),
        ("DetectLabels", {"Image": IMAGE, "MinConfidence": -1.25e-5}, "'-1.25E-5'", "minConfidence",
         "Member must have value greater than or equal to 0"),
        # scalars in lists and maps: the whole is shown
        ("DeleteFaces", {"CollectionId": "a", "FaceIds": ["x", "y"]}, "'[x, y]'", "faceIds",
         f"Member must satisfy constraint: [{PATTERN}{FACE_ID}, Member must not be null]"),
        ("DetectFaces", {"Image": IMAGE, "Attributes": ["ALL", "HAIR", None]}, "'[ALL, HAIR, null]'", "attributes",
         "Member must satisfy constraint: [Member must satisfy enum value set: [DEFAULT, ALL, AGE_RANGE, BEARD, "
         "EMOTIONS, EYE_DIRECTION, EYEGLASSES, EYES_OPEN, GENDER, MOUTH_OPEN, MUSTACHE, FACE_OCCLUDED, SMILE, "
         "SUNGLASSES], Member must not be null]"),
        ("TagResource", {"ResourceArn": "a" * 20, "Tags": {"aws:x": "y"}}, "'{aws:x=y}'", "tags",
         f"Map keys must satisfy constraint: [{AT_MOST}128, {AT_LEAST}1, "
         f"{PATTERN}^(?!aws:)[\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]*$, "
         "Member must not be null]"),
        ("TagResource", {"ResourceArn": "a" * 20, "Tags": {"x": "y" * 257}}, f"'{{x={'y' * 257}}}'", "tags",
         f"Map value must satisfy constraint: [{AT_MOST}256, {AT_LEAST}0, "
         f"{PATTERN}^([\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]*)$, "
         "Member must not be null]"),
    ],
)  # fmt: skip
def test_one_complaint(operation: str, members: dict[str, Any], value: str, path: str, constraint: str) -> None:
    assert complaint(operation, members) == one(value, path, constraint)


def test_several_complaints() -> None:
    """Their order is unconfirmed: ours is that of the model, the pattern before the length as in Kinesis."""
    assert complaint("IndexFaces", {"CollectionId": "", "MaxFaces": 0}) == (
        "4 validation errors detected: "
        f"Value '' at 'collectionId' failed to satisfy constraint: {PATTERN}[a-zA-Z0-9_.\\-]+; "
        f"Value '' at 'collectionId' failed to satisfy constraint: {AT_LEAST}1; "
        "Value null at 'image' failed to satisfy constraint: Member must not be null; "
        "Value '0' at 'maxFaces' failed to satisfy constraint: Member must have value greater than or equal to 1"
    )


def test_ten_complaints_at_most() -> None:
    message = complaint("DistributeDatasetEntries", {"Datasets": [{}] * 12})
    assert message.startswith("10 validation errors detected: ")
    assert message.count("; ") == 9


def test_structures_print_their_members() -> None:
    """Unconfirmed for Rekognition."""
    regions = [{"BoundingBox": {"Left": 0.5}}] * 11
    message = complaint("DetectText", {"Image": IMAGE, "Filters": {"RegionsOfInterest": regions}})
    assert "Value '[RegionOfInterest(boundingBox=BoundingBox(left=0.5)), RegionOfInterest(" in message
    assert message.endswith(AT_MOST + "10")


@pytest.mark.parametrize("tags", [{"Straße 字": "a b@c.d"}, {"x": ""}, {"lookalike:retention-days": "30"}, {"٣": "³½"}])
def test_tags_may_have_letters_of_any_script(tags: dict[str, str]) -> None:
    validate("TagResource", {"ResourceArn": "a" * 20, "Tags": tags})


@pytest.mark.parametrize("key", ["a!", "a*", "a\tb", "aws:x", "a,b", ""])
def test_tags_may_not_have_other_signs(key: str) -> None:
    assert "Map keys must satisfy" in complaint("TagResource", {"ResourceArn": "a" * 20, "Tags": {key: "x"}})


def test_a_long_value_is_cut() -> None:
    assert len(complaint("CreateCollection", {"CollectionId": " " * 1_000_000})) < 10_000


@pytest.mark.parametrize("name", [name for name, at in service.model()["shapes"].items() if "pattern" in at])
def test_no_pattern_takes_long(name: str) -> None:
    """Each pattern against long strings made to send a backtracking matcher astray."""
    start = time.process_time()
    for unit in ("a", "-", " ", ":", "a-", "arn:aws:sns:", "{", "0", "arn:aws:iam::123456789012:role/"):
        for words, holds in _constraints(name):
            if "pattern" in words:
                holds((unit * 20_000)[:20_000] + "\n")
                holds((unit * 4_000)[:4_000] + "\n")
    assert time.process_time() - start < 5


def test_all_requests_can_be_checked() -> None:
    for operation in service.operations():
        try:
            validate(operation, {})
        except ValidationException as error:
            assert "Member must not be null" in error.message  # noqa: PT017
