"""Requests as clients send them: again while the answer is 503."""

import time
from collections.abc import Callable
from http import HTTPStatus
from threading import Event

import httpx2

from tests.support.waiting import PATIENCE_SECONDS

_PAUSE = Event()


def answered(ask: Callable[[], httpx2.Response], seconds: float = PATIENCE_SECONDS) -> httpx2.Response:
    """Ask again while the answer is 503, once its `Retry-After` is over; return the first other answer.

    A machine that stalls for longer than Redis or a lock is waited for makes any request 503. What `ask` sends must do
    the same when it is sent twice: a POST that creates has an `Idempotency-Key`, the same each time. Raises
    AssertionError for a 503 that does not say when, or if there is nothing else for `seconds`.
    """
    started = time.monotonic()
    while (answer := ask()).status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        stated = answer.headers.get("Retry-After", "")
        assert stated.isdecimal(), f"503 with the Retry-After {stated!r} instead of seconds: {answer.text}"
        assert time.monotonic() - started < seconds, f"still 503 after {seconds} s: {answer.text}"
        _PAUSE.wait(int(stated))
    return answer
