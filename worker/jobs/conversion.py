"""Converts one uploaded dataset in a process of its own, watches over it, writes down what becomes of it."""

import logging
from collections.abc import Callable

from archives.member import Limits
from models_store.datasets.claim import ConversionClaim, ConversionJobs
from models_store.errors import Busy, ClaimLost, StorageFull, Unavailable
from models_store.experiments.record import Failure
from settings import Settings
from worker.conversion.messages import (
    CONVERSION_EVENT,
    MAX_FILE_BYTES,
    Advanced,
    ConversionEvent,
    ConversionJob,
    Converted,
    Rejected,
)
from worker.jobs.job_process import JobProcess

# No honest image takes so long.
_SILENCE_SECONDS = 60.0
# Each thread of a numerical library reserves memory, and there is nothing to compute.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

log = logging.getLogger(__name__)


class Converter:
    """One for each worker process. `shutting_down` says that the worker is about to end."""

    def __init__(
        self, jobs: ConversionJobs, settings: Settings, worker: str, shutting_down: Callable[[], bool]
    ) -> None:
        self._jobs = jobs
        self._worker = worker
        self._settings = settings
        self._shutting_down = shutting_down

    def run(self, name: str) -> None:
        """Convert `name`, unless there is nothing to do: another worker does it, or it has been deleted."""
        if self._shutting_down():
            return
        try:
            conversion = ConversionClaim.acquire(self._jobs, name, worker=self._worker)
            if conversion is not None:
                self._convert(conversion)
        except ClaimLost as error:
            log.info("gave up: %s", error)
        except (Busy, StorageFull, Unavailable) as error:
            log.warning("%s; the reconciler will send it again", error)

    def _convert(self, conversion: ConversionClaim) -> None:
        job = self._job(conversion)
        with JobProcess.started("worker.conversion", job, CONVERSION_EVENT, _ONE_THREAD) as process:
            process.attend(
                conversion,
                lambda event: self._hear(conversion, event),
                self._shutting_down,
                _SILENCE_SECONDS,
                f"one file took more than {_SILENCE_SECONDS:.0f} s to read",
                self._settings.lease_seconds,
            )

    def _job(self, conversion: ConversionClaim) -> ConversionJob:
        settings = self._settings
        return ConversionJob(
            archive=conversion.archive,
            staged=conversion.attempt_folder,
            limits=Limits(settings.max_archive_files, settings.max_dataset_bytes, MAX_FILE_BYTES),
            max_pixels=settings.max_image_pixels,
        )

    def _hear(self, conversion: ConversionClaim, event: ConversionEvent) -> bool:
        """True if it was the last word."""
        match event:
            case Advanced():
                conversion.show(event.progress)
                return False
            case Rejected():
                conversion.fail(Failure(type="dataset_unavailable", message=event.reason))
            case Converted():
                conversion.succeed(event.contents)
        log.info("dataset %s is %s", conversion.record.name, conversion.record.status)
        return True
