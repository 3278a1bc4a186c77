from collections.abc import Callable

from models_store.experiments.summaries import Row
from models_store.experiments.summary import ExperimentSummary
from models_store.store import Store
from specs.experiment import ExperimentSpec


def test_made_up_fields_take_no_memory(store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> None:
    """A row lives until its experiment changes, and clients name any fields."""
    record = store.experiments.create(tiny_spec())
    row = Row.of(record, ExperimentSummary.of(record))

    values = {row.values(f"training.made_up_{number}") for number in range(1_000)}

    assert values == {(None,)}
    assert len(row._seen) < 100
    assert row.values("training.epochs") == (record.spec.training.epochs,)
