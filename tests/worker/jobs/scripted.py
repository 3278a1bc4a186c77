"""A child process that reports what it was given, in place of a real one."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from worker.jobs.messages import Stop, Stopped, StopReason


class ScriptedProcess:
    """Accepts its job, unless it `is_deaf`, and reports one batch of events a call; then ends with `status`, or stays
    silent if that is None."""

    def __init__(
        self, *script: list[Any], status: int | None = None, obeys: bool = False, is_deaf: bool = False
    ) -> None:
        self.script: Iterator[list[Any]] = iter(script)
        self.has_accepted = not is_deaf
        self._status = status
        self._obeys = obeys
        self.requests: list[StopReason] = []
        self.jobs: list[BaseModel] = []
        self.has_ended = False
        self.is_killed = False

    def assign(self, job: BaseModel) -> None:
        self.jobs.append(job)

    def request(self, stop: Stop) -> None:
        self.requests.append(stop.reason)

    def receive(self, _: float) -> list[Any]:
        batch = next(self.script, None)
        if batch is not None:
            return batch
        if self.requests and self._obeys:
            return [Stopped(reason=self.requests[-1])]
        self.has_ended = self._status is not None
        return []

    def wait(self, _: float) -> int:
        assert self._status is not None
        return self._status

    def kill(self) -> None:
        self.has_ended = self.is_killed = True
