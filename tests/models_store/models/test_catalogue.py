from collections.abc import Callable
from typing import Any

import pytest

from models_store.artifacts import MANIFEST_FILE, ONNX_FILE, write_manifest
from models_store.errors import Damaged, InvalidState, NotFound, Unavailable
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Record
from models_store.models.catalogue import ModelCatalogue
from models_store.models.serving_info import SERVING_FILE
from models_store.store import Store
from specs.experiment import parse_spec
from tests.models_store.results import point, stage
from tests.support.valkey import Valkey

Succeed = Callable[..., Record]


@pytest.fixture
def models(store: Store) -> ModelCatalogue:
    store.reconciler.sweep()
    return store.models


@pytest.fixture
def publish(store: Store) -> Callable[..., Record]:
    """Make a model of blobs that has succeeded with this validation accuracy."""

    def make(accuracy: float, **dataset: Any) -> Record:
        layers = [{"type": "Dense"}]
        document = {"dataset": {"name": "blobs", **dataset}, "model": {"layers": layers}}
        record = store.experiments.create(parse_spec(document))
        claim = TrainingClaim.acquire(store.training_jobs, record.id, worker="worker")
        assert claim is not None
        staged = stage(claim.attempt_folder / "result")
        return claim.succeed(staged, "completed", point(0), {"val_accuracy": accuracy}, {})

    return make


def test_ranking_is_by_accuracy_then_loss(models: ModelCatalogue, succeed: Succeed) -> None:
    made = [succeed(0.5, 0.3), succeed(0.75, 0.9), succeed(0.75, 0.8), succeed(None, 0.1)]
    assert [record.id for record in models.ranking("digits")] == [made[index].id for index in (2, 1, 0, 3)]
    assert models.ranking("mnist") == []


def test_models_of_different_tasks_do_not_compete(
    store: Store, models: ModelCatalogue, publish: Callable[..., Record]
) -> None:
    three = publish(0.99, blobs={"centers": 3})
    elsewhere = publish(0.7, blobs={"centers": 3, "random_state": 5})
    worse, five = publish(0.6, blobs={"centers": 3, "random_state": 5}), publish(0.5, blobs={"centers": 5})
    assert [each.id for each in models.ranking("blobs")] == [five.id, elsewhere.id, worse.id, three.id]
    some = publish(1.0, classes=["0", "1"])
    whole, better = publish(0.2), publish(0.3, blobs={"centers": 4})
    assert [each.id for each in models.ranking("blobs")][:2] == [better.id, whole.id]
    assert models.ranking("blobs")[-1] == store.experiments.get(some.id)


def test_best_is_unavailable_until_index_is_complete(models: ModelCatalogue, valkey: Valkey) -> None:
    with valkey.client() as client:
        client.flushall()
    with pytest.raises(Unavailable, match="being rebuilt"):
        models.best(["digits"])


def test_best_of_all_datasets(models: ModelCatalogue, succeed: Succeed) -> None:
    assert models.best(["digits", "mnist"]) is None
    succeed(0.5)
    best = succeed(0.75)
    assert models.best(["mnist", "digits"]) == best
    assert models.best(["mnist"]) is None


def test_only_succeeded_experiments_are_models(
    store: Store, models: ModelCatalogue, succeed: Succeed, queued: Record
) -> None:
    store.experiments.cancel(queued.id)
    deleted = succeed()
    assert models.ranking("digits") == [deleted]
    store.experiments.delete(deleted.id)
    assert models.ranking("digits") == []


def test_loaded_model_equals_the_published(models: ModelCatalogue, succeed: Succeed) -> None:
    record = succeed()
    loaded = models.load(record.id)
    assert (loaded.record, loaded.onnx) == (record, b"a network")
    assert (loaded.info.labels, loaded.info.image_shape) == (("a", "b"), (8, 8, 1))


def test_unfinished_experiment_is_not_loaded(models: ModelCatalogue, queued: Record) -> None:
    with pytest.raises(InvalidState, match="is queued: only a succeeded one can predict"):
        models.load(queued.id)
    with pytest.raises(NotFound):
        models.load("../" + queued.id)


@pytest.mark.parametrize("name", [ONNX_FILE, SERVING_FILE, MANIFEST_FILE])
@pytest.mark.parametrize("content", [b"noise" * 200, b"{}", b""])
def test_changed_model_is_not_loaded(
    store: Store, models: ModelCatalogue, succeed: Succeed, name: str, content: bytes
) -> None:
    record = succeed()
    (store.experiments.artifacts(record.id) / name).write_bytes(content)
    with pytest.raises(Damaged):
        models.load(record.id)


def test_one_flipped_bit_is_found(store: Store, models: ModelCatalogue, succeed: Succeed) -> None:
    record = succeed()
    path = store.experiments.artifacts(record.id) / ONNX_FILE
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    with pytest.raises(Damaged, match="sha256"):
        models.load(record.id)


def test_serving_info_that_does_not_parse_is_damage(store: Store, models: ModelCatalogue, succeed: Succeed) -> None:
    record = succeed()
    folder = store.experiments.artifacts(record.id)
    (folder / SERVING_FILE).write_bytes(b'{"labels": []}')
    write_manifest(folder)
    with pytest.raises(Damaged, match=r"serving\.json of .* does not parse"):
        models.load(record.id)


def test_model_is_loaded_but_not_ranked_without_redis(own_store: Store, own_valkey: Valkey) -> None:
    own_valkey.kill()
    with pytest.raises(Unavailable):
        own_store.models.ranking("digits")
    with pytest.raises(NotFound):
        own_store.models.load("01J00000000000000000000000")
