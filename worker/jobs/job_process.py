"""A process that does one job and says how it goes, one JSON document a line, and the worker's watch over it."""

import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from models_store.experiments.record import Failure
from models_store.jobs.claim import Claim

_TICK_SECONDS = 0.5

Event = TypeVar("Event")

log = logging.getLogger(__name__)


class JobProcess(Generic[Event]):
    """`python -m MODULE PARENT`, started and told its job; its `events` are what it may say."""

    def __init__(self, process: "subprocess.Popen[bytes]", events: TypeAdapter[Event]) -> None:
        self._process = process
        self._events = events

    @classmethod
    @contextmanager
    def started(
        cls, module: str, job: BaseModel, events: TypeAdapter[Event], environment: Mapping[str, str] | None = None
    ) -> "Iterator[JobProcess[Event]]":
        """One that is gone when the block ends, however it ends. `environment` is put over this process's own."""
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,  # or a line that was read ahead would not be waited for
            env={**os.environ, **(environment or {})},
        )
        try:
            _tell(process, job)
            yield cls(process, events)
        finally:
            process.kill()
            process.communicate()

    def attend(
        self,
        claim: Claim[Any, Any],
        hear: Callable[[Event], bool],
        shutting_down: Callable[[], bool],
        silence_seconds: float,
        silence: str,
        lease_seconds: float,
    ) -> None:
        """Let `hear` know of each event until it says that this was the last word. One that ends without it is tried
        again, one that is silent for `silence_seconds` has failed, which `silence` says; a worker that shuts down
        gives the job back. Raises ClaimLost."""
        heard = renewed = time.monotonic()
        while True:
            event, ended = self._next_event()
            if event is not None:
                heard = time.monotonic()
                if hear(event):
                    return
                continue
            if ended:
                status = self._process.wait()
                message = f"its process ended with status {status} and no result"
                claim.retry(Failure(type="killed" if status < 0 else "internal", message=message))
                return
            claim.check()
            if time.monotonic() - renewed > lease_seconds / 3:
                claim.renew()
                renewed = time.monotonic()
            if shutting_down():
                claim.give_back()
                return
            if time.monotonic() - heard > silence_seconds:
                claim.fail(Failure(type="stalled", message=silence))
                return

    def _next_event(self) -> tuple[Event | None, bool]:
        """What it said, waiting a moment; and whether it will say nothing more."""
        assert self._process.stdout is not None  # noqa: S101 - Popen was asked for the pipe
        if not select.select([self._process.stdout], [], [], _TICK_SECONDS)[0]:
            return None, False
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            return None, True
        try:
            return self._events.validate_json(line), False
        except ValidationError as error:
            log.warning("a process said what is not understood: %s", error)
            return None, False


def _tell(process: "subprocess.Popen[bytes]", job: BaseModel) -> None:
    assert process.stdin is not None  # noqa: S101 - Popen was asked for the pipe
    try:
        process.stdin.write(job.model_dump_json().encode() + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        log.warning("a process ended before it was told what to do")
