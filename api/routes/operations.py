"""Health, metrics, workers and disk."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Query, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from api import content
from api.access import ADMIN, ANYBODY, READ
from api.dependencies import ServicesDep, StoreDep
from api.schemas.operations import DiskView, Liveness, Readiness, WorkerList, WorkerView
from models_store.disk_use import measure_disk
from models_store.errors import NotFound
from models_store.experiments.store import ExperimentStore
from models_store.jobs.activity import activities
from models_store.jobs.workers import Worker
from models_store.statistics import queue_state
from models_store.store import Store

router = APIRouter(tags=["operations"])

WorkerName = Annotated[str, Query(description="of a worker, as in `GET /workers`, or of its machine: its `hostname`")]
GiveBack = Annotated[bool, Query(description="return what it has begun to the queue")]


@router.get("/health/live", dependencies=[ANYBODY])
async def check_liveness() -> Liveness:
    """Liveness probe. Does not check Redis: restarting the API would not fix it."""
    return Liveness()


@router.get("/health/ready", dependencies=[ANYBODY])
def check_readiness(store: StoreDep) -> Readiness:
    """Readiness probe: experiments are accepted, and so many workers take them. 503 while Redis is unreachable;
    predictions may still be answered."""
    store.experiments.check_view()
    return Readiness(workers=len(store.workers.consuming()))


@router.get("/metrics", response_class=Response, responses=content.text(content.PLAIN), dependencies=[READ])
def get_metrics(services: ServicesDep) -> Response:
    """Get metrics in Prometheus's text format, of all processes that serve this port."""
    return Response(services.metrics.render(), media_type=CONTENT_TYPE_LATEST)


@router.get("/workers", dependencies=[READ])
def list_workers(store: StoreDep) -> WorkerList:
    """List the live workers: what they train on, how much memory is in use, and what each of them does now."""
    return _list(store, store.workers.alive())


@router.post("/workers:drain", dependencies=[ADMIN])
def drain_workers(store: StoreDep, name: WorkerName, give_back: GiveBack = False) -> WorkerList:
    """Have a worker, or all workers of a machine, start nothing more: it finishes what it has begun, or, with
    `give_back`, returns it to the queue with a checkpoint within some seconds, without counting the attempt. It lasts
    until `:resume`; that of a worker ends with the process, that of a machine holds for workers that are started
    later. The answer has these workers; the one whose `activities` are empty has drained."""
    return _list(store, store.workers.drain(name, "give_back" if give_back else "finish"))


@router.post("/workers:resume", dependencies=[ADMIN])
def resume_workers(store: StoreDep, name: WorkerName) -> WorkerList:
    """Have a worker, or all workers of a machine, start experiments again after `:drain`."""
    return _list(store, store.workers.resume(name))


def _list(store: Store, workers: Iterable[Worker]) -> WorkerList:
    running = queue_state(store.experiments, store.queue).running
    at_work = activities(running, store.datasets, store.evaluations)
    items = [
        WorkerView(
            **worker.model_dump(),
            activities=at_work.get(worker.name, []),
            experiments=[record.id for record in running if record.worker == worker.name],
        )
        for worker in workers
    ]
    return WorkerList(items=items)


@router.get("/disk", dependencies=[READ])
def get_disk_use(services: ServicesDep) -> DiskView:
    """Get the size of the store and of its largest experiments and datasets, and the room on its disk; the limits
    beyond which experiments are deleted by themselves, and what was done last. Every file of the store is looked at: a
    second for some thousand experiments."""
    store = services.store
    use = measure_disk(
        services.settings.store_dir,
        store.experiments.experiments,
        store.datasets.datasets,
        lambda each: store.experiments.privacy(each).is_shown,
        lambda each: store.datasets.privacy(each).is_shown,
    )
    names = _names_of((each.name for each in use.largest_experiments), store.experiments)
    return DiskView.of(use, names, services.retention)


def _names_of(ids: Iterable[str], experiments: ExperimentStore) -> dict[str, str]:
    """Of those experiments that exist, by id."""
    names = {}
    for each in ids:
        with suppress(NotFound):
            names[each] = experiments.get(each).name
    return names
