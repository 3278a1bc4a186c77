"""Requests as clients send them: again while the answer is 503."""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from threading import Event

import httpx2

from tests.support.waiting import PATIENCE_SECONDS

_PAUSE = Event()
_STATING_METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE")
# Of actions, which have no key.
_STATING = (":cancel", ":stop", ":pause", ":resume", ":drain")


def is_same_twice(method: str, path: str, headers: Mapping[str, str]) -> bool:
    """Whether a request may be sent again after a 503: it says what shall be, or has the key by which the service knows
    it. Others might create something twice, which would stay unseen."""
    states = path.partition("?")[0].endswith(_STATING)
    return method in _STATING_METHODS or states or "idempotency-key" in {name.lower() for name in headers}


def answered(ask: Callable[[], httpx2.Response], seconds: float = PATIENCE_SECONDS) -> httpx2.Response:
    """Ask again while the answer is 503, once its `Retry-After` is over; return the first other answer.

    A machine that stalls for longer than Redis or a lock is waited for makes any request 503. What `ask` sends must do
    the same when it is sent twice (`is_same_twice`). The pause is not a guess of the test: it is what the service has
    asked its clients for, and a test that did not keep to it would not see that it is right. Raises AssertionError for
    a 503 that does not say when, or if there is nothing else for `seconds`.
    """
    started = time.monotonic()
    while (answer := ask()).status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        stated = answer.headers.get("Retry-After", "")
        assert stated.isdecimal(), f"503 with the Retry-After {stated!r} instead of seconds: {answer.text}"
        assert time.monotonic() - started < seconds, f"still 503 after {seconds} s: {answer.text}"
        _PAUSE.wait(int(stated))
    return answer
