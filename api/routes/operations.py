"""Health, metrics, workers and queue."""

from fastapi import APIRouter, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from api import content
from api.dependencies import ServicesDep, StoreDep
from api.schemas.operations import Liveness, QueuedExperiment, QueueView, Readiness, WorkerList, WorkerView
from models_store.statistics import queue_state

router = APIRouter(tags=["operations"])


@router.get("/health/live")
async def check_liveness() -> Liveness:
    """Liveness probe. Does not check Redis: restarting the API would not fix it."""
    return Liveness()


@router.get("/health/ready")
def check_readiness(store: StoreDep) -> Readiness:
    """Readiness probe: experiments are accepted, and so many workers are alive. 503 while Redis is unreachable;
    predictions may still be answered."""
    store.experiments.check_view()
    return Readiness(workers=len(store.workers.alive()))


@router.get("/metrics", response_class=Response, responses=content.text(content.METRICS))
def get_metrics(services: ServicesDep) -> Response:
    """Get metrics in Prometheus's text format."""
    return Response(generate_latest(services.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/workers")
def list_workers(store: StoreDep) -> WorkerList:
    """List the live workers, and what each of them trains."""
    running = queue_state(store.experiments, store.queue).running
    items = [
        WorkerView(**worker.model_dump(), experiments=[record.id for record in running if record.worker == worker.name])
        for worker in store.workers.alive()
    ]
    return WorkerList(items=items)


@router.get("/queue")
def get_queue(store: StoreDep) -> QueueView:
    """Get the experiments that wait, in order, and those that run."""
    state = queue_state(store.experiments, store.queue)
    return QueueView(
        depth=state.depth,
        queued=state.queued,
        items=[QueuedExperiment.of(record) for record in state.items],
        running=[QueuedExperiment.of(record) for record in state.running],
    )
