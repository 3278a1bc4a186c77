"""Requests to one Trainyard, and what becomes of those that fail."""

import contextlib
import ipaddress
import time
from collections.abc import Iterator
from typing import Any

import httpx2

from trainyard.errors import ApiError, Unreachable

_TIMEOUT = httpx2.Timeout(30.0, connect=5.0)
_TRIES = 4
_LONGEST_WAIT_SECONDS = 5.0


class Transport:
    """Every method raises Unreachable or ApiError, never httpx2's errors."""

    def __init__(self, base_url: str) -> None:
        self.url = base_url.rstrip("/")
        try:
            # Proxies of the environment are for elsewhere.
            self._http = httpx2.Client(timeout=_TIMEOUT, trust_env=not _is_local(httpx2.URL(self.url).host))
        except httpx2.InvalidURL as error:
            raise Unreachable(self.url, error) from None

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **options: Any) -> httpx2.Response:
        """Ask again, a few times, where the answer is 503 and says when."""
        for tries_left in reversed(range(_TRIES)):
            answer = self._answer("GET", path, **options)
            wait = _retry_seconds(answer)
            if wait is None or tries_left == 0:
                break
            time.sleep(wait)
        return _successful(answer)

    def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Once: it may change something."""
        return _successful(self._answer(method, path, **options))

    @contextlib.contextmanager
    def stream(self, path: str, headers: dict[str, str], silence_seconds: float) -> Iterator[Iterator[str]]:
        """The lines of an answer as they come. Raises Unreachable also when it breaks off."""
        with self._streamed(path, httpx2.Timeout(silence_seconds, connect=5.0), headers=headers) as answer:
            yield answer.iter_lines()

    @contextlib.contextmanager
    def download(self, path: str, silence_seconds: float) -> Iterator[Iterator[bytes]]:
        """An answer of any size, piece by piece. Raises Unreachable also when it breaks off."""
        with self._streamed(path, httpx2.Timeout(silence_seconds, connect=5.0)) as answer:
            yield answer.iter_bytes()

    @contextlib.contextmanager
    def send_for_lines(self, path: str, silence_seconds: float, **options: Any) -> Iterator[Iterator[str]]:
        """POST, once, and the lines of the answer as they come. Raises Unreachable also when it breaks off."""
        timeout = httpx2.Timeout(silence_seconds, connect=5.0)
        with self._streamed(path, timeout, method="POST", **options) as answer:
            yield answer.iter_lines()

    @contextlib.contextmanager
    def _streamed(
        self, path: str, timeout: httpx2.Timeout, method: str = "GET", **options: Any
    ) -> Iterator[httpx2.Response]:
        try:
            with self._http.stream(method, f"{self.url}{path}", timeout=timeout, **options) as answer:
                if not answer.is_success:
                    answer.read()
                yield _successful(answer)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unreachable(self.url, _reason(error)) from error

    def _answer(self, method: str, path: str, **options: Any) -> httpx2.Response:
        try:
            return self._http.request(method, f"{self.url}{path}", **options)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unreachable(self.url, _reason(error)) from error


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _successful(answer: httpx2.Response) -> httpx2.Response:
    if not answer.is_success:
        raise ApiError.of(answer)
    return answer


def _retry_seconds(answer: httpx2.Response) -> float | None:
    stated = answer.headers.get("retry-after", "")
    if answer.status_code != httpx2.codes.SERVICE_UNAVAILABLE or not stated.isdecimal():
        return None
    return min(float(stated), _LONGEST_WAIT_SECONDS)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
