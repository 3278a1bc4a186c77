from collections.abc import Callable

import pytest

from models_store.datasets.claim import ConversionClaim
from models_store.datasets.record import FilesDone
from models_store.evaluations.claim import EvaluationClaim
from models_store.evaluations.record import SamplesDone
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Progress
from models_store.jobs.activity import Activity, activities
from models_store.statistics import queue_state
from models_store.store import Store
from specs.dataset import DATASETS
from specs.evaluation import parse_evaluation
from specs.experiment import ExperimentSpec
from tests.support.published import publish

Spec = Callable[..., ExperimentSpec]


def at(store: Store) -> dict[str, list[Activity]]:
    running = queue_state(store.experiments, store.queue).running
    return activities(running, store.datasets, store.evaluations)


def test_nobody_works_in_an_empty_store(store: Store) -> None:
    assert at(store) == {}


def test_training_has_its_epoch_and_share(store: Store, tiny_spec: Spec) -> None:
    record = store.experiments.create(tiny_spec(epochs=4))
    claim = TrainingClaim.acquire(store.training_jobs, record.id, worker="a:1")
    assert claim is not None
    begun = Activity(kind="training", dataset="digits", experiment_id=record.id, name="tiny")
    assert at(store) == {"a:1": [begun]}
    claim.show(Progress(phase="training", epoch=1, epochs=4, step=5, steps_per_epoch=10, eta_seconds=2.5))
    [now] = at(store)["a:1"]
    assert now.done == pytest.approx(0.375)
    assert (now.epoch, now.epochs, now.eta_seconds) == (1, 4, 2.5)


def test_conversion_has_the_share_of_its_files(store: Store) -> None:
    with store.datasets.receive_archive() as archive:
        archive.write(b"an archive")
        store.datasets.add("own", archive)
    assert at(store) == {}
    claim = ConversionClaim.acquire(store.conversion_jobs, "own", worker="a:1")
    assert claim is not None
    assert at(store) == {"a:1": [Activity(kind="conversion", dataset="own")]}
    claim.show(FilesDone(done=3, total=4))
    assert at(store) == {"a:1": [Activity(kind="conversion", dataset="own", done=0.75)]}


def test_evaluation_has_the_share_of_its_samples(store: Store, tiny_spec: Spec) -> None:
    record = publish(store, tiny_spec())
    store.evaluations.add(record.id, parse_evaluation({"dataset": "mnist"}, DATASETS))
    assert at(store) == {}
    claim = EvaluationClaim.acquire(store.evaluation_jobs, record.id, "mnist", worker="a:1")
    assert claim is not None
    claim.show(SamplesDone(done=1, total=4))
    found = Activity(kind="evaluation", dataset="mnist", experiment_id=record.id, done=0.25)
    assert at(store) == {"a:1": [found]}
