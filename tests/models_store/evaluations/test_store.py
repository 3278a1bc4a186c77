"""Evaluations on disk: requests, claims, results, marks."""

import errno
import os
import shutil
import threading
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from models_store import keys
from models_store.artifacts import write_manifest
from models_store.errors import ClaimLost, InvalidState, NotFound, NotOwner, StorageFull, Unavailable
from models_store.evaluations.claim import EvaluationClaim
from models_store.evaluations.evaluation import write_cross_dataset_evaluation
from models_store.evaluations.record import EvaluationRecord, EvaluationStatus, SamplesDone
from models_store.evaluations.store import RECORD_FILE, RESULT
from models_store.experiments.record import Record
from models_store.jobs.failure import Failure
from models_store.jobs.queue import EVALUATION
from models_store.store import Store
from specs.dataset import DATASETS
from specs.evaluation import EvaluationSpec, parse_evaluation
from specs.experiment import ExperimentSpec
from tests.models_store.abandoned import abandon
from tests.models_store.children import killed_at_each_step
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


def acquire(store: Store, record: EvaluationRecord, worker: str = "worker") -> EvaluationClaim | None:
    return EvaluationClaim.acquire(store.evaluation_jobs, record.experiment_id, record.dataset, worker=worker)


def claim(store: Store, record: EvaluationRecord, worker: str = "worker") -> EvaluationClaim:
    acquired = acquire(store, record, worker)
    assert acquired is not None
    return acquired


def finish(store: Store, record: EvaluationRecord, accuracy: float = 0.5) -> EvaluationRecord:
    evaluation = claim(store, record)
    write_cross_dataset_evaluation(evaluation.attempt_folder, cross_dataset_evaluation_of("mnist"))
    write_manifest(evaluation.attempt_folder)
    return evaluation.succeed({"accuracy": accuracy})


def lose_messages(valkey: Valkey) -> None:
    with valkey.client() as client:
        client.delete(keys.EVALUATIONS)


def test_evaluation_has_one_claim_and_shows_progress(store: Store, asked: EvaluationRecord) -> None:
    evaluation = claim(store, asked)

    evaluation.show(SamplesDone(done=3, total=7))

    shown = store.evaluations.get(asked.experiment_id, "mnist")
    assert (shown.status, shown.attempts, shown.worker) == (EvaluationStatus.RUNNING, 1, "worker")
    assert shown.progress == SamplesDone(done=3, total=7)
    assert acquire(store, asked, "second") is None


def test_finished_evaluation_leaves_record_and_result(store: Store, asked: EvaluationRecord) -> None:
    finish(store, asked)

    assert store.evaluations.evaluation(asked.experiment_id, "mnist") == cross_dataset_evaluation_of("mnist")
    folder = store.evaluations.folder(asked.experiment_id, "mnist")
    assert sorted(path.name for path in folder.iterdir()) == [RECORD_FILE, RESULT]
    assert store.evaluations.unfinished() == set()
    assert acquire(store, asked) is None


def test_repeated_evaluation_has_no_metrics_before_end(store: Store, asked: EvaluationRecord) -> None:
    finish(store, asked)
    repeated = store.evaluations.add(asked.experiment_id, MNIST)

    assert repeated.id != asked.id
    assert not (store.evaluations.folder(asked.experiment_id, "mnist") / RESULT).exists()
    with pytest.raises(NotFound, match="is queued: it has no metrics"):
        store.evaluations.evaluation(asked.experiment_id, "mnist")
    assert finish(store, repeated, 0.75).metrics == {"accuracy": 0.75}


def test_concurrent_requests_make_one_evaluation(store: Store, finished: Record) -> None:
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


def test_evaluation_abandoned_three_times_fails(store: Store, asked: EvaluationRecord) -> None:
    for number in (1, 2, 3):
        evaluation = claim(store, asked, f"worker{number}")
        assert evaluation.token == number
        record = abandon(store, evaluation)

    assert acquire(store, asked) is None
    assert (record.status, record.error) == (
        "failed",
        "killed: worker worker3 stopped renewing its lease (attempt 3 of 3; no further attempt is made)",
    )
    assert store.evaluations.unfinished() == set()


def test_retried_evaluation_keeps_its_error_and_mark(store: Store, asked: EvaluationRecord) -> None:
    failure = Failure(type="killed", message="its process died")
    assert claim(store, asked).retry(failure).status is EvaluationStatus.QUEUED

    record = claim(store, asked).give_back()

    assert (record.status, record.attempts, record.interruptions) == (EvaluationStatus.QUEUED, 2, 1)
    assert record.error == "its process died"
    assert store.evaluations.unfinished() == {(asked.experiment_id, "mnist")}


def test_evaluation_of_deleted_experiment_is_lost(store: Store, asked: EvaluationRecord) -> None:
    evaluation = claim(store, asked)
    store.experiments.delete(asked.experiment_id)

    with pytest.raises(ClaimLost):
        evaluation.check()
    with pytest.raises(ClaimLost):
        evaluation.show(SamplesDone(done=1, total=2))
    with pytest.raises(ClaimLost):
        evaluation.succeed({})

    assert not store.experiments.folder(asked.experiment_id).exists()


def test_lost_message_is_sent_again_once_per_lease(store: Store, valkey: Valkey, asked: EvaluationRecord) -> None:
    lose_messages(valkey)
    store.reconciler.sweep()
    store.reconciler.sweep()

    assert store.queue.pending(EVALUATION) == {(asked.experiment_id, "mnist")}
    assert store.queue.depth(EVALUATION) == 1


def test_evaluation_named_by_message_is_not_enqueued(store: Store, valkey: Valkey, asked: EvaluationRecord) -> None:
    store.reconciler.sweep()

    with valkey.client() as client:
        assert client.llen(keys.EVALUATIONS) == 1
        assert not client.exists(keys.resent(asked.id))


@pytest.mark.parametrize("gone", ["ended", "deleted", "damaged"])
def test_stale_mark_is_removed(store: Store, valkey: Valkey, asked: EvaluationRecord, gone: str) -> None:
    record = store.evaluations.folder(asked.experiment_id, "mnist") / RECORD_FILE
    if gone == "ended":
        store.evaluations.write(asked.fail(Failure(type="internal", message="it was late")))
    elif gone == "deleted":
        store.experiments.delete(asked.experiment_id)
    else:
        record.write_text("{")
    lose_messages(valkey)
    store.reconciler.sweep()

    assert store.evaluations.unfinished() == set()
    assert store.queue.pending(EVALUATION) == set()


def test_damaged_evaluation_is_failed_and_replaceable(store: Store, asked: EvaluationRecord) -> None:
    (store.evaluations.folder(asked.experiment_id, "mnist") / RECORD_FILE).write_text("{")

    [record] = store.evaluations.records(asked.experiment_id)

    assert record.status is EvaluationStatus.FAILED
    assert "does not parse; post it again" in (record.error or "")
    assert store.evaluations.add(asked.experiment_id, MNIST).status is EvaluationStatus.QUEUED


def test_evaluation_on_deleted_dataset_is_rejected(store: Store, finished: Record) -> None:
    facts = DATASETS["mnist"]
    spec: EvaluationSpec = parse_evaluation({"dataset": "gone"}, {"gone": facts})
    with pytest.raises(InvalidState, match="gone was deleted meanwhile"):
        store.evaluations.add(finished.id, spec)
    assert store.evaluations.records(finished.id) == []


@pytest.mark.parametrize("name", ["..", "a/b", ".lock", "A", ""])
def test_invalid_name_is_not_found(store: Store, finished: Record, name: str) -> None:
    with pytest.raises(NotFound):
        store.evaluations.folder(finished.id, name)


def test_owners_take_turns_with_evaluations(store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> None:
    runs = [publish(store, tiny_spec()).id for _ in range(4)]
    for each in runs[:3]:
        store.evaluations.add(each, MNIST, owner="ann")
    store.evaluations.add(runs[3], MNIST, owner="bob")
    jobs = store.evaluation_jobs

    def next_one(named: str) -> str:
        names = jobs.candidates((named, "mnist"))
        claims = (EvaluationClaim.acquire(jobs, *name, worker="worker") for name in names)
        return next(each for each in claims if each is not None).record.experiment_id

    assert [next_one(each) for each in runs] == [runs[0], runs[3], runs[1], runs[2]]
    assert list(jobs.candidates(("gone", "mnist")))[-1] == ("gone", "mnist")


def test_first_evaluation_is_of_who_asked_first(store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> None:
    older, newer = (publish(store, tiny_spec()).id for _ in range(2))
    store.evaluations.add(newer, MNIST, owner="ann")
    store.evaluations.add(older, MNIST, owner="bob")
    for seconds, each in enumerate((newer, older)):
        os.utime(store.evaluations._mark(each, "mnist"), (seconds, seconds))

    assert list(store.evaluation_jobs.candidates((older, "mnist"))) == [(newer, "mnist"), (older, "mnist")]


def test_unwritable_evaluation_is_passed_over(
    store: Store, tiny_spec: Callable[..., ExperimentSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [publish(store, tiny_spec()).id for _ in range(2)]
    for each, owner in zip(runs, ("ann", "bob"), strict=True):
        store.evaluations.add(each, MNIST, owner=owner)
    jobs = store.evaluation_jobs
    # As of a folder that is not writable, for root as well.
    blocked = jobs.attempt_folder(jobs.read((runs[0], "mnist")).claim("worker"))
    mkdir = Path.mkdir

    def make(path: Path, *arguments: Any, **options: Any) -> None:
        if path == blocked:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        mkdir(path, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", make)
    claimed = EvaluationClaim.acquire_first(jobs, jobs.candidates((runs[0], "mnist")), "worker")

    assert claimed is not None
    assert claimed.record.experiment_id == runs[1]
    for _ in range(2):  # its lease is free again
        with pytest.raises(Unavailable, match="cannot write the folder of attempt 1"):
            EvaluationClaim.acquire_first(jobs, jobs.candidates((runs[0], "mnist")), "worker")


def test_mark_has_its_owner_or_is_none(store: Store, finished: Record, reopened: Callable[[], Store]) -> None:
    seen = []
    for _ in killed_at_each_step(lambda: reopened().evaluations.add(finished.id, MNIST, owner="ann")):
        seen.append([(each.id, each.owner) for each in store.evaluations.waiting()])
        assert len(store.evaluations.unfinished()) == len(seen[-1])
        store.evaluations.unmark(finished.id, "mnist")
        shutil.rmtree(store.evaluations.folder(finished.id, "mnist"), ignore_errors=True)
        for left in store.evaluations._marks.iterdir():
            os.utime(left, (0, 0))
        store.evaluation_jobs.unfinished()
        assert list(store.evaluations._marks.iterdir()) == []
    assert [each for each, _ in groupby(seen)] == [[], [(f"{finished.id}.mnist", "ann")]]


def test_full_disk_leaves_no_mark(store: Store, finished: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", fail)
        with pytest.raises(StorageFull):
            store.evaluations.add(finished.id, MNIST)

    assert list(store.evaluations._marks.iterdir()) == []


def test_finished_evaluation_is_kept_from_others(store: Store, asked: EvaluationRecord) -> None:
    finished = finish(store, asked)
    on_train = parse_evaluation({"dataset": "mnist", "split": "train"}, DATASETS)

    assert store.evaluations.add(asked.experiment_id, MNIST, owner="bob", may_replace=False) == finished
    with pytest.raises(NotOwner, match=r"was evaluated on mnist, .* split all; only its owner and admins replace"):
        store.evaluations.add(asked.experiment_id, on_train, owner="bob", may_replace=False)

    assert store.evaluations.evaluation(asked.experiment_id, "mnist") == cross_dataset_evaluation_of("mnist")
    assert store.evaluations.unfinished() == set()
    assert store.evaluations.add(asked.experiment_id, on_train, owner="ann").split == "train"


def test_failed_evaluation_is_repeated_by_others(store: Store, asked: EvaluationRecord) -> None:
    claim(store, asked).fail(Failure(type="internal", message="gone"))

    again = store.evaluations.add(asked.experiment_id, MNIST, owner="bob", may_replace=False)

    assert (again.status, again.id != asked.id) == (EvaluationStatus.QUEUED, True)
