"""Fine-tuned models that are to serve: what happens between the request, the check and the pin."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from api.improvements import Improvements
from api.wire.posted_spec import parse_ready_spec
from models_store.errors import Busy, Unavailable
from models_store.experiments.record import Record
from models_store.frozen import utc_now
from models_store.models.pins import Pin
from models_store.retention import Retention, prune
from models_store.store import Store
from serving.errors import NoModel
from serving.registry import Registry
from serving.served_model import ServedModel
from settings import Settings
from specs.access import KeyScope
from specs.experiment import parse_spec
from tests.api.oidc.test_sign_in import bearer, configured
from tests.api.routes.test_improvements import DIGITS, GOOD, PATH, improve, serves, train
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.corrected import correct
from tests.support.provider import OpenIdProvider
from tests.support.published import publish, results_on
from tests.support.waiting import eventually

BETTER = 0.96


class ByHand:
    """The check of an API process, called by the test alone; `clock` is its time in seconds."""

    def __init__(self, client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client, self.clock = client, 0.0
        self.store: Store = client.services.store
        self.registry: Registry = client.services.registry
        self.improvements = Improvements(self.store, self.registry, lambda: self.clock)
        monkeypatch.setattr(client.services.improvements, "_check", lambda _: None)

    def check(self, after: float = 0.0) -> None:
        self.clock += after
        self.improvements.check_all()

    def improvement(self, experiment_id: str) -> JsonObject:
        found: JsonObject = self.store.experiments.read(experiment_id).model_dump()["improvement"]
        return found

    def state(self, experiment_id: str) -> str:
        return str(self.improvement(experiment_id)["state"])


@pytest.fixture
def hand(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> ByHand:
    return ByHand(client, monkeypatch)


@pytest.fixture
def serving(hand: ByHand, tiny_document: JsonObject) -> Record:
    correct(hand.store)
    return publish(hand.store, parse_spec(tiny_document), results=results_on(DIGITS, GOOD))


@pytest.fixture
def owned(keyed_client: ApiClient, monkeypatch: pytest.MonkeyPatch, tiny_document: JsonObject) -> ByHand:
    """With keys, as bob, who may choose what serves."""
    hand = ByHand(keyed_client, monkeypatch)
    correct(hand.store)
    publish(hand.store, parse_spec(tiny_document), results=results_on(DIGITS, GOOD))
    keyed_client.sign_in(KeyScope.READ, KeyScope.RUN, KeyScope.SERVE, owner="bob")
    return hand


def publish_best(store: Store, document: JsonObject) -> Record:
    return publish(store, parse_spec(document), val_accuracy=0.98, results=results_on(DIGITS, 1.0, seed=4))


def while_loading(registry: Registry, monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Have `action` happen once, while the model that is to be pinned is loaded."""
    reload, actions = registry._loaded.reload, [action]

    def slow(experiment_id: str) -> ServedModel:
        model = reload(experiment_id)
        if actions:
            actions.pop()()
        return model

    monkeypatch.setattr(registry._loaded, "reload", slow)


# -- whose keys count -------------------------------------------------------------------------------------------------


def end_keys(store: Store, owner: str) -> None:
    for key in store.keys.list():
        if key.owner == owner:
            store.keys.revoke(key.id, None)


def expire_keys(store: Store, owner: str) -> None:
    for key in store.keys.list():
        if key.owner == owner:
            store.keys._write(key.model_copy(update={"expires_at": utc_now() - timedelta(seconds=1)}))


@pytest.mark.parametrize("end", [end_keys, expire_keys])
@pytest.mark.parametrize("replacement", [None, KeyScope.RUN])
def test_ended_key_leaves_the_decision(
    owned: ByHand, end: Callable[[Store, str], None], replacement: KeyScope | None
) -> None:
    queued = improve(owned.client)
    assert (queued["improvement"]["promote"], queued["improvement"]["by_token"]) == ("automatic", False)
    before = serves(owned.client)
    train(owned.store, queued["id"], BETTER)
    end(owned.store, "bob")
    owned.client.sign_in(KeyScope.READ, *([replacement] if replacement else []), owner="bob" if replacement else "eve")

    owned.check()

    improvement = owned.improvement(queued["id"])
    assert (improvement["state"], improvement["check"]["fixed"]) == ("waiting", 3)
    assert improvement["reason"].startswith("bob has no valid key with the scope serve any more")
    assert serves(owned.client) == before


@pytest.mark.parametrize("scope", [KeyScope.SERVE, KeyScope.ADMIN])
def test_new_key_promotes_like_the_former(owned: ByHand, scope: KeyScope) -> None:
    queued = improve(owned.client)["id"]
    train(owned.store, queued, BETTER)
    end_keys(owned.store, "bob")
    owned.client.sign_in(KeyScope.READ, scope, owner="bob")

    owned.check()

    assert serves(owned.client) == (queued, "pinned")


def test_token_counts_as_it_was_at_the_request(
    settings: Settings, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch, tiny_document: JsonObject
) -> None:
    provider.add("bob", groups=["makers"])
    scopes = {"makers": (KeyScope.READ, KeyScope.RUN, KeyScope.SERVE)}
    with ApiClient(configured(settings, provider, oidc_scopes=scopes)) as client:
        by_token = ByHand(client, monkeypatch)
        correct(by_token.store)
        publish(by_token.store, parse_spec(tiny_document), results=results_on(DIGITS, GOOD))
        client.headers.update(bearer(provider.token("bob")))
        eventually(lambda: client.get("/experiments").is_success)
        queued = improve(client)
        assert (queued["improvement"]["promote"], queued["improvement"]["by_token"]) == ("automatic", True)
        train(by_token.store, queued["id"], BETTER)
        client.sign_in(KeyScope.READ, owner="eve")

        by_token.check()

        assert serves(client) == (queued["id"], "pinned")


# -- what changes while it is loaded ----------------------------------------------------------------------------------


def test_pin_set_while_loading_is_kept(owned: ByHand, monkeypatch: pytest.MonkeyPatch) -> None:
    queued = improve(owned.client)["id"]
    [before, _] = serves(owned.client)
    pin = Pin(dataset="digits", experiment_id=before, owner="ann")
    while_loading(owned.registry, monkeypatch, lambda: owned.store.experiments.pins.put(pin))
    train(owned.store, queued, BETTER)

    owned.check()
    assert owned.state(queued) == "pending"
    owned.check(after=1)

    improvement = owned.improvement(queued)
    assert (improvement["state"], improvement["reason"]) == ("waiting", "the pin of digits belongs to ann")
    assert owned.store.models.pins()["digits"] == pin


def test_best_that_comes_while_loading_is_compared(
    hand: ByHand, serving: Record, tiny_document: JsonObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = improve(hand.client)["id"]
    train(hand.store, queued, GOOD)
    newer: list[Record] = []

    def publish_newer() -> None:
        newer.append(publish_best(hand.store, tiny_document))
        assert hand.registry.refresh(60)

    while_loading(hand.registry, monkeypatch, publish_newer)
    hand.check()
    assert hand.state(queued) == "pending"
    hand.check(after=1)

    improvement = hand.improvement(queued)
    assert (improvement["state"], improvement["check"]["baseline"]) == ("rejected", newer[0].id)
    assert serves(hand.client) == (newer[0].id, "best")


def test_pins_of_requests_are_checked_after_loading(owned: ByHand, monkeypatch: pytest.MonkeyPatch) -> None:
    queued = improve(owned.client, promote="on_approval")["id"]
    train(owned.store, queued, BETTER)
    owned.check()
    [before, _] = serves(owned.client)
    pin = Pin(dataset="digits", experiment_id=before, owner="ann")
    wanted: list[tuple[str, str, JsonObject]] = [
        ("PUT", "/models/serving/digits", {"experiment_id": queued}),
        ("POST", f"/experiments/{queued}:promote", {}),
    ]
    for method, path, body in wanted:
        owned.store.experiments.pins.remove("digits")
        while_loading(owned.registry, monkeypatch, lambda: owned.store.experiments.pins.put(pin))

        answer = owned.client.request(method, path, json=body or None)

        assert (answer.status_code, "belongs to ann" in answer.json()["detail"]) == (403, True)
        assert owned.store.models.pins()["digits"] == pin
    assert owned.state(queued) == "waiting"


# -- what is not known yet --------------------------------------------------------------------------------------------


def test_nothing_is_checked_by_half_an_index(hand: ByHand, serving: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    def reject() -> None:
        raise Unavailable("the index is being rebuilt")

    queued = improve(hand.client)["id"]
    train(hand.store, queued, BETTER)
    with monkeypatch.context() as patched:
        patched.setattr(hand.store.experiments.index, "require_complete", reject)
        with pytest.raises(Unavailable):
            hand.check()
    assert hand.state(queued) == "pending"

    hand.check()

    assert hand.state(queued) == "promoted"


def test_best_that_is_being_loaded_is_awaited(
    hand: ByHand, serving: Record, tiny_document: JsonObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = improve(hand.client)["id"]
    train(hand.store, queued, GOOD)
    newer = publish_best(hand.store, tiny_document)
    with monkeypatch.context() as patched:
        patched.setattr(hand.registry, "refresh", lambda *_: False)
        hand.check()
    assert hand.state(queued) == "pending"

    hand.check(after=1)

    improvement = hand.improvement(queued)
    assert (improvement["state"], improvement["check"]["baseline"]) == ("rejected", newer.id)


def test_no_model_is_a_reason_for_later(hand: ByHand, serving: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    def reject(*_: object) -> None:
        raise NoModel("no model for digits is sound")

    first = improve(hand.client)["id"]
    train(hand.store, first, BETTER)
    with monkeypatch.context() as patched:
        patched.setattr(hand.registry, "get", reject)
        hand.check()
        hand.check(after=60)
        assert hand.state(first) == "pending"
    hand.check(after=60)
    assert hand.state(first) == "promoted"

    second = improve(hand.client)["id"]
    train(hand.store, second, BETTER)
    monkeypatch.setattr(hand.registry, "get", reject)
    for _ in range(9):
        assert hand.state(second) == "pending"
        hand.check(after=60)

    improvement = hand.improvement(second)
    assert improvement["state"] == "waiting"
    assert improvement["reason"] == "it could not be checked: no model for digits is sound"


@pytest.mark.parametrize("error", [Busy("in use"), Unavailable("the disk fails")])
def test_busy_store_is_tried_less_and_less(
    hand: ByHand, serving: Record, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tries: list[float] = []

    def reject(*_: object) -> None:
        tries.append(hand.clock)
        raise error

    queued = improve(hand.client)["id"]
    train(hand.store, queued, BETTER)
    with monkeypatch.context() as patched:
        patched.setattr(hand.registry, "pin", reject)
        for second in range(200):
            hand.check(after=min(second, 1))
    assert tries == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    assert hand.state(queued) == "pending"

    hand.check(after=60)

    assert serves(hand.client) == (queued, "pinned")


# -- repeated requests ------------------------------------------------------------------------------------------------


def test_repeated_request_has_the_same_answer(hand: ByHand, serving: Record) -> None:
    def post(key: str, **wanted: Any) -> tuple[int, JsonObject]:
        answer = hand.client.post(PATH, json=wanted, headers={"Idempotency-Key": key})
        return answer.status_code, answer.json()

    status, queued = post("monday")
    assert status == 202
    assert post("monday") == (202, queued)
    assert post("tuesday")[0] == 409
    assert post("monday", epochs=2)[0] == 422
    train(hand.store, queued["id"], BETTER)
    hand.check()
    assert post("tuesday")[0] == 202

    status, repeated = post("monday")

    assert (status, repeated["id"], repeated["improvement"]["state"]) == (202, queued["id"], "promoted")


def test_of_two_requests_at_once_one_is_queued(hand: ByHand, serving: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2)

    def meet(*given: Any) -> Any:
        both.wait(60)
        return parse_ready_spec(*given)

    monkeypatch.setattr("api.routes.improvements.parse_ready_spec", meet)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: hand.client.post(PATH).status_code, range(2)))

    assert 202 in answers
    assert len(hand.improvements.unfinished(serving.id)) == 1


def test_pending_one_is_found_among_many(hand: ByHand, serving: Record, tiny_document: JsonObject) -> None:
    child = parse_spec({**tiny_document, "based_on": serving.id})
    for _ in range(100):
        hand.store.experiments.create(child)
    first = improve(hand.client)["id"]

    assert f"experiment {first} is improving this model already" in hand.client.post(PATH).json()["detail"]


def test_numbers_are_not_improved(client: ApiClient) -> None:
    answer = client.post("/datasets/blobs:improve")

    assert answer.status_code == 409
    assert "only a model that takes images can be improved" in answer.json()["detail"]


def test_undecided_one_is_not_pruned(hand: ByHand, serving: Record) -> None:
    def kept() -> dict[str, str]:
        pruning = prune(hand.store, Retention(keep_newest=0), lambda each: each == serving.id, dry_run=True)
        return {each.id: each.reason for each in pruning.kept}

    queued = improve(hand.client, promote="on_approval")["id"]
    train(hand.store, queued, BETTER)
    assert kept()[queued] == "it is about to be compared with what serves"
    hand.check()
    assert kept()[queued].startswith("it waits for approval")

    hand.client.post(f"/experiments/{queued}:decline").raise_for_status()

    assert queued not in kept()
