"""A Redis-compatible server that the user brings along."""

import socket
import ssl
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from trainyard.up.errors import RefusedError

_SECONDS = 3.0
_ADVICE = "start that server, or unset REDIS_URL to have `trainyard up` start its own"


def check_redis(url: str) -> None:
    """Raises RefusedError unless a server at `url` lets us in and answers a PING.

    The sentence never shows the password.
    """
    parts = urlsplit(url)
    shown = f"REDIS_URL {_without_password(parts)}"
    try:
        answers = _answers(parts)
    except (OSError, ValueError) as error:
        raise RefusedError(f"{shown} does not answer: {error}; {_ADVICE}") from None
    rejections = [answer for answer in answers if answer.startswith("-")]
    if rejections:
        raise RefusedError(f"{shown} does not let us in: {rejections[0][1:]}; see the user and password in it")
    if answers[-1:] != ["+PONG"]:
        raise RefusedError(f"{shown} is no Redis-compatible server: it answered {answers!r} to PING; {_ADVICE}")


def _answers(parts: SplitResult) -> list[str]:
    """What the server says to AUTH, where there is a password, and to PING."""
    commands = [("PING",)] if parts.password is None else [_auth(parts), ("PING",)]
    with _connected(parts) as connection, connection.makefile("rb") as answers:
        connection.sendall(b"".join(_encoded(command) for command in commands))
        return [answers.readline(512).decode(errors="replace").rstrip("\r\n") for _ in commands]


def _auth(parts: SplitResult) -> tuple[str, ...]:
    user = (unquote(parts.username),) if parts.username else ()
    return ("AUTH", *user, unquote(parts.password or ""))


def _connected(parts: SplitResult) -> socket.socket:
    if parts.scheme == "unix":
        return _unix_connected(unquote(parts.path))
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError("expected redis://[[user]:password@]host[:port][/database]")
    connection = socket.create_connection((parts.hostname, parts.port or 6379), _SECONDS)
    if parts.scheme == "redis":
        return connection
    return _tls_context(parts).wrap_socket(connection, server_hostname=parts.hostname)


def _unix_connected(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_SECONDS)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def _tls_context(parts: SplitResult) -> ssl.SSLContext:
    """As redis-py and Celery read the query of the URL."""
    query = dict(parse_qsl(parts.query))
    context = ssl.create_default_context(cafile=query.get("ssl_ca_certs"))
    if query.get("ssl_cert_reqs", "").lower() in ("none", "cert_none"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _encoded(command: tuple[str, ...]) -> bytes:
    words = [word.encode() for word in command]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def _without_password(parts: SplitResult) -> str:
    credentials, at, place = parts.netloc.rpartition("@")
    user = credentials.partition(":")[0]
    return parts._replace(netloc=f"{user}:***@{place}" if at else place).geturl()
