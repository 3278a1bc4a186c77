from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models_store.errors import Busy, InvalidState
from models_store.experiments import folders
from models_store.experiments import store as store_module
from models_store.experiments.folders import RECORD_FILE
from models_store.experiments.record import Record
from models_store.files import lock_folder, remove_directory
from models_store.store import Store
from specs.dataset import DATASETS, Dataset
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec


@pytest.fixture
def following(tiny_document: dict[str, Any]) -> Callable[[Record], ExperimentSpec]:
    """Make the spec of an experiment that starts from the weights of another."""

    def make(source: Record) -> ExperimentSpec:
        return parse_spec({**tiny_document, "model": {**tiny_document["model"], "weights_from": source.id}})

    return make


def test_source_is_locked_while_follower_is_written(
    store: Store, succeed: Callable[..., Record], following: Callable[[Record], ExperimentSpec]
) -> None:
    source = succeed()
    with (
        store.transfers.keep(following(source), DATASETS) as transferred,
        pytest.raises(Busy),
        lock_folder(store.experiments.folder(source.id), seconds=0.05),
    ):
        raise AssertionError("the lock was free")
    assert transferred == {"dense": "dense"}
    with lock_folder(store.experiments.folder(source.id), seconds=0.05):
        pass


def test_deleted_source_is_a_spec_error(
    store: Store, succeed: Callable[..., Record], following: Callable[[Record], ExperimentSpec]
) -> None:
    source = succeed()
    spec = following(source)
    remove_directory(store.experiments.folder(source.id))

    with pytest.raises(SpecError, match=f"/model/weights_from: experiment {source.id} not found"):
        store.transfers.keep(spec, DATASETS).__enter__()


def test_no_source_transfers_no_layers(store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> None:
    with store.transfers.keep(tiny_spec(), DATASETS) as transferred:
        assert transferred == {}


def test_source_with_invalid_spec_is_rejected(
    store: Store, succeed: Callable[..., Record], following: Callable[[Record], ExperimentSpec]
) -> None:
    source = succeed()
    without_digits: dict[str, Dataset] = {name: facts for name, facts in DATASETS.items() if name != "digits"}

    with pytest.raises(SpecError, match=f"the spec of experiment {source.id} is no longer valid: /dataset/name"):
        store.transfers.transferred_layers(following(source), without_digits)


def test_users_of_weights_are_found_until_they_end(
    store: Store, succeed: Callable[..., Record], following: Callable[[Record], ExperimentSpec]
) -> None:
    source, other = succeed(), succeed()
    waiting, cancelled = (store.experiments.create(following(source)).id for _ in range(2))
    store.experiments.cancel(cancelled)
    damaged = store.experiments.create(following(source)).id
    path = store.experiments.folder(damaged) / RECORD_FILE
    path.write_bytes(path.read_bytes()[:-1])

    assert store.experiments.users_of_weights(source.id) == [waiting]
    assert store.experiments.users_of_weights(other.id) == []


def test_weights_that_another_waits_for_are_kept(
    store: Store, succeed: Callable[..., Record], following: Callable[[Record], ExperimentSpec]
) -> None:
    """As the view has it, or else as disk has it: it may not be shown yet."""
    source = succeed()
    waiting = store.experiments.create(following(source)).id
    assert store.reconciler.sweep()
    for forget in (lambda: None, lambda: store.experiments.index.remove(waiting), store.redis.flushall):
        forget()
        with pytest.raises(InvalidState, match=waiting):
            store.experiments.delete(source.id)
    assert store.reconciler.sweep()
    store.experiments.cancel(waiting)
    store.experiments.delete(source.id)


def test_deletion_reads_no_other_record(
    store: Store, succeed: Callable[..., Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [succeed() for _ in range(3)]
    doomed = succeed()
    assert store.reconciler.sweep()
    monkeypatch.setattr(store_module, "_UNSHOWN", timedelta(0))
    read: list[str] = []
    whole = folders.read_record

    def noting(folder: Path) -> Record:
        read.append(folder.name)
        return whole(folder)

    monkeypatch.setattr(folders, "read_record", noting)
    store.experiments.delete(doomed.id)
    assert not {each.id for each in others}.intersection(read)
