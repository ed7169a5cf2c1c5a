"""Which web pages reach the port, and which do not."""

from __future__ import annotations

import pytest

from chalicelib.local.port.origins import Origins
from chalicelib.wire.gateway import Request, Response

HOST = "localhost:4566"


def asked(method: str = "POST", path: str = "/", query: str = "", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, path, query, {"host": HOST} | named, b"")


def status(request: Request, *allowed: str, names: bool = True) -> int:
    return Origins(allowed, names).answer(request, lambda _: Response(200)).status


def test_programs_are_asked_for_nothing() -> None:
    assert status(asked()) == 200
    assert status(Request("GET", "/", "", {}, b"")) == 200  # HTTP/1.0


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example", "http://[::1", ""])
def test_a_foreign_page_reaches_nothing(origin: str) -> None:
    reached: list[Request] = []

    def answer(request: Request) -> Response:
        reached.append(request)
        return Response(200)

    for request in (
        asked(origin=origin),
        asked("OPTIONS", origin=origin, access_control_request_method="POST"),
        asked("GET", "/lookalike-uploads/a.jpg", origin=origin),
        asked("DELETE", "/_lookalike/script", origin=origin),
    ):
        refused = Origins().answer(request, answer)
        assert refused.status == 403
        assert not any(name.startswith("Access-Control") for name in refused.headers)
    assert not reached


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:8000", "https://app.localhost"])
def test_pages_of_this_machine_may_call_but_not_command(origin: str) -> None:
    assert status(asked(origin=origin)) == 200
    assert status(asked("DELETE", "/_lookalike/script", origin=origin)) == 403


def test_our_own_page_may_do_all() -> None:
    assert status(asked("DELETE", "/_lookalike/script", origin=f"http://{HOST}", sec_fetch_site="same-origin")) == 200


def test_others_may_call_by_name() -> None:
    request = asked(origin="https://app.example.com")
    assert status(request) == 403
    assert status(request, "https://app.example.com") == 200
    assert status(request, "https://app.example.com/") == 200
    assert status(request, "*") == 200
    assert status(request, "https://other.example.com") == 403


def test_a_page_that_may_call_is_told_so() -> None:
    preflight = asked(
        "OPTIONS",
        origin="http://localhost:3000",
        access_control_request_method="POST",
        access_control_request_headers="x-amz-target,authorization",
        access_control_request_private_network="true",
    )
    told = Origins().answer(preflight, lambda _: Response(500))
    assert told.status == 204
    assert told.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert told.headers["Access-Control-Allow-Headers"] == "x-amz-target,authorization"
    assert told.headers["Access-Control-Allow-Private-Network"] == "true"
    answered = Origins().answer(asked(origin="http://localhost:3000"), lambda _: Response(200))
    assert answered.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"


def test_what_a_bucket_says_of_origins_stands() -> None:
    answered = Origins().answer(
        asked("GET", "/bucket/key", origin="http://localhost:3000"),
        lambda _: Response(200, {"Access-Control-Allow-Origin": "*"}),
    )
    assert answered.headers["Access-Control-Allow-Origin"] == "*"


def test_pictures_and_deletions_in_a_foreign_page_are_refused_and_links_are_followed() -> None:
    def embedded(**headers: str) -> int:
        return status(asked("GET", "/lookalike-uploads/a.jpg", sec_fetch_site="cross-site", **headers))

    assert embedded(sec_fetch_mode="no-cors", sec_fetch_dest="image") == 403
    assert embedded(sec_fetch_mode="navigate") == 200
    opened = asked("GET", "/_lookalike/", sec_fetch_site="cross-site", sec_fetch_mode="navigate")
    assert status(opened) == 200
    deletion = asked(
        "GET",
        query="Action=DeleteQueue&X-Amz-Credential=Credential%3Da/20260101/us-east-1/sqs/aws4_request",
        sec_fetch_site="cross-site",
        sec_fetch_mode="navigate",
    )
    assert status(deletion) == 403


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost:4566", True),
        ("127.0.0.1:4566", True),
        ("[::1]:4566", True),
        ("192.168.1.7", True),
        ("bucket.localhost:4566", True),
        ("lookalike:4566", True),  # a container's name
        ("host.docker.internal:4566", True),
        ("photos.s3.us-east-1.amazonaws.com", True),  # through a proxy
        ("rebound.evil.example:4566", False),
        ("localhost.evil.example", False),
        ("evil.example.", False),
        ("[::1", False),
    ],
)
def test_a_name_that_a_stranger_may_own_is_refused(host: str, known: bool) -> None:
    request = asked("GET", "/_lookalike/requests", host=host)
    assert status(request) == (200 if known else 403)
    assert status(request, names=False) == 200


def test_an_allowed_origin_is_a_name_of_ours_and_its_buckets_too() -> None:
    allowed = "https://lookalike.example.com"
    assert status(asked(host="lookalike.example.com"), allowed) == 200
    assert status(asked(host="bucket.lookalike.example.com"), allowed) == 200
    assert status(asked(host="notlookalike.example.com"), allowed) == 403


def test_a_stored_page_has_an_origin_of_its_own() -> None:
    def policy(path: str, kind: str, **headers: str) -> str | None:
        response = Response(200, {"Content-Type": kind})
        return (
            Origins().answer(asked("GET", path, **headers), lambda _: response).headers.get("Content-Security-Policy")
        )

    opened = {"sec_fetch_dest": "document", "sec_fetch_mode": "navigate"}
    sandbox = policy("/bucket/evil.html", "text/html", **opened)
    assert sandbox is not None
    assert sandbox.startswith("sandbox")
    assert "allow-same-origin" not in sandbox
    assert policy("/bucket/evil.svg", "image/svg+xml", **opened) == sandbox
    assert policy("/bucket/photo.jpg", "image/jpeg", **opened) is None
    assert policy("/bucket/page.html", "text/html") is None  # fetched, not shown
    assert policy("/_lookalike/", "text/html", **opened) is None  # has its own
