"""The claim on a conversion: from an uploaded archive to a dataset that can be trained on."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from models_store.datasets.images import IMAGES
from models_store.datasets.record import Contents, DatasetRecord, DatasetStatus, FilesDone
from models_store.datasets.store import ARCHIVE_FILE, DatasetStore
from models_store.experiments.fair_order import Waiting
from models_store.experiments.waiting import WaitingExperiments
from models_store.files import PATIENCE_SECONDS, TEMPORARY_SUFFIX, remove_stale_temporaries
from models_store.jobs.claim import Claim
from models_store.jobs.jobs import Job, Jobs, Unfinished
from models_store.jobs.leases import Leases
from models_store.jobs.queue import CONVERSION, JobName, Queue


class ConversionJobs(Jobs[DatasetRecord]):
    """Uploaded datasets as jobs. A dataset's lock outlives it, so that no claim survives its deletion. Owners take
    turns with them as with trainings: a start of either counts."""

    kind = CONVERSION

    def __init__(
        self, store: DatasetStore, queue: Queue, leases: Leases, max_attempts: int, turns: WaitingExperiments
    ) -> None:
        super().__init__(queue, leases, max_attempts)
        self.store = store
        self._turns = turns

    def candidates(self, named: JobName) -> Iterator[JobName]:
        """What a worker may claim, in order, that is woken by a message with a name."""
        queued = (each for each in self.store.records() if each.is_queued)
        waiting = (Waiting(each.name, each.created_at.timestamp(), each.owner or "") for each in queued)
        yield from ((each,) for each in self._turns.other_candidates(waiting, *named))

    def note_start(self, record: DatasetRecord) -> None:
        """It is the turn of other owners."""
        self._turns.note_start(record.owner)

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
    @classmethod
    def acquire(cls, jobs: ConversionJobs, *name: str, worker: str) -> Self | None:
        acquired = super().acquire(jobs, *name, worker=worker)
        if acquired is not None:
            jobs.note_start(acquired.record)
        return acquired

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
