"""`/experiments`: create, validate, list, show, cancel, delete. `/presets`: experiments to start from."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response

from analysis.estimates import recent_runs
from analysis.validation import Validation, validate
from api import content
from api.dependencies import BodyDep, ExperimentsDep, RegistryDep, StoreDep, SyntaxDep
from api.schemas.history import METRICS, HistoryView, history_csv
from api.schemas.presets import PresetList, preset_list
from api.wire.negotiation import negotiate
from api.wire.posted_spec import parse_posted_spec
from models_store.experiments.pages import Page
from models_store.experiments.pages import Query as PageQuery
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore

router = APIRouter(tags=["experiments"])
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="the same key and body give the same experiment, for a day"),
]
Since = Annotated[int, Query(ge=-1, description="only epochs after this one, counted from 0")]


@router.post(
    "/experiments",
    status_code=HTTPStatus.ACCEPTED,
    response_model=Record,
    openapi_extra=content.SPEC_BODY,
    responses=content.QUEUED,
)
def create_experiment(
    body: BodyDep,
    syntax: SyntaxDep,
    store: StoreDep,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Record:
    """Queue an experiment. The body is a spec, as JSON or YAML; `GET /presets` has some to start from.

    As `application/merge-patch+json` (RFC 7396) it is a change to the spec of the experiment `based_on`: null removes a
    field, and so restores its default; a list replaces the list that was there.

    Once this has answered 202 the experiment is on disk and will run, even if any process dies.
    """
    spec = parse_posted_spec(body, syntax, store)
    with (
        store.datasets.keep(*spec.dataset.names),
        store.transfers.keep(spec, store.known_datasets()) as transferred_layers,
    ):
        record = store.experiments.create(spec, idempotency_key, body, transferred_layers)
    response.headers["Location"] = f"/experiments/{record.id}"
    return record


@router.post("/experiments:validate", openapi_extra=content.SPEC_BODY)
def validate_experiment(body: BodyDep, syntax: SyntaxDep, store: StoreDep) -> Validation:
    """Check a spec without queueing it. The answer has its layers with their output shapes and parameters, steps per
    epoch, estimated time and memory, the curve of the learning rate, the layers that start with weights of another
    experiment, warnings, and the spec with all defaults filled in."""
    spec, known = parse_posted_spec(body, syntax, store), store.known_datasets()
    transferred_layers = store.transfers.transferred_layers(spec, known)
    return validate(spec, transferred_layers, recent_runs(store.experiments), known)


@router.get("/presets")
def list_presets() -> PresetList:
    """List experiments to start from: `POST` a preset's `spec` as it is, or changed."""
    return preset_list()


@router.get("/experiments", response_model=Page)
def list_experiments(query: Annotated[PageQuery, Query()], experiments: ExperimentsDep, request: Request) -> Response:
    """List a page of experiments, newest first unless `sort` says otherwise. `next_cursor`, and the header `Link`, lead
    to the next page."""
    page = experiments.page(query)
    headers = {}
    if page.next_cursor:
        following = request.url.include_query_params(cursor=page.next_cursor)
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return Response(page.model_dump_json(), media_type="application/json", headers=headers)


@router.get("/experiments/{experiment_id}")
def get_experiment(experiment_id: str, experiments: ExperimentsDep) -> Record:
    """Get the record of an experiment: spec, status, attempts, position in the queue, progress, best epoch, times,
    error."""
    return experiments.get(experiment_id)


@router.get(
    "/experiments/{experiment_id}/history",
    response_model=HistoryView,
    responses=content.text(content.CSV),
)
def get_history(
    experiment_id: str,
    experiments: ExperimentsDep,
    since: Since = -1,
    accept: Annotated[list[str] | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Get all metrics, epoch by epoch. `Accept: text/csv` gives CSV."""
    media_type, headers = negotiate(",".join(accept or ()), [content.JSON, content.CSV])
    return _history_response(experiment_id, since, experiments, media_type, headers)


@router.get(
    "/experiments/{experiment_id}/history.{history_format}",
    response_model=HistoryView,
    responses=content.text(content.CSV),
)
def get_history_file(
    experiment_id: str, history_format: Literal["json", "csv"], experiments: ExperimentsDep, since: Since = -1
) -> Response:
    """Get all metrics, epoch by epoch, in the format of the suffix."""
    media_type = content.CSV if history_format == "csv" else content.JSON
    return _history_response(experiment_id, since, experiments, media_type)


def _history_response(
    experiment_id: str,
    since: int,
    experiments: ExperimentStore,
    media_type: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    record = experiments.get(experiment_id)
    history = experiments.history(experiment_id, since)
    # Where no epoch is new, the metrics are those of the epochs before.
    names = list(history.metrics or experiments.history(experiment_id).metrics) or METRICS
    if media_type == content.CSV:
        return Response(history_csv(history, names), media_type=media_type, headers=headers)
    view = HistoryView.of(record, history, names)
    return Response(view.model_dump_json(), media_type=media_type, headers=headers)


@router.post("/experiments/{experiment_id}:cancel", status_code=HTTPStatus.ACCEPTED)
def cancel_experiment(experiment_id: str, experiments: ExperimentsDep) -> Record:
    """Cancel an experiment: a queued one at once, a running one after its current batch. History and checkpoint are
    kept."""
    return experiments.cancel(experiment_id)


@router.delete("/experiments/{experiment_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_experiment(
    experiment_id: str, experiments: ExperimentsDep, registry: RegistryDep, force: bool = False
) -> None:
    """Delete an experiment with all its files. Rejected while it runs, and while an experiment that starts with its
    weights is queued or runs; while it serves or is pinned, `force=true` is needed, which also removes the pin."""
    experiments.delete(experiment_id, serving=registry.is_serving(experiment_id), force=force)
    registry.forget(experiment_id)
