from collections.abc import Callable
from typing import Any

import pytest

from models_store.errors import Busy, InvalidState
from models_store.experiments.checkpoints import training_state
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.folders import ATTEMPTS
from models_store.experiments.places import TrialId
from models_store.experiments.record import Record
from models_store.files import lock_folder
from models_store.store import Store
from specs.dataset import DATASETS
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.published import keep_state, point, publish, stage

Spec = Callable[..., ExperimentSpec]


def spec_after(store: Store, source: Record, epochs: int = 4) -> ExperimentSpec:
    posted = {"continue_from": source.id, "training": {"epochs": epochs}}
    return parse_spec(store.continuations.document(posted))


def queue_after(store: Store, source: Record) -> Record:
    spec = spec_after(store, source)
    with store.continuations.keep(spec, DATASETS) as state:
        return store.experiments.create(spec, state=state)


def test_state_belongs_to_the_new_experiment(store: Store, tiny_spec: Spec) -> None:
    source = publish(store, tiny_spec())
    keep_state(store, source.id)
    record = queue_after(store, source)
    store.experiments.delete(source.id)

    assert (record.initial_epoch, record.based_on, record.spec.continue_from) == (2, source.id, source.id)
    state = training_state(store.experiments.folder(record.id) / ATTEMPTS)
    assert state is not None
    assert (state.epoch, state.path.read_bytes()) == (2, b"a state")


def test_cancelled_run_is_continued_within_its_epochs(store: Store, tiny_spec: Spec) -> None:
    source = store.experiments.cancel(store.experiments.create(tiny_spec(epochs=4)).id)
    keep_state(store, source.id, 3)
    assert queue_after(store, source).initial_epoch == 3


def test_source_is_locked_while_it_is_continued(store: Store, tiny_spec: Spec) -> None:
    source = publish(store, tiny_spec())
    keep_state(store, source.id)
    with (
        store.continuations.keep(spec_after(store, source), DATASETS),
        pytest.raises(Busy),
        lock_folder(store.experiments.folder(source.id), seconds=0.05),
    ):
        raise AssertionError("the lock was free")


def test_unfinished_source_is_rejected(store: Store, tiny_spec: Spec) -> None:
    source = store.experiments.create(tiny_spec())
    with pytest.raises(SpecError, match=r"/continue_from: .* is queued; only ended ones can be continued"):
        store.continuations.state(spec_after(store, source), DATASETS)


def test_source_without_state_says_what_to_do(store: Store, tiny_spec: Spec) -> None:
    source = publish(store, tiny_spec())
    with pytest.raises(SpecError, match=r"was not kept .* start from its weights with `model.weights_from`"):
        store.continuations.state(spec_after(store, source), DATASETS)


def test_unknown_source_is_a_spec_error(store: Store) -> None:
    with pytest.raises(SpecError, match="/continue_from: experiment 01K6W3E8Z4T5V6X7Y8Z9A0B1C2 not found"):
        store.continuations.document({"continue_from": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"})


@pytest.mark.parametrize(
    ("training", "is_trial", "is_kept"),
    [
        ({}, False, True),
        ({"keep_state": False}, False, False),
        ({}, True, False),
        ({"keep_state": True}, True, True),
    ],
)
def test_state_is_kept_as_the_spec_says(
    store: Store, tiny_spec: Spec, training: dict[str, Any], is_trial: bool, is_kept: bool
) -> None:
    sweep_id = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
    trial = TrialId(sweep_id, 0, "01K6W3E8Z4T5V6X7Y8Z9A0B1C3") if is_trial else None
    record = store.experiments.create(tiny_spec(**training), place=trial)
    claim = TrainingClaim.acquire(store.training_jobs, record.id, worker="test:1")
    assert claim is not None
    claim.begin_history([point(0)])
    keep_state(store, record.id, 1)
    claim.succeed(stage(claim.attempt_folder / "staged"), "completed", point(0), {}, {})

    assert (training_state(store.experiments.folder(record.id) / ATTEMPTS) is not None) is is_kept
    assert not (claim.attempt_folder / "staged").exists()


def test_state_is_removed_from_ended_experiments(store: Store, tiny_spec: Spec) -> None:
    source = publish(store, tiny_spec())
    path = keep_state(store, source.id)
    for _ in range(2):
        store.continuations.remove_state(source.id)
    assert not path.exists()
    waiting = store.experiments.create(tiny_spec())
    with pytest.raises(InvalidState, match="is queued and needs its training state"):
        store.continuations.remove_state(waiting.id)
