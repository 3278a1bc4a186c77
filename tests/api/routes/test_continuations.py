from collections.abc import Callable

from models_store.store import Store
from specs.experiment import ExperimentSpec
from tests.support.api import ApiClient
from tests.support.published import keep_state, publish

Spec = Callable[..., ExperimentSpec]


def test_posted_continuation_takes_over_the_epochs(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    source = publish(api_store, tiny_spec())
    keep_state(api_store, source.id)
    wanted = {"continue_from": source.id, "training": {"epochs": 4, "optimizer": {"learning_rate": 0.0001}}}
    validation = client.post("/experiments:validate", json=wanted)
    posted = client.post("/experiments", json=wanted)

    assert validation.status_code == 200, validation.text
    assert posted.status_code == 202, posted.text
    record = posted.json()
    assert (record["initial_epoch"], record["based_on"]) == (2, source.id)
    assert record["name"] == "tiny · continued, learning_rate 0.0001, epochs 4"
    assert record["spec"]["model"] == {**source.spec.document["model"]}
    assert record["spec"]["training"]["optimizer"]["learning_rate"] == 0.0001


def test_impossible_continuation_is_a_problem(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    source = publish(api_store, tiny_spec())
    keep_state(api_store, source.id)
    for wanted, pointer in (
        ({"training": {"epochs": 2}}, "/training/epochs"),
        ({"training": {"epochs": 4, "seed": 7}}, "/training/seed"),
        ({"training": "more"}, "/training"),
        ({"continue_from": "01J"}, "/continue_from"),
        ({"continue_from": 7}, "/continue_from"),
    ):
        before = api_store.experiments.index.ids()
        for path in ("/experiments", "/experiments:validate"):
            answer = client.post(path, json={"continue_from": source.id, **wanted})
            assert answer.status_code == 422, wanted
            assert pointer in [problem["pointer"] for problem in answer.json()["errors"]]
        assert api_store.experiments.index.ids() == before


def test_state_is_listed_until_it_is_deleted(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    source = publish(api_store, tiny_spec())
    keep_state(api_store, source.id)

    def listed() -> dict[str, int]:
        items = client.get(f"/experiments/{source.id}/files").json()["items"]
        return {each["name"]: each["bytes"] for each in items if each["name"] == "state.npz"}

    assert listed() == {"state.npz": 7}
    assert client.get(f"/experiments/{source.id}/files/state.npz").content == b"a state"
    assert client.delete(f"/experiments/{source.id}/state").status_code == 204
    assert listed() == {}
    answer = client.post("/experiments", json={"continue_from": source.id, "training": {"epochs": 4}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/continue_from"
    waiting = api_store.experiments.create(tiny_spec())
    assert client.delete(f"/experiments/{waiting.id}/state").status_code == 409


def test_continuation_is_not_repeated(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    source = publish(api_store, tiny_spec())
    keep_state(api_store, source.id)
    wanted = {"continue_from": source.id, "training": {"epochs": 4}}
    answer = client.post("/experiments?repeats=2", json=wanted)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/continue_from"


def test_estimate_is_of_the_epochs_that_are_left(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    source = publish(api_store, tiny_spec())
    keep_state(api_store, source.id)
    document = {**source.spec.document, "training": {**source.spec.document["training"], "epochs": 100}}
    whole = client.post("/experiments:validate", json=document).json()
    wanted = {"continue_from": source.id, "training": {"epochs": 100}}
    some = client.post("/experiments:validate", json=wanted).json()
    keep_state(api_store, source.id, 90)
    few = client.post("/experiments:validate", json=wanted).json()
    assert few["estimate"]["seconds"] < some["estimate"]["seconds"] <= whole["estimate"]["seconds"]
