"""HTTP/1.1 in and out: sockets to `Request`, `Response` to sockets, a thread a connection.

The standard library's server does it with what three measurements ask for. Threads, because ten SQS long polls must not
stop the eleventh client. Connections that stay open, which werkzeug's server closes after each answer: a new one costs
a client 1 ms. One packet an answer, without Nagle's delay.

What is too large, too slow or too many is refused here, before it is read: see `intake`.
"""

from __future__ import annotations

import io
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from ...errors import RequestEntityTooLargeException, ServiceError
from ...telemetry import logger
from ...wire.gateway import LARGEST_BODY, Request, Response
from . import intake, refusals
from .intake import Budget, Held, Intake, Limits

HANDSHAKE_SECONDS = 10.0
_LINGER_SECONDS = 5.0
_LINGER_BYTES = 64 * 1024 * 1024
"""What is read and thrown away of a body that was refused: a client that is cut off while it sends does not see why."""
_ONE_PACKET = 64 * 1024
_LIMITS = Limits()


def admit_all(head: Request, length: int | None) -> int:
    """Takes bodies as long as Rekognition's, of any request."""
    return LARGEST_BODY


Admit = Callable[[Request, int | None], int]
"""Given a request without its body, and how long that says to be, if it does, returns how long it may be, or raises the
ServiceError that refuses it unread."""


class Handler(BaseHTTPRequestHandler):
    """One connection's requests, one after another."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 0
    server: Port

    def setup(self) -> None:
        super().setup()
        self._intake = Intake(self.connection, self.server.limits)
        self.rfile = io.BufferedReader(self._intake)

    def handle_one_request(self) -> None:
        self._intake.await_request()
        super().handle_one_request()

    def handle_expect_100(self) -> bool:
        return True  # told to go on when the body is wanted

    def respond(self) -> None:
        """Read a request whole, answer it, write the answer whole."""
        head = self._head()
        with self.server.budget.held() as held:
            try:
                body = self._body(head, held)
            except (ValueError, TimeoutError, ServiceError) as error:
                self._refuse(head, error)
                return
            with self.server.busy():
                self._write(self.server.answer(replace(head, body=body)))

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = respond  # noqa: N815  # http.server's names

    def _head(self) -> Request:
        """The request but for its body."""
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        target = self.path
        if not target.startswith("/"):  # absolute, as sent to a proxy
            target = urlsplit(target)._replace(scheme="", netloc="").geturl() or "/"
        path, _, query = target.partition("?")
        return Request(self.command, path, query, headers, b"", source=self.client_address[0])

    def _body(self, head: Request, held: Held) -> bytes:
        """The body. Raises ServiceError where it is refused, ValueError for nonsense, TimeoutError where it is late."""
        length = intake.length_of(head.headers)
        largest = self.server.admit(head, length)
        if length is not None and length > largest:
            raise RequestEntityTooLargeException
        held.take(length or 0)
        if head.headers.get("expect", "").lower() == "100-continue":
            self.send_response_only(HTTPStatus.CONTINUE)
            self.end_headers()
        self._intake.await_body(self.server.limits.seconds(largest if length is None else length))
        if length is None:
            return intake.chunked(self.rfile, largest, held)
        body = self.rfile.read(length)
        if len(body) != length:
            raise ValueError("the body ends early")
        return body

    def _refuse(self, head: Request, error: Exception) -> None:
        """Answer a request that was not read to its end, and let nothing follow it."""
        self.close_connection = True
        if isinstance(error, ServiceError):
            self._write(refusals.of(head, error))
            self._linger()
        else:
            late = isinstance(error, TimeoutError)
            status = HTTPStatus.REQUEST_TIMEOUT if late else HTTPStatus.BAD_REQUEST
            self._write(Response(status, {"Content-Type": "text/plain"}, b"Bad request"))

    def _linger(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self._intake.await_body(_LINGER_SECONDS)
            left = _LINGER_BYTES
            while left > 0 and (thrown := len(self.rfile.read1(_ONE_PACKET))):
                left -= thrown

    def _write(self, response: Response) -> None:
        out, self.wfile = self.wfile, (head := io.BytesIO())
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        bodiless = response.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        if not bodiless and "content-length" not in map(str.lower, response.headers):
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile = out
        body = b"" if bodiless or self.command == "HEAD" else response.body
        self.connection.settimeout(self.server.limits.seconds(len(body)))
        if len(body) <= _ONE_PACKET:
            self.wfile.write(head.getvalue() + body)
        else:
            self.wfile.write(head.getvalue())
            self.wfile.write(body)

    def version_string(self) -> str:
        return "Lookalike"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        logger.debug(format, *args)


class Port(ThreadingHTTPServer):
    """A listening socket whose requests `answer` answers, of those that `admit` lets in; over TLS with `tls`.

    Raises OSError where it cannot listen.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(
        self,
        host: str,
        port: int,
        answer: Callable[[Request], Response],
        *,
        admit: Admit = admit_all,
        tls: ssl.SSLContext | None = None,
        limits: Limits = _LIMITS,
    ) -> None:
        self.answer = answer
        self.admit = admit
        self.limits = limits
        self.budget = Budget(limits.in_flight)
        self._tls = tls
        if ":" in host:
            self.address_family = socket.AF_INET6
        self._changed = threading.Condition()
        self._answering = 0
        self._connections = threading.Semaphore(limits.connections)
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        """Where it is reached: from this machine, where it listens on all addresses."""
        named, port = str(self.server_address[0]), self.server_address[1]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(named, named)  # noqa: S104  # compared, not bound
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

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

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return self._connections.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self._tls is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(HANDSHAKE_SECONDS)  # in the connection's own thread: nobody waits for it
        with self._tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)
            with suppress(OSError):
                secured.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away, or speaks no TLS, is none of our trouble; anything else is a defect, and logged."""
        if isinstance(sys.exception(), ConnectionError | TimeoutError | ssl.SSLError):
            logger.debug("%s went away", client_address)
        else:
            logger.exception("connection of %s", client_address)
