"""Who may change what is somebody's: every route that changes something, for its owner, for others and for admins."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from fastapi.routing import APIRoute

from api import ownership
from api.app import ROUTES
from models_store.models.pins import Pin
from models_store.store import Store
from specs.access import KeyScope
from specs.experiment import parse_spec
from specs.sweep import parse_sweep
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.noise import noisy_digits
from tests.support.published import publish

SAFE = {"GET", "HEAD"}
CHECKS = {
    ownership.check_experiment,
    ownership.check_sweep,
    ownership.check_dataset,
    ownership.check_pin,
    ownership.check_pin_of_experiment,
    ownership.check_pins_of_experiment,
}
OWNED = re.compile(r"\{(experiment_id|sweep_id)\}|^/datasets/\{name\}|^/models/serving/")
# They add something of their own to what is somebody's: an experiment, an evaluation, a label, a comment. They replace
# nothing: tests/api/routes/test_evaluations.py.
ADDITIONS = {
    "POST /experiments/{experiment_id}:reproduce",
    "POST /datasets/{name}:improve",
    "POST /experiments/{experiment_id}/comments",
    "POST /experiments/{experiment_id}/evaluations",
    "POST /experiments/{experiment_id}/explanations",
    "POST /experiments/{experiment_id}/samples/{split}/{index}/label",
}
EVERYTHING = tuple(each for each in KeyScope if each is not KeyScope.ADMIN)


class Change(NamedTuple):
    method: str
    path: str
    is_checked: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def changes() -> Iterator[Change]:
    """Of what has an owner."""
    for module in ROUTES:
        for route in module.router.routes:
            if isinstance(route, APIRoute) and OWNED.search(route.path):
                is_checked = any(each.dependency in CHECKS for each in route.dependencies)
                for method in (route.methods or set()) - SAFE:
                    yield Change(method, route.path, is_checked)


CHANGES = list(changes())


@pytest.fixture
def names(keyed_client: ApiClient, tiny_document: JsonObject) -> dict[str, str]:
    """What is ann's, by the name of the parameter."""
    store = keyed_client.services.store
    with store.datasets.receive_archive() as archive:
        archive.write(noisy_digits(("7", "2"), train=8, test=4))
        store.datasets.add("noise", archive, owner="ann")
    sizes = {"$search": {"choice": [16, 32]}}
    experiment = {**tiny_document, "training": {**tiny_document["training"], "batch_size": sizes}}
    sweep = store.sweeps.create(parse_sweep({"name": "sizes", "experiment": experiment}), owner="ann")
    mine = store.experiments.create(parse_spec(tiny_document), owner="ann")
    store.experiments.pins.put(Pin(dataset="digits", experiment_id=mine.id, owner="ann"))
    return {"experiment_id": mine.id, "sweep_id": sweep.id, "name": "noise", "dataset": "digits", "number": "0"}


def ask(client: ApiClient, change: Change, names: dict[str, str]) -> tuple[int, str]:
    path = re.sub(r"\{(\w+)\}", lambda match: names.get(match[1], "0"), change.path)
    answer = client.request(change.method, path, json={})
    return answer.status_code, answer.text


def test_every_change_is_checked_or_an_addition() -> None:
    assert {each.name for each in CHANGES if not each.is_checked} == ADDITIONS


def test_others_change_nothing(keyed_client: ApiClient, names: dict[str, str]) -> None:
    keyed_client.sign_in(*EVERYTHING, owner="bob")
    for change in CHANGES:
        if change.is_checked:
            status, text = ask(keyed_client, change, names)
            assert status == 403, change.name
            assert "belongs to ann, and this key to bob; only its owner and admins change it" in text
            assert "urn:trainyard:problem:not_owner" in text


@pytest.mark.parametrize(("owner", "scopes"), [("ann", EVERYTHING), ("root", (KeyScope.ADMIN,))])
def test_owner_and_admin_may_change(
    keyed_client: ApiClient, names: dict[str, str], owner: str, scopes: tuple[KeyScope, ...]
) -> None:
    keyed_client.sign_in(*scopes, owner=owner)
    # What deletes comes last.
    for change in sorted(CHANGES, key=lambda each: (each.method == "DELETE", len(each.path))):
        assert ask(keyed_client, change, names)[0] not in (401, 403), change.name


def test_what_is_nobodys_is_everybodys(
    keyed_client: ApiClient, tiny_document: JsonObject, names: dict[str, str]
) -> None:
    store = keyed_client.services.store
    old = {**names, "experiment_id": store.experiments.create(parse_spec(tiny_document)).id}
    store.experiments.pins.put(Pin(dataset="digits", experiment_id=old["experiment_id"]))
    keyed_client.sign_in(*EVERYTHING, owner="bob")

    for change in CHANGES:
        if "experiment_id" in change.path or "serving" in change.path:
            assert ask(keyed_client, change, old)[0] not in (401, 403), change.name


def test_others_read_everything(keyed_client: ApiClient, names: dict[str, str]) -> None:
    keyed_client.sign_in(KeyScope.READ, owner="bob")

    for path in (f"/experiments/{names['experiment_id']}", f"/sweeps/{names['sweep_id']}"):
        assert keyed_client.get(path).json()["owner"] == "ann"
    assert keyed_client.get("/datasets/noise").json()["record"]["owner"] == "ann"
    [row] = keyed_client.get("/experiments?fields=summary").json()["items"]
    assert row["owner"] == "ann"


def test_what_is_created_is_of_the_key(keyed_client: ApiClient, tiny_document: JsonObject) -> None:
    keyed_client.sign_in(*EVERYTHING, owner="bob")
    sizes = {"$search": {"choice": [16, 32]}}
    experiment = {**tiny_document, "training": {**tiny_document["training"], "batch_size": sizes}}

    assert keyed_client.post("/experiments", json=tiny_document).json()["owner"] == "bob"
    group = keyed_client.post("/experiments?repeats=2", json=tiny_document).json()
    for each in group["items"]:
        assert keyed_client.get(f"/experiments/{each['experiment_id']}").json()["owner"] == "bob"
    assert keyed_client.post("/sweeps", json={"name": "sizes", "experiment": experiment}).json()["owner"] == "bob"
    sent = {"archive": ("noise.zip", noisy_digits(("7", "2"), train=8, test=4))}
    assert keyed_client.post("/datasets", data={"name": "noise"}, files=sent).json()["owner"] == "bob"


@pytest.mark.parametrize("path", ["/experiments", "/experiments?repeats=2", "/sweeps"])
def test_idempotency_keys_are_of_their_owner(keyed_client: ApiClient, tiny_document: JsonObject, path: str) -> None:
    """Those who follow one tutorial send the same."""
    sizes = {"$search": {"choice": [16, 32]}}
    experiment = {**tiny_document, "training": {**tiny_document["training"], "batch_size": sizes}}
    sent = {"name": "sizes", "experiment": experiment} if path == "/sweeps" else tiny_document
    found = []
    for owner in ("ann", "bob", "ann"):
        keyed_client.sign_in(*EVERYTHING, owner=owner)
        answer = keyed_client.post(path, json=sent, headers={"Idempotency-Key": "first"})
        assert answer.status_code == 202
        found.append(answer.json()["id"])

    assert found[0] == found[2] != found[1]


def test_forced_deletion_keeps_pins_of_others(
    keyed_client: ApiClient, tiny_document: JsonObject, names: dict[str, str]
) -> None:
    store: Store = keyed_client.services.store
    owned = publish(store, parse_spec(tiny_document))
    store.experiments.pins.put(Pin(dataset="digits", experiment_id=owned.id, owner="ann"))
    keyed_client.sign_in(*EVERYTHING, owner="bob")

    answer = keyed_client.delete(f"/experiments/{owned.id}?force=true")

    assert answer.status_code == 403
    assert "the pin of digits belongs to ann" in answer.json()["detail"]


def test_without_keys_nothing_has_an_owner(client: ApiClient, tiny_document: JsonObject) -> None:
    created = client.post("/experiments", json=tiny_document).json()

    assert created["owner"] is None
    assert client.delete(f"/experiments/{created['id']}").status_code == 204
