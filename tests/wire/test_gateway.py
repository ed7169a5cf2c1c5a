"""The whole path without a socket: what goes wrong on it, and what the client gets."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.operations import Operation
from chalicelib.wire import service
from chalicelib.wire.door import Call, Door, Identity
from chalicelib.wire.gateway import LARGEST_BODY, Request, Response, answer, call
from tests.wire.conftest import BACKEND, Wire

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SERVICE_ERRORS = [
    found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, errors.ServiceError)
]


def post(
    body: bytes = b"{}", target: str | None = "RekognitionService.ListCollections", method: str = "POST"
) -> Request:
    headers = {"content-type": "application/x-amz-json-1.1"} | ({} if target is None else {"x-amz-target": target})
    return Request(method, "/", "", headers, body)


def list_collections(request: Any, _: Any) -> dict[str, Any]:
    return {"CollectionIds": [str(request.get("MaxResults"))], "FaceModelVersions": ["7.0"]}


def raising(error: Exception) -> dict[str, Any]:
    def operation(request: Any, _: Any) -> dict[str, Any]:
        raise error

    return {"ListCollections": operation}


def fault(response: Response) -> tuple[int, str, str]:
    body = json.loads(response.body)
    assert body["__type"] == body["Code"] == response.headers["x-amzn-ErrorType"]
    assert UUID.fullmatch(body["Logref"])
    assert UUID.fullmatch(response.headers["x-amzn-RequestId"])
    assert response.headers["Content-Type"] == "application/x-amz-json-1.1"
    return response.status, body["__type"], body["Message"]


def test_an_answer() -> None:
    response = answer(post(b'{"MaxResults": 7}'), BACKEND, Door({"ListCollections": list_collections}))
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert UUID.fullmatch(response.headers["x-amzn-RequestId"])
    assert response.body == b'{"CollectionIds":["7"],"FaceModelVersions":["7.0"]}'


def test_every_request_has_an_id_of_its_own() -> None:
    ids = {answer(post(), BACKEND, Door({})).headers["x-amzn-RequestId"] for _ in range(10)}
    assert len(ids) == 10


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "ListCollections",
        "RekognitionService",
        "RekognitionService.",
        "RekognitionService.listCollections",
        "RekognitionService.DropTables",
        "RekognitionService.ListCollections.x",
        "RekognitionService.ListCollections ",
        "rekognitionservice.ListCollections",
        "DynamoDB_20120810.ListCollections",
        "RekognitionService.__class__",
    ],
)
def test_a_target_that_aws_lacks(target: str | None) -> None:
    response = answer(post(target=target), BACKEND, Door({"ListCollections": list_collections}))
    assert fault(response) == (400, "UnknownOperationException", "")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_only_post(method: str) -> None:
    response = answer(post(method=method), BACKEND, Door({"ListCollections": list_collections}))
    assert fault(response)[:2] == (400, "UnknownOperationException")


def test_an_operation_not_served_yet() -> None:
    status, code, message = fault(answer(post(target="RekognitionService.DetectLabels"), BACKEND, Door({})))
    assert (status, code) == (501, "NotImplementedException")
    assert "DetectLabels" in message


def test_an_oversized_body() -> None:
    response = answer(post(bytes(LARGEST_BODY + 1)), BACKEND, Door({"ListCollections": list_collections}))
    assert fault(response) == (413, "RequestEntityTooLargeException", "Request Entity Too Large")


def test_two_images_of_five_megabytes_are_not_oversized(connect: Callable[..., Wire]) -> None:
    client = connect({"CompareFaces": lambda request, _: {}}).client
    image = {"Bytes": bytes(5_242_880)}
    assert client.compare_faces(SourceImage=image, TargetImage=image)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_the_first_error_of_the_path_is_told() -> None:
    """AWS's order: the operation, the body, the types, the constraints."""
    served = {"CreateCollection": list_collections}
    target = "RekognitionService.CreateCollection"
    assert fault(answer(post(b"x", "RekognitionService.X"), BACKEND, Door(served)))[1] == "UnknownOperationException"
    assert fault(answer(post(b"x", target), BACKEND, Door(served)))[1] == "SerializationException"
    assert fault(answer(post(b'{"CollectionId":5}', target), BACKEND, Door(served)))[1] == "SerializationException"
    assert fault(answer(post(b'{"CollectionId":""}', target), BACKEND, Door(served)))[1] == "ValidationException"


@pytest.mark.parametrize("kind", SERVICE_ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_of_the_service_reaches_boto3_as_its_class(
    kind: type[errors.ServiceError], connect: Callable[..., Wire]
) -> None:
    error = kind('The reason: "quoted" \n 字.')
    wire = connect(raising(error))
    modeled = getattr(wire.client.exceptions, error.code, ClientError)
    with pytest.raises(modeled) as caught:
        wire.client.list_collections()
    response = caught.value.response
    assert response["Error"] == {"Code": error.code, "Message": 'The reason: "quoted" \n 字.'}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == kind.status
    assert response["ResponseMetadata"]["RequestId"] == wire.responses[-1].headers["x-amzn-RequestId"]


def test_members_of_an_error(connect: Callable[..., Wire]) -> None:
    error = errors.HumanLoopQuotaExceededException("Too many.", ResourceType="loop", QuotaCode="q")
    client = connect(raising(error)).client
    with pytest.raises(client.exceptions.HumanLoopQuotaExceededException) as caught:
        client.list_collections()
    assert caught.value.response["ResourceType"] == "loop"


def test_a_defect_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "lookalike"):
        response = answer(post(), BACKEND, Door(raising(ValueError("secret of the house"))))
    assert fault(response) == (500, "InternalServerError", "Internal server error")
    assert b"secret" not in response.body
    assert response.headers["x-amzn-RequestId"] in caplog.text
    assert "ValueError: secret of the house" in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("result", [None, [], {"Collections": []}, {"CollectionIds": [float("nan")]}])
def test_a_result_that_aws_could_not_send_is_a_defect(result: Any, caplog: pytest.LogCaptureFixture) -> None:
    response = answer(post(), BACKEND, Door({"ListCollections": lambda request, backend: result}))
    assert fault(response) == (500, "InternalServerError", "Internal server error")
    assert "ShapeError" in caplog.text


def test_what_a_person_must_put_right_is_told(caplog: pytest.LogCaptureFixture) -> None:
    response = answer(post(), BACKEND, Door(raising(errors.SetupError("run `lookalike models pull core`"))))
    assert fault(response) == (500, "InternalServerError", "run `lookalike models pull core`")
    assert "Traceback" not in caplog.text


def test_who_calls_is_asked_before_the_body_is_read() -> None:
    asked: list[bytes] = []

    def refuse(request: Request) -> Identity:
        asked.append(request.body)
        raise errors.AccessDeniedException

    response = answer(post(b"not json"), BACKEND, Door({}, refuse))
    assert fault(response)[1] == "AccessDeniedException"
    assert asked == [b"not json"]


def test_who_is_known_passes() -> None:
    known = Identity("AKIDEXAMPLE", "arn:aws:iam::123456789012:user/ada")
    seen: list[Any] = []

    def permit(identity: Identity, operation: str, members: Mapping[str, Any]) -> None:
        seen.append((identity, operation, members))

    door = Door({"ListCollections": list_collections}, lambda request: known, permit)
    assert answer(post(b'{"MaxResults": 7}'), BACKEND, door).status == 200
    assert seen == [(known, "ListCollections", {"MaxResults": 7})]


def test_what_is_not_permitted_does_not_run() -> None:
    ran: list[Any] = []

    def run(members: Any, _: Any) -> dict[str, Any]:
        ran.append(members)
        return {}

    def forbid(identity: Identity, operation: str, members: Mapping[str, Any]) -> None:
        raise errors.AccessDeniedException("not this")

    door = Door({"ListCollections": run}, permit=forbid)
    assert fault(answer(post(), BACKEND, door)) == (400, "AccessDeniedException", "not this")
    assert not ran


def test_observers_are_told_of_every_call() -> None:
    told: list[Call] = []
    door = Door({"ListCollections": list_collections}, observers=(told.append,))
    plain = post(b'{"MaxResults": 7}')
    signed = {"authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/rekognition/aws4_request"}
    sent = replace(plain, headers={**plain.headers, **signed})
    answers = [
        answer(sent, BACKEND, door),
        answer(post(b"no json"), BACKEND, door),
        answer(post(target="RekognitionService.X"), BACKEND, door),
    ]
    call("ListCollections", {}, BACKEND, door, Identity(invoked_by="uploads"))
    assert [each.id for each in told[:3]] == [each.headers["x-amzn-RequestId"] for each in answers]
    assert [each.operation for each in told] == ["ListCollections", "ListCollections", "", "ListCollections"]
    assert [each.error and each.error.code for each in told] == [
        None,
        "SerializationException",
        "UnknownOperationException",
        None,
    ]
    assert told[0].identity == Identity("AKIDEXAMPLE")
    assert (told[0].members, told[0].seconds > 0) == ({"MaxResults": 7}, True)
    assert told[2].identity is None
    assert told[3].identity == Identity(invoked_by="uploads")


def test_a_call_that_cannot_be_observed_fails() -> None:
    """An audit that cannot be written lets nothing pass."""

    def full(_: Call) -> None:
        raise OSError("no space left on device")

    response = answer(post(), BACKEND, Door({"ListCollections": list_collections}, observers=(full,)))
    assert fault(response)[1] == "InternalServerError"


# ---- call


def test_call_gives_members_of_python() -> None:
    moment = datetime(2024, 5, 6, tzinfo=UTC)

    def describe(request: Any, _: Any) -> dict[str, Any]:
        return {"FaceCount": len(request["CollectionId"]), "CreationTimestamp": moment, "UserCount": None}

    called = call("DescribeCollection", {"CollectionId": "abc"}, BACKEND, Door({"DescribeCollection": describe}))
    assert called == {"FaceCount": 3, "CreationTimestamp": moment}


@pytest.mark.parametrize(
    ("name", "parameters", "error"),
    [
        ("DescribeCollection", {}, errors.ValidationException),
        ("DescribeCollection", {"CollectionId": "a b"}, errors.ValidationException),
        ("DescribeCollection", {"CollectionId": 5}, errors.SerializationException),
        ("DescribeCollection", {"Id": "a"}, errors.SerializationException),
        ("DetectLabels", {}, errors.NotImplementedException),
        ("IndexFaces", {"CollectionId": "a", "Image": {"Bytes": "text"}}, errors.SerializationException),
    ],
)
def test_call_refuses_as_http_does(name: str, parameters: Any, error: type[Exception]) -> None:
    served = {"DescribeCollection": list_collections, "IndexFaces": list_collections}
    with pytest.raises(error):
        call(name, parameters, BACKEND, Door(served))


# ---- whatever comes

NAMES = sorted({name for shape in service.model()["shapes"].values() for name in shape.get("members", ())})
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=6),
    max_leaves=30,
)
SERVED: dict[str, Operation] = {name: lambda request, backend: {} for name in service.operations()}


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(name=st.sampled_from(sorted(SERVED)), body=DOCUMENTS.map(json.dumps).map(str.encode) | st.binary())
def test_no_body_makes_a_500(name: str, body: bytes) -> None:
    response = answer(post(body, f"RekognitionService.{name}"), BACKEND, Door(SERVED))
    if response.status != 200:
        assert fault(response)[:2] in {(400, "SerializationException"), (400, "ValidationException")}
