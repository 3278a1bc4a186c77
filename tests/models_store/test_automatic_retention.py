"""Deleting by the limits of the settings."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models_store import keys
from models_store.automatic_retention import AutomaticRetention
from models_store.errors import Unavailable
from models_store.experiments.checkpoints import checkpoint_name
from models_store.experiments.folders import ATTEMPTS
from models_store.experiments.record import Record
from models_store.frozen import utc_now
from models_store.retention import Retention, prune, prune_states
from models_store.store import Store, open_store
from specs.experiment import ExperimentSpec
from specs.sweep import parse_sweep
from tests.support.newer import rewrite
from tests.support.published import publish
from tests.support.store import LEASE_SECONDS
from tests.support.valkey import Valkey


@pytest.fixture
def ended(store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> list[Record]:
    """Three that ended 30, 20 and 10 days ago; the first one is the best."""
    store.reconciler.sweep()
    records = []
    for days in (30, 20, 10):
        record = publish(store, tiny_spec(f"run {days}"), val_accuracy=0.5 + days / 100)
        with store.experiments.lock(record.id) as current:
            records.append(store.experiments.write(current.replace(ended_at=utc_now() - timedelta(days=days))))
    return records


def names(store: Store) -> list[str]:
    return [record.name for record in store.experiments.index.get_many(store.experiments.index.ids())]


def serves_nothing(_: str) -> bool:
    """As a process that has just started."""
    return False


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        (Retention(older_than_days=15), ["run 30", "run 10"]),
        (Retention(keep_newest=0), ["run 30"]),
        (Retention(max_bytes=0), ["run 30"]),
        (Retention(older_than_days=40, keep_newest=3), ["run 30", "run 20", "run 10"]),
    ],
)
def test_what_exceeds_a_limit_is_deleted(
    store: Store, ended: list[Record], limits: Retention, left: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    pruning = AutomaticRetention(store, limits, 60).run(serves_nothing)

    assert pruning is not None
    assert names(store) == left
    logged = [each.getMessage() for each in caplog.records if each.getMessage().startswith("retention: deleted")]
    assert len(logged) == len(pruning.removed) == 3 - len(left)


def test_nothing_is_deleted_without_a_limit(store: Store, ended: list[Record]) -> None:
    retention = AutomaticRetention(store, Retention(), 60)

    assert not retention.is_on
    assert retention.run(serves_nothing) is None
    assert len(names(store)) == 3


def test_one_process_at_a_time_deletes(store: Store, ended: list[Record], tmp_path: Path, valkey: Valkey) -> None:
    other = open_store(tmp_path / "store", valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
    limits = Retention(older_than_days=15)
    here, there = AutomaticRetention(store, limits, 60), AutomaticRetention(other, limits, 60)
    assert here.last() is None

    first, second = here.run(serves_nothing), there.run(serves_nothing)

    assert first is not None
    assert second is None
    last = there.last()
    assert last is not None
    assert (last.removed, last.removed_bytes, last.kept) == (1, first.removed_bytes, 1)
    with valkey.client() as redis:
        assert 0 < redis.pttl(keys.RETENTION_TURN) <= 60_000
        redis.delete(keys.RETENTION_TURN)
    assert there.run(serves_nothing) is not None
    other.close()


@pytest.mark.parametrize("newer", [True, False])
def test_trial_of_an_unreadable_sweep_is_kept(
    store: Store, ended: list[Record], tiny_document: dict[str, Any], newer: bool
) -> None:
    """The others that exceed the limit go."""
    rate = {"$search": {"float": [0.1, 0.9]}}
    experiment = {**tiny_document, "training": {**tiny_document["training"], "validation_split": rate}}
    sweep = store.sweeps.create(parse_sweep({"experiment": experiment})).id
    with store.experiments.lock(ended[1].id) as current:
        store.experiments.write(current.replace(sweep=sweep, trial=0))
    path = store.sweeps.folder(sweep) / "sweep.json"
    reason = "in version 999 of the store" if newer else "does not parse"
    if newer:
        rewrite(path)
    else:
        path.write_text("{")

    done = prune(store, Retention(older_than_days=5), serves_nothing, dry_run=False)

    assert [each.id for each in done.removed] == [ended[0].id, ended[2].id]
    [kept] = done.kept
    assert (kept.id, reason in kept.reason) == (ended[1].id, True)


def test_nothing_is_deleted_before_the_best_are_known(store: Store, ended: list[Record]) -> None:
    store.redis.flushall()

    with pytest.raises(Unavailable, match="being rebuilt"):
        AutomaticRetention(store, Retention(keep_newest=0), 60).run(serves_nothing)

    store.reconciler.sweep()
    assert len(names(store)) == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda store, experiment_id: store.experiments.retry(experiment_id),
        lambda store, experiment_id: store.experiments.edit(experiment_id, {"star": True}),
    ],
    ids=["retry", "star"],
)
def test_what_changes_while_others_go_is_kept(
    store: Store, tiny_spec: Callable[..., ExperimentSpec], change: Callable[[Store, str], Record]
) -> None:
    """A look at all files of thousands takes seconds, in which a retry was accepted, or a star given."""
    store.reconciler.sweep()
    wanted, other = (store.experiments.create(tiny_spec()).id for _ in range(2))
    for each in (wanted, other):
        store.experiments.cancel(each)
    changes = [change]

    def serves_nothing_now(experiment_id: str) -> bool:
        if experiment_id == wanted and changes:
            changes.pop()(store, wanted)
        return False

    done = prune(store, Retention(keep_newest=0), serves_nothing_now, dry_run=False)

    assert [each.id for each in done.removed] == [other]
    assert [(each.id, each.reason) for each in done.kept] == [(wanted, "it was changed in this moment")]
    assert store.experiments.index.ids() == [wanted]


def test_state_of_what_changes_meanwhile_is_kept(
    store: Store, ended: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in ended:
        path = store.experiments.folder(each.id) / ATTEMPTS / "1" / checkpoint_name(1, 0)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    remove = store.continuations.remove_state

    def remove_later(experiment_id: str, check: Callable[[Record], None]) -> None:
        store.experiments.edit(experiment_id, {"star": True})
        remove(experiment_id, check)

    monkeypatch.setattr(store.continuations, "remove_state", remove_later)

    done = prune_states(store, Retention(keep_newest=0), dry_run=False)

    assert (done.removed, len(done.kept)) == ((), 3)
