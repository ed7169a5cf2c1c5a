"""Bodies both ways for all operations, with botocore's serializer and parser as the other side."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from botocore import xform_name
from botocore.model import ServiceModel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.errors import SerializationException
from chalicelib.wire import protocol, service
from tests.wire.conftest import Wire
from tests.wire.members import members

ALL = sorted(service.operations())
EXAMPLES = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.large_base_example],
)


@pytest.mark.parametrize("name", ALL)
def test_round_trip(name: str, service_model: ServiceModel, connect: Callable[..., Wire]) -> None:
    """What a client sends is what the operation sees; what the operation returns is what the client gets."""
    shapes = service_model.operation_model(name)
    seen: list[Any] = []
    result: dict[str, Any] = {}

    def operation(request: Any, _: Any) -> Any:
        seen.append(request)
        return result

    send = getattr(connect({name: operation}).client, xform_name(name))

    @EXAMPLES
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        request = data.draw(members(shapes.input_shape), "request")
        result.clear()
        result.update(data.draw(members(shapes.output_shape), "result"))
        response = send(**request)
        response.pop("ResponseMetadata")
        assert response == result
        assert seen.pop().items() >= request.items()  # botocore adds a ClientRequestToken

    run()


@pytest.mark.parametrize("name", ALL)
def test_an_empty_result_is_an_empty_object(name: str) -> None:
    assert protocol.write(name, {}) == b"{}"


# ---- reading


def read(document: Any, operation: str = "IndexFaces") -> Any:
    return protocol.read(operation, json.dumps(document).encode())


def test_unknown_members_and_nulls_are_dropped() -> None:
    """Unconfirmed for Rekognition; other JSON 1.1 services of AWS drop both."""
    document = {"CollectionId": "a", "Colour": [1], "MaxFaces": None, "Image": {"Bytes": None, "Name": {"a": 1}}}
    assert read(document) == {"CollectionId": "a", "Image": {}}


def test_members_are_told_by_case() -> None:
    assert read({"collectionId": "a"}) == {}


def test_the_last_of_duplicated_members_counts() -> None:
    assert protocol.read("IndexFaces", b'{"MaxFaces":1,"MaxFaces":2}') == {"MaxFaces": 2}


def test_a_fraction_is_cut_from_an_integer() -> None:
    """Unconfirmed for Rekognition; Kinesis does."""
    assert read({"MaxFaces": 2.9}) == {"MaxFaces": 2}


def test_an_integer_is_a_float() -> None:
    confidence = read({"MinConfidence": 55}, "DetectLabels")["MinConfidence"]
    assert (confidence, type(confidence)) == (55.0, float)


def test_escaped_slashes_in_a_blob() -> None:
    """PHP's SDK escapes them."""
    assert protocol.read("DetectFaces", rb'{"Image":{"Bytes":"\/\/\/\/"}}') == {"Image": {"Bytes": b"\xff\xff\xff"}}


def test_nulls_in_a_list_are_kept_for_validation() -> None:
    assert read({"FaceIds": ["a", None]}, "DeleteFaces") == {"FaceIds": ["a", None]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"{",
        b'{"CollectionId": }',
        b'{"CollectionId":"a"} {}',
        b"{'CollectionId': 'a'}",
        b'{"MaxFaces": NaN}',
        b'{"MaxFaces": Infinity}',
        b'{"MaxFaces": 1e999}',
        b'{"MaxFaces": 0x10}',
        b'{"CollectionId": "\xff\xfe"}',
        b'{"CollectionId": "\\ud800"}',
        b'\xef\xbb\xbf{"CollectionId":"a"}',
        '{"CollectionId":"a"}'.encode("utf-16"),
        b"\x00" * 100,
        b'{"CollectionId":' * 100_000,
        b"[" * 1_000_000,
        b'{"CollectionId":' + b"9" * 100_000 + b"}",
        b"null",
        b"[]",
        b'"text"',
        b"5",
        b"true",
    ],
)
def test_a_body_that_is_not_a_json_object(body: bytes) -> None:
    with pytest.raises(SerializationException):
        protocol.read("IndexFaces", body)


@pytest.mark.parametrize(
    ("operation", "document", "message"),
    [
        ("IndexFaces", {"CollectionId": 5}, "NUMBER_VALUE can not be converted to a String"),
        ("IndexFaces", {"CollectionId": 5.5}, "NUMBER_VALUE can not be converted to a String"),
        ("IndexFaces", {"CollectionId": True}, "TRUE_VALUE can not be converted to a String"),
        ("IndexFaces", {"CollectionId": False}, "FALSE_VALUE can not be converted to a String"),
        ("IndexFaces", {"CollectionId": ["a"]}, "Start of list found where not expected"),
        ("IndexFaces", {"CollectionId": {}}, "Start of structure or map found where not expected."),
        ("IndexFaces", {"MaxFaces": "5"}, "STRING_VALUE can not be converted to an Integer"),
        ("IndexFaces", {"MaxFaces": True}, "TRUE_VALUE can not be converted to an Integer"),
        ("IndexFaces", {"MaxFaces": 2**31}, "NUMBER_VALUE can not be converted to an Integer"),
        ("IndexFaces", {"MaxFaces": 1e300}, "NUMBER_VALUE can not be converted to an Integer"),
        ("IndexFaces", {"Image": "x"}, "Expected null"),
        ("IndexFaces", {"Image": 5}, "Expected null"),
        ("IndexFaces", {"Image": []}, "Start of list found where not expected"),
        ("IndexFaces", {"Image": {"Bytes": 5}}, "NUMBER_VALUE can not be converted to a Blob"),
        ("IndexFaces", {"Image": {"S3Object": {"Name": 5}}}, "NUMBER_VALUE can not be converted to a String"),
        ("IndexFaces", {"DetectionAttributes": "ALL"}, "Expected list or null"),
        ("IndexFaces", {"DetectionAttributes": {"0": "ALL"}}, "Start of structure or map found where not expected."),
        ("IndexFaces", {"DetectionAttributes": [1]}, "NUMBER_VALUE can not be converted to a String"),
        ("DetectLabels", {"MinConfidence": "55"}, "STRING_VALUE can not be converted to a Float"),
        ("DetectLabels", {"MinConfidence": "NaN"}, "STRING_VALUE can not be converted to a Float"),
        ("DetectLabels", {"MinConfidence": 10**400}, "NUMBER_VALUE can not be converted to a Float"),
        ("TagResource", {"Tags": "x"}, "Expected map or null"),
        ("TagResource", {"Tags": [{"Key": "a"}]}, "Start of list found where not expected"),
        ("TagResource", {"Tags": {"a": 1}}, "NUMBER_VALUE can not be converted to a String"),
        ("ListDatasetEntries", {"Labeled": "yes"}, "STRING_VALUE can not be converted to a Boolean"),
        ("ListDatasetEntries", {"Labeled": 1}, "NUMBER_VALUE can not be converted to a Boolean"),
    ],
)
def test_a_value_of_another_type(operation: str, document: Any, message: str) -> None:
    with pytest.raises(SerializationException) as caught:
        read(document, operation)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("abcde", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
        ("YQ", "Base64 encoded length is expected a multiple of 4 bytes but found: 2"),
        ("data:image/png;base64,YQ==", "Invalid Base64 character: ':'"),
        ("ab=c", "Invalid Base64 character: '='"),
        ("YQ==YQ==", "Invalid Base64 character: '='"),
        ("YQ ==", "Invalid Base64 character: ' '"),
        ("Y\nQ==", "Invalid Base64 character: '\n'"),
        ("_-_-", "Invalid Base64 character: '_'"),
        ("字字字字", "Invalid Base64 character: '字'"),
    ],
)
def test_base64_that_is_not(text: str, reason: str) -> None:
    with pytest.raises(SerializationException) as caught:
        read({"Image": {"Bytes": text}})
    assert caught.value.message == f"'{text}' can not be converted to a Blob: {reason}"


def test_a_photo_is_not_repeated_in_the_error() -> None:
    with pytest.raises(SerializationException) as caught:
        read({"Image": {"Bytes": base64.b64encode(bytes(1_000_000)).decode() + "!"}})
    assert len(caught.value.message) < 200


# ---- writing


def test_timestamps_are_epoch_seconds_with_a_fraction() -> None:
    moment = datetime(2024, 5, 6, 9, 8, 9, 123_456, timezone(timedelta(hours=2)))
    assert (
        protocol.write("DescribeCollection", {"CreationTimestamp": moment}) == b'{"CreationTimestamp":1714979289.123}'
    )


def test_floats_are_floats() -> None:
    written = protocol.write("SearchFaces", {"FaceMatches": [{"Similarity": 99}, {"Similarity": np.float32(0.5)}]})
    assert written == b'{"FaceMatches":[{"Similarity":99.0},{"Similarity":0.5}]}'


def test_integers_of_numpy() -> None:
    assert protocol.write("DescribeCollection", {"FaceCount": np.int64(7)}) == b'{"FaceCount":7}'


def test_none_is_left_out() -> None:
    result: dict[str, Any] = {"CollectionIds": [], "NextToken": None}
    assert protocol.write("ListCollections", result) == b'{"CollectionIds":[]}'
    assert protocol.conform("ListCollectionsResponse", result) == {"CollectionIds": []}


@pytest.mark.parametrize(
    ("operation", "result", "message"),
    [
        ("ListCollections", {"Collections": []}, "no member 'Collections'"),
        ("SearchFaces", {"FaceMatches": [{"Face": {"Id": "x"}}]}, "Face has no member 'Id'"),
        ("ListCollections", {"CollectionIds": "a"}, "is a list"),
        ("ListCollections", {"CollectionIds": [None]}, "cannot be None"),
        ("ListCollections", {"CollectionIds": [5]}, "cannot be 5"),
        ("ListCollections", [], "is a structure"),
        ("DetectFaces", {"OrientationCorrection": "ROTATE_45"}, "cannot be 'ROTATE_45'"),
        ("DescribeCollection", {"FaceCount": 1.5}, "an integer cannot be 1.5"),
        ("DescribeCollection", {"FaceCount": True}, "an integer cannot be True"),
        ("DescribeCollection", {"CreationTimestamp": 5}, "with a zone"),
        ("DescribeCollection", {"CreationTimestamp": datetime(2024, 5, 6)}, "with a zone"),
        ("SearchFaces", {"FaceMatches": [{"Similarity": float("nan")}]}, "a float cannot be nan"),
        ("SearchFaces", {"FaceMatches": [{"Similarity": "99"}]}, "a float cannot be '99'"),
        ("DetectFaces", {"FaceDetails": [{"Smile": {"Value": 1}}]}, "a boolean cannot be 1"),
        ("ListTagsForResource", {"Tags": [("a", "b")]}, "is a map"),
        ("ListTagsForResource", {"Tags": {1: "b"}}, "is a map"),
        ("GetFaceLivenessSessionResults", {"ReferenceImage": {"Bytes": "text"}}, "a blob cannot be 'text'"),
    ],
)
def test_a_result_that_aws_could_not_send(operation: str, result: Any, message: str) -> None:
    with pytest.raises(protocol.ShapeError, match=message):
        protocol.write(operation, result)


def test_conform_keeps_bytes_and_datetimes() -> None:
    moment = datetime(2024, 5, 6, tzinfo=UTC)
    assert protocol.conform("DescribeCollectionResponse", {"CreationTimestamp": moment}) == {
        "CreationTimestamp": moment
    }
    assert protocol.conform("Image", {"Bytes": memoryview(b"a")}) == {"Bytes": b"a"}
