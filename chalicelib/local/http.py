"""HTTP/1.1 in and out: sockets to `Request`, `Response` to sockets, a thread a connection.

The standard library's server does it with what three measurements ask for. Threads, because ten SQS long polls must not
stop the eleventh client. Connections that stay open, which werkzeug's server closes after each answer: a new one costs
a client 1 ms. One packet an answer, without Nagle's delay.
"""

from __future__ import annotations

import io
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from werkzeug.serving import DechunkedInput

from ..telemetry import logger
from ..wire.gateway import Request, Response

IDLE_SECONDS = 75
"""A connection on which nothing arrives for so long is closed."""


class Handler(BaseHTTPRequestHandler):
    """One connection's requests, one after another."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # buffered: head and body leave together
    timeout = IDLE_SECONDS
    server: Port

    def respond(self) -> None:
        """Read a request whole, answer it, write the answer whole."""
        request = self._read()
        if request is None:
            self.close_connection = True
            self._write(Response(HTTPStatus.BAD_REQUEST, {"Content-Type": "text/plain"}, b"Bad request"))
            return
        with self.server.busy():
            self._write(self.server.answer(request))
            self.wfile.flush()

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = respond  # noqa: N815

    def _read(self) -> Request | None:
        """The request, or None where its framing makes no sense."""
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        body = self._body(headers)
        if body is None:
            return None
        target = self.path
        if not target.startswith("/"):  # absolute, as sent to a proxy
            target = urlsplit(target)._replace(scheme="", netloc="").geturl() or "/"
        path, _, query = target.partition("?")
        return Request(self.command, path, query, headers, body, str(self.client_address[0]))

    def _body(self, headers: dict[str, str]) -> bytes | None:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            try:
                chunks = cast("io.RawIOBase", DechunkedInput(cast("BinaryIO", self.rfile)))
                return chunks.readall()
            except OSError:
                return None
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            return None
        body = self.rfile.read(int(length))
        return body if len(body) == int(length) else None

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        bodiless = response.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        if not bodiless and "content-length" not in map(str.lower, response.headers):
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless and self.command != "HEAD":
            self.wfile.write(response.body)

    def version_string(self) -> str:
        return "Lookalike"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        logger.debug(format, *args)


class Port(ThreadingHTTPServer):
    """A listening socket whose requests `answer` answers. Raises OSError where it cannot listen."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, host: str, port: int, answer: Callable[[Request], Response]) -> None:
        self.answer = answer
        if ":" in host:
            self.address_family = socket.AF_INET6
        self._changed = threading.Condition()
        self._answering = 0
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        host, port = str(self.server_address[0]), self.server_address[1]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While entered, `drain` waits."""
        with self._changed:
            self._answering += 1
        try:
            yield
        finally:
            with self._changed:
                self._answering -= 1
                self._changed.notify_all()

    def drain(self, seconds: float) -> None:
        """Wait, at most so long, until every request that was read has its answer."""
        with self._changed:
            self._changed.wait_for(lambda: self._answering == 0, seconds)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of our trouble; anything else is a defect, and is logged."""
        if isinstance(sys.exception(), ConnectionError | TimeoutError):
            logger.debug("%s went away", client_address)
        else:
            logger.exception("connection of %s", client_address)
