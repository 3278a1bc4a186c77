"""What a worker does for a sweep later on is what the owner of the sweep may do."""

from typing import Any

import pytest

from models_store.models.pins import Pin
from models_store.store import Store
from models_store.sweeps.record import SweepRecord, SweepStatus
from models_store.sweeps.trial import Trial, TrialStatus
from specs.access import KeyScope
from specs.experiment import parse_spec
from tests.api.test_visibility import EVERYTHING, TINY_ON_NOISE, add_noise, as_owner, searched
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.published import bright_column_network, finish
from tests.worker.sweeps.trainings import supervisor, train


@pytest.fixture
def store(keyed_client: ApiClient) -> Store:
    return keyed_client.services.store


def choose(*values: Any) -> JsonObject:
    return {"$search": {"choice": list(values)}}


def sweep_over(client: ApiClient, owner: str, experiment: JsonObject) -> list[Trial]:
    """The trials of a sweep that `owner` has posted, once a worker has looked at it."""
    body = {"name": "s", "method": "grid", "parallel": 5, "experiment": experiment}
    answer = as_owner(client, owner).post("/sweeps", json=body)
    assert answer.status_code == 202, answer.text
    return list(advanced(client, answer.json()["id"]).trials)


def advanced(client: ApiClient, sweep_id: str) -> SweepRecord:
    store = client.services.store
    supervisor(store, client.services.settings).advance_sweep(sweep_id)
    return store.sweeps.read(sweep_id)


def test_trials_find_no_dataset_that_is_private(keyed_client: ApiClient, store: Store) -> None:
    """A worker sees everything. Bob's trial on ann's images is as on images that do not exist, and names none."""
    add_noise(keyed_client, private=True)
    for name in ("noise", "nothing"):
        whole = choose({"name": name}, {"name": "digits"})
        for dataset in ({"name": choose(name, "digits")}, {"name": "digits", "add": choose([name], [])}, whole):
            hidden, shown = sweep_over(keyed_client, "bob", {**TINY_ON_NOISE, "dataset": dataset})
            assert (hidden.status, shown.status) == (TrialStatus.INFEASIBLE, TrialStatus.OPEN), dataset
            assert hidden.experiment_id is None
            assert name == "noise" or "noise" not in (hidden.reason or "")
    whole = choose({"name": "noise"}, {"name": "digits"})
    own, _ = sweep_over(keyed_client, "ann", {**TINY_ON_NOISE, "dataset": whole})
    experiment = store.sweep_jobs.experiment(own)
    assert experiment is not None
    assert (experiment.dataset, experiment.private, experiment.owner) == ("noise", True, "ann")


def test_trials_start_from_no_private_weights(keyed_client: ApiClient, store: Store, tiny_document: JsonObject) -> None:
    ids = []
    for private in (True, False):
        record = store.experiments.create(parse_spec(tiny_document), owner="ann", private=private)
        ids.append(finish(store, record, network=bright_column_network(1)).id)
    model = {**tiny_document["model"], "weights_from": choose(*ids)}

    hidden, shown = sweep_over(keyed_client, "bob", {**tiny_document, "model": model})
    unknown, _ = sweep_over(
        keyed_client,
        "bob",
        {**tiny_document, "model": {**model, "weights_from": choose("01KZZZZZZZZZZZZZZZZZZZZZZZ", ids[1])}},
    )
    own, _ = sweep_over(keyed_client, "ann", {**tiny_document, "model": model})

    assert (hidden.status, shown.status, own.status) == (TrialStatus.INFEASIBLE, TrialStatus.OPEN, TrialStatus.OPEN)
    assert (hidden.reason or "").replace(ids[0], "ID") == (unknown.reason or "").replace(
        "01KZZZZZZZZZZZZZZZZZZZZZZZ", "ID"
    )


def test_admin_searches_everything(keyed_client: ApiClient, store: Store) -> None:
    add_noise(keyed_client, private=True)
    keyed_client.sign_in(KeyScope.ADMIN, owner="root")
    body = {"name": "s", "method": "grid", "experiment": {**TINY_ON_NOISE, "dataset": choose({"name": "noise"})}}

    [trial] = advanced(keyed_client, keyed_client.post("/sweeps", json=body).json()["id"]).trials

    assert trial.status is TrialStatus.OPEN


def test_sweep_that_serves_needs_the_scope(keyed_client: ApiClient, tiny_document: JsonObject) -> None:
    body = {**searched(tiny_document), "serve": "best"}
    keyed_client.sign_in(KeyScope.RUN, KeyScope.READ, owner="bob")

    for query in ("", "?dry_run=true"):
        answer = keyed_client.post(f"/sweeps{query}", json=body)
        assert answer.status_code == 403
        assert "`serve` pins a model, which needs a key with the scope serve" in answer.json()["detail"]
    assert keyed_client.post("/sweeps", json=searched(tiny_document)).status_code == 202
    keyed_client.sign_in(KeyScope.RUN, KeyScope.SERVE, owner="bob")
    assert keyed_client.post("/sweeps", json=body).status_code == 202


@pytest.mark.parametrize(("pinned_by", "stays"), [("ann", True), ("bob", False), (None, False), ("nobody yet", False)])
def test_sweep_replaces_no_pin_of_others(
    keyed_client: ApiClient, store: Store, tiny_document: JsonObject, pinned_by: str | None, stays: bool
) -> None:
    first = finish(store, store.experiments.create(parse_spec(tiny_document), owner="ann"))
    if pinned_by != "nobody yet":
        store.experiments.pins.put(Pin(dataset="digits", experiment_id=first.id, owner=pinned_by))
    keyed_client.sign_in(*EVERYTHING, owner="bob")
    body = {**searched(tiny_document), "serve": "best", "method": "grid"}
    sweep = advanced(keyed_client, keyed_client.post("/sweeps", json=body).json()["id"])
    for trial in sweep.trials:
        train(store, trial.experiment_id or "")

    ended = advanced(keyed_client, sweep.id)

    assert ended.status is SweepStatus.SUCCEEDED
    pin = store.models.pins()["digits"]
    assert isinstance(pin, Pin)
    assert (pin.experiment_id, pin.owner) == ((first.id, "ann") if stays else (ended.winner, "bob"))
