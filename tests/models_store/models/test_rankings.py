from collections.abc import Callable

import pytest

from models_store.errors import Unavailable
from models_store.experiments.record import Record
from models_store.models.rankings import Rankings
from models_store.store import Store
from tests.support.valkey import Valkey


def commands(valkey: Valkey, call: Callable[[], object]) -> list[str]:
    with valkey.client() as client:
        client.config_resetstat()
        call()
        found = client.info("commandstats")
    return sorted(name.removeprefix("cmdstat_") for name in found if "config" not in name)


def test_unchanged_rankings_cost_one_command(store: Store, succeed: Callable[..., Record], valkey: Valkey) -> None:
    good, better = succeed(0.5), succeed(0.75)
    assert store.reconciler.sweep()
    rankings = Rankings(store.models)
    assert rankings.datasets() == ["digits"]
    assert rankings.ids("digits") == [better.id, good.id]
    assert commands(valkey, lambda: (rankings.datasets(), rankings.ids("digits"))) == ["mget"]
    best = succeed(0.9)
    assert rankings.datasets() == ["digits"]
    assert rankings.ids("digits") == [best.id, better.id, good.id]


def test_rankings_are_unavailable_during_a_rebuild(
    store: Store, succeed: Callable[..., Record], valkey: Valkey
) -> None:
    succeed(0.5)
    assert store.reconciler.sweep()
    rankings = Rankings(store.models)
    before = rankings.datasets()
    store.redis.flushall()
    with pytest.raises(Unavailable):
        rankings.datasets()
    assert store.reconciler.sweep()
    assert rankings.datasets() == before
