"""The claim on a conversion: from an uploaded archive to a dataset that can be trained on."""

from contextlib import AbstractContextManager
from pathlib import Path

from models_store.datasets.images import IMAGES
from models_store.datasets.receiving import ARCHIVE_FILE
from models_store.datasets.record import Contents, DatasetRecord, DatasetStatus, FilesDone
from models_store.datasets.store import DatasetStore
from models_store.experiments.fair_order import Waiting
from models_store.experiments.waiting import WaitingExperiments
from models_store.files import PATIENCE_SECONDS, TEMPORARY_SUFFIX, remove_stale_temporaries
from models_store.jobs.claim import Claim
from models_store.jobs.jobs import Job, Unfinished
from models_store.jobs.leases import Leases
from models_store.jobs.queue import CONVERSION, JobName, Queue
from models_store.jobs.turns import JobsInTurn


class ConversionJobs(JobsInTurn[DatasetRecord]):
    """Uploaded datasets as jobs. A dataset's lock outlives it, so that no claim survives its deletion."""

    kind = CONVERSION

    def __init__(
        self, store: DatasetStore, queue: Queue, leases: Leases, max_attempts: int, turns: WaitingExperiments
    ) -> None:
        super().__init__(queue, leases, max_attempts, turns)
        self.store = store

    def waiting(self) -> list[Waiting]:
        queued = (each for each in self.store.records() if each.is_queued)
        return [Waiting(each.name, each.created_at.timestamp(), each.owner or "") for each in queued]

    def owner(self, record: DatasetRecord) -> str | None:
        return record.owner

    def name(self, record: DatasetRecord) -> JobName:
        return (record.name,)

    def lock(self, name: JobName, seconds: float = PATIENCE_SECONDS) -> AbstractContextManager[None]:
        (dataset,) = name
        return self.store.lock(dataset, seconds)

    def read(self, name: JobName) -> DatasetRecord:
        return self.store.read(*name)

    def write(self, record: DatasetRecord) -> DatasetRecord:
        return self.store.write(record)

    def attempt_folder(self, record: DatasetRecord) -> Path:
        return self.store.folder(record.name) / f".{IMAGES}.{record.attempts}{TEMPORARY_SUFFIX}"

    def archive(self, record: DatasetRecord) -> Path:
        return self.store.folder(record.name) / ARCHIVE_FILE

    def clean_up(self, record: DatasetRecord) -> None:
        remove_stale_temporaries(self.store.folder(record.name), older_than=0)
        if record.has_ended:
            self.archive(record).unlink(missing_ok=True)

    def unfinished(self) -> Unfinished:
        queued: list[Job] = []
        running: list[Job] = []
        for record in self.store.records():
            job = Job(record.id, self.name(record))
            if record.is_queued:
                queued.append(job)
            elif record.is_running:
                running.append(job)
            elif record.status is DatasetStatus.READY:
                self.archive(record).unlink(missing_ok=True)
        return Unfinished(queued, running)


class ConversionClaim(Claim[ConversionJobs, DatasetRecord]):
    @property
    def archive(self) -> Path:
        return self._jobs.archive(self.record)

    def show(self, progress: FilesDone) -> None:
        """Write the progress into the record."""
        with self._lock() as current:
            self.record = self._jobs.write(current.replace(progress=progress))

    def succeed(self, contents: Contents) -> DatasetRecord:
        """Publish the images in `attempt_folder`; the archive is removed."""
        final = self._jobs.store.folder(self.record.name) / IMAGES
        return self._publish(self.attempt_folder, final, lambda record: record.succeed(contents))
