"""Attempts at conversions of uploaded datasets."""

from typing import Any

from archives.member import Limits
from models_store.datasets.claim import ConversionClaim
from models_store.datasets.record import DatasetRecord
from worker.jobs.attempt import Attempt
from worker.jobs.messages import CONVERSION_EVENT, Advanced, ConversionEvent, ConversionJob, Finished
from worker.jobs.process import ChildProcess

MAX_FILE_BYTES = 50_000_000
# No legitimate image takes so long.
_STALL_SECONDS = 60.0
# Each thread of a numerical library reserves memory, and there is nothing to compute.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class ConversionAttempt(Attempt[ConversionClaim]):
    child = "converter"
    stall_seconds = _STALL_SECONDS

    def job(self) -> ConversionJob:
        settings = self.settings
        return ConversionJob(
            archive=self.claim.archive,
            staged=self.claim.attempt_folder,
            limits=Limits(settings.max_archive_files, settings.max_dataset_bytes, MAX_FILE_BYTES),
            max_pixels=settings.max_image_pixels,
            options=self.claim.record.options,
        )

    def start(self) -> ChildProcess[ConversionEvent]:
        return ChildProcess("worker.conversion", CONVERSION_EVENT, environment=_ONE_THREAD)

    def hear(self, event: Any) -> DatasetRecord | None:
        match event:
            case Advanced(progress=progress):
                self.claim.show(progress)
            case Finished(result=contents):
                return self.claim.succeed(contents)
        return None

    def describe_stall(self, seconds: float) -> str:
        return f"one file took more than {seconds:.0f} s to read"
