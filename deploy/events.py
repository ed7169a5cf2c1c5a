"""Events as AWS sends them to a function."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
"""AWS's own example, for whoever needs no other."""
_REST_HOST = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"
_URL_HOST = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws"


def rest(operation: str, members: Mapping[str, Any], key: Credentials = KEY, stage: str = "api") -> dict[str, Any]:
    """A signed request through a REST API (format 1.0), whose URL has the stage before the path."""
    body = json.dumps(members)
    headers = _signed(f"https://{_REST_HOST}/{stage}/", operation, body, key)
    return {
        "resource": "/",
        "path": "/",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/",
            "httpMethod": "POST",
            "path": f"/{stage}/",
            "protocol": "HTTP/1.1",
            "stage": stage,
            "requestId": "79104EXAMPLEB723",
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "Boto3/1.43.0"},
            "domainName": _REST_HOST,
            "apiId": "a1b2c3d4e5",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def function_url(operation: str, members: Mapping[str, Any], key: Credentials = KEY, **more: str) -> dict[str, Any]:
    """A signed request to a function's URL (format 2.0): the body comes as base64; `more` are headers."""
    body = json.dumps(members)
    signed = _signed(f"https://{_URL_HOST}/", operation, body, key) | more
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": {name.lower(): value for name, value in signed.items()},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abcdefghijklmnopqrstuvwxyz012345",
            "domainName": _URL_HOST,
            "http": {
                "method": "POST",
                "path": "/",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "Boto3/1.43.0",
            },
            "requestId": "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Mar/2026:12:00:00 +0000",
            "timeEpoch": 1772366400000,
        },
        "body": base64.b64encode(body.encode()).decode(),
        "isBase64Encoded": True,
    }


def uploaded(bucket: str, key: str, size: int, sequencer: str = "0055AED6DCD90281E5") -> dict[str, Any]:
    """S3's event of an object that was put."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": "us-east-1",
                "eventTime": now,
                "eventName": "ObjectCreated:Put",
                "userIdentity": {"principalId": "AWS:AIDAJDPLRKLG7UEXAMPLE"},
                "requestParameters": {"sourceIPAddress": "203.0.113.7"},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "on_upload",
                    "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
                    "object": {"key": quote_plus(key, safe="/"), "size": size, "eTag": "d41d", "sequencer": sequencer},
                },
            }
        ]
    }


def received(message: Mapping[str, Any], queue: str) -> dict[str, Any]:
    """Lambda's event of one message, as SQS's ReceiveMessage gave it with all attributes."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {},
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue}",
                "awsRegion": "us-east-1",
            }
        ]
    }


def queued(event: Mapping[str, Any], queue: str) -> dict[str, Any]:
    """Lambda's event of a message that holds S3's event."""
    message = {"MessageId": "1", "ReceiptHandle": "receipt", "Body": json.dumps(event), "MD5OfBody": ""}
    return received(message | {"Attributes": {"ApproximateReceiveCount": "1"}}, queue)


def scheduled(rule: str = "lookalike-dev-clock") -> dict[str, Any]:
    """EventBridge's event of a rule whose time has come."""
    return {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": "us-east-1",
        "resources": [f"arn:aws:events:us-east-1:123456789012:rule/{rule}"],
        "detail": {},
    }


def _signed(url: str, operation: str, body: str, key: Credentials) -> dict[str, str]:
    """The headers of an operation's request as boto3 sends them."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"RekognitionService.{operation}"}
    request = AWSRequest("POST", url, headers | {"Host": url.split("/")[2]}, body)
    SigV4Auth(key, "rekognition", "us-east-1").add_auth(request)
    return dict(request.headers.items())
