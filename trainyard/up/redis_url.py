"""Check that a Redis-compatible server given by URL accepts our commands."""

import re
from urllib.parse import urlsplit

from trainyard.errors import PreflightError

_TIMEOUT_SECONDS = 3.0
_SCHEMES = ("redis", "rediss", "unix")
_EXPECTED = "expected redis://[[user]:password@]host[:port][/database]"
_ADVICE = "start that server, or unset REDIS_URL to run a private one"


def check_redis(url: str) -> None:
    """Raises PreflightError unless a server at `url` authenticates us and answers a PING.

    The message never shows the password.
    """
    import redis  # noqa: PLC0415 - only in the `server` extra
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    shown = f"REDIS_URL {_mask_password(url)}"
    timeouts = {"socket_timeout": _TIMEOUT_SECONDS, "socket_connect_timeout": _TIMEOUT_SECONDS}
    try:
        _check_form(url)
        with redis.Redis.from_url(url, protocol=2, retry=Retry(NoBackoff(), 0), **timeouts) as client:
            client.ping()
    except redis.InvalidResponse as error:
        raise PreflightError(f"{shown} is not a Redis-compatible server: {error}; {_ADVICE}") from None
    except (redis.AuthenticationError, redis.ResponseError) as error:
        raise PreflightError(f"{shown} denies access: {error}; check its user and password") from None
    except (redis.RedisError, OSError, ValueError) as error:
        raise PreflightError(f"{shown} does not answer: {error}; {_ADVICE}") from None


def _check_form(url: str) -> None:
    """Raises ValueError for what redis-py would read as a server on this machine."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not (parts.hostname or parts.scheme == "unix"):
        raise ValueError(_EXPECTED)


def _mask_password(url: str) -> str:
    return re.sub("//([^:@/]*):.*@", r"//\1:***@", url)
