import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from models_store.errors import Damaged, InvalidState, NotFound
from models_store.experiments.record import Record
from models_store.store import Store
from serving import loaded_models
from serving.errors import NoModel, UnknownDataset, WrongDataset
from serving.loaded_models import LoadedModels
from serving.registry import Registry
from serving.served_model import ServedModel
from specs.dataset import DATASETS, Dataset
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.published import publish
from tests.support.valkey import Valkey
from tests.support.waiting import PATIENCE_SECONDS

Spec = Callable[..., ExperimentSpec]
SIZE_OF_TWO = 2_000_000


@pytest.fixture
def make_registry(store: Store) -> Callable[[], Registry]:
    """That of another process, which starts."""
    assert store.reconciler.sweep()
    return lambda: Registry(store.models, store.known_datasets, LoadedModels(store.models, 1, SIZE_OF_TWO))


@pytest.fixture
def registry(make_registry: Callable[[], Registry]) -> Registry:
    return make_registry()


def damage(store: Store, record: Record) -> None:
    """Same length, so that only the checksum differs."""
    path = store.experiments.artifacts(record.id) / "model.onnx"
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])


def serving(registry: Registry) -> dict[str, str | None]:
    registry.refresh()
    return {each.dataset: each.serving.id if each.serving else None for each in registry.statuses()}


def test_request_waits_for_the_first_model(
    registry: Registry, store: Store, tiny_spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = publish(store, tiny_spec())
    loading, load = threading.Event(), threading.Event()

    def load_slowly(*arguments: Any) -> ServedModel:
        loading.set()
        assert load.wait(PATIENCE_SECONDS)
        return ServedModel(*arguments)

    monkeypatch.setattr(loaded_models, "ServedModel", load_slowly)
    with ThreadPoolExecutor(2) as threads:
        refreshed = threads.submit(registry.refresh)
        assert loading.wait(PATIENCE_SECONDS)
        answer = threads.submit(registry.get, "digits", None)
        load.set()
        assert answer.result().id == published.id
        refreshed.result()


def test_registry_without_models_raises_no_model(registry: Registry) -> None:
    with pytest.raises(NoModel, match="POST an experiment"):
        registry.get(None, None)


def test_model_for_another_kind_of_sample_is_no_model(registry: Registry, store: Store, tiny_spec: Spec) -> None:
    publish(store, tiny_spec())

    with pytest.raises(
        NoModel, match=r"takes numbers yet, .* those of digits take images: POST an experiment on blobs"
    ):
        registry.get(None, None, images=False)


def test_experiment_on_another_dataset_is_rejected(registry: Registry, store: Store, tiny_spec: Spec) -> None:
    published = publish(store, tiny_spec())

    assert registry.get("digits", published.id).id == published.id
    with pytest.raises(WrongDataset, match="was trained on digits, not on mnist; leave out one of"):
        registry.get("mnist", published.id)
    with pytest.raises(UnknownDataset, match="did you mean `mnist`"):
        registry.get("mnits", published.id)


def test_new_dataset_is_served(registry: Registry, store: Store, tiny_document: dict[str, Any]) -> None:
    registry.refresh()
    leaves = Dataset("leaves", (8, 8, 1), tuple("0123456789"), (100,) * 10)
    document = {**tiny_document, "dataset": {"name": "leaves"}}
    published = publish(store, parse_spec(document, {**DATASETS, "leaves": leaves}))

    assert registry.get("leaves", None).id == published.id
    assert serving(registry) == {"leaves": published.id}


def test_unknown_dataset_differs_from_no_model(registry: Registry) -> None:
    with pytest.raises(NoModel, match="no model for mnist"):
        registry.get("mnist", None)
    with pytest.raises(UnknownDataset, match="unknown dataset `mnits`; did you mean `mnist`"):
        registry.get("mnits", None)


def test_model_of_some_classes_ranks_last(registry: Registry, store: Store, tiny_document: dict[str, Any]) -> None:
    document = {**tiny_document, "dataset": {"name": "mnist", "classes": [0, 1]}}
    some = publish(store, parse_spec(document), val_accuracy=1.0)
    registry.refresh()
    assert registry.get(None, None).id == some.id
    every = publish(store, parse_spec(tiny_document), val_accuracy=0.5)
    registry.refresh()

    assert registry.get(None, None).id == every.id
    assert registry.get("mnist", None).id == some.id
    assert store.models.best(["digits", "mnist"]) == every


def test_model_of_corrections_serves_only_its_dataset(
    registry: Registry, store: Store, tiny_document: dict[str, Any]
) -> None:
    whole = publish(store, parse_spec(tiny_document), val_accuracy=0.5)
    name = f"{tiny_document['dataset']['name']}-corrections"
    corrections = replace(DATASETS["digits"], name=name)
    document = {**tiny_document, "dataset": {**tiny_document["dataset"], "name": name}}
    few = publish(store, parse_spec(document, {**DATASETS, name: corrections}), val_accuracy=1.0)
    registry.refresh()

    assert registry.get(None, None).id == whole.id
    assert registry.get(name, None).id == few.id


def test_pinned_model_serves_in_every_process(
    make_registry: Callable[[], Registry], store: Store, tiny_spec: Spec
) -> None:
    here, elsewhere = make_registry(), make_registry()
    best, worse = publish(store, tiny_spec(), 0.9), publish(store, tiny_spec(), 0.5)
    assert serving(here) == serving(elsewhere) == {"digits": best.id}

    here.pin("digits", worse.id)

    assert here.get("digits", None).id == worse.id
    publish(store, tiny_spec(), 0.99)
    assert serving(here) == serving(elsewhere) == serving(make_registry()) == {"digits": worse.id}
    assert store.models.best(["digits"]) != worse


def test_unpinned_dataset_is_served_by_the_best(registry: Registry, store: Store, tiny_spec: Spec) -> None:
    best, worse = publish(store, tiny_spec(), 0.9), publish(store, tiny_spec(), 0.5)
    registry.pin("digits", worse.id)
    registry.unpin("digits")
    assert registry.get("digits", None).id == best.id
    registry.unpin("digits")
    assert serving(registry) == {"digits": best.id}


def test_pins_are_followed_while_redis_is_away(
    registry: Registry, store: Store, tiny_spec: Spec, valkey: Valkey
) -> None:
    best, worse = publish(store, tiny_spec(), 0.9), publish(store, tiny_spec(), 0.5)
    assert serving(registry) == {"digits": best.id}
    with valkey.client() as client:
        client.flushall()  # the index is not whole, as good as away
    store.models.pin("digits", worse.id)
    assert serving(registry) == {"digits": worse.id}


def test_model_that_cannot_serve_is_not_pinned(
    registry: Registry, store: Store, tiny_spec: Spec, tiny_document: dict[str, Any]
) -> None:
    best, broken = publish(store, tiny_spec(), 0.9), publish(store, tiny_spec(), 0.5)
    other = publish(store, parse_spec({**tiny_document, "dataset": {"name": "blobs"}}))
    damage(store, broken)
    for experiment_id, error in (
        (broken.id, Damaged),
        (other.id, InvalidState),
        (store.experiments.create(tiny_spec()).id, InvalidState),
        ("01J00000000000000000000000", NotFound),
    ):
        with pytest.raises(error):
            registry.pin("digits", experiment_id)
    assert store.models.pins() == {}
    assert serving(registry) == {"blobs": other.id, "digits": best.id}


def test_damaged_pinned_model_is_rejected(make_registry: Callable[[], Registry], store: Store, tiny_spec: Spec) -> None:
    best, old, pinned = (publish(store, tiny_spec(), accuracy) for accuracy in (0.9, 0.8, 0.5))
    running = make_registry()
    running.pin("digits", old.id)
    damage(store, pinned)
    store.models.pin("digits", pinned.id)

    assert serving(running) == {"digits": old.id}
    restarted = make_registry()
    assert serving(restarted) == {"digits": best.id}
    for registry in (running, restarted):
        status = registry.status("digits")
        assert status.pin is not None
        assert status.pin.experiment_id == pinned.id
        [rejected] = status.rejected
        assert rejected.experiment_id == pinned.id
        assert "does not match its sha256" in rejected.reason


def test_damaged_pin_is_reported_and_the_best_serves(registry: Registry, store: Store, tiny_spec: Spec) -> None:
    best = publish(store, tiny_spec())
    (store.experiments.pins.folder / "digits.json").write_bytes(b"{")

    assert serving(registry) == {"digits": best.id}
    [rejected] = registry.status("digits").rejected
    assert (rejected.experiment_id, "does not parse" in rejected.reason) == (None, True)
    registry.pin("digits", best.id)
    assert registry.status("digits").rejected == []


def test_rejected_model_is_listed_until_deleted(registry: Registry, store: Store, tiny_spec: Spec) -> None:
    broken = publish(store, tiny_spec(), 0.99)
    damage(store, broken)
    with pytest.raises(NoModel, match="GET /models lists what is wrong"):
        registry.get("digits", None)
    sound = publish(store, tiny_spec(), 0.5)
    assert serving(registry) == {"digits": sound.id}
    assert [each.experiment_id for each in registry.status("digits").rejected] == [broken.id]

    store.experiments.delete(broken.id)
    registry.refresh()

    assert registry.status("digits").rejected == []


def test_dropped_model_is_loaded_again(registry: Registry, store: Store, tiny_spec: Spec) -> None:
    best = publish(store, tiny_spec(), 0.9)
    others = [publish(store, tiny_spec(), 0.5) for _ in range(2)]
    first = registry.get("digits", None)
    for other in others:
        registry.get(None, other.id)

    again = registry.get("digits", None)

    assert (again.id, again is first) == (best.id, False)
    assert registry.get("digits", None) is again


def test_model_damaged_after_drop_gives_way_to_next(registry: Registry, store: Store, tiny_spec: Spec) -> None:
    best, second, third = (publish(store, tiny_spec(), accuracy) for accuracy in (0.9, 0.8, 0.7))
    registry.get("digits", None)
    for other in (second, third):
        registry.get(None, other.id)
    damage(store, best)

    assert registry.get("digits", None).id == second.id
    assert [each.experiment_id for each in registry.status("digits").rejected] == [best.id]


def promotions(store: Store) -> list[tuple[str | None, str]]:
    return [(each.experiment_id, each.reason) for each in store.models.promotions("digits")]


def test_promotions_tell_what_served_and_why(registry: Registry, store: Store, tiny_spec: Spec) -> None:
    first = publish(store, tiny_spec(), 0.8)
    registry.refresh()
    second = publish(store, tiny_spec(), 0.9)
    registry.refresh()
    registry.pin("digits", first.id)
    registry.unpin("digits")
    registry.refresh()
    expected = [(first.id, "best"), (second.id, "best"), (first.id, "pinned"), (second.id, "best")]
    assert promotions(store) == expected
    [*_, last] = store.models.promotions("digits")
    assert (last.name, last.val_accuracy, last.accuracy) == ("tiny", 0.9, 0.8)


def test_model_in_place_of_a_damaged_one_is_a_fallback(
    make_registry: Callable[[], Registry], store: Store, tiny_spec: Spec
) -> None:
    good, broken = publish(store, tiny_spec(), 0.8), publish(store, tiny_spec(), 0.9)
    damage(store, broken)
    make_registry().refresh()
    assert promotions(store) == [(good.id, "fallback")]
    best = publish(store, tiny_spec(), 0.95)
    make_registry().refresh()
    assert promotions(store) == [(good.id, "fallback"), (best.id, "best")]


def test_pin_that_cannot_serve_has_a_fallback(
    make_registry: Callable[[], Registry], store: Store, tiny_spec: Spec
) -> None:
    best, pinned = publish(store, tiny_spec(), 0.9), publish(store, tiny_spec(), 0.8)
    store.models.pin("digits", pinned.id)
    damage(store, pinned)
    make_registry().refresh()
    assert promotions(store) == [(best.id, "fallback")]


def test_deleted_model_leaves_none(registry: Registry, store: Store, tiny_spec: Spec) -> None:
    only = publish(store, tiny_spec())
    registry.refresh()
    store.experiments.delete(only.id, force=True)
    registry.forget(only.id)
    assert promotions(store) == [(only.id, "best"), (None, "none")]


def test_restart_repeats_no_promotion(make_registry: Callable[[], Registry], store: Store, tiny_spec: Spec) -> None:
    publish(store, tiny_spec())
    for _ in range(2):
        make_registry().refresh()
    assert len(promotions(store)) == 1


def test_promotion_that_cannot_be_written_is_served(registry: Registry, store: Store, tiny_spec: Spec) -> None:
    best = publish(store, tiny_spec())
    (store.experiments.pins.folder / "digits.promotions.jsonl").mkdir()
    assert serving(registry) == {"digits": best.id}
