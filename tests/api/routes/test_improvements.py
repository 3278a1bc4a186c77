"""Fine-tuning of what serves: what is queued, how it is checked, and what is decided."""

from collections.abc import Callable
from typing import Any

import pytest

from api.improvements import Improvements
from models_store.errors import InvalidState
from models_store.experiments.record import Record
from models_store.models.pins import Pin
from models_store.store import Store
from specs.access import KeyScope
from specs.dataset import DATASETS
from specs.experiment import parse_spec
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.corrected import correct
from tests.support.published import finish, publish, results_on
from tests.support.waiting import eventually

PATH = "/datasets/digits:improve"
DIGITS = DATASETS["digits"]
GOOD, WORSE = 0.9, 0.5


@pytest.fixture
def corrected(api_store: Store) -> Store:
    """A store with a correction of digits."""
    return correct(api_store)


@pytest.fixture
def serving(corrected: Store, tiny_document: JsonObject) -> Record:
    """What serves digits: 45 of 50 test samples are right."""
    training = {**tiny_document["training"], "epochs": 20, "optimizer": {"type": "SGD", "learning_rate": 0.5}}
    return publish(corrected, parse_spec({**tiny_document, "training": training}), results=results_on(DIGITS, GOOD))


def improve(client: ApiClient, **wanted: Any) -> JsonObject:
    answer = client.post(PATH, json=wanted)
    assert answer.status_code == 202, answer.text
    found: JsonObject = answer.json()
    return found


def train(store: Store, experiment_id: str, accuracy: float, val_accuracy: float = 0.99, seed: int = 1) -> None:
    results = results_on(DIGITS, accuracy, seed)
    finish(store, store.experiments.get(experiment_id), val_accuracy, results=results)


def decided(client: ApiClient, experiment_id: str) -> JsonObject:
    def improvement() -> JsonObject | None:
        found: JsonObject = client.get(f"/experiments/{experiment_id}").json()["improvement"]
        return found if found["state"] != "pending" else None

    found = eventually(improvement)
    assert found is not None
    return found


def serves(client: ApiClient) -> tuple[str, str]:
    [item] = client.get("/models").json()["items"]
    return item["experiment_id"], item["policy"]


def test_model_is_fine_tuned_on_the_corrections(client: ApiClient, serving: Record) -> None:
    queued = improve(client)

    spec, before = queued["spec"], serving.spec.document
    assert (queued["name"], queued["based_on"]) == (f"{serving.name} · improved", serving.id)
    assert spec["dataset"] == {**before["dataset"], "add": [{"name": "digits-corrections", "limit_per_class": None}]}
    assert spec["model"] == {**before["model"], "weights_from": serving.id}
    assert (spec["training"]["epochs"], spec["training"]["optimizer"]["learning_rate"]) == (4, 0.05)
    assert queued["improvement"]["baseline"] == serving.id
    assert (queued["improvement"]["state"], queued["improvement"]["promote"]) == ("pending", "automatic")


def test_empty_body_is_enough(client: ApiClient, serving: Record) -> None:
    answer = client.post(PATH)

    assert (answer.status_code, answer.json()["based_on"]) == (202, serving.id)
    assert answer.headers["Location"] == f"/experiments/{answer.json()['id']}"


def test_better_one_is_promoted_by_itself(client: ApiClient, corrected: Store, serving: Record) -> None:
    queued = improve(client)["id"]
    train(corrected, queued, 0.96)

    improvement = decided(client, queued)

    assert improvement["state"] == "promoted"
    check = improvement["check"]
    assert (check["baseline"], check["split"], check["samples"]) == (serving.id, "test", 50)
    assert (check["accuracy_before"], check["accuracy"]) == pytest.approx((0.9, 0.96))
    assert (check["fixed"], check["regressed"], check["p"]) == (3, 0, 0.25)
    assert check["difference_interval"][0] >= 0
    assert serves(client) == (queued, "pinned")
    assert client.get(f"/experiments/{queued}").json()["peeks"] == 1


def test_worse_one_never_serves_by_its_validation(client: ApiClient, corrected: Store, serving: Record) -> None:
    queued = improve(client)["id"]
    train(corrected, queued, WORSE, val_accuracy=1.0)

    improvement = decided(client, queued)

    assert (improvement["state"], improvement["check"]["regressed"]) == ("rejected", 20)
    assert "worse than what serves" in improvement["reason"]
    assert serves(client) == (serving.id, "best")
    assert client.get("/models/best?dataset=digits").json()["experiment_id"] == serving.id


def test_slightly_worse_one_is_within_the_interval(client: ApiClient, corrected: Store, serving: Record) -> None:
    queued = improve(client)["id"]
    train(corrected, queued, 0.88)

    assert decided(client, queued)["state"] == "promoted"


def test_approval_promotes(client: ApiClient, corrected: Store, serving: Record) -> None:
    queued = improve(client, promote="on_approval")["id"]
    assert "can be promoted or declined then" in client.post(f"/experiments/{queued}:promote").json()["detail"]
    train(corrected, queued, 0.96)
    assert decided(client, queued)["state"] == "waiting"
    assert serves(client) == (serving.id, "best")

    promoted = client.post(f"/experiments/{queued}:promote").json()

    assert (promoted["improvement"]["state"], promoted["improvement"]["check"]["fixed"]) == ("promoted", 3)
    assert promoted["improvement"]["decided_at"] is not None
    assert serves(client) == (queued, "pinned")
    assert client.post(f"/experiments/{queued}:promote").status_code == 409


def test_declined_one_never_serves_by_itself(client: ApiClient, corrected: Store, serving: Record) -> None:
    queued = improve(client, promote="on_approval")["id"]
    train(corrected, queued, 0.96)
    decided(client, queued)

    declined = client.post(f"/experiments/{queued}:decline").json()

    assert declined["improvement"]["state"] == "declined"
    assert client.post(f"/experiments/{queued}:decline").status_code == 409
    client.services.registry.refresh()
    assert serves(client) == (serving.id, "best")
    assert client.post(f"/experiments/{queued}:promote").json()["improvement"]["state"] == "promoted"


def test_compared_with_what_serves_then(
    client: ApiClient, corrected: Store, serving: Record, tiny_document: JsonObject
) -> None:
    queued = improve(client)["id"]
    newer = publish(corrected, parse_spec(tiny_document), val_accuracy=0.98, results=results_on(DIGITS, 1.0, seed=4))
    eventually(lambda: serves(client)[0] == newer.id)
    train(corrected, queued, GOOD)

    improvement = decided(client, queued)

    assert (improvement["state"], improvement["check"]["baseline"]) == ("rejected", newer.id)


def test_other_samples_wait_for_somebody(
    client: ApiClient, corrected: Store, serving: Record, tiny_document: JsonObject
) -> None:
    queued = improve(client)["id"]
    other = results_on(DIGITS, 0.99)
    moved = other.predictions["test"]
    changed = other._replace(predictions={**other.predictions, "test": moved._replace(samples=moved.samples + 1)})
    newer = publish(corrected, parse_spec(tiny_document), val_accuracy=0.98, results=changed)
    eventually(lambda: serves(client)[0] == newer.id)
    train(corrected, queued, 0.96)

    improvement = decided(client, queued)

    assert (improvement["state"], improvement["check"]) == ("waiting", None)
    assert "could not be checked: the test splits differ" in improvement["reason"]


def test_hidden_test_split_does_not_decide(client: ApiClient, corrected: Store, serving: Record) -> None:
    """The validation split does: of its made-up answers a tenth more are right."""
    client.patch("/datasets/digits", json={"hide_test": True})
    queued = improve(client)["id"]
    results = results_on(DIGITS, GOOD)
    tested = results_on(DIGITS, WORSE, seed=7)
    mixed = results._replace(
        evaluations={**results.evaluations, "test": tested.evaluations["test"]},
        predictions={**results.predictions, "test": tested.predictions["test"]},
    )
    finish(corrected, corrected.experiments.get(queued), results=mixed)

    improvement = decided(client, queued)

    assert (improvement["state"], improvement["check"]["split"]) == ("promoted", "validation")


def test_check_is_withheld_with_the_test_results(client: ApiClient, corrected: Store, serving: Record) -> None:
    queued = improve(client)["id"]
    train(corrected, queued, 0.96)
    decided(client, queued)

    client.patch("/datasets/digits", json={"hide_test": True})

    assert client.get(f"/experiments/{queued}").json()["improvement"]["check"] is None
    [listed] = [each for each in client.get("/experiments").json()["items"] if each["id"] == queued]
    assert listed["improvement"]["check"] is None
    client.post("/datasets/digits:reveal")
    assert client.get(f"/experiments/{queued}").json()["improvement"]["check"]["fixed"] == 3


def test_check_is_made_once(client: ApiClient, corrected: Store, serving: Record) -> None:
    """By another process as well, and what somebody has chosen since stays."""
    queued = improve(client)["id"]
    train(corrected, queued, 0.96)
    unchecked = corrected.experiments.read(queued)
    decided(client, queued)
    client.put("/models/serving/digits", json={"policy": "best"})
    client.put("/models/serving/digits", json={"experiment_id": serving.id})

    late = Improvements(corrected, client.services.registry)
    assert unchecked.improvement is not None
    check = corrected.experiments.read(queued).improvement
    assert check is not None
    assert check.check is not None
    pin = corrected.models.pins()["digits"]
    assert isinstance(pin, Pin)
    late._promote_by_itself(unchecked, unchecked.improvement, check.check, pin)

    assert serves(client) == (serving.id, "pinned")
    assert decided(client, queued)["state"] == "promoted"


@pytest.mark.parametrize(
    ("body", "pointer", "fragment"),
    [
        ({"add": ["digits"]}, "/add/0/name", "is the dataset that others are added to"),
        ({"add": ["cifar10"]}, "/add/0/name", "has samples of"),
        ({"add": ["blobs"]}, "/add/0/name", "only images can be combined"),
        ({"add": ["nowhere"]}, "/add/0/name", "nowhere"),
        ({"promote": "at_once"}, "/promote", "automatic"),
        ({"epochs": 0}, "/epochs", "1"),
    ],
)
def test_unfit_wishes_are_rejected(
    client: ApiClient, serving: Record, body: JsonObject, pointer: str, fragment: str
) -> None:
    answer = client.post(PATH, json=body)

    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert problem["pointer"] == pointer
    assert fragment in problem["detail"]


def test_nothing_to_improve_is_rejected(client: ApiClient, api_store: Store, tiny_document: JsonObject) -> None:
    assert client.post("/datasets/digit:improve").status_code == 404
    assert "no model for digits" in client.post(PATH).json()["detail"]
    publish(api_store, parse_spec(tiny_document), results=results_on(DIGITS, GOOD))

    answer = client.post(PATH)

    assert (answer.status_code, "no label of digits was corrected yet" in answer.json()["detail"]) == (409, True)
    ordinary = client.get("/models/best").json()["experiment_id"]
    for verb in ("promote", "decline"):
        assert "was not made to improve" in client.post(f"/experiments/{ordinary}:{verb}").json()["detail"]


def test_same_improvement_is_queued_once(client: ApiClient, serving: Record) -> None:
    first = improve(client)["id"]

    assert f"experiment {first} is improving this model already" in client.post(PATH).json()["detail"]
    client.post(f"/experiments/{first}:cancel")
    assert improve(client)["id"] != first


@pytest.fixture
def as_owner(keyed_client: ApiClient, tiny_document: JsonObject) -> Callable[..., ApiClient]:
    store = correct(keyed_client.services.store)
    publish(store, parse_spec(tiny_document), results=results_on(DIGITS, GOOD))

    def sign_in(owner: str, *scopes: KeyScope) -> ApiClient:
        keyed_client.sign_in(KeyScope.READ, *scopes, owner=owner)
        return keyed_client

    return sign_in


def test_key_that_may_not_serve_needs_approval(as_owner: Callable[..., ApiClient]) -> None:
    bob = as_owner("bob", KeyScope.RUN)
    store = bob.services.store
    assert bob.post(PATH, json={"promote": "automatic"}).status_code == 403
    queued = improve(bob)
    assert (queued["owner"], queued["improvement"]["promote"]) == ("bob", "on_approval")
    train(store, queued["id"], 0.96)
    assert decided(bob, queued["id"])["state"] == "waiting"
    for verb in ("promote", "decline"):
        assert bob.post(f"/experiments/{queued['id']}:{verb}").status_code == 403

    promoted = as_owner("ann", KeyScope.SERVE).post(f"/experiments/{queued['id']}:promote").json()

    assert (promoted["improvement"]["decided_by"], promoted["owner"]) == ("ann", "bob")


def test_improvement_of_others_blocks_nobody(as_owner: Callable[..., ApiClient]) -> None:
    """It may wait for ever, and nobody else may cancel it."""
    waits = improve(as_owner("bob", KeyScope.RUN), epochs=1_000)

    own = improve(as_owner("ann", KeyScope.RUN))
    repeated = as_owner("ann", KeyScope.RUN).post(PATH)

    assert own["improvement"]["baseline"] == waits["improvement"]["baseline"]
    assert (repeated.status_code, own["id"] in repeated.json()["detail"]) == (409, True)


def test_pin_of_somebody_else_is_kept(as_owner: Callable[..., ApiClient]) -> None:
    bob = as_owner("bob", KeyScope.RUN, KeyScope.SERVE)
    store = bob.services.store
    queued = improve(bob)["id"]
    serving = bob.get("/models/best").json()["experiment_id"]
    as_owner("ann", KeyScope.SERVE).put("/models/serving/digits", json={"experiment_id": serving})
    train(store, queued, 0.96)

    improvement = decided(as_owner("bob", KeyScope.RUN, KeyScope.SERVE), queued)
    [item] = bob.get("/models").json()["items"]

    assert (item["experiment_id"], item["pinned_by"]) == (serving, "ann")
    assert (improvement["state"], improvement["reason"]) == ("waiting", "the pin of digits belongs to ann")
    assert bob.post(f"/experiments/{queued}:promote").status_code == 403
    assert bob.post(PATH, json={"promote": "automatic"}).status_code == 403


def test_private_one_of_public_dataset_is_rejected(as_owner: Callable[..., ApiClient]) -> None:
    bob = as_owner("bob", KeyScope.RUN)

    answer = bob.post(f"{PATH}?private=true")

    assert (answer.status_code, "?private=false" in answer.json()["detail"]) == (409, True)


def test_failed_check_leaves_the_decision(
    client: ApiClient, corrected: Store, serving: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reject(*_: object) -> None:
        raise InvalidState("its model is private")

    queued = improve(client)["id"]
    monkeypatch.setattr(client.services.registry, "pin", reject)
    train(corrected, queued, 0.96)

    improvement = decided(client, queued)

    assert (improvement["state"], improvement["check"]["fixed"]) == ("waiting", 3)
    assert improvement["reason"] == "it could not be promoted: its model is private"
