"""`/experiments`: create, validate, show, edit, stop, cancel, retry, reproduce, delete. `/presets`: specs to use."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response

from analysis.comparison.reproduction import check_reproducible
from analysis.estimates import recent_runs
from analysis.groups import GroupView, group_view
from analysis.validation import Validation, validate
from api import content, request_bodies
from api.access import READ, RUN
from api.classroom import NOT_BUDGETED
from api.dependencies import BodyDep, ExperimentsDep, IdempotencyKey, RegistryDep, StoreDep, SyntaxDep, judge
from api.ownership import OWN_EXPERIMENT, OWN_PINS, Owner, WantedPrivacy, keyed_body
from api.schemas.presets import PresetList, preset_list
from api.wire.caching import ValidatorsDep, cache_headers, not_modified
from api.wire.posted_spec import parse_posted_document, parse_posted_spec
from api.wire.record_etags import check_unedited, record_etag
from models_store.experiments.record import Record
from models_store.privacy import check_experiment, choose_privacy
from specs import limits
from specs.continuation import reject_repeated_continuation
from specs.derived_name import reproduced_name
from specs.edit import parse_edit
from specs.experiment import parse_spec

router = APIRouter(tags=["experiments"])
Repeats = Annotated[
    int | None, Query(ge=2, le=limits.REPEATS, description="train it so many times, with consecutive seeds")
]
IfMatch = Annotated[str | None, Header(description="the ETag of the record as it was read")]
Priority = Annotated[
    int,
    Query(
        ge=-limits.PRIORITY, le=limits.PRIORITY, description="of what waits of an owner, the highest one starts first"
    ),
]


@router.post(
    "/experiments",
    status_code=HTTPStatus.ACCEPTED,
    response_model=Record | GroupView,
    openapi_extra=request_bodies.SPEC,
    responses=content.QUEUED,
    dependencies=[RUN],
)
def create_experiment(
    body: BodyDep,
    syntax: SyntaxDep,
    store: StoreDep,
    owner: Owner,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    priority: Priority = 0,
    repeats: Repeats = None,
    private: WantedPrivacy = None,
) -> Record | GroupView:
    """Queue an experiment. The body is a spec, as JSON or YAML; `GET /presets` has some to start from.

    As `application/merge-patch+json` (RFC 7396) it is a change to the spec of the experiment `based_on`: null removes a
    field, and so restores its default; a list replaces the list that was there.

    `continue_from` continues where that experiment has ended, with its weights, optimizer, callbacks and history.
    What the body leaves out is then as it was there; `training.epochs` counts from the beginning.

    With `repeats` it is trained so many times, with consecutive seeds from `training.seed` on; the answer is the group.

    What is `private` is there for its owner, their teacher and admins alone.

    Once this has answered 202 the experiment is on disk and will run, even if any process dies.
    """
    spec, keyed = parse_posted_spec(body, syntax, store), keyed_body(body, private)
    with (
        store.quotas.admit(owner, repeats or 1, idempotency_key),
        store.datasets.keep(*spec.dataset.names),
        store.transfers.keep(spec, store.known_datasets()) as transferred_layers,
        store.continuations.keep(spec, store.known_datasets()) as state,
    ):
        is_private = choose_privacy(store, owner, private, spec.dataset.names)
        if repeats is not None:
            reject_repeated_continuation(spec)
            created = store.groups.create(
                spec, repeats, idempotency_key, keyed, transferred_layers, priority, owner, is_private
            )
            group = group_view(created)
            response.headers["Location"] = f"/groups/{group.id}"
            return group
        record = store.experiments.create(
            spec,
            idempotency_key,
            keyed,
            transferred_layers,
            priority=priority,
            state=state,
            owner=owner,
            private=is_private,
        )
    response.headers["Location"] = f"/experiments/{record.id}"
    return record


@router.post(
    "/experiments:validate",
    openapi_extra=request_bodies.SPEC,
    responses=content.JUDGED,
    dependencies=[READ, Depends(judge)],
)
def validate_experiment(body: BodyDep, syntax: SyntaxDep, store: StoreDep) -> Validation:
    """Check a spec without queueing it. The answer has its layers with their output shapes and parameters, steps per
    epoch, estimated time and memory, the curve of the learning rate, the layers that start with weights of another
    experiment, warnings, and the spec with all defaults filled in.

    With `judge` a rejected spec is answered with 200 and `application/problem+json`, for what asks while somebody
    writes: browsers report other statuses as errors."""
    spec, known = parse_posted_spec(body, syntax, store), store.known_datasets()
    transferred_layers = store.transfers.transferred_layers(spec, known)
    state = store.continuations.state(spec, known)
    return validate(spec, transferred_layers, recent_runs(store.experiments), known, state.epoch if state else 0)


@router.get("/presets", dependencies=[READ])
def list_presets() -> PresetList:
    """List experiments to start from: `POST` a preset's `spec` as it is, or changed."""
    return preset_list()


@router.get(
    "/experiments/{experiment_id}", response_model=Record, responses=content.or_not_modified({}), dependencies=[READ]
)
def get_experiment(experiment_id: str, store: StoreDep, validators: ValidatorsDep) -> Response:
    """Get the record of an experiment: spec, status, attempts, position in the queue and what keeps it there, progress,
    best epoch, times, error."""
    [record] = store.wait_reasons.explain([store.experiments.get(experiment_id)])
    etag = record_etag(record)
    if validators.match(etag):
        return not_modified(etag)
    return Response(record.model_dump_json(), media_type=content.JSON, headers=cache_headers(etag))


@router.patch(
    "/experiments/{experiment_id}",
    response_model=Record,
    openapi_extra=request_bodies.EDIT,
    dependencies=[RUN, OWN_EXPERIMENT],
)
def edit_experiment(
    experiment_id: str, body: BodyDep, syntax: SyntaxDep, store: StoreDep, if_match: IfMatch = None
) -> Response:
    """Edit the name, notes, tags, star or priority of an experiment, whatever its status, and whether it is private.
    The body is a JSON merge patch (RFC 7396): what is left out stays, null restores what was posted; `spec` keeps that.

    Trials are private as their sweep is, and experiments on a private dataset are. What is pinned stays public.

    With `If-Match` and the ETag of the record as it was read, the edit is rejected (412) if somebody else has edited
    the experiment since; what a training changes does not matter.
    """
    changes = parse_edit(parse_posted_document(body, syntax, '{"star": true}')).changes()

    def check(record: Record) -> None:
        check_unedited(if_match, record)
        if "private" in changes:
            check_experiment(store, record, changes["private"])

    record = store.experiments.edit(experiment_id, changes, check)
    return Response(record.model_dump_json(), media_type=content.JSON, headers=cache_headers(record_etag(record)))


@router.post("/experiments/{experiment_id}:cancel", status_code=HTTPStatus.ACCEPTED, dependencies=[RUN, OWN_EXPERIMENT])
def cancel_experiment(experiment_id: str, experiments: ExperimentsDep) -> Record:
    """Cancel an experiment: a queued one at once, a running one after its current batch. History and checkpoint are
    kept."""
    return experiments.cancel(experiment_id)


@router.post("/experiments/{experiment_id}:stop", status_code=HTTPStatus.ACCEPTED, dependencies=[RUN, OWN_EXPERIMENT])
def stop_experiment(experiment_id: str, experiments: ExperimentsDep) -> Record:
    """Stop a training early and publish what it has learnt, as `training.keep` says: after its current batch, or at the
    end of its first epoch. It is then evaluated and `succeeded`, with the `stop_reason` stopped."""
    return experiments.stop(experiment_id)


@router.post("/experiments/{experiment_id}:retry", status_code=HTTPStatus.ACCEPTED, dependencies=[RUN, OWN_EXPERIMENT])
def retry_experiment(experiment_id: str, store: StoreDep) -> Record:
    """Run a failed or cancelled experiment again: it is queued once more, with all its attempts, and resumes from its
    last checkpoint if there is one. A trial rejoins its sweep, if that has not failed and was not cancelled."""
    record = store.experiments.get(experiment_id)
    with store.quotas.admit(record.owner), store.datasets.keep(record.dataset, *record.spec.dataset.added_names):
        return store.sweep_jobs.retry(record)


@router.post("/experiments/{experiment_id}:reproduce", status_code=HTTPStatus.ACCEPTED, dependencies=[RUN])
def reproduce_experiment(
    experiment_id: str, store: StoreDep, owner: Owner, response: Response, private: WantedPrivacy = None
) -> Record:
    """Run a succeeded experiment again, with the same spec and seed, as `<name> · reproduced`. `GET
    /experiments/{id}/reproduction` of the new one then compares both. It is private if that is."""
    original = store.experiments.get(experiment_id)
    check_reproducible(original)
    changes = {"name": reproduced_name(original.name), "based_on": original.id}
    spec = parse_spec({**original.spec.document, **changes}, store.known_datasets())
    wanted = (original.private or None) if private is None else private
    with (
        store.quotas.admit(owner),
        store.datasets.keep(*spec.dataset.names),
        store.transfers.keep(spec, store.known_datasets()) as transferred_layers,
        store.continuations.keep(spec, store.known_datasets()) as state,
    ):
        record = store.experiments.create(
            spec,
            transferred_layers=transferred_layers,
            reproduces=original.id,
            state=state,
            owner=owner,
            private=choose_privacy(store, owner, wanted, spec.dataset.names),
        )
    response.headers["Location"] = f"/experiments/{record.id}"
    return record


@router.delete(
    "/experiments/{experiment_id}/state", status_code=HTTPStatus.NO_CONTENT, dependencies=[RUN, OWN_EXPERIMENT]
)
def delete_state(experiment_id: str, store: StoreDep) -> None:
    """Delete the training state of an experiment that has ended, to save disk space; its model, results and history
    stay. It cannot be continued then, and starts from the beginning if it is retried. Experiments that continue it have
    the state as their own."""
    store.continuations.remove_state(experiment_id)


@router.delete(
    "/experiments/{experiment_id}",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=[RUN, OWN_EXPERIMENT, OWN_PINS, NOT_BUDGETED],
)
def delete_experiment(
    experiment_id: str, experiments: ExperimentsDep, registry: RegistryDep, force: bool = False
) -> None:
    """Delete an experiment with all its files. Rejected while it runs, and while an experiment that starts with its
    weights is queued or runs, and while it counts in the budget of an assignment; while it serves or is pinned,
    `force=true` is needed, which also removes the pin."""
    experiments.delete(experiment_id, serving=registry.is_serving(experiment_id), force=force)
    registry.forget(experiment_id)
