"""Training from stores that earlier versions wrote."""

from pathlib import Path
from typing import Any

import pytest

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.points import Point
from models_store.experiments.record import Record
from models_store.store import Store, open_store
from specs.experiment import parse_spec
from tests.support.store import LEASE_SECONDS
from tests.support.stored_versions import StoredStore
from tests.support.valkey import Valkey
from tests.worker.conftest import Supervised
from worker.jobs.messages import TrainingJob, UploadedDataset
from worker.jobs.training import starting_weights
from worker.training.train import run


@pytest.fixture
def store(stored: StoredStore, valkey: Valkey) -> Store:
    store = open_store(stored.root, valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
    assert store.reconciler.sweep()
    return store


def train(store: Store, experiment_id: str, supervised: Supervised) -> tuple[dict[str, Any], Record]:
    """Run the next attempt to its end; the first event, and the record afterwards."""
    claim = TrainingClaim.acquire(store.training_jobs, experiment_id, worker="test:1")
    assert claim is not None
    facts = store.datasets.facts().get(claim.record.dataset)
    job = TrainingJob(
        experiment_id=experiment_id,
        spec=claim.record.spec,
        attempts_folder=claim.attempt_folder.parent,
        attempt_folder=claim.attempt_folder,
        datasets_dir=None,
        uploaded=UploadedDataset(facts=facts, folder=store.datasets.folder(facts.name)) if facts else None,
        weights=starting_weights(claim.record, store.transfers),
    )
    run(job, supervised.channel)
    result = supervised.result
    record = claim.succeed(
        Path(result["staged"]),
        result["stop_reason"],
        Point.model_validate(result["published"]),
        result["metrics"],
        result["test_metrics"],
    )
    return supervised.events[0], record


def test_interrupted_run_is_resumed(store: Store, stored: StoredStore, supervised: Supervised) -> None:
    experiment_id = stored.ids["interrupted"]
    before = store.experiments.history(experiment_id).points

    begun, record = train(store, experiment_id, supervised)

    assert begun["type"] == "begun"
    assert [point["metrics"] for point in begun["points"]] == [point.metrics for point in before]
    assert store.experiments.evaluation(record.id).split == "test"


def test_new_run_uses_dataset_and_weights(store: Store, stored: StoredStore, supervised: Supervised) -> None:
    source = stored.ids["on-an-upload"]
    spec = parse_spec(
        {
            "dataset": {"name": "scrawl"},
            "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}], "weights_from": source},
            "training": {"epochs": 1, "batch_size": 8},
        },
        store.known_datasets(),
    )
    with store.transfers.keep(spec, store.known_datasets()) as layers:
        record = store.experiments.create(spec, transferred_layers=layers)

    _, record = train(store, record.id, supervised)

    assert record.transferred_layers == {"dense": "dense"}
    assert store.experiments.predictions(record.id, "test").images.shape[1:] == (8, 8, 1)
