"""Jobs wait for requests, and not for ever."""

from __future__ import annotations

import threading
import time

from chalicelib.local.precedence import LINGER_SECONDS, LONGEST_SECONDS, Precedence


def waited(precedence: Precedence) -> float:
    start = time.monotonic()
    precedence.give_way()
    return time.monotonic() - start


def worked(precedence: Precedence, seconds: float) -> None:
    precedence.give_way()
    time.sleep(seconds)


def test_nobody_is_waited_for() -> None:
    precedence = Precedence()
    worked(precedence, 0.2)
    assert waited(precedence) < 0.1


def test_a_job_goes_on_when_the_request_has_its_answer() -> None:
    precedence = Precedence()
    entered, leave = threading.Event(), threading.Event()

    def request() -> None:
        with precedence.request():
            entered.set()
            leave.wait()

    thread = threading.Thread(target=request)
    worked(precedence, 0.4)
    thread.start()
    entered.wait()
    threading.Timer(0.1, leave.set).start()
    assert 0.1 <= waited(precedence) < 0.4
    thread.join()


def test_a_job_waits_no_longer_than_it_worked() -> None:
    precedence = Precedence()
    worked(precedence, 0.1)
    with precedence.request():
        assert 0.09 <= waited(precedence) < 2 * LONGEST_SECONDS


def test_the_next_request_is_expected_for_a_moment() -> None:
    precedence = Precedence()
    worked(precedence, 0.2)
    with precedence.request():
        pass
    assert waited(precedence) >= LINGER_SECONDS / 2
