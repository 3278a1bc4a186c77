import pytest

from models_store import keys
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.needs import Needs
from models_store.store import Store
from tests.models_store.conftest import MakeSpec
from tests.support.valkey import Valkey


@pytest.mark.parametrize("needs", [Needs(), Needs(4, 7_000_000, "gpu24"), Needs(1, 8_000_000_000, "cpu")])
def test_text_is_read_as_written(needs: Needs) -> None:
    assert Needs.parse(str(needs)) == needs


@pytest.mark.parametrize("text", ["", "1", "1 2", "x 2 -", "1 -5 -", "1 2 tpu", "\N{SUPERSCRIPT TWO} 1 -"])
def test_text_of_another_version_is_unknown(text: str) -> None:
    assert Needs.parse(text) is None


def test_needs_are_those_of_the_spec(store: Store, tiny_spec: MakeSpec) -> None:
    spec = tiny_spec(device="gpu24", devices=2)
    record = store.experiments.create(spec)
    assert (record.memory_mb, Needs.of(record)) == (spec.memory_mb(), Needs(2, spec.memory_mb() * 10**6, "gpu24"))


def test_older_record_is_estimated_when_asked(store: Store, tiny_spec: MakeSpec) -> None:
    spec = tiny_spec(device="gpu24", devices=2)
    record = store.experiments.create(spec)
    older = record.model_copy(update={"memory_mb": None})
    assert Needs.estimated(older, store.known_datasets) == Needs.of(record)
    assert Needs.estimated(older, dict) == Needs(2, 0, "gpu24"), "its dataset was deleted"
    assert Needs.estimated(record, lambda: pytest.fail("it has an estimate")) == Needs.of(record)
    store.experiments.write(older.replace())
    assert store.experiments.index.needs([record.id]) == [None], "disk is asked"


def test_index_has_needs_of_what_waits(store: Store, valkey: Valkey, tiny_spec: MakeSpec) -> None:
    records = [store.experiments.create(tiny_spec(devices=number)) for number in (1, 2, 3)]
    ids = [record.id for record in records]
    index = store.experiments.index
    assert index.needs([*ids, "unknown"]) == [*map(Needs.of, records), None]
    with valkey.client() as client:
        client.flushall()
    assert index.needs(ids) == [None, None, None]
    assert store.reconciler.sweep()
    assert index.needs(ids) == list(map(Needs.of, records))
    TrainingClaim.acquire(store.training_jobs, ids[0], worker="first")
    store.experiments.cancel(ids[1])
    store.experiments.cancel(ids[2])
    store.experiments.delete(ids[2])
    assert index.needs(ids) == [None, None, None]
    assert index.needs([]) == []
    with valkey.client() as client:
        assert not client.exists(keys.NEEDS)
