"""What is too large, too slow or too many is refused before it is read, and holds up nobody."""

from __future__ import annotations

import http.client
import io
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.errors import RequestEntityTooLargeException, ThrottlingException, UnrecognizedClientException
from chalicelib.local.port import intake
from chalicelib.local.port.http import Port
from chalicelib.local.port.intake import Budget, Held, Intake, Limits
from chalicelib.wire.gateway import Request, Response

LIMIT = 1_000_000
REKOGNITION = b"X-Amz-Target: RekognitionService.DetectFaces\r\n"


def admit(head: Request, length: int | None) -> int:
    if head.path == "/stranger":
        raise UnrecognizedClientException
    return LIMIT


@contextmanager
def listening(answer: Callable[[Request], Response], **limits: Any) -> Iterator[Port]:
    port = Port("127.0.0.1", 0, answer, admit=admit, limits=Limits(**limits))
    threading.Thread(target=port.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield port
    finally:
        port.shutdown()
        port.server_close()


@pytest.fixture
def port() -> Iterator[Port]:
    with listening(lambda request: Response(200, {}, str(len(request.body)).encode())) as port:
        yield port


def opened(port: Port) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port.server_port), timeout=10)


def everything(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_body_as_long_as_is_allowed(port: Port) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port.server_port)
    for chunked in (False, True):
        body = iter([b"a" * (LIMIT // 2)] * 2) if chunked else b"a" * LIMIT
        connection.request("POST", "/", body, encode_chunked=chunked, headers=_chunked(chunked))
        assert connection.getresponse().read() == str(LIMIT).encode()
    connection.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_longer_one_is_refused_and_the_client_learns_why(port: Port, chunked: bool) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port.server_port, timeout=10)
    headers = {"X-Amz-Target": "RekognitionService.DetectFaces"} | _chunked(chunked)
    body = iter([b"a" * LIMIT] * 20) if chunked else b"a" * LIMIT * 20
    connection.request("POST", "/", body, headers, encode_chunked=chunked)
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"RequestEntityTooLargeException" in answer.read()
    connection.close()


def test_a_body_of_terabytes_is_refused_by_its_length(port: Port) -> None:
    with opened(port) as connection:
        connection.sendall(b"PUT /bucket/key HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert b"EntityTooLarge" in everything(connection)


def test_a_stranger_is_refused_unread(port: Port) -> None:
    with opened(port) as connection:
        connection.sendall(b"PUT /stranger HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n")
        assert b"InvalidAccessKeyId" in connection.recv(65536)


def test_who_asks_first_is_told_before_the_body_is_sent(port: Port) -> None:
    head = b" HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    with opened(port) as connection:
        connection.sendall(b"PUT /" + head)
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"body")
        assert b"200" in connection.recv(65536)
    with opened(port) as connection:
        connection.sendall(b"PUT /stranger" + head)
        assert b"HTTP/1.1 403" in connection.recv(65536)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + b"".join(b"a%d: b\r\n" % number for number in range(200)) + b"\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"a%d: %s\r\n" % (n, b"b" * 2000) for n in range(90)) + b"\r\n",
        b"GET / HTTP/1.1\r\na: " + b"b" * 200_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_a_head_without_end(port: Port, head: bytes) -> None:
    with opened(port) as connection:
        try:
            connection.sendall(head)
            assert everything(connection)[9:12] in (b"431", b"414")
        except ConnectionError:  # it was closed while we sent: as good
            pass
    with opened(port) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b"200" in everything(connection)


# ---- time


@contextmanager
def pair() -> Iterator[tuple[Intake, socket.socket]]:
    """What a connection sends, and who sends it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Intake(ours, Limits(head_seconds=0.2)), theirs


def test_a_body_that_drips_ends_in_time() -> None:
    """A byte now and then keeps no connection: what counts is the whole."""
    stopped = threading.Event()

    def drip(client: socket.socket) -> None:
        while not stopped.wait(0.02):
            client.sendall(b"a")

    with pair() as (taken, client):
        dripping = threading.Thread(target=drip, args=(client,))
        dripping.start()
        began = time.monotonic()
        taken.await_body(0.3)
        with pytest.raises(TimeoutError):
            io.BufferedReader(taken).read(1000)
        stopped.set()
        dripping.join()
    assert 0.2 < time.monotonic() - began < 5


def test_a_head_has_its_time_from_its_first_byte() -> None:
    with pair() as (taken, client):
        taken.await_request()
        client.sendall(b"GET")
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            io.BufferedReader(taken).readline()
        assert time.monotonic() - began < 5


def test_a_slow_body_is_told() -> None:
    with listening(lambda request: Response(200), body_seconds=0.2) as port, opened(port) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        assert everything(connection).startswith(b"HTTP/1.1 408")


# ---- numbers


def test_bodies_are_held_within_a_budget() -> None:
    budget = Budget(100)
    with budget.held() as one, budget.held() as other:
        one.take(60)
        with pytest.raises(ThrottlingException):
            other.take(41)
        other.take(40)
    with budget.held() as whole:
        whole.take(100)


def test_the_budget_is_free_again_after_each_request() -> None:
    with listening(lambda request: Response(200, {}, str(len(request.body)).encode()), in_flight=LIMIT) as port:
        _fills_the_budget(port)


def _fills_the_budget(port: Port) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port.server_port)
    for _ in range(3):
        connection.request("POST", "/", b"a" * LIMIT)
        assert connection.getresponse().read() == str(LIMIT).encode()
    connection.close()
    with opened(port) as broken:
        broken.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\nhalf" % LIMIT)
        broken.shutdown(socket.SHUT_WR)
        assert b"400" in everything(broken)
    connection.request("POST", "/", b"a" * LIMIT)
    assert connection.getresponse().status == 200
    connection.close()


def test_a_full_budget_is_told() -> None:
    inside, released = threading.Event(), threading.Event()

    def answer(request: Request) -> Response:
        inside.set()
        released.wait(10)
        return Response(200)

    with listening(answer, in_flight=LIMIT) as port:
        first, second = (http.client.HTTPConnection("127.0.0.1", port.server_port) for _ in range(2))
        first.request("POST", "/", b"a" * LIMIT)
        assert inside.wait(10)
        second.request("POST", "/", b"a", {"X-Amz-Target": "RekognitionService.DetectFaces"})
        refused = second.getresponse()
        assert (refused.status, b"ThrottlingException" in refused.read()) == (500, True)
        released.set()
        assert first.getresponse().status == 200
        first.close()
        second.close()


def test_more_connections_than_are_served_are_closed() -> None:
    with listening(lambda request: Response(200), connections=2) as port:
        held = [opened(port) for _ in range(2)]
        for connection in held:  # they are being served
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"200" in connection.recv(65536)
        with opened(port) as third:
            assert third.recv(100) == b""
        for connection in held:
            connection.close()
        for _ in range(100):  # their threads end soon
            with opened(port) as next_one:
                next_one.sendall(b"GET / HTTP/1.0\r\n\r\n")
                try:
                    if b"200" in everything(next_one):
                        break
                except ConnectionError:
                    pass
            time.sleep(0.05)
        else:
            pytest.fail("closed connections still count")


def test_what_is_refused_takes_no_memory(port: Port) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        with opened(port) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + REKOGNITION + b"Content-Length: 900000000\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            assert b"413" in everything(connection)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"4\r\nbody\r\n0\r\n\r\n", b"body"),
        (b"2;name=value\r\nbo\r\n2\r\ndy\r\n0\r\nTrailer: a\r\n\r\n", b"body"),
        (b"0\r\n\r\n", b""),
        (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    ],
)
def test_chunks(sent: bytes, body: bytes) -> None:
    assert intake.chunked(io.BytesIO(sent), 100, Held(Budget(1000))) == body


@pytest.mark.parametrize("sent", [b"", b"x\r\n", b"-1\r\n", b"5\r\nbody", b"4\r\nbodyend\r\n", b"\r\n", b"1" * 5000])
def test_chunks_that_are_none(sent: bytes) -> None:
    with pytest.raises((ValueError, RequestEntityTooLargeException)):
        intake.chunked(io.BytesIO(sent), 100, Held(Budget(1000)))


def _chunked(yes: bool) -> dict[str, str]:
    return {"Transfer-Encoding": "chunked"} if yes else {}
