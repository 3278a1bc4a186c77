"""`/experiments:prune`: remove what has ended and is too old, too many or too large."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import ADMIN
from api.dependencies import RegistryDep, StoreDep
from api.wire.bad_request import BadQuery
from models_store.retention import Pruning, Retention, prune, prune_states
from specs.problem import Problem

router = APIRouter(tags=["experiments"])


@router.post("/experiments:prune", dependencies=[ADMIN])
def prune_experiments(
    store: StoreDep,
    registry: RegistryDep,
    older_than_days: Annotated[float | None, Query(ge=0, description="that ended longer ago")] = None,
    keep_newest: Annotated[int | None, Query(ge=0, description="beyond so many that ended last")] = None,
    max_bytes: Annotated[int | None, Query(ge=0, description="the oldest, while all take more bytes")] = None,
    states_only: Annotated[bool, Query(description="only what a training continues from")] = False,
    dry_run: Annotated[bool, Query(description="remove nothing; answer what would be removed")] = False,
) -> Pruning:
    """Delete experiments that have ended and are too old, too many or too large; at least one limit is needed. Those
    that have a star, serve, are pinned or needed, or count in the budget of an assignment are kept, and listed with the
    reason.

    With `states_only` the limits are those of the training states (`training.keep_state`), and the experiments stay:
    only `continue_from` them is no longer possible."""
    limits = Retention(older_than_days, keep_newest, max_bytes)
    if limits == Retention():
        detail = "no limit is given: nothing would be removed; give `older_than_days`, `keep_newest` or `max_bytes`"
        raise BadQuery.of([Problem(pointer="/query", detail=detail)])
    if states_only:
        return prune_states(store, limits, dry_run=dry_run)
    pruning = prune(store, limits, registry.is_serving, dry_run=dry_run)
    if pruning.removed and not dry_run:
        registry.refresh()
    return pruning
