"""Lambda's two formats of a request, and the 6 MB of an answer."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from chalicelib.wire import proxy
from deploy import events

RESOURCES = ("/", "/media", "/media/{key}")


def url_event(path: str = "/", query: str = "", **headers: str) -> dict[str, Any]:
    event = events.function_url("ListCollections", {"MaxResults": 5}, **headers)
    return event | {"rawPath": path, "rawQueryString": query}


def answer(size: int) -> dict[str, Any]:
    return {"statusCode": 200, "headers": {"x-amzn-RequestId": "1"}, "multiValueHeaders": {}, "body": "a" * size}


def test_a_rest_apis_event_stays_as_it_is() -> None:
    event = events.rest("ListCollections", {})
    assert proxy.as_rest(event, RESOURCES) is event


def test_a_function_urls_event_becomes_a_rest_apis() -> None:
    event = proxy.as_rest(url_event(), RESOURCES)
    assert event is not None
    assert (event["resource"], event["httpMethod"], event["isBase64Encoded"]) == ("/", "POST", True)
    assert json.loads(base64.b64decode(event["body"])) == {"MaxResults": 5}
    assert event["requestContext"]["path"] == "/"
    assert event["requestContext"]["identity"]["sourceIp"] == "203.0.113.7"


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/media", "/media", None),
        ("/media/a.jpg", "/media/{key}", {"key": "a.jpg"}),
        ("/media/album%2Fa.jpg", "/media/{key}", {"key": "album%2Fa.jpg"}),
    ],
)
def test_a_path_names_its_resource(path: str, resource: str, parameters: Any) -> None:
    event = proxy.as_rest(url_event(path, "label=Face&label=Dog&after="), RESOURCES)
    assert event is not None
    assert (event["resource"], event["pathParameters"]) == (resource, parameters)
    assert event["multiValueQueryStringParameters"] == {"label": ["Face", "Dog"], "after": [""]}


def test_a_path_that_is_not_served_has_none() -> None:
    assert proxy.as_rest(url_event("/elsewhere"), RESOURCES) is None
    assert proxy.as_rest(url_event("/media"), ["/"]) is None


def test_the_stage_of_an_http_api_is_no_part_of_the_resource_but_of_what_was_signed() -> None:
    event = url_event("/prod/media")
    event["requestContext"]["stage"] = "prod"
    rest = proxy.as_rest(event, RESOURCES)
    assert rest is not None
    assert (rest["resource"], rest["requestContext"]["path"]) == ("/media", "/prod/media")


def test_what_fits_is_returned_as_it_is() -> None:
    for size in (10, proxy.LARGEST_ANSWER - 200):
        assert proxy.fitted(url_event(), answer(size)) == answer(size)


def test_what_does_not_fit_is_compressed_for_who_takes_that() -> None:
    large = answer(proxy.LARGEST_ANSWER)
    found = proxy.fitted(url_event(**{"Accept-Encoding": "gzip, deflate"}), large)
    assert found["headers"]["Content-Encoding"] == "gzip"
    assert gzip.decompress(base64.b64decode(found["body"])).decode() == large["body"]


@pytest.mark.parametrize(
    "event",
    [
        events.rest("ListFaces", {}) | {"headers": {"Accept-Encoding": "gzip"}},  # it would reach them as text
        url_event(**{"Accept-Encoding": "identity"}),
    ],
)
def test_others_are_told_to_ask_for_less(event: Any) -> None:
    found = proxy.fitted(event, answer(proxy.LARGEST_ANSWER))
    assert found["statusCode"] == 400
    assert found["headers"]["x-amzn-ErrorType"] == "InvalidParameterException"
    assert "MaxResults" in json.loads(found["body"])["Message"]
