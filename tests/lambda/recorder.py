"""A port in front of the local one that notes which actions of which services are asked for, on what.

Named as IAM's: "dynamodb:PutItem" on "table/crew-records". Source: "Actions, resources, and condition keys for AWS
services", Service Authorization Reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

Action = tuple[str, str]
"""The action, and the end of the ARN of what it is done to."""
_SERVICES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "TrentService": "kms"}
_OF_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_OF_OBJECT = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}


class Recorder:
    """A port, for as long as it is entered."""

    def __init__(self, url: str) -> None:
        self.actions: set[Action] = set()
        """What was asked for."""
        recorder, behind = self, urlsplit(url)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                recorder.actions.update(actions(self.command, self.path, dict(self.headers), body))
                connection = HTTPConnection(behind.hostname or "", behind.port or 80)
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", answer.headers.get("Content-Length") or str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                connection.close()

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward  # noqa: N815 -- as http.server calls them

            def log_message(self, *_: Any) -> None:
                """Nothing is told of requests."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def actions(method: str, path: str, headers: dict[str, str], body: bytes) -> Iterator[Action]:
    """What IAM is asked for a request."""
    service, _, name = next((v for k, v in headers.items() if k.lower() == "x-amz-target"), "").partition(".")
    if service:
        members = json.loads(body)
        yield from {"dynamodb": _of_tables, "sqs": _of_queues, "kms": _of_keys}[_SERVICES[service]](name, members)
        return
    bucket, _, key = unquote(urlsplit(path).path).lstrip("/").partition("/")
    yield ("s3:ListBucket", bucket) if not key else (f"s3:{_OF_OBJECT[method]}", f"{bucket}/{key}")


def _of_tables(name: str, members: dict[str, Any]) -> Iterator[Action]:
    if name == "TransactWriteItems":
        for item in members["TransactItems"]:
            yield from ((f"dynamodb:{_OF_TRANSACTION[kind]}", f"table/{of['TableName']}") for kind, of in item.items())
    elif "RequestItems" in members:
        yield from ((f"dynamodb:{name}", f"table/{table}") for table in members["RequestItems"])
    else:
        yield f"dynamodb:{name}", f"table/{members['TableName']}"


def _of_queues(name: str, members: dict[str, Any]) -> Iterator[Action]:
    yield f"sqs:{name}", members.get("QueueName") or members["QueueUrl"].rpartition("/")[2]


def _of_keys(name: str, members: dict[str, Any]) -> Iterator[Action]:
    yield f"kms:{name}", members.get("KeyId", "")  # a ciphertext names its key itself
