"""A run, a sweep with a trial, and a dataset that are private to somebody, and nobody has trained or searched."""

from ulid import ULID

from models_store.experiments.places import TrialId
from models_store.store import Store
from settings import Settings
from specs.experiment import parse_spec
from specs.sweep import parse_sweep
from tests.support.contract import JsonObject
from worker.jobs.supervisor import Supervisor

RATES: JsonObject = {"$search": {"float": [0.0001, 0.1], "log": True}}


def add_sweep(store: Store, owner: str, name: str = "rates") -> tuple[str, str]:
    """Returns the ids of the sweep and its trial."""
    document: JsonObject = {
        "name": name,
        "dataset": {"name": "digits"},
        "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]},
        "training": {"epochs": 1, "optimizer": {"type": "Adam", "learning_rate": RATES}},
    }
    sweep = store.sweeps.create(parse_sweep({"name": name, "experiment": document}), owner=owner, private=True)
    document["training"]["optimizer"]["learning_rate"] = 0.001
    place = TrialId(sweep.id, 0, str(ULID()))
    trial = store.experiments.create(parse_spec(document), place=place, owner=owner, private=True)
    return sweep.id, trial.id


def add_dataset(store: Store, owner: str, name: str, archive: bytes) -> None:
    with store.datasets.receive_archive() as received:
        received.write(archive)
        store.datasets.add(name, received, owner=owner, private=True)
    Supervisor(store, Settings(), "test:1", lambda: False).convert(name)
