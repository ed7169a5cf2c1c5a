"""HTTP itself: connections that stay open, framing, headers, a clean end."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from chalicelib.local.port.http import Port
from chalicelib.wire.gateway import Request, Response


@contextmanager
def listening(answer: Callable[[Request], Response]) -> Iterator[Port]:
    port = Port("127.0.0.1", 0, answer)
    threading.Thread(target=port.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield port
    finally:
        port.shutdown()
        port.server_close()


def echo(request: Request) -> Response:
    told = f"{request.method} {request.path} {request.query} {request.headers.get('x-many')} ".encode()
    return Response(200, {"X-Length": str(len(request.body))}, told + request.body)


@pytest.fixture
def port() -> Iterator[Port]:
    with listening(echo) as port:
        yield port


def connected(port: Port) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection(port.url.removeprefix("http://"), timeout=10))


def raw(port: Port, request: bytes) -> bytes:
    """Everything that is answered until the server closes."""
    with socket.create_connection(("127.0.0.1", port.server_port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_one_connection_carries_many_requests(port: Port) -> None:
    with connected(port) as connection:
        sockets = set()
        for number in range(3):
            connection.request("POST", f"/a%2Fb/c?x=%20{number}", b"body")
            answer = connection.getresponse()
            assert answer.read() == f"POST /a%2Fb/c x=%20{number} None body".encode()
            sockets.add(connection.sock)
        assert len(sockets) == 1


def test_chunks_are_joined_and_the_connection_goes_on(port: Port) -> None:
    with connected(port) as connection:
        for _ in range(2):
            connection.request(
                "PUT", "/", iter([b"one ", b"two"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
            )
            assert connection.getresponse().read().endswith(b"one two")


def test_a_head_has_no_body(port: Port) -> None:
    with connected(port) as connection:
        for _ in range(2):
            connection.request("HEAD", "/")
            answer = connection.getresponse()
            assert (answer.read(), answer.getheader("Content-Length")) == (b"", "13")


def test_headers_that_repeat_are_joined(port: Port) -> None:
    answer = raw(port, b"GET / HTTP/1.1\r\nHost: a\r\nX-Many: 1\r\nx-many: 2\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b" 1,2 " in answer


def test_an_absolute_target_is_understood(port: Port) -> None:
    assert b"GET /a q=1 " in raw(port, b"GET http://host/a?q=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize(
    "request_",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nshort",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"nonsense\r\n\r\n",
    ],
)
def test_nonsense_is_refused_and_the_connection_closed(port: Port, request_: bytes) -> None:
    assert b" 400 " in raw(port, request_).split(b"\r\n")[0]
    with connected(port) as connection:  # and the next one is served
        connection.request("GET", "/")
        assert connection.getresponse().status == 200


def test_a_waiting_client_holds_up_nobody() -> None:
    released = threading.Event()

    def answer(request: Request) -> Response:
        if request.path == "/wait":
            released.wait(10)
        return Response(200)

    with listening(answer) as port, connected(port) as waiting, connected(port) as other:
        waiting.request("GET", "/wait")
        other.request("GET", "/")
        assert other.getresponse().status == 200
        released.set()
        assert waiting.getresponse().status == 200


def test_a_stop_waits_for_the_answers_under_way() -> None:
    begun = threading.Event()

    def slow(request: Request) -> Response:
        begun.set()
        time.sleep(0.3)
        return Response(200, {}, b"done")

    with listening(slow) as port, connected(port) as connection:
        connection.request("GET", "/")
        assert begun.wait(10)
        port.shutdown()
        port.server_close()
        port.drain(10)
        assert connection.getresponse().read() == b"done"


def test_the_sixth_protocols_loopback_is_served_too() -> None:
    try:
        port = Port("::1", 0, echo)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with closing(port.socket):
        assert port.url == f"http://[::1]:{port.server_port}"
