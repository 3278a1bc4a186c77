"""Whose an experiment, a sweep, a dataset or a pin is: everybody may look at it unless it is private, its owner and
admins change it.

Routes that change one add a constant of this module behind the one of `api.access`.
"""

from typing import Annotated

from fastapi import Depends, Query, Request

from api.access import KeyDep, owner_of
from api.dependencies import ExperimentsDep, StoreDep
from models_store.access.key import Key
from models_store.errors import InvalidState, NotOwner
from models_store.models.pins import Pin
from models_store.store import Store
from specs.dataset import DATASETS


async def get_owner(request: Request) -> str | None:
    return owner_of(request.scope)


Owner = Annotated[str | None, Depends(get_owner)]
WantedPrivacy = Annotated[
    bool | None,
    Query(alias="private", description="whether others may not see it; default: as `GET /owners/me` says"),
]


def keyed_body(body: bytes, private: bool | None) -> bytes:
    """What an `Idempotency-Key` stands for: with another wish for privacy it is another request."""
    return body if private is None else body + f"?private={private}".encode()


async def require_key(key: KeyDep) -> Key:
    """Raises InvalidState where keys are not used."""
    if key is None:
        raise InvalidState(
            "this service asks for no keys: everybody who reaches it may do everything; start it with "
            "TRAINYARD_AUTH=keys to use them"
        )
    return key


OwnKey = Annotated[Key, Depends(require_key)]


def check_experiment(experiment_id: str, experiments: ExperimentsDep, store: StoreDep, key: KeyDep) -> None:
    """Also the owner's teacher: a run of a student may block the others, or an assignment."""
    if _may_be_rejected(key):
        _check(f"experiment {experiment_id}", experiments.get(experiment_id).owner, key, store)


def check_sweep(sweep_id: str, store: StoreDep, key: KeyDep) -> None:
    """Also the owner's teacher."""
    if _may_be_rejected(key):
        _check(f"sweep {sweep_id}", store.sweeps.get(sweep_id).owner, key, store)


def check_dataset(name: str, store: StoreDep, key: KeyDep) -> None:
    """Built-in datasets are nobody's."""
    if _may_be_rejected(key) and name not in DATASETS:
        _check(f"dataset {name}", store.datasets.get(name).owner, key)


def check_pin(dataset: str, store: StoreDep, key: KeyDep) -> None:
    _check_pins([dataset], store, key)


def check_pin_of_experiment(experiment_id: str, store: StoreDep, key: KeyDep) -> None:
    """The pin of its dataset."""
    if _may_be_rejected(key):
        _check_pins([store.experiments.get(experiment_id).dataset], store, key)


def check_pins_of_experiment(experiment_id: str, store: StoreDep, key: KeyDep, force: bool = False) -> None:
    """With `force`, deleting an experiment removes its pins."""
    if force and _may_be_rejected(key):
        _check_pins(store.experiments.pins.datasets_of(experiment_id), store, key)


def check_pins_of_sweep(sweep_id: str, store: StoreDep, key: KeyDep, trials: bool = False, force: bool = False) -> None:
    """With `force`, deleting a sweep with its trials removes their pins."""
    if trials and force and _may_be_rejected(key):
        ids = [trial.experiment_id for trial in store.sweeps.get(sweep_id).trials if trial.experiment_id]
        _check_pins([dataset for each in ids for dataset in store.experiments.pins.datasets_of(each)], store, key)


OWN_EXPERIMENT, OWN_SWEEP, OWN_DATASET = Depends(check_experiment), Depends(check_sweep), Depends(check_dataset)
OWN_PIN, OWN_PINS = Depends(check_pin), Depends(check_pins_of_experiment)
OWN_PIN_OF_EXPERIMENT = Depends(check_pin_of_experiment)
OWN_TRIAL_PINS = Depends(check_pins_of_sweep)


def _check_pins(datasets: list[str], store: Store, key: Key | None) -> None:
    if _may_be_rejected(key):
        pins = store.models.pins()
        for dataset in datasets:
            if isinstance(pin := pins.get(dataset), Pin):
                _check(f"the pin of {dataset}", pin.owner, key)


def _may_be_rejected(key: Key | None) -> bool:
    return key is not None and not key.is_admin


def may_change(owner: str | None, key: Key | None, store: Store | None = None) -> bool:
    """Whether a key may change what belongs to `owner`. What has no owner, as everything from before there were keys,
    may be changed by everybody; with `store` also by the owner's teacher."""
    if key is None or key.is_admin or owner in (None, key.owner):
        return True
    return store is not None and store.classes.teaches(key.owner, owner or "")


def _check(what: str, owner: str | None, key: Key | None, store: Store | None = None) -> None:
    """Raises NotOwner."""
    if key is not None and not may_change(owner, key, store):
        raise NotOwner(f"{what} belongs to {owner}, and this key to {key.owner}; only its owner and admins change it")
