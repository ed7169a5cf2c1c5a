"""What a script makes of operations: where its rules apply, how often, and what it refuses to say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from chalicelib import errors
from chalicelib.backend import Backend
from chalicelib.errors import (
    InternalServerError,
    NotImplementedException,
    ResourceNotFoundException,
    ServiceError,
    ThrottlingException,
)
from chalicelib.operations import OPERATIONS
from chalicelib.wire import rules, service
from chalicelib.wire.door import Door
from chalicelib.wire.gateway import call
from chalicelib.wire.rules import ScriptError
from chalicelib.wire.scripting import Script, in_progress

NOTHING: dict[str, Any] = {"FaceDetails": []}
REAL: dict[str, Any] = {"FaceDetails": [{"Confidence": 99.5}]}
CAT, DOG = b"a cat", b"a dog"


class Bucket:
    """Stands for the store: the one object `cats/tom.jpg`."""

    def image(self, bucket: str, key: str, version: str | None, limit: int) -> bytes:
        if (bucket, key) != ("photos", "cats/tom.jpg"):
            raise errors.InvalidS3ObjectException
        return CAT


class Storage:
    """As far as a script looks into a backend."""

    def __init__(self) -> None:
        self.store = self
        self.objects = Bucket()


BACKEND = cast("Backend", Storage())


def detect(script: Script, image: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return call("DetectFaces", {"Image": image or {"Bytes": CAT}}, BACKEND, Door(script))


def really(request: Any, backend: Backend) -> Mapping[str, Any]:
    return REAL


@pytest.fixture
def script() -> Script:
    return Script({"DetectFaces": really})


def load(script: Script, *rules: dict[str, Any]) -> None:
    script.load({"Rules": [{"Operation": "DetectFaces"} | rule for rule in rules]})


def test_what_is_not_scripted_is_real(script: Script) -> None:
    assert detect(script) == REAL
    load(script, {"Operation": "DetectText", "Answer": {"TextDetections": []}})
    assert detect(script) == REAL


def test_an_answer_comes_as_often_as_said(script: Script) -> None:
    load(script, {"Answer": NOTHING, "Times": 2})
    assert [detect(script) for _ in range(3)] == [NOTHING, NOTHING, REAL]
    (told,) = script.told()["Rules"]
    assert (told["Times"], told["Left"], told["Used"]) == (2, 0, 2)


def test_rules_apply_in_their_order(script: Script) -> None:
    load(script, {"Error": {"Code": "ThrottlingException"}, "Times": 1}, {"Answer": NOTHING})
    with pytest.raises(ThrottlingException):
        detect(script)
    assert [detect(script) for _ in range(2)] == [NOTHING, NOTHING]


def test_an_image_is_known_by_its_bytes_wherever_they_are(script: Script) -> None:
    load(script, {"Match": {"Sha256": [hashlib.sha256(CAT).hexdigest()]}, "Answer": NOTHING})
    assert detect(script, {"Bytes": CAT}) == NOTHING
    assert detect(script, {"S3Object": {"Bucket": "photos", "Name": "cats/tom.jpg"}}) == NOTHING
    assert detect(script, {"Bytes": DOG}) == REAL
    assert detect(script, {"S3Object": {"Bucket": "photos", "Name": "not there"}}) == REAL


@pytest.mark.parametrize(
    ("bucket", "key", "applies"),
    [("photos", "cats/tom.jpg", True), ("photos", "dogs/rex.jpg", False), ("other", "cats/tom.jpg", False)],
)
def test_an_object_is_known_by_patterns(script: Script, bucket: str, key: str, applies: bool) -> None:
    load(script, {"Match": {"Bucket": "photo*", "Key": "cats/*"}, "Answer": NOTHING})
    assert detect(script, {"S3Object": {"Bucket": bucket, "Name": key}}) == (NOTHING if applies else REAL)
    assert detect(script, {"Bytes": CAT}) == REAL


def test_a_request_is_known_by_its_members() -> None:
    script = Script({"ListFaces": lambda request, _: {"Faces": []}})
    staff = {"Operation": "ListFaces", "Match": {"Members": {"CollectionId": "staff"}}}
    script.load({"Rules": [staff | {"Error": {"Code": "ResourceNotFoundException", "Message": "gone"}}]})
    with pytest.raises(ResourceNotFoundException, match="gone"):
        call("ListFaces", {"CollectionId": "staff"}, BACKEND, Door(script))
    assert call("ListFaces", {"CollectionId": "guests"}, BACKEND, Door(script)) == {"Faces": []}


def test_what_this_build_does_not_serve_can_be_scripted() -> None:
    script = Script({})
    rule = {"Operation": "DetectCustomLabels", "Match": {"Key": "a"}, "Answer": {"CustomLabels": []}}
    script.load({"Rules": [rule]})
    arn = "arn:aws:rekognition:us-east-1:123456789012:project/p/version/v/1"

    def ask(key: str) -> Mapping[str, Any]:
        image = {"S3Object": {"Bucket": "photos", "Name": key}}
        return call("DetectCustomLabels", {"ProjectVersionArn": arn, "Image": image}, BACKEND, Door(script))

    assert ask("a") == {"CustomLabels": []}
    with pytest.raises(NotImplementedException):
        ask("b")


def test_every_third_call_is_throttled(script: Script) -> None:
    load(script, {"Fault": {"ThrottleEvery": 3}})
    seen = [_code(script) for _ in range(7)]
    assert seen == ["", "", "ThrottlingException", "", "", "ThrottlingException", ""]


def test_a_fault_of_any_operation_goes_on_to_the_next_rule(script: Script) -> None:
    load(script, {"Operation": "*", "Fault": {"FailEvery": 2}}, {"Answer": NOTHING})
    assert detect(script) == NOTHING
    with pytest.raises(InternalServerError):
        detect(script)


def test_a_delay_waits_and_passes_on() -> None:
    slept: list[float] = []
    script = Script({"DetectFaces": really}, sleep=slept.append)
    load(script, {"Fault": {"DelayMilliseconds": 250}})
    assert detect(script) == REAL
    assert slept == [0.25]


def test_jobs_are_in_progress_for_so_many_polls_each() -> None:
    done = {"JobStatus": "SUCCEEDED", "Faces": [{"Timestamp": 0}], "VideoMetadata": {"Codec": "h264"}, "NextToken": "n"}
    script = Script({"GetFaceDetection": lambda request, _: done | {"JobId": request["JobId"]}})
    script.load({"Rules": [{"Operation": "*", "Fault": {"InProgressPolls": 2}}]})

    def poll(job: str) -> Mapping[str, Any]:
        return call("GetFaceDetection", {"JobId": job}, BACKEND, Door(script))

    assert poll("a") == {"JobId": "a", "JobStatus": "IN_PROGRESS", "Faces": []}
    assert poll("b")["JobStatus"] == "IN_PROGRESS"
    assert [poll("a")["JobStatus"] for _ in range(2)] == ["IN_PROGRESS", "SUCCEEDED"]


def test_bulk_jobs_too_tell_of_no_end_while_in_progress() -> None:
    ended: dict[str, Any] = {
        "JobId": "a",
        "Status": "SUCCEEDED",
        "Results": {},
        "CompletionTimestamp": None,
        "OperationsConfig": {},
    }
    assert in_progress("GetMediaAnalysisJob", ended) == {"JobId": "a", "Status": "IN_PROGRESS", "OperationsConfig": {}}
    assert in_progress("DetectFaces", REAL) == REAL


def test_threads_share_what_is_left(script: Script) -> None:
    load(script, {"Answer": NOTHING, "Times": 50})
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: detect(script), range(80)))
    assert seen.count(NOTHING) == 50


def test_a_reset_makes_all_real_again(script: Script) -> None:
    load(script, {"Answer": NOTHING})
    script.record()
    script.reset()
    assert detect(script) == REAL
    assert script.told() == {"Rules": [], "Recording": False}


def test_what_is_told_can_be_loaded(script: Script) -> None:
    load(script, {"Match": {"Key": "a"}, "Answer": NOTHING, "Times": 2}, {"Fault": {"ThrottleEvery": 3}})
    detect(script, {"S3Object": {"Bucket": "photos", "Name": "a"}})
    told = script.told()
    script.load(json.loads(json.dumps(told)))
    assert [rule["Used"] for rule in told["Rules"]] == [1, 0]
    assert [rule["Used"] for rule in script.told()["Rules"]] == [0, 0]
    assert [rule["Left"] for rule in script.told()["Rules"]] == [2, None]


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"Answer": {"Faces": []}}, r"DetectFaces has no member 'Faces': AWS's DetectFacesResponse has FaceDetails"),
        ({"Answer": {"FaceDetails": [{"Smile": {"Valu": True}}]}}, r"DetectFaces.FaceDetails\[0\].Smile has no member"),
        ({"Answer": {"FaceDetails": [{"Confidence": "high"}]}}, r"FaceDetails\[0\].Confidence: a float cannot be"),
        ({"Answer": {"FaceDetails": [{"Confidence": 101}]}}, r"faceDetails.1.member.confidence"),
        ({"Answer": {"FaceDetails": {}}}, r"DetectFaces.FaceDetails is a list"),
        ({"Answer": {"OrientationCorrection": "UP"}}, r"OrientationCorrection cannot be 'UP'"),
        (
            {"Error": {"Code": "ConflictException"}},
            r"DetectFaces has no error 'ConflictException': AWS declares Access",
        ),
        ({"Error": {"Code": "ValueError"}}, r"no error 'ValueError'"),
        ({"Operation": "DetectFace", "Answer": {}}, r"no operation 'DetectFace': is it DetectFaces\?"),
        ({"Operation": "*", "Answer": {}}, r"want an operation by name"),
        ({"Operation": "*", "Error": {"Code": "ResourceNotFoundException"}}, r"\* has no error"),
        ({"Operation": "ListFaces", "Match": {"Sha256": ["0" * 64]}, "Answer": {}}, r"hold no image"),
        ({"Operation": "ListFaces", "Match": {"Key": "a"}, "Answer": {}}, r"name no object in S3"),
        ({"Match": {"Sha256": ["abc"]}, "Answer": {}}, r"64 hexadecimal digits"),
        ({"Match": {"Members": {"Photo": 1}}, "Answer": {}}, r"has no member 'Photo'"),
        ({"Match": {"Image": 1}, "Answer": {}}, r"unknown field `Image`"),
        ({}, r"one of Answer, Error and Fault"),
        ({"Answer": {}, "Error": {"Code": "ThrottlingException"}}, r"one of Answer, Error and Fault"),
        ({"Answer": {}, "Times": 0}, r"Times is 1 or more"),
        ({"Fault": {}}, r"a Fault is one of"),
        ({"Fault": {"ThrottleEvery": -1}}, r"a Fault is one of"),
        ({"Fault": {"ThrottleEvery": 2, "FailEvery": 2}}, r"a Fault is one of"),
        ({"Fault": {"InProgressPolls": 2}}, r"tells of no job"),
        ({"Answer": {}, "Extra": 1}, r"unknown field `Extra`"),
    ],
)
def test_what_aws_could_not_do_is_refused(script: Script, rule: dict[str, Any], complaint: str) -> None:
    load(script, {"Answer": NOTHING})
    with pytest.raises(ScriptError, match=complaint):
        load(script, rule)
    assert detect(script) == NOTHING, "a refused script leaves the one before in force"


def test_every_error_that_may_be_scripted_can_be_raised() -> None:
    for operation in [rules.ANY, *service.operations()]:
        for code in rules.errors_of(operation):
            assert issubclass(getattr(errors, code), ServiceError)


def test_a_recording_gives_the_same_answers_again(script: Script) -> None:
    answers = iter([REAL, REAL, NOTHING])
    busy = Script({"DetectFaces": lambda *_: next(answers)})
    busy.record()
    assert [detect(busy) for _ in range(3)] == [REAL, REAL, NOTHING]
    assert busy.recording is not None
    script.load(json.loads(json.dumps(busy.recording.told())))
    assert [detect(script) for _ in range(4)] == [REAL, REAL, NOTHING, NOTHING]
    assert detect(script, {"Bytes": DOG}) == REAL


def test_a_recording_holds_errors_and_no_images() -> None:
    def missing(request: Any, backend: Backend) -> Mapping[str, Any]:
        raise ResourceNotFoundException("The collection id: a does not exist")

    script = Script({"IndexFaces": missing})
    script.record()
    with pytest.raises(ResourceNotFoundException):
        call("IndexFaces", {"CollectionId": "a", "Image": {"Bytes": CAT}}, BACKEND, Door(script))
    assert script.recording is not None
    assert script.recording.told() == {
        "Rules": [
            {
                "Operation": "IndexFaces",
                "Match": {"Sha256": [hashlib.sha256(CAT).hexdigest()], "Members": {"CollectionId": "a"}},
                "Error": {
                    "Code": "ResourceNotFoundException",
                    "Message": "The collection id: a does not exist",
                },
            }
        ]
    }


def test_a_script_serves_what_its_operations_serve() -> None:
    script = Script()
    assert set(script) == set(OPERATIONS)
    assert len(script) == len(OPERATIONS)
    assert script["DetectFaces"] is OPERATIONS["DetectFaces"], "without rules nothing is in the way"


def _code(script: Script) -> str:
    try:
        detect(script)
    except ServiceError as error:
        return error.code
    return ""
