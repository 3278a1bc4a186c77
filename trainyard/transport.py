"""HTTP as both clients use it: address, timeouts, retries, errors."""

import contextlib
import ipaddress
import os
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import httpx2

from trainyard.credentials import kept_key
from trainyard.errors import ApiError, Unreachable, UsageError
from trainyard.operations.operation import Operation

T = TypeVar("T")
DEFAULT_URL = "http://127.0.0.1:8000"
_SILENCE_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_TRIES = 4
_MAX_RETRY_SECONDS = 5.0


def resolve_url(base_url: str | None) -> str:
    """As given, or that of the environment, or the default."""
    return (base_url or os.environ.get("TRAINYARD_URL") or DEFAULT_URL).rstrip("/")


def connection_options(url: str, key: str | None) -> dict[str, Any]:
    """Keyword arguments for `httpx2.Client`, which sends `key`, or that of the environment, or the one that is kept for
    `url`, and follows no redirect with it. For this machine no proxy of the environment is used, and for plain HTTP
    on it no certificates are loaded, which takes longer than a request."""
    address = httpx2.URL(url)
    is_local = _is_local(address.host)
    is_encrypted = address.scheme != "http"
    return {
        "timeout": _timeout(_SILENCE_SECONDS),
        "trust_env": not is_local,
        "verify": is_encrypted or not is_local,
        "headers": _authorization(key or os.environ.get("TRAINYARD_KEY") or kept_key(url)),
    }


def request_options(url: str, operation: Operation[Any]) -> dict[str, Any]:
    """Keyword arguments for `httpx2.Client.request` to the service at `url`, without an archive."""
    options = {"method": operation.method, "url": f"{url}{operation.path}", **operation.options()}
    if operation.silence_seconds is not None:
        options["timeout"] = _timeout(operation.silence_seconds)
    return options


def archive_headers(length: int) -> dict[str, str]:
    """The length is known, so that the API can reject a large archive before it is sent."""
    return {"Content-Length": str(length), "Content-Type": "application/octet-stream"}


def retry_delay(operation: Operation[Any], response: httpx2.Response, tries: int) -> float | None:
    """Seconds until another try, if the answer says when: a 503 to an operation that is safe, or a 429, for which
    nothing was done, that ends soon. None for none."""
    stated = response.headers.get("retry-after", "")
    if tries >= _TRIES or not stated.isdecimal():
        return None
    if response.status_code == httpx2.codes.TOO_MANY_REQUESTS:
        return float(stated) if float(stated) <= _MAX_RETRY_SECONDS and operation.archive is None else None
    is_worth_it = operation.is_safe and response.status_code == httpx2.codes.SERVICE_UNAVAILABLE
    return min(float(stated), _MAX_RETRY_SECONDS) if is_worth_it else None


def raise_for_problem(response: httpx2.Response) -> None:
    """Raises ApiError for a response that is not a success. Its body has been read."""
    if not response.is_success:
        raise ApiError.of(response)


@contextlib.contextmanager
def translate_errors(url: str) -> Iterator[None]:
    """Raise Unreachable for errors of the connection, at any time of the context."""
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unreachable(url, str(error) or type(error).__name__) from error


def _authorization(key: str | None) -> dict[str, str]:
    if not key:
        return {}
    if re.fullmatch("[!-~]+", key := key.strip()) is None:
        raise UsageError("the key has characters that no key has; copy it again: ty_, letters, digits and _ only")
    return {"Authorization": f"Bearer {key}"}


def _timeout(silence_seconds: float) -> httpx2.Timeout:
    return httpx2.Timeout(silence_seconds, connect=_CONNECT_SECONDS)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
