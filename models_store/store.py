"""The whole store, as each process opens it in its composition root."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from models_store.changes import Changes
from models_store.connection import connect, connect_async
from models_store.corrections.store import Corrections
from models_store.datasets.claim import ConversionJobs
from models_store.datasets.store import DatasetStore
from models_store.errors import Damaged, NotFound
from models_store.evaluations.claim import EvaluationJobs
from models_store.evaluations.store import EvaluationStore
from models_store.experiments.claim import TrainingJobs
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.experiments.transfers import Transfers
from models_store.jobs.queue import Queue
from models_store.jobs.reconciler import Reconciler
from models_store.jobs.workers import Workers
from models_store.models.catalogue import ModelCatalogue
from specs.dataset import DATASETS, Dataset
from specs.experiment import ExperimentSpec

HEARTBEAT_SECONDS = 15.0


@dataclass(frozen=True)
class Store:
    experiments: ExperimentStore
    datasets: DatasetStore
    evaluations: EvaluationStore
    corrections: Corrections
    models: ModelCatalogue
    transfers: Transfers
    queue: Queue
    training_jobs: TrainingJobs
    conversion_jobs: ConversionJobs
    evaluation_jobs: EvaluationJobs
    workers: Workers
    reconciler: Reconciler
    changes: Changes
    redis: Redis

    def close(self) -> None:
        """Close the connections to Redis. Later calls open new ones."""
        self.redis.connection_pool.disconnect()

    def spec_of(self, record: Record) -> ExperimentSpec:
        """The whole spec. Raises NotFound if its dataset was deleted since, Damaged if the record is damaged, SpecError
        if it is no longer valid."""
        if record.damaged and not record.spec:
            raise Damaged(f"the record of experiment {record.id} is damaged, and its spec is lost")
        datasets = self.known_datasets()
        if record.dataset not in datasets:
            raise NotFound(
                f"dataset {record.dataset} of experiment {record.id} was deleted, so its classes and images are unknown"
            )
        return record.spec.parse(datasets)

    def known_datasets(self) -> Mapping[str, Dataset]:
        """The facts of all datasets, by name."""
        return {**DATASETS, **self.datasets.facts()}


def open_store(root: Path, redis_url: str, lease_seconds: float, max_attempts: int, role: str) -> Store:
    """Open the store in the folder `root`, which is created if missing. Redis need not be up. Raises OSError if `root`
    is not writable. `role` is the client name that Redis shows."""
    redis = connect(redis_url, role)
    queue = Queue(redis_url, redis)
    experiments = ExperimentStore(root, redis, queue, lease_seconds, max_attempts)
    experiments.prepare()
    datasets = DatasetStore(root, queue)
    datasets.prepare()
    evaluations = EvaluationStore(root, experiments, datasets, queue)
    evaluations.prepare()
    training_jobs = TrainingJobs(experiments)
    conversion_jobs = ConversionJobs(datasets, queue, experiments.leases, max_attempts)
    evaluation_jobs = EvaluationJobs(evaluations, queue, experiments.leases, max_attempts)
    return Store(
        experiments=experiments,
        datasets=datasets,
        evaluations=evaluations,
        corrections=Corrections(datasets, experiments),
        models=ModelCatalogue(experiments),
        transfers=Transfers(experiments),
        queue=queue,
        training_jobs=training_jobs,
        conversion_jobs=conversion_jobs,
        evaluation_jobs=evaluation_jobs,
        workers=Workers(redis),
        reconciler=Reconciler(experiments, datasets, (training_jobs, conversion_jobs, evaluation_jobs), redis),
        changes=Changes(connect_async(redis_url, f"{role}-events", HEARTBEAT_SECONDS)),
        redis=redis,
    )
