"""Health, metrics, workers and queue: for those who keep the service running."""

from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from api.dependencies import StoreDep
from api.schemas import examples
from models_store.statistics import queue_state

router = APIRouter(tags=["operations"])


@router.get("/health/live", responses={200: {"content": examples.LIVE}})
async def get_live() -> dict[str, Any]:
    """This process answers. It says nothing of Redis: restarting the API would not mend that."""
    return {"status": "ok", "live": True}


@router.get("/health/ready", responses={200: {"content": examples.READY}})
def get_ready(store: StoreDep) -> dict[str, Any]:
    """Experiments can be taken: the live view answers. 503 otherwise; predictions may still be answered."""
    store.experiments.check_view()
    return {"status": "ok", "ready": True, "live": True}


@router.get("/metrics", response_class=Response)
def get_metrics(request: Request) -> Response:
    """In Prometheus's text format."""
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/workers", responses={200: {"content": examples.WORKERS}})
def list_workers(store: StoreDep) -> dict[str, Any]:
    """The workers that are alive, and what each of them trains."""
    running = queue_state(store.experiments, store.queue).running
    items = [
        {
            **worker.model_dump(),
            "experiments": [record.id for record in running if record.worker == worker.name],
        }
        for worker in store.workers.alive()
    ]
    return {"items": items, "next_cursor": None}


@router.get("/queue", responses={200: {"content": examples.QUEUE}})
def get_queue(store: StoreDep) -> dict[str, Any]:
    """What waits, in order, and what runs. `depth` counts wake-ups on the broker, `queued` counts experiments."""
    state = queue_state(store.experiments, store.queue)
    shown = {"id", "name", "dataset", "status", "created_at", "worker", "progress"}
    return {
        "depth": state.depth,
        "queued": state.queued,
        "items": [record.model_dump(mode="json", include=shown) for record in state.items],
        "running": [record.model_dump(mode="json", include=shown) for record in state.running],
        "next_cursor": None,
    }
