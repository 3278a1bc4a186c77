"""Converts one uploaded data set in a process of its own, watches over it, writes down what becomes of it."""

import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from models_store.conversions import Conversion
from models_store.datasets import DatasetStore
from models_store.errors import Busy, ClaimLost, StorageFull
from settings import Settings
from worker.conversion.messages import (
    CONVERSION_EVENT,
    Advanced,
    ConversionEvent,
    ConversionJob,
    Converted,
    Limits,
    Refused,
)

_TICK_SECONDS = 0.5
# No honest picture takes so long.
_SILENCE_SECONDS = 60.0
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")

log = logging.getLogger(__name__)


class Converter:
    """One for each worker process. `shutting_down` says that the worker is about to end."""

    def __init__(self, store: DatasetStore, settings: Settings, shutting_down: Callable[[], bool]) -> None:
        self._store = store
        self._settings = settings
        self._shutting_down = shutting_down

    def run(self, name: str) -> None:
        """Convert `name`, unless there is nothing to do: another worker does it, or it has been deleted."""
        if self._shutting_down():
            return
        try:
            with Conversion(self._store, name, self._settings.max_attempts).taken() as conversion:
                if conversion is not None:
                    self._convert(conversion)
        except ClaimLost as error:
            log.info("gave up: %s", error)
        except (Busy, StorageFull) as error:
            log.warning("%s; the reconciler will send it again", error)

    def _convert(self, conversion: Conversion) -> None:
        with _process() as process:
            _tell(process, self._job(conversion))
            heard = time.monotonic()
            while True:
                event, ended = _next_event(process)
                if event is not None:
                    heard = time.monotonic()
                    if self._hear(conversion, event):
                        return
                    continue
                if ended:
                    conversion.retry(f"the converter ended with status {process.wait()} and no result")
                    return
                conversion.check()
                if self._shutting_down():
                    conversion.give_back()
                    return
                if time.monotonic() - heard > _SILENCE_SECONDS:
                    conversion.fail(f"one file took more than {_SILENCE_SECONDS:.0f} s to read")
                    return

    def _job(self, conversion: Conversion) -> ConversionJob:
        settings = self._settings
        limits = Limits(
            files=settings.max_archive_files, bytes=settings.max_dataset_bytes, pixels=settings.max_image_pixels
        )
        return ConversionJob(archive=conversion.archive, staged=conversion.staged, limits=limits)

    def _hear(self, conversion: Conversion, event: ConversionEvent) -> bool:
        """True if it was the last word."""
        match event:
            case Advanced():
                conversion.show(event.progress)
                return False
            case Refused():
                conversion.fail(event.reason)
            case Converted():
                conversion.finish(event.contents)
        log.info("data set %s is %s", conversion.record.name, conversion.record.status)
        return True


@contextmanager
def _process() -> Iterator[subprocess.Popen[bytes]]:
    """A converter that is gone when the block ends, however it ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "worker.conversion", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,  # or a line that was read ahead would not be waited for
        # Each thread of a numerical library reserves memory, and there is nothing to compute.
        env={**os.environ, **dict.fromkeys(_THREADS, "1")},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _tell(process: subprocess.Popen[bytes], job: ConversionJob) -> None:
    assert process.stdin is not None  # noqa: S101 - Popen was asked for the pipe
    try:
        process.stdin.write(job.model_dump_json().encode() + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        log.warning("the converter ended before it was told what to do")


def _next_event(process: subprocess.Popen[bytes]) -> tuple[ConversionEvent | None, bool]:
    """What it said, waiting a moment; and whether it will say nothing more."""
    assert process.stdout is not None  # noqa: S101 - Popen was asked for the pipe
    if not select.select([process.stdout], [], [], _TICK_SECONDS)[0]:
        return None, False
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        return None, True
    try:
        return CONVERSION_EVENT.validate_json(line), False
    except ValidationError as error:
        log.warning("the converter said what is not understood: %s", error)
        return None, False
