"""The log of calls: what it remembers, and what it never does."""

from __future__ import annotations

import json
import threading
from typing import Any

from chalicelib.errors import ThrottlingException
from chalicelib.local.port.requests import RequestLog, abridged
from chalicelib.wire.door import Call, Identity
from chalicelib.wire.gateway import Request

PICTURE = b"\xff\xd8 a picture"


def call(operation: str = "DetectFaces", **known: Any) -> Call:
    headers = {"user-agent": "Boto3/1.43 md/Botocore", **known.pop("headers", {})}
    made = Call(Request("POST", "/", "", headers, b"x" * 40), operation=operation, identity=Identity("AKIA1"))
    for name, value in known.items():
        setattr(made, name, value)
    return made


def test_an_answered_call_is_told() -> None:
    log = RequestLog()
    members = {"Image": {"Bytes": PICTURE}, "Attributes": ["ALL"]}
    log(call(members=members, result={"FaceDetails": [1, 2], "OrientationCorrection": "x"}, seconds=0.0123456))
    (note,) = log.after()
    told = note.told()
    assert (told["Operation"], told["Status"], told["Error"]) == ("DetectFaces", 200, "")
    assert (told["Milliseconds"], told["RequestBytes"]) == (12.35, 40)
    assert (told["Caller"], told["Client"]) == ("AKIA1", "Boto3")
    assert told["Found"] == {"FaceDetails": 2}
    assert told["Request"] == {"Image": {"Bytes": "12 bytes"}, "Attributes": ["ALL"]}
    json.dumps(told)


def test_a_refused_call_is_told_with_why() -> None:
    log = RequestLog()
    log(call("", identity=None, error=ThrottlingException("too fast")))
    told = log.after()[0].told()
    assert (told["Status"], told["Error"], told["Message"]) == (500, "ThrottlingException", "too fast")
    assert (told["Operation"], told["Caller"], told["Request"]) == ("", "", None)


def test_who_calls_is_named_as_well_as_is_known() -> None:
    log = RequestLog()
    log(call(identity=Identity("AKIA1", "arn:aws:iam::123456789012:user/ada")))
    log(call(request=None, identity=Identity(invoked_by="uploads")))
    log(call(headers={"user-agent": "Mozilla/5.0", "sec-fetch-site": "same-origin"}))
    told = [note.told() for note in log.after()]
    assert [each["Caller"] for each in told] == ["arn:aws:iam::123456789012:user/ada", "uploads", "AKIA1"]
    assert [each["Client"] for each in told] == ["Boto3", "", "console"]
    assert [each["RequestBytes"] for each in told] == [40, None, 40]


def test_only_the_last_are_kept_and_only_the_new_are_told() -> None:
    log = RequestLog(kept=3)
    for number in range(5):
        log(call(f"Operation{number}"))
    assert [note.number for note in log.after()] == [3, 4, 5]
    assert [note.number for note in log.after(4)] == [5]
    assert log.after(5) == []
    assert len(log.after(900)) == 3  # counted in another process


def test_calls_of_many_threads_are_numbered_without_a_gap() -> None:
    log = RequestLog(kept=400)

    def many() -> None:
        for _ in range(100):
            log(call())

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [note.number for note in log.after()] == list(range(1, 401))


def test_nothing_of_a_picture_is_kept() -> None:
    log = RequestLog()
    log(call(members={"Image": {"Bytes": PICTURE}, "Deep": [{"Bytes": memoryview(PICTURE)}]}))
    assert PICTURE.decode("latin-1") not in repr(log.after())
    assert b"picture" not in repr(log.after()).encode()


def test_long_requests_are_cut() -> None:
    cut = abridged({"FaceIds": [str(each) for each in range(4096)], "Text": "a" * 5000, "Deep": nested(50)})
    assert cut["FaceIds"][-1] == "and 4,088 more"
    assert len(json.dumps(cut)) < 500


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else "end"
