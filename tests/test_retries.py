"""Requests of tests are sent again while the answer is 503, within bounds."""

from collections.abc import Callable

import httpx2
import pytest

from tests.support.retries import answered, is_same_twice


def asking(*answers: httpx2.Response) -> tuple[Callable[[], httpx2.Response], list[httpx2.Response]]:
    """A question with these answers, and those that are still to come."""
    left = list(answers)
    return lambda: left.pop(0), left


def unavailable(**headers: str) -> httpx2.Response:
    return httpx2.Response(503, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("status", [202, 404, 429, 500])
def test_asked_until_it_is_not_503(status: int) -> None:
    ask, left = asking(
        unavailable(retry_after="0"), unavailable(retry_after="0"), httpx2.Response(status), unavailable()
    )

    assert answered(ask).status_code == status
    assert len(left) == 1


def test_503_that_does_not_say_when_fails() -> None:
    with pytest.raises(AssertionError, match="503 with the Retry-After ''"):
        answered(asking(unavailable())[0])


def test_503_without_end_fails() -> None:
    with pytest.raises(AssertionError, match="still 503 after 0 s"):
        answered(asking(unavailable(retry_after="0"))[0], seconds=0)


@pytest.mark.parametrize(
    ("method", "path", "headers", "is_same"),
    [
        ("GET", "/experiments", {}, True),
        ("DELETE", "/experiments/x?force=true", {}, True),
        ("PUT", "/models/serving/digits", {}, True),
        ("PATCH", "/experiments/x", {}, True),
        ("POST", "/experiments/x:cancel", {}, True),
        ("POST", "/workers:drain?name=a", {}, True),
        ("POST", "/sweeps", {"idempotency-key": "one"}, True),
        ("POST", "/sweeps", {"Idempotency-Key": "one"}, True),
        ("POST", "/sweeps", {}, False),
        ("POST", "/experiments", {"Accept": "*/*"}, False),
        ("POST", "/experiments/x:reproduce", {}, False),
        ("POST", "/experiments/x:retry", {}, False),
        ("POST", "/experiments/x/evaluations", {}, False),
        ("POST", "/webhooks/x:test", {}, False),
        ("POST", "/datasets?x=:cancel", {}, False),
    ],
)
def test_what_creates_is_sent_once(method: str, path: str, headers: dict[str, str], is_same: bool) -> None:
    assert is_same_twice(method, path, headers) is is_same
