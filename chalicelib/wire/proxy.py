"""Requests as Lambda is given them, and what fits into its answer.

API Gateway's REST APIs send format 1.0, which Chalice reads; function URLs and HTTP APIs send format 2.0. Source:
"Input format for proxy integration" and "Working with AWS Lambda proxy integrations for HTTP APIs", API Gateway's
developer guide; "Function URL request and response payloads" and "Lambda quotas", Lambda's.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

LARGEST_ANSWER = 6 * 1024 * 1024
"""Bytes of JSON that a function may return."""
_SURELY_FITS = LARGEST_ANSWER // 6
"""Of text: JSON writes a character in six bytes at most."""

Event = Mapping[str, Any]


def as_rest(event: Event, resources: Iterable[str]) -> Event | None:
    """An event of format 2.0 in format 1.0, for the one of `resources` (as "/media/{key}") whose path it has.

    None where none has it. Any other event is returned as it is: a REST API has seen to its path.
    """
    if event.get("version") != "2.0":
        return event
    context = event["requestContext"]
    http = context["http"]
    path = event["rawPath"].removeprefix(f"/{context['stage']}") or "/"
    found = _resource(path, resources)
    if found is None:
        return None
    resource, parameters = found
    query = parse_qs(event.get("rawQueryString", ""), keep_blank_values=True)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": http["method"],
        "headers": event["headers"],
        "multiValueHeaders": {name: [value] for name, value in event["headers"].items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": parameters or None,
        "stageVariables": event.get("stageVariables"),
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": http["method"],
            "path": event["rawPath"],
            "stage": context["stage"],
            "requestId": context["requestId"],
            "identity": {"sourceIp": http["sourceIp"], "userAgent": http.get("userAgent")},
        },
        "body": event.get("body"),
        "isBase64Encoded": event.get("isBase64Encoded", False),
    }


def fitted(event: Event, answer: dict[str, Any]) -> dict[str, Any]:
    """`answer` to `event`, or what may be returned instead of one that is too large.

    A function URL's caller that takes gzip gets it. A REST API would pass the compressed bytes on as text, so its
    callers, and those that take no gzip, are told to ask for less.
    """
    body = answer["body"]
    if len(body) <= _SURELY_FITS or _fits(answer):
        return answer
    headers = {name.lower(): value for name, value in event["headers"].items()}
    if event.get("version") == "2.0" and "gzip" in headers.get("accept-encoding", ""):
        packed = base64.b64encode(gzip.compress(body.encode(), 6)).decode()
        smaller = answer | {"body": packed, "isBase64Encoded": True}
        smaller["headers"] = answer["headers"] | {"Content-Encoding": "gzip"}
        if _fits(smaller):
            return smaller
    return _too_large(answer)


def absent() -> dict[str, Any]:
    """The answer to a path that is not served, as a REST API gives it."""
    headers = {"Content-Type": "application/json"}
    return {"statusCode": 403, "headers": headers, "body": '{"message":"Missing Authentication Token"}'}


def _fits(answer: Mapping[str, Any]) -> bool:
    return len(msgspec.json.encode(answer)) <= LARGEST_ANSWER


def _too_large(answer: Mapping[str, Any]) -> dict[str, Any]:
    code = "InvalidParameterException"
    message = "The answer is larger than the 6 MB that a Lambda function can return: ask for less with MaxResults"
    body = msgspec.json.encode({"__type": code, "Code": code, "Message": message}).decode()
    headers = answer["headers"] | {"x-amzn-ErrorType": code}
    return {"statusCode": 400, "headers": headers, "multiValueHeaders": {}, "body": body}


def _resource(path: str, resources: Iterable[str]) -> tuple[str, dict[str, str]] | None:
    """The resource that has this path, and its parameters; slashes of a parameter may be sent as they are."""
    for resource in resources:
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>.+)", resource)
        if found := re.fullmatch(pattern, path):
            return resource, found.groupdict()
    return None
