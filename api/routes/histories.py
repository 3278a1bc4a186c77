"""`/experiments/{id}/history`: all metrics, epoch by epoch."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Response

from api import content
from api.access import READ
from api.dependencies import ExperimentsDep
from api.schemas.history import METRICS, HistoryView, history_csv
from api.wire.caching import Validators, ValidatorsDep, conditional
from api.wire.negotiation import negotiate
from models_store.experiments.store import ExperimentStore

router = APIRouter(tags=["experiments"])
Since = Annotated[int, Query(ge=-1, description="only epochs after this one, counted from 0")]


@router.get(
    "/experiments/{experiment_id}/history",
    response_model=HistoryView,
    responses=content.or_not_modified(content.text(content.CSV)),
    dependencies=[READ],
)
def get_history(
    experiment_id: str,
    experiments: ExperimentsDep,
    validators: ValidatorsDep,
    since: Since = -1,
    accept: Annotated[list[str] | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Get all metrics, epoch by epoch. `Accept: text/csv` gives CSV."""
    media_type, headers = negotiate(",".join(accept or ()), [content.JSON, content.CSV])
    return _history_response(experiment_id, since, experiments, validators, media_type, headers)


@router.get(
    "/experiments/{experiment_id}/history.{history_format}",
    response_model=HistoryView,
    responses=content.or_not_modified(content.text(content.CSV)),
    dependencies=[READ],
)
def get_history_file(
    experiment_id: str,
    history_format: Literal["json", "csv"],
    experiments: ExperimentsDep,
    validators: ValidatorsDep,
    since: Since = -1,
) -> Response:
    """Get all metrics, epoch by epoch, in the format of the suffix."""
    media_type = content.CSV if history_format == "csv" else content.JSON
    return _history_response(experiment_id, since, experiments, validators, media_type)


def _history_response(
    experiment_id: str,
    since: int,
    experiments: ExperimentStore,
    validators: Validators,
    media_type: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    record = experiments.get(experiment_id)
    history = experiments.history(experiment_id, since)
    # Where no epoch is new, the metrics are those of the last one.
    names = list(history.metrics or record.last_metrics) or METRICS
    if media_type == content.CSV:
        return conditional(history_csv(history, names), media_type, validators, headers)
    view = HistoryView.of(record, history, names)
    return conditional(view.model_dump_json(), media_type, validators, headers)
