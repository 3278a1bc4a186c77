"""Experiments that a newer version has written: what they name is kept, and they are shown until they can be read."""

from pathlib import Path
from typing import Any

import pytest

from models_store.errors import InvalidState, Newer, NotFound
from models_store.experiments.folders import RECORD_FILE
from models_store.experiments.record import Record, Status
from models_store.jobs import view_repair
from models_store.store import Store
from specs.experiment import parse_spec
from tests.models_store.conftest import MakeSpec
from tests.support.newer import rewrite


@pytest.fixture
def source(store: Store, tiny_spec: MakeSpec) -> Record:
    return store.experiments.create(tiny_spec())


def path_of(store: Store, record: Record) -> Path:
    return store.experiments.folder(record.id) / RECORD_FILE


def add_newer(store: Store, document: dict[str, Any], **members: object) -> Record:
    record = store.experiments.create(parse_spec(document))
    rewrite(path_of(store, record), **members)
    return record


def test_newer_experiment_uses_its_datasets(store: Store, tiny_document: dict[str, Any]) -> None:
    """Wherever it names them."""
    newer = add_newer(store, tiny_document, dataset={"names": ["digits"]}, spec={"on": ["flowers"]})
    damaged = store.experiments.create(parse_spec(tiny_document))
    path_of(store, damaged).write_bytes(b'{"dataset":"digits"')

    assert store.experiments.users_of_dataset("digits") == [newer.id]
    assert store.experiments.users_of_dataset("flowers") == [newer.id]
    assert store.experiments.users_of_dataset("mnist") == []


def test_newer_experiment_keeps_the_weights_it_names(
    store: Store, succeed: Any, tiny_document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also once it is shown, and no longer one of the latest."""
    source, other = succeed(), succeed()
    newer = add_newer(store, tiny_document, spec={"starts": [{"with": source.id}]})
    assert store.experiments.users_of_weights(source.id) == [newer.id]
    assert store.experiments.users_of_weights(other.id) == store.experiments.users_of_weights(newer.id) == []

    store.redis.flushall()
    assert store.reconciler.sweep()
    monkeypatch.setattr(store.experiments, "ids_since", lambda _: [])
    with pytest.raises(InvalidState, match=f"needs the weights of experiment {source.id}: {newer.id}"):
        store.experiments.delete(source.id)
    store.experiments.delete(other.id)


def test_newer_experiment_may_have_learnt_the_test(store: Store, tiny_document: dict[str, Any], source: Record) -> None:
    """The one that names the dataset, and those that follow it, under any name of that."""
    newer = add_newer(store, tiny_document, spec={"on": "mnist"})
    model = {**tiny_document["model"], "weights_from": newer.id}
    follower = store.experiments.create(parse_spec({**tiny_document, "model": model}))
    heir = add_newer(store, tiny_document, spec={"starts": [{"with": follower.id}]})
    add_newer(store, tiny_document)

    assert store.experiments.users_of_test("mnist") == [newer.id, follower.id, heir.id]


def test_newer_experiment_deleted_meanwhile_is_unknown(
    store: Store, source: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete(_: str) -> Record:
        path_of(store, source).unlink()
        raise Newer("of a newer version")

    monkeypatch.setattr(store.experiments, "read", delete)

    with pytest.raises(NotFound, match=source.id):
        store.experiments.read_or_damaged(source.id)


def test_unknown_form_of_a_newer_record_is_shown(store: Store, source: Record) -> None:
    """In place of what is shown, and until it can be read."""
    source = store.experiments.edit(source.id, {"notes": "changed"})
    path = path_of(store, source)
    before = path.read_bytes()
    rewrite(path, version={"of": "another form"}, name=["tiny"])
    assert store.experiments.index.put(store.experiments.read_or_damaged(source.id))
    shown = store.experiments.get(source.id)
    assert (shown.status, shown.name, shown.private) == (Status.NEWER, f"newer {source.id}", True)

    path.write_bytes(before)
    assert store.reconciler.sweep()
    shown = store.experiments.get(source.id)
    assert (shown.status, shown.version, shown.name) == (Status.QUEUED, source.version, source.name)


def test_newer_ones_are_shown_a_slice_at_a_time(
    store: Store, tiny_document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In turns, so that all are reached; only those that can be read by now are restored."""
    monkeypatch.setattr(view_repair, "_NEWER", 2)
    monkeypatch.setattr(view_repair, "_QUICK_SECONDS", 60.0)
    records = [store.experiments.create(parse_spec(tiny_document)) for _ in range(5)]
    written = {each.id: path_of(store, each).read_bytes() for each in records}
    for each in records:
        rewrite(path_of(store, each))
        store.experiments.show(store.experiments.read_or_damaged(each.id))
    read: list[str] = []
    original = store.experiments.read
    monkeypatch.setattr(store.experiments, "read", lambda each: read.append(each) or original(each))  # type: ignore[func-returns-value]
    view = view_repair.ViewRepair(store.experiments, store.datasets, lambda: None)

    for _ in range(3):
        view.show_newer()
    assert read == [each.id for each in records]
    last = records[-1]
    path_of(store, last).write_bytes(written[last.id])
    for _ in range(3):
        view.show_newer()
    statuses = [store.experiments.get(each.id).status for each in records]
    assert statuses == [Status.NEWER] * 4 + [Status.QUEUED]
