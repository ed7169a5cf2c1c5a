"""The console's files and routes, as the port answers them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import pytest

from chalicelib.errors import AccessDeniedException
from chalicelib.local.console import pages
from chalicelib.local.console.routes import Console
from chalicelib.local.port.requests import RequestLog
from chalicelib.local.world import World
from chalicelib.wire.door import Identity
from chalicelib.wire.gateway import Request, Response
from tests.conftest import Server

STATIC = Path(pages.__file__).parent / "static"


@pytest.fixture
def get(world: World) -> Callable[..., Response]:
    def get(path: str, query: str = "", **headers: str) -> Response:
        named = {"host": "localhost:4566"} | {name.replace("_", "-"): value for name, value in headers.items()}
        return world.server.answer(Request("GET", path, query, named, b""))

    return get


@pytest.fixture
def told(get: Callable[..., Response]) -> Callable[..., Any]:
    def told(route: str, query: str = "") -> Any:
        answer = get(f"/_lookalike/{route}", query)
        assert answer.status == 200, answer.body
        assert answer.headers["Cache-Control"] == "no-store"
        return json.loads(answer.body)

    return told


def put(world: World, key: str, body: bytes) -> None:
    bucket = world.backend.settings.uploads
    world.aws.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def test_every_file_is_served_as_what_it_is(get: Callable[..., Response]) -> None:
    names = [path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()]
    assert len(names) > 20
    for name in names:
        answer = get(f"/_lookalike/{name}")
        assert answer.status == 200
        assert answer.body == (STATIC / name).read_bytes()
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert get("/_lookalike/").body == (STATIC / "index.html").read_bytes()
    assert get("/_lookalike").headers["Location"] == "/_lookalike/"


def test_a_file_that_a_browser_has_is_not_sent_again(get: Callable[..., Response]) -> None:
    first = get("/_lookalike/app.js")
    again = get("/_lookalike/app.js", if_none_match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert get("/_lookalike/app.js", if_none_match='"other"').status == 200


@pytest.mark.parametrize("name", ["../pages.py", "%2e%2e/pages.py", "views", "views/", "/etc/passwd", "none.js"])
def test_nothing_else_is_served(name: str) -> None:
    assert pages.answer(Request("GET", f"/_lookalike/{name}", "", {}, b"")) is None


def test_the_page_may_load_nothing_from_elsewhere(get: Callable[..., Response]) -> None:
    policy = get("/_lookalike/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    for path in STATIC.rglob("*.*"):
        addresses = re.findall(r"https?://[^\s\"'`)]+", path.read_text())
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, path


def test_every_import_and_style_is_there() -> None:
    for path in STATIC.rglob("*.js"):
        for name in re.findall(r'from "(\.[^"]+)"', path.read_text()):
            assert (path.parent / name).is_file(), f"{path.name} imports {name}"
    for name in re.findall(r'(?:href|src)="([^"#]+)"', (STATIC / "index.html").read_text()):
        assert (STATIC / name).is_file()


def test_calls_are_told_as_they_end(world: World, told: Callable[..., Any]) -> None:
    last = max((call["Number"] for call in told("requests")["Requests"]), default=0)
    headers = {"x-amz-target": "RekognitionService.DescribeCollection", "user-agent": "Boto3/1.43"}
    world.server.answer(Request("POST", "/", "", headers, b'{"CollectionId": "nobody"}'))
    (call,) = told("requests", f"after={last}")["Requests"]
    assert call["Operation"] == "DescribeCollection"
    assert (call["Status"], call["Error"]) == (400, "ResourceNotFoundException")
    assert call["Request"] == {"CollectionId": "nobody"}
    assert told("requests", f"after={call['Number']}")["Requests"] == []


def test_nonsense_is_refused_in_aws_s_words(get: Callable[..., Response]) -> None:
    answer = get("/_lookalike/requests", "after=soon")
    assert answer.status == 400
    assert json.loads(answer.body)["__type"] == "InvalidParameterException"


def test_whoever_may_not_call_may_not_look(world: World) -> None:
    def nobody(request: Request) -> Identity:
        raise AccessDeniedException

    console = Console(world.backend, log=RequestLog(), authenticate=nobody, s3=None, rules=(), troubles=dict)
    for route in ("requests", "jobs", "uploads", "about"):
        refused = console.answer(Request("GET", f"/_lookalike/{route}", "", {}, b""))
        assert refused is not None
        assert json.loads(refused.body) == {
            "__type": "AccessDeniedException",
            "Message": AccessDeniedException().message,
        }
    page = console.answer(Request("GET", "/_lookalike/", "", {}, b""))
    assert page is not None
    assert page.status == 200


def test_uploads_are_told_with_what_came_of_them(server: Server, astronaut: bytes) -> None:
    s3, folder = server.client("s3"), uuid4().hex
    bodies = {f"collections/{folder}/collins.jpg": astronaut, f"{folder}/broken.jpg": b"none", f"{folder}/a.txt": b""}
    for key, body in bodies.items():
        s3.put_object(Bucket="lookalike-uploads", Key=key, Body=body)
    (indexed,) = settled(server, f"collections/{folder}/", "done")
    assert (indexed["Rule"], indexed["CollectionId"], len(indexed["FaceIds"])) == (0, folder, 1)
    ignored, broken = settled(server, f"{folder}/", "ignored", "retried")
    assert ignored["Rule"] is None
    assert broken["Reason"] == "Request has invalid image format"
    assert broken["Attempts"] in (1, 2, 3)
    s3.put_object(Bucket="lookalike-uploads", Key=f"{folder}/broken.jpg", Body=astronaut)
    _, mended = settled(server, f"{folder}/", "ignored", "done")
    assert "Face" in mended["Labels"]
    assert "Reason" not in mended


def settled(server: Server, prefix: str, *states: str) -> list[dict[str, Any]]:
    """The objects of that prefix, in the order of their keys, as soon as they are in those states."""
    objects: list[dict[str, Any]] = []
    for _ in range(300):
        with urlopen(f"{server.url}/_lookalike/uploads?prefix={prefix}") as answer:
            objects = json.load(answer)["Objects"]
        if [each["State"] for each in objects] == list(states):
            return objects
        time.sleep(0.1)
    raise AssertionError(objects)


def test_many_uploads_come_in_pages(world: World, told: Callable[..., Any]) -> None:
    for number in range(103):
        put(world, f"many/{number:03}.txt", b"")
    first = told("uploads", "prefix=many/")
    rest = told("uploads", f"prefix=many/&after={first['NextToken']}")
    assert [len(page["Objects"]) for page in (first, rest)] == [100, 3]
    assert "NextToken" not in rest


def test_jobs_are_told_the_newest_first(world: World, told: Callable[..., Any]) -> None:
    video = {"S3Object": {"Bucket": "nowhere", "Name": "film.mp4"}}
    for created in (1_900_000_000.0, 1_900_000_001.0):
        world.backend.jobs.start("FaceDetection", {"Video": video}, now=created)
    jobs = [job for job in told("jobs")["Jobs"] if job["Video"] == video["S3Object"]]
    assert [job["Created"] for job in jobs] == [1_900_000_001.0, 1_900_000_000.0]
    assert {job["Analysis"] for job in jobs} == {"FaceDetection"}


def test_what_answers_is_told_with_its_models(told: Callable[..., Any]) -> None:
    about = told("about")
    assert about["Region"] == "us-east-1"
    assert "DetectFaces" in about["Operations"]
    core = next(pack for pack in about["Packs"] if pack["Name"] == "core")
    assert {"Name", "State", "Bytes", "Licence", "Measured"} <= core["Models"][0].keys()
