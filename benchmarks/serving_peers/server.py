"""A server under test: a process with its children on one core."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.support.valkey import free_port

_START_SECONDS = 120.0
_PAUSE_SECONDS = 0.2


class Spec(NamedTuple):
    """The command and the requests of a server. `{port}` in the command and PORT in the environment become its port."""

    name: str
    command: Sequence[str | Path]
    requests: Sequence[bytes]
    folder: Path
    environment: Mapping[str, str]
    cores: Sequence[int]


class Server:
    def __init__(self, spec: Spec, logs: Path) -> None:
        self.name, self.requests, self.port = spec.name, spec.requests, free_port()
        self._log = logs / f"{self.port}.log"
        ours = os.sched_getaffinity(0)
        ports = {"PORT": str(self.port), "MLSERVER_HTTP_PORT": str(self.port)}
        command = [str(part).replace("{port}", str(self.port)) for part in spec.command]
        # A process inherits its cores, and so do all that it starts.
        os.sched_setaffinity(0, spec.cores)
        try:
            with self._log.open("wb") as log:
                self._process = psutil.Popen(
                    command,
                    cwd=spec.folder,
                    env={**os.environ, **spec.environment, **ports},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
        finally:
            os.sched_setaffinity(0, ours)

    def wait(self) -> bool:
        """Whether it answers 200 in time; if not, the end of its log is printed."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers():
                return True
            time.sleep(_PAUSE_SECONDS)  # other people's servers do not say when they are ready
        print(f"{self.name} is left out: it does not answer\n{self._log.read_text(errors='replace')[-2000:]}")
        return False

    def _answers(self) -> bool:
        head, _, body = self.requests[0].partition(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode()
        headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:])
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", path, body, headers)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def megabytes(self) -> float:
        """Resident memory of all its processes."""
        return sum(process.memory_info().rss for process in self.family()) / 1e6

    def stop(self) -> None:
        for process in reversed(self.family()):
            process.kill()
        self._process.wait()

    def family(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []
