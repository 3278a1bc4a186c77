"""`/queue`: what waits and in which order; reorder, pause and resume it."""

from functools import partial
from itertools import chain

from fastapi import APIRouter

from analysis.estimates import estimate_seconds, recent_runs
from analysis.queue_times import UNKNOWN, estimate_queue
from api import request_bodies
from api.access import ADMIN, READ
from api.dependencies import BodyDep, StoreDep, SyntaxDep
from api.schemas.queue import QueuedExperiment, QueueView
from api.wire.posted_spec import parse_posted_document
from models_store.jobs.activity import activities
from models_store.jobs.wait_reasons import OWNER_HOLDS
from models_store.statistics import queue_state
from models_store.store import Store
from specs.reordering import parse_reordering

router = APIRouter(tags=["operations"])


@router.get("/queue", dependencies=[READ])
def get_queue(store: StoreDep) -> QueueView:
    """Get the experiments that wait, in order, and those that run, with estimates of when they start and end.

    The order is by priority, which `PATCH /experiments/{id}` edits; of one priority, experiments of their own come
    before trials of sweeps, then the oldest. Where several owners wait, they take turns, and each one's come in that
    order. What `POST /queue:reorder` has moved comes first.
    """
    return _view(store)


@router.post("/queue:reorder", openapi_extra=request_bodies.REORDERING, dependencies=[ADMIN])
def reorder_queue(body: BodyDep, syntax: SyntaxDep, store: StoreDep) -> QueueView:
    """Start these experiments next, in this order: `{"ids": ["...", "..."]}`. The id of a sweep stands for its trials
    that wait now. All others keep their places after them; only what is posted later with a higher priority than any
    that waits now comes before them, and where several owners wait, nothing. Those that have started or ended meanwhile
    are left out."""
    given = parse_reordering(parse_posted_document(body, syntax, '{"ids": ["01J..."]}')).ids
    ids = dict.fromkeys(chain.from_iterable(map(store.sweep_jobs.queued_as, given)))
    store.experiments.waiting.reorder(list(ids))
    return _view(store)


@router.post("/queue:pause", dependencies=[ADMIN])
def pause_queue(store: StoreDep) -> QueueView:
    """Start no other experiment until `:resume`, even after restarts. What runs continues; evaluations and conversions
    are not held back."""
    store.experiments.waiting.pause()
    return _view(store)


@router.post("/queue:resume", dependencies=[ADMIN])
def resume_queue(store: StoreDep) -> QueueView:
    """Start the experiments that wait again."""
    store.experiments.waiting.resume(store.training_jobs.wanted)
    return _view(store)


def _view(store: Store) -> QueueView:
    state = queue_state(store.experiments, store.queue)
    past, datasets = recent_runs(store.experiments), store.known_datasets()
    workers = [worker.name for worker in store.workers.consuming()]
    seconds = partial(estimate_seconds, past=past, datasets=datasets)
    items = store.wait_reasons.explain(state.items)
    # What an owner's limit holds back starts once another one of the owner ends.
    expected = [record for record in items if record.waits_because in (None, OWNER_HOLDS)]
    busy = activities([], store.datasets, store.evaluations)
    times = estimate_queue(state.running, expected, workers, seconds, busy)
    return QueueView(
        paused=state.paused,
        depth=state.depth,
        queued=state.queued,
        items=[QueuedExperiment.of(record, times.get(record.id, UNKNOWN)) for record in items],
        running=[QueuedExperiment.of(record, times.get(record.id, UNKNOWN)) for record in state.running],
    )
