"""Evaluations on disk: who may ask, who evaluates, what is left of whom."""

import threading
from collections.abc import Callable

import pytest

from models_store import keys
from models_store.artifacts import write_manifest
from models_store.errors import ClaimLost, InvalidState, NotFound
from models_store.evaluations.attempt import EvaluationAttempt
from models_store.evaluations.evaluation import write_cross_dataset_evaluation
from models_store.evaluations.record import EvaluationRecord, EvaluationStatus, SamplesDone
from models_store.evaluations.store import RECORD_FILE, RESULT
from models_store.experiments.record import Record
from models_store.jobs.attempt import is_abandoned
from models_store.store import Store
from specs.dataset import DATASETS
from specs.evaluation import EvaluationSpec, parse_evaluation
from specs.experiment import ExperimentSpec
from tests.support.evaluations import cross_dataset_evaluation_of
from tests.support.published import publish
from tests.support.valkey import Valkey

MNIST = parse_evaluation({"dataset": "mnist"}, DATASETS)


@pytest.fixture
def finished(store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> Record:
    """An experiment on digits."""
    return publish(store, tiny_spec())


@pytest.fixture
def asked(store: Store, finished: Record) -> EvaluationRecord:
    return store.evaluations.add(finished.id, MNIST)


def attempt(store: Store, record: EvaluationRecord) -> EvaluationAttempt:
    return EvaluationAttempt(store.evaluations, record.experiment_id, record.dataset, 3)


def finish(store: Store, record: EvaluationRecord, accuracy: float = 0.5) -> EvaluationRecord:
    with attempt(store, record).taken() as taken:
        assert taken is not None
        write_cross_dataset_evaluation(taken.staged, cross_dataset_evaluation_of("mnist"))
        write_manifest(taken.staged)
        return taken.finish({"accuracy": accuracy})


def lose_messages(valkey: Valkey) -> None:
    with valkey.client() as client:
        client.delete(keys.EVALUATIONS)


def test_one_evaluates_at_a_time_and_progress_is_shown(store: Store, asked: EvaluationRecord) -> None:
    folder = store.evaluations.folder(asked.experiment_id, "mnist")
    with attempt(store, asked).taken() as taken:
        assert taken is not None
        taken.show(SamplesDone(done=3, total=7))
        shown = store.evaluations.get(asked.experiment_id, "mnist")
        assert (shown.status, shown.attempts) == (EvaluationStatus.RUNNING, 1)
        assert shown.progress == SamplesDone(done=3, total=7)
        assert not is_abandoned(folder)
        with attempt(store, asked).taken() as second:
            assert second is None

    assert is_abandoned(folder)


def test_a_finished_one_has_figures_and_nothing_else_is_left(store: Store, asked: EvaluationRecord) -> None:
    finish(store, asked)

    assert store.evaluations.evaluation(asked.experiment_id, "mnist") == cross_dataset_evaluation_of("mnist")
    folder = store.evaluations.folder(asked.experiment_id, "mnist")
    assert sorted(path.name for path in folder.iterdir()) == [".lock", RECORD_FILE, RESULT]
    assert store.evaluations.marked() == set()
    with attempt(store, asked).taken() as again:
        assert again is None


def test_asked_for_anew_it_has_no_figures_until_it_is_done(store: Store, asked: EvaluationRecord) -> None:
    finish(store, asked)
    anew = store.evaluations.add(asked.experiment_id, MNIST)

    assert anew.id != asked.id
    assert not (store.evaluations.folder(asked.experiment_id, "mnist") / RESULT).exists()
    with pytest.raises(NotFound, match="is queued: it has no metrics"):
        store.evaluations.evaluation(asked.experiment_id, "mnist")
    assert finish(store, anew, 0.75).metrics == {"accuracy": 0.75}


def test_of_many_who_ask_at_once_all_get_the_same_one(store: Store, finished: Record) -> None:
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(store.evaluations.add(finished.id, MNIST))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert {each.id for each in found} == {store.evaluations.get(finished.id, "mnist").id}


def test_an_evaluation_left_three_times_has_failed(store: Store, asked: EvaluationRecord) -> None:
    for number in (1, 2, 3):
        with attempt(store, asked).taken() as taken:
            assert taken is not None
            assert taken.record.attempts == number

    with attempt(store, asked).taken() as taken:
        assert taken is None
    record = store.evaluations.get(asked.experiment_id, "mnist")
    assert (record.status, record.error) == ("failed", "3 evaluations were begun, and none came to an end")
    assert store.evaluations.marked() == set()


def test_a_process_that_dies_is_tried_again_and_a_worker_that_ends_gives_back_at_no_cost(
    store: Store, asked: EvaluationRecord
) -> None:
    with attempt(store, asked).taken() as taken:
        assert taken is not None
        assert taken.retry("its process died").status is EvaluationStatus.QUEUED
    with attempt(store, asked).taken() as taken:
        assert taken is not None
        record = taken.give_back()

    assert (record.status, record.attempts, record.error) == (EvaluationStatus.QUEUED, 1, "its process died")
    assert store.evaluations.marked() == {(asked.experiment_id, "mnist")}


def test_one_whose_experiment_was_deleted_changes_nothing(store: Store, asked: EvaluationRecord) -> None:
    with attempt(store, asked).taken() as taken:
        assert taken is not None
        store.experiments.delete(asked.experiment_id)
        with pytest.raises(ClaimLost):
            taken.check()
        with pytest.raises(ClaimLost):
            taken.show(SamplesDone(done=1, total=2))
        with pytest.raises(ClaimLost):
            taken.finish({})

    assert not store.experiments.folder(asked.experiment_id).exists()


@pytest.mark.parametrize("left", [False, True], ids=["queued", "left by a worker"])
def test_reconciler_sends_a_lost_wake_up_once_in_a_lease(
    store: Store, valkey: Valkey, asked: EvaluationRecord, left: bool
) -> None:
    if left:
        with attempt(store, asked).taken():
            pass
    lose_messages(valkey)
    store.reconciler.sweep()
    store.reconciler.sweep()

    assert store.queue.waiting_evaluations() == {(asked.experiment_id, "mnist")}
    with valkey.client() as client:
        assert client.llen(keys.EVALUATIONS) == 1


def test_what_a_message_names_is_not_sent_again(store: Store, valkey: Valkey, asked: EvaluationRecord) -> None:
    store.reconciler.sweep()

    with valkey.client() as client:
        assert client.llen(keys.EVALUATIONS) == 1
        assert not client.exists(keys.resent(asked.id))


@pytest.mark.parametrize("gone", ["ended", "deleted", "damaged"])
def test_a_mark_that_a_kill_left_is_swept_away(
    store: Store, valkey: Valkey, asked: EvaluationRecord, gone: str
) -> None:
    record = store.evaluations.folder(asked.experiment_id, "mnist") / RECORD_FILE
    if gone == "ended":
        store.evaluations.write(asked.failed("it was late"))
    elif gone == "deleted":
        store.experiments.delete(asked.experiment_id)
    else:
        record.write_text("{")
    lose_messages(valkey)
    store.reconciler.sweep()

    assert store.evaluations.marked() == set()
    assert store.queue.waiting_evaluations() == set()


def test_a_damaged_record_says_so_and_gives_way_to_another(store: Store, asked: EvaluationRecord) -> None:
    (store.evaluations.folder(asked.experiment_id, "mnist") / RECORD_FILE).write_text("{")

    [record] = store.evaluations.records(asked.experiment_id)

    assert record.status is EvaluationStatus.FAILED
    assert "does not parse; ask for it again" in (record.error or "")
    assert store.evaluations.add(asked.experiment_id, MNIST).status is EvaluationStatus.QUEUED


def test_a_dataset_deleted_meanwhile_is_not_asked_for(store: Store, finished: Record) -> None:
    facts = DATASETS["mnist"]
    spec: EvaluationSpec = parse_evaluation({"dataset": "gone"}, {"gone": facts})
    with pytest.raises(InvalidState, match="gone was deleted meanwhile"):
        store.evaluations.add(finished.id, spec)
    assert store.evaluations.records(finished.id) == []


@pytest.mark.parametrize("name", ["..", "a/b", ".lock", "A", ""])
def test_what_is_no_name_becomes_no_path(store: Store, finished: Record, name: str) -> None:
    with pytest.raises(NotFound):
        store.evaluations.folder(finished.id, name)
