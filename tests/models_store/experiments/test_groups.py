from collections.abc import Callable

import pytest

from models_store.errors import IdempotencyMismatch, NotFound, StorageFull
from models_store.experiments.pages import Query
from models_store.experiments.record import Record
from models_store.store import Store
from specs.experiment import ExperimentSpec

Spec = Callable[..., ExperimentSpec]


def ids(records: list[Record]) -> list[str]:
    return [record.id for record in records]


def test_group_has_consecutive_seeds(store: Store, tiny_spec: Spec) -> None:
    store.experiments.index.mark_complete()
    records = store.groups.create(tiny_spec(seed=2**32 - 2), 3, None, b"", {})
    assert [record.spec.training.seed for record in records] == [2**32 - 2, 2**32 - 1, 0]
    assert [record.name for record in records] == [f"tiny · seed {seed}" for seed in (2**32 - 2, 2**32 - 1, 0)]
    assert {(record.group, record.repeats) for record in records} == {(records[0].id, 3)}
    assert ids(store.groups.members(records[0].id)) == sorted(ids(records)) == ids(records)
    other = store.experiments.create(tiny_spec())
    page = store.experiments.page(Query(group=records[0].id))
    assert sorted(ids(page.items)) == ids(records)
    assert other.group is None


def test_unknown_group_is_not_found(store: Store) -> None:
    store.experiments.index.mark_complete()
    with pytest.raises(NotFound, match="group 'nothing' not found"):
        store.groups.members("nothing")


def test_same_key_completes_a_killed_group(store: Store, tiny_spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    create, calls = store.experiments.create, []

    def create_twice(*arguments: object, **more: object) -> Record:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return create(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(store.experiments, "create", create_twice)
    with pytest.raises(KeyboardInterrupt):
        store.groups.create(tiny_spec(), 4, "key", b"body", {})
    left = store.experiments.index.ids()
    monkeypatch.undo()
    records = store.groups.create(tiny_spec(), 4, "key", b"body", {})

    assert ids(records)[:2] == left
    assert store.experiments.index.ids() == ids(records)
    with pytest.raises(IdempotencyMismatch):
        store.groups.create(tiny_spec(), 5, "key", b"body", {})


def test_full_disk_leaves_no_part_of_a_group(store: Store, tiny_spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    add = store.experiments.add
    added: list[str] = []

    def add_twice(record: Record, *more: object) -> None:
        if len(added) == 2:
            raise StorageFull("disk full")
        add(record, *more)  # type: ignore[arg-type]
        added.append(record.id)

    monkeypatch.setattr(store.experiments, "add", add_twice)
    with pytest.raises(StorageFull):
        store.groups.create(tiny_spec(), 4, None, b"", {})
    assert len(added) == 2
    assert store.experiments.index.ids() == []
    assert not any(store.experiments.folder(each).exists() for each in added)


def test_full_disk_loses_nothing_that_was_accepted(
    store: Store, tiny_spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request is sent again, one of whose experiments was deleted meanwhile."""
    first, second, third = ids(store.groups.create(tiny_spec(), 3, "key", b"body", {}))
    store.experiments.delete(second)
    add = store.experiments.add

    def add_nothing_new(record: Record, *more: object) -> None:
        if not store.experiments.folder(record.id).is_dir():
            raise StorageFull("disk full")
        add(record, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(store.experiments, "add", add_nothing_new)

    with pytest.raises(StorageFull):
        store.groups.create(tiny_spec(), 3, "key", b"body", {})

    assert store.experiments.index.ids() == [first, third]
