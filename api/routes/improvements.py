"""Fine-tuning what serves a dataset, with corrections: `POST /datasets/{name}:improve`, and what is decided of it."""

from contextlib import suppress
from http import HTTPStatus

from fastapi import APIRouter, Response

from api import content, request_bodies
from api.access import RUN, SERVE, KeyDep, require_scope
from api.dependencies import BodyDep, IdempotencyKey, ImprovementsDep, RegistryDep, StoreDep, SyntaxDep
from api.improvements import Improvements
from api.ownership import OWN_PIN_OF_EXPERIMENT, Owner, WantedPrivacy, check_pin, keyed_body
from api.wire.posted_spec import parse_posted_document, parse_ready_spec
from models_store.access.key import Key
from models_store.errors import Forbidden, InvalidState, NotFound
from models_store.experiments.idempotency import IdempotencyKeys
from models_store.experiments.improvement import Improvement
from models_store.experiments.record import Record
from models_store.privacy import choose_privacy
from models_store.store import Store
from models_store.visibility import Privacy
from specs.access import KeyScope
from specs.dataset import CORRECTIONS_SUFFIX, Dataset, unknown_dataset
from specs.improvement import Promote, parse_improvement, pointing_at_wishes

router = APIRouter(tags=["models"])


@router.post(
    "/datasets/{name}:improve",
    status_code=HTTPStatus.ACCEPTED,
    openapi_extra=request_bodies.IMPROVEMENT,
    responses=content.QUEUED,
    dependencies=[RUN],
)
def improve_model(
    name: str,
    body: BodyDep,
    syntax: SyntaxDep,
    store: StoreDep,
    registry: RegistryDep,
    improvements: ImprovementsDep,
    owner: Owner,
    key: KeyDep,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    private: WantedPrivacy = None,
) -> Record:
    """Fine-tune the model that serves a dataset, with the corrections of that dataset in the training split. The body
    may be empty.

    Once trained it is compared with what serves then, on the same test samples (McNemar's test, and an interval), or on
    the validation split while test results are hidden. It is rejected if it is worse beyond the interval. Otherwise it
    is pinned by itself, with `promote: automatic`, or with `on_approval` waits for `POST /experiments/{id}:promote` or
    `:decline`. `improvement` of the experiment has all that. Before it is promoted it serves only those who ask for it
    by its id, even if it is the best.

    `automatic` needs the scope `serve` as well.
    """
    known = store.known_datasets()
    if name not in known:
        raise NotFound(unknown_dataset(name, known))
    made = _made_before(name, body, private, store, owner, idempotency_key)
    if made is not None:
        response.headers["Location"] = f"/experiments/{made.id}"
        return made
    _reject_numbers(known[name])
    wanted = parse_improvement(parse_posted_document(body, syntax, "{promote: automatic}") if body else {}, known)
    promote = _promotion(name, wanted.promote, store, key)
    baseline = registry.get(name, None).record
    corrections = name + CORRECTIONS_SUFFIX
    if wanted.add is None and not (corrections in known and any(known[corrections].training_counts)):
        raise InvalidState(
            f"no label of {name} was corrected yet: label a prediction (POST /predictions/{{id}}/label) or a sample of "
            'an experiment first, or name other datasets: {"add": [...]}'
        )
    document = wanted.document(store.experiments.get(baseline.id).spec.document, baseline.id, corrections, known)
    with pointing_at_wishes(wanted):
        spec = parse_ready_spec(document, store)
    with (
        store.quotas.admit(owner, 1, idempotency_key),
        store.datasets.keep(*spec.dataset.names),
        store.transfers.keep(spec, known) as transferred_layers,
    ):
        # Under the lock of the baseline, whose weights are kept: of two of an owner at once one is made.
        _reject_repeated(baseline, improvements, store.experiments.idempotency, idempotency_key, owner)
        is_private = choose_privacy(store, owner, private, spec.dataset.names)
        _reject_private(name, Privacy(is_private, owner), store)
        record = store.experiments.create(
            spec,
            idempotency_key,
            _keyed_body(name, body, private),
            transferred_layers,
            improvement=Improvement(baseline=baseline.id, promote=promote, by_token=_is_token(key)),
            owner=owner,
            private=is_private,
        )
    response.headers["Location"] = f"/experiments/{record.id}"
    return record


@router.post("/experiments/{experiment_id}:promote", dependencies=[SERVE, OWN_PIN_OF_EXPERIMENT])
def promote_improvement(
    experiment_id: str, improvements: ImprovementsDep, store: StoreDep, owner: Owner, key: KeyDep
) -> Record:
    """Have a fine-tuned model serve its dataset: one that waits for approval, or that was rejected or declined. It is
    pinned, and who decided that, and when, is in `improvement`. Rejected with 409 before it was checked."""
    return improvements.promote(experiment_id, owner, lambda dataset: check_pin(dataset, store, key))


@router.post("/experiments/{experiment_id}:decline", dependencies=[SERVE, OWN_PIN_OF_EXPERIMENT])
def decline_improvement(experiment_id: str, improvements: ImprovementsDep, owner: Owner) -> Record:
    """Decide against a fine-tuned model that waits for approval. What serves stays as it is."""
    return improvements.decline(experiment_id, owner)


def _promotion(name: str, wanted: Promote | None, store: Store, key: Key | None) -> Promote:
    """By itself needs the right to choose what serves. Raises Forbidden."""
    if wanted == "on_approval":
        return wanted
    with suppress(*([] if wanted == "automatic" else [Forbidden])):
        require_scope(key, KeyScope.SERVE, "promoting a model by itself")
        check_pin(name, store, key)
        return "automatic"
    return "on_approval"


def _is_token(key: Key | None) -> bool:
    """Whether it is one of an identity provider."""
    return key is not None and not key.is_stored


def _keyed_body(name: str, body: bytes, private: bool | None) -> bytes:
    return keyed_body(f"{name}:".encode() + body, private)


def _made_before(
    name: str, body: bytes, private: bool | None, store: Store, owner: str | None, idempotency_key: str | None
) -> Record | None:
    """What the same request has made, also if something else serves since. Raises IdempotencyMismatch if the key came
    with another one."""
    keys = store.experiments.idempotency
    made = None if idempotency_key is None else keys.reserved(idempotency_key, owner)
    if idempotency_key is None or made is None or not store.experiments.folder(made).is_dir():
        return None
    made = keys.reserve(idempotency_key, _keyed_body(name, body, private), made, owner)
    return store.experiments.holdout.shown(store.experiments.read(made))


def _reject_repeated(
    baseline: Record,
    improvements: Improvements,
    keys: IdempotencyKeys,
    idempotency_key: str | None,
    owner: str | None,
) -> None:
    """Raises InvalidState if the same is being done already for this owner, unless by this very request. What others
    do, and may let wait for ever, keeps nobody from it: each is compared with what serves at its end."""
    made = None if idempotency_key is None else keys.reserved(idempotency_key, owner)
    for each in improvements.unfinished(baseline.id):
        if each.owner == owner and each.id != made:
            raise InvalidState(
                f"experiment {each.id} is improving this model already, and is {each.status}; wait for its end, or "
                f"cancel it: POST /experiments/{each.id}:cancel"
            )


def _reject_numbers(dataset: Dataset) -> None:
    """Raises InvalidState if no predictions of it are ever labeled."""
    if not dataset.has_images:
        raise InvalidState(
            f"models of {dataset.name} take numbers, and labels are collected of images alone: only a model that takes "
            "images can be improved; train one on more samples with POST /experiments"
        )


def _reject_private(name: str, privacy: Privacy, store: Store) -> None:
    """Raises InvalidState if it could never serve."""
    if privacy.private and privacy != store.datasets.privacy(name):
        raise InvalidState(
            f"this experiment would be private, and {name} is not, so that it could not serve others; add "
            "?private=false, and only datasets that are not private"
        )
