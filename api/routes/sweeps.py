"""`/sweeps`: search for the best spec."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response

from analysis import plots
from analysis.estimates import estimate, recent_runs
from analysis.sweeps import SweepSummary, SweepView, view
from api import content, request_bodies
from api.access import READ, RUN, KeyDep, require_scope
from api.classroom import NO_TRIAL_BUDGETED
from api.dependencies import BodyDep, IdempotencyKey, PlotsDep, RegistryDep, StoreDep, SyntaxDep, judge
from api.ownership import OWN_SWEEP, OWN_TRIAL_PINS, Owner, WantedPrivacy, keyed_body
from api.schemas.sweeps import SweepList, SweepPlan, trials_csv
from api.wire.caching import ValidatorsDep, conditional
from api.wire.images import PlotFormat
from api.wire.posted_spec import parse_posted_document, parse_ready_spec
from models_store.connection import require_redis
from models_store.errors import Unavailable
from models_store.experiments.record import Record
from models_store.privacy import change_sweep, choose_privacy, named_datasets
from models_store.store import Store
from models_store.sweeps.record import SweepRecord
from models_store.sweeps.warm_start import prior_trials
from specs.access import KeyScope
from specs.experiment import ExperimentSpec
from specs.sweep import parse_sweep, preflight
from specs.sweep.edit import parse_sweep_edit

router = APIRouter(tags=["sweeps"])
_EXAMPLE = '{"trials": 20, "experiment": {...}}'
DryRun = Annotated[bool, Query(description="only check it, and show what it would do")]


@router.post(
    "/sweeps",
    status_code=HTTPStatus.ACCEPTED,
    response_model=SweepView,
    openapi_extra=request_bodies.SWEEP,
    responses={
        **content.QUEUED,
        200: {"model": SweepPlan, "description": "Checked, with `dry_run`.", **content.JUDGED[200]},
    },
    dependencies=[RUN, Depends(judge)],
)
def create_sweep(
    body: BodyDep,
    syntax: SyntaxDep,
    store: StoreDep,
    owner: Owner,
    key: KeyDep,
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
    private: WantedPrivacy = None,
) -> Response:
    """Start a sweep: trials of a spec in which `{"$search": ...}` stands in place of values. The body is JSON or YAML.

    The ends of every range and twenty random points are checked first. Points without a valid spec are counted and
    skipped; if all are invalid the sweep is rejected. Trials are ordinary experiments: `GET /experiments?sweep=ID`.
    `serve: best` needs a key with the scope `serve`, too.

    Once this has answered 202 the sweep is on disk and will run, even if any process dies.
    """
    sweep = parse_sweep(parse_posted_document(body, syntax, _EXAMPLE))
    if sweep.serve is not None:
        require_scope(key, KeyScope.SERVE, "`serve` pins a model, which")

    def parse(document: dict[str, Any]) -> ExperimentSpec:
        spec = parse_ready_spec(document, store)
        store.transfers.transferred_layers(spec, store.known_datasets())
        return spec

    checks, spec = preflight(sweep, parse)
    prior = prior_trials(sweep, store.sweeps)
    if dry_run:
        estimated = estimate(spec, recent_runs(store.experiments), store.known_datasets())
        return _json(SweepPlan.of(sweep, checks, estimated, len(prior)).model_dump_json())
    known = store.known_datasets()
    datasets = [each for each in named_datasets(sweep.experiment) if each in known]
    with store.datasets.keep(*datasets):
        is_private = choose_privacy(store, owner, private, datasets)
        keyed = keyed_body(body, private)
        record = store.sweeps.create(
            sweep, checks.checked, len(checks.infeasible), prior, idempotency_key, keyed, owner, is_private
        )
    return _json(_view(record, store).model_dump_json(), HTTPStatus.ACCEPTED, {"Location": f"/sweeps/{record.id}"})


def _json(text: str, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None) -> Response:
    return Response(text, status, headers, content.JSON)


@router.get("/sweeps", dependencies=[READ])
def list_sweeps(store: StoreDep) -> SweepList:
    """List all sweeps, newest first."""
    return SweepList(items=[SweepSummary.of(record) for record in store.sweeps.records()])


@router.get("/sweeps/{sweep_id}", response_model=SweepView, responses=content.or_not_modified({}), dependencies=[READ])
def get_sweep(sweep_id: str, store: StoreDep, validators: ValidatorsDep) -> Response:
    """Get a sweep: its best trial, the table of all trials, the best so far over time, the importance of each
    dimension, what is left of its budget, and when it will end."""
    return conditional(_view(store.sweeps.get(sweep_id), store).model_dump_json(), content.JSON, validators)


@router.get(
    "/sweeps/{sweep_id}/trials.csv",
    response_class=Response,
    responses=content.or_not_modified(content.text(content.CSV)),
    dependencies=[READ],
)
def get_trials_file(sweep_id: str, store: StoreDep, validators: ValidatorsDep) -> Response:
    """Get the table of trials as CSV, with a column for each dimension."""
    return conditional(trials_csv(_view(store.sweeps.get(sweep_id), store)), content.CSV, validators)


@router.get(
    "/sweeps/{sweep_id}/plots/{kind}.{image_format}",
    response_class=Response,
    responses=content.or_not_modified(content.PLOT),
    tags=["plots"],
    dependencies=[READ],
)
def plot_sweep(
    sweep_id: str,
    kind: Literal["history", "parallel", "slices", "contour", "importance"],
    image_format: PlotFormat,
    store: StoreDep,
    cached: PlotsDep,
) -> Response:
    """Plot the trials of a sweep in their order (`history`), a line for each through its values (`parallel`), the
    result by each dimension (`slices`) and by the two most important ones (`contour`), or the `importance` of each."""
    shown = _view(store.sweeps.get(sweep_id), store).model_copy(update={"forecast": None})
    return cached.respond(f"sweep-{kind}", image_format, shown, lambda: plots.sweep.sweep_figure(shown, kind))


@router.patch("/sweeps/{sweep_id}", openapi_extra=request_bodies.SWEEP_EDIT, dependencies=[RUN, OWN_SWEEP])
def edit_sweep(sweep_id: str, body: BodyDep, syntax: SyntaxDep, store: StoreDep) -> SweepView:
    """Change the budget of a sweep (`trials`, `minutes`, `parallel`), or pause it: trials that have started go on, no
    other starts. A sweep that has succeeded continues if it may start more trials. `private` is whether others may not
    see it, nor its trials. The body is a JSON merge patch."""
    changes = parse_sweep_edit(parse_posted_document(body, syntax, '{"paused": true}')).changes()
    private = changes.pop("private", None)
    return _view(change_sweep(store, sweep_id, changes, private), store)


@router.post("/sweeps/{sweep_id}:cancel", status_code=HTTPStatus.ACCEPTED, dependencies=[RUN, OWN_SWEEP])
def cancel_sweep(sweep_id: str, store: StoreDep) -> SweepView:
    """Cancel a sweep and its trials that have not ended; what has been trained is kept."""
    return _view(store.sweep_jobs.cancel(sweep_id), store)


@router.delete(
    "/sweeps/{sweep_id}",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=[RUN, OWN_SWEEP, OWN_TRIAL_PINS, NO_TRIAL_BUDGETED],
)
def delete_sweep(
    sweep_id: str,
    store: StoreDep,
    registry: RegistryDep,
    trials: Annotated[bool, Query(description="with the experiments of its trials")] = False,
    force: Annotated[bool, Query(description="also those that serve or are pinned, with their pins")] = False,
) -> None:
    """Delete a sweep that has ended. Its trials stay as experiments, unless `trials=true`: then all are deleted, or
    none if one of them runs again, counts in the budget of an assignment, or has weights that an unfinished experiment
    needs; if one serves or is pinned, `force=true` is needed, which also removes the pin."""
    if trials:
        for each in store.sweep_jobs.delete(sweep_id, registry.is_serving, force):
            if registry.is_serving(each):
                registry.forget(each)
        registry.refresh()
    else:
        store.sweeps.delete(sweep_id)


@router.post(
    "/sweeps/{sweep_id}/trials/{number}:resume", status_code=HTTPStatus.ACCEPTED, dependencies=[RUN, OWN_SWEEP]
)
def resume_trial(sweep_id: str, number: int, store: StoreDep) -> SweepView:
    """Train a trial to its end that was stopped early, failed or was cancelled, from its checkpoint. It is not stopped
    early again. A sweep that has succeeded continues until it has ended."""
    sweep = store.sweeps.get(sweep_id)
    datasets = store.sweep_jobs.datasets(sweep, number)
    with store.quotas.admit(sweep.owner), store.datasets.keep(*datasets):
        return _view(store.sweep_jobs.resume(sweep_id, number), store)


def _view(record: SweepRecord, store: Store) -> SweepView:
    ids = [trial.experiment_id for trial in record.open_trials if trial.experiment_id]
    return view(record, {each.id: each for each in _experiments(ids, store)})


def _experiments(ids: list[str], store: Store) -> list[Record]:
    """As far as they are shown: without Redis only the sweep's own record is known."""
    try:
        with require_redis():
            return store.experiments.index.get_many(ids)
    except Unavailable:
        return []
