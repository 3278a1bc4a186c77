"""The whole store, as each process opens it in its composition root."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import orjson
from redis import Redis

from models_store.access.open_streams import OpenStreams
from models_store.access.rate_limits import RateLimiter
from models_store.access.store import KeyStore
from models_store.assignments.store import AssignmentStore
from models_store.changes import Changes
from models_store.classes.store import ClassStore
from models_store.connection import SOCKET_SECONDS, connect, connect_async
from models_store.corrections.store import Corrections
from models_store.datasets.claim import ConversionJobs
from models_store.datasets.store import DatasetStore
from models_store.errors import Damaged, NotFound
from models_store.evaluations.claim import EvaluationJobs
from models_store.evaluations.store import EvaluationStore
from models_store.event_feed import EventFeed
from models_store.event_ids import EventIds
from models_store.events import EventLog
from models_store.experiments.claim import TrainingJobs
from models_store.experiments.continuations import Continuations
from models_store.experiments.groups import Groups
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.experiments.summaries import Summaries
from models_store.experiments.transfers import Transfers
from models_store.files import make_private
from models_store.jobs.drains import Drains
from models_store.jobs.leases import Leases
from models_store.jobs.preemption import Preemption
from models_store.jobs.queue import Queue
from models_store.jobs.reconciler import Reconciler
from models_store.jobs.wait_reasons import WaitReasons
from models_store.jobs.workers import Workers
from models_store.models.catalogue import ModelCatalogue
from models_store.models.traffic import Traffic
from models_store.owners.known import known_owners
from models_store.owners.predictions import PredictionCounts
from models_store.owners.quota import NO_QUOTA, OwnerStore, Quota
from models_store.owners.quotas import Quotas
from models_store.sweeps.claim import SweepJobs
from models_store.sweeps.pruning import Trials
from models_store.sweeps.store import SweepStore
from models_store.visibility import Viewer
from models_store.webhooks.store import WebhookStore
from models_store.webhooks.webhook import Delivery
from specs.dataset import Dataset
from specs.experiment import ExperimentSpec

HEARTBEAT_SECONDS = 15.0
# Every request would wait for it.
_LIMITS_SECONDS = 0.5


@dataclass(frozen=True)
class Store:
    experiments: ExperimentStore
    webhooks: WebhookStore
    keys: KeyStore
    classes: ClassStore
    assignments: AssignmentStore
    datasets: DatasetStore
    evaluations: EvaluationStore
    sweeps: SweepStore
    trials: Trials
    corrections: Corrections
    models: ModelCatalogue
    traffic: Traffic
    transfers: Transfers
    continuations: Continuations
    groups: Groups
    queue: Queue
    training_jobs: TrainingJobs
    conversion_jobs: ConversionJobs
    evaluation_jobs: EvaluationJobs
    sweep_jobs: SweepJobs
    workers: Workers
    reconciler: Reconciler
    preemption: Preemption
    wait_reasons: WaitReasons
    summaries: Summaries
    changes: Changes
    feed: EventFeed
    event_ids: EventIds
    rate_limiter: RateLimiter
    open_streams: OpenStreams
    quotas: Quotas
    predictions: PredictionCounts
    redis: Redis

    def close(self) -> None:
        """Close the connections to Redis. Later calls open new ones."""
        self.redis.connection_pool.disconnect()

    def flush_counts(self) -> None:
        """Add to Redis what was counted in memory since; later, if that is away."""
        self.traffic.flush()
        self.predictions.flush()

    def refresh_summaries(self) -> None:
        """Ahead of the next request for them, unless the feed has heard of nothing since. Raises redis's errors."""
        if not self.summaries.have_read(self.feed.end):
            self.summaries.refresh()

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

    def has_happened(self, delivery: Delivery) -> bool:
        """Whether disk has what was about to be written when a delivery was prepared."""
        told = orjson.loads(delivery.body)
        at, data = datetime.fromisoformat(told["timestamp"]), told["data"]
        try:
            if delivery.event == "model.promoted":
                return any(each.at == at for each in self.models.promotions(data["dataset"]))
            if delivery.event == "sweep.ended":
                return self.sweeps.read(data["id"]).ended_at == at
            return self.experiments.read(data["id"]).ended_at == at
        except (NotFound, Damaged):
            return False

    def viewer_of(self, owner: str | None) -> Viewer | None:
        """Who sees what is done for an owner later on; None, who sees everything, for admins, and without keys."""
        if owner is None or self.keys.has_live_admin(owner):
            return None
        return Viewer(owner, partial(self.classes.teaches, owner))

    def known_owners(self) -> set[str]:
        """All who have a key or something else. Raises Unavailable if Redis cannot be reached."""
        found = known_owners(self.quotas.owners, self.experiments, self.datasets, self.sweeps)
        return found | {key.owner for key in self.keys.list()}

    def known_datasets(self) -> Mapping[str, Dataset]:
        """The facts of all datasets, by name."""
        return self.datasets.known()


def open_store(
    root: Path,
    redis_url: str,
    lease_seconds: float,
    max_attempts: int,
    role: str,
    quota: Quota = NO_QUOTA,
    private: bool = False,
) -> Store:
    """Open the store in the folder `root`, which is created if missing, for the user of this process
    alone. Redis need not be up. Raises OSError if `root`
    is not writable. `role` is the client name that Redis shows, `quota` what each owner may use by default, `private`
    whether others may not see by default what each creates."""
    make_private(root)
    redis = connect(redis_url, role)
    queue = Queue(redis_url, redis)
    events = EventLog(redis)
    owners = OwnerStore(root, quota, private)
    owners.prepare()
    experiments = ExperimentStore(root, redis, events, queue, owners, Leases(redis, lease_seconds), max_attempts)
    experiments.prepare()
    datasets = DatasetStore(root, events, queue, experiments.holdout)
    datasets.prepare()
    evaluations = EvaluationStore(root, experiments, datasets, queue)
    evaluations.prepare()
    sweeps = SweepStore(root, events, queue)
    sweeps.prepare()
    keys = KeyStore(root)
    classes = ClassStore(root, keys, partial(known_owners, owners, experiments, datasets, sweeps))
    classes.prepare()
    assignments = AssignmentStore(root, experiments, datasets)
    assignments.prepare()
    drains = Drains(root)
    drains.prepare()
    workers = Workers(redis, events, drains)
    reader = connect_async(redis_url, f"{role}-events", HEARTBEAT_SECONDS + SOCKET_SECONDS)
    limits = connect_async(redis_url, f"{role}-limits", _LIMITS_SECONDS)
    training_jobs = TrainingJobs(experiments, workers)
    conversion_jobs = ConversionJobs(datasets, queue, experiments.leases, max_attempts, experiments.waiting)
    evaluation_jobs = EvaluationJobs(evaluations, queue, experiments.leases, max_attempts, experiments.waiting)
    predictions = PredictionCounts(redis)
    quotas = Quotas(owners, experiments, datasets, predictions)
    sweep_jobs = SweepJobs(sweeps, experiments, quotas)
    jobs = (training_jobs, conversion_jobs, evaluation_jobs, sweep_jobs)
    return Store(
        experiments=experiments,
        webhooks=experiments.webhooks,
        keys=keys,
        classes=classes,
        assignments=assignments,
        datasets=datasets,
        evaluations=evaluations,
        sweeps=sweeps,
        trials=Trials(redis, sweeps, experiments),
        corrections=Corrections(datasets, experiments),
        models=ModelCatalogue(experiments, datasets),
        traffic=Traffic(redis),
        transfers=Transfers(experiments),
        continuations=Continuations(experiments),
        groups=Groups(experiments),
        queue=queue,
        training_jobs=training_jobs,
        conversion_jobs=conversion_jobs,
        evaluation_jobs=evaluation_jobs,
        sweep_jobs=sweep_jobs,
        workers=workers,
        reconciler=Reconciler(experiments, datasets, jobs, redis),
        preemption=Preemption(experiments, workers, datasets, evaluations),
        wait_reasons=WaitReasons(experiments, workers),
        summaries=Summaries(redis, experiments.index, experiments.history, lambda: experiments.holdout.hidden.mark),
        changes=Changes(reader),
        feed=EventFeed(reader, HEARTBEAT_SECONDS, experiments.holdout.shown_summary, experiments.privacy),
        event_ids=EventIds(keys.event_secret),
        rate_limiter=RateLimiter(limits),
        open_streams=OpenStreams(limits),
        quotas=quotas,
        predictions=predictions,
        redis=redis,
    )
