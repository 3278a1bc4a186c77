"""`/experiments`: post, validate, list, look at, follow, cancel, delete."""

import csv
import io
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel
from starlette.responses import JSONResponse, PlainTextResponse

from analysis.estimates import recent_runs
from analysis.validation import Validation, validate
from api.dependencies import SPEC_BYTES, BodyDep, ExperimentsDep, RegistryDep, StoreDep, SyntaxDep
from api.schemas import content
from api.schemas.presets import PresetList, preset_list
from api.wire.spec_document import Syntax, posted_document
from models_store.experiments.history import HISTORY_FILE
from models_store.experiments.pages import Page
from models_store.experiments.pages import Query as PageQuery
from models_store.experiments.record import Best, Point, Record
from models_store.store import Store
from specs.experiment import ExperimentSpec, parse_spec

router = APIRouter(tags=["experiments"])
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="The same key and body give the same experiment, for a day."),
]


@router.post(
    "/experiments",
    status_code=HTTPStatus.ACCEPTED,
    response_model=Record,
    max_body_size=SPEC_BYTES,
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
    """Queue an experiment. The body is a spec, as JSON or YAML; GET /presets has some to start from.

    As `application/merge-patch+json` (RFC 7396) it is what changes in the spec of the experiment `based_on`: null
    removes a field, and so brings back its default; a list replaces the list that was there.

    Once this has answered 202 the experiment is on disk and will run, whatever dies.
    """
    spec = posted_spec(body, syntax, store)
    with (
        store.datasets.kept(spec.dataset.name),
        store.transfers.kept(spec, store.known_datasets()) as transferred_layers,
    ):
        record = store.experiments.create(spec, idempotency_key, body, transferred_layers)
    response.headers["Location"] = f"/experiments/{record.id}"
    return record


def posted_spec(body: bytes, syntax: Syntax | None, store: Store) -> ExperimentSpec:
    """With the datasets that there are now; one that is still converted is not unknown, but not ready."""
    document = posted_document(body, syntax, store.experiments)
    dataset = document.get("dataset")
    if isinstance(dataset, dict) and isinstance(dataset.get("name"), str):
        store.datasets.reject_unready(dataset["name"])
    return parse_spec(document, store.known_datasets())


@router.post(
    "/experiments:validate",
    max_body_size=SPEC_BYTES,
    openapi_extra=content.SPEC_BODY,
)
def validate_experiment(body: BodyDep, syntax: SyntaxDep, store: StoreDep) -> Validation:
    """Check a spec without queueing it. The answer has its layers with their output shapes and parameters, steps per
    epoch, estimated time and memory, the curve of the learning rate, the layers that start with weights of another
    experiment, warnings, and the spec with all defaults filled in."""
    spec, known = posted_spec(body, syntax, store), store.known_datasets()
    transferred_layers = store.transfers.transferred_layers(spec, known)
    return validate(spec, transferred_layers, recent_runs(store.experiments), known)


@router.get("/presets")
def list_presets() -> PresetList:
    """List experiments to start from: `POST` a preset's `spec` as it is, or changed."""
    return preset_list()


@router.get("/experiments", response_model=Page)
def list_experiments(query: Annotated[PageQuery, Query()], experiments: ExperimentsDep, request: Request) -> Response:
    """One page of experiments, newest first unless `sort` says otherwise. `next_cursor` leads to the next page."""
    page = experiments.page(query)
    headers = {}
    if page.next_cursor:
        following = request.url.include_query_params(cursor=page.next_cursor)
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return Response(page.model_dump_json(), media_type="application/json", headers=headers)


@router.get("/experiments/{experiment_id}")
def get_experiment(experiment_id: str, experiments: ExperimentsDep) -> Record:
    """The record: spec, status, attempts, place in the queue, progress, best epoch, times, error."""
    return experiments.get(experiment_id)


class History(BaseModel):
    """As Keras's `History`: metric name to its values by epoch; null where a value was not finite."""

    epoch: list[int]
    history: dict[str, list[float | None]]
    best: Best | None
    damaged: bool = False


@router.get(
    "/experiments/{experiment_id}/history",
    response_model=History,
    responses=content.text(content.CSV),
)
def get_history(
    experiment_id: str,
    experiments: ExperimentsDep,
    since: Annotated[int, Query(ge=-1, description="only epochs after this one, counted from 0")] = -1,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """All metrics, epoch by epoch. `Accept: text/csv` gives CSV."""
    record = experiments.get(experiment_id)
    history = experiments.history(experiment_id, since)
    if "text/csv" in accept:
        return PlainTextResponse(_as_csv(history.points), media_type="text/csv")
    found = History(
        epoch=history.epoch,
        history=history.metrics,
        best=record.best,
        damaged=history.damaged or HISTORY_FILE in record.damaged,
    )
    return JSONResponse(found.model_dump())


def _as_csv(points: Sequence[Point]) -> str:
    names = list(dict.fromkeys(name for point in points for name in point.metrics))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", *names])
    writer.writerows([point.epoch, *(point.metrics.get(name) for name in names)] for point in points)
    return text.getvalue()


@router.post(
    "/experiments/{experiment_id}:cancel",
    status_code=HTTPStatus.ACCEPTED,
)
def cancel_experiment(experiment_id: str, experiments: ExperimentsDep) -> Record:
    """Cancel. What waits is cancelled at once, what runs at the next batch; history and checkpoint stay."""
    return experiments.cancel(experiment_id)


@router.delete("/experiments/{experiment_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_experiment(
    experiment_id: str, experiments: ExperimentsDep, registry: RegistryDep, force: bool = False
) -> None:
    """Delete it with all its files. Rejected while it runs, and while one that begins with its weights waits or runs;
    while it serves or is pinned, only with `force=true`, and its pin goes with it."""
    experiments.delete(experiment_id, serving=registry.is_serving(experiment_id), force=force)
    registry.forget(experiment_id)
