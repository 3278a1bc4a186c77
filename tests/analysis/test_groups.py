from collections.abc import Callable

from analysis.groups import group_view
from models_store.store import Store
from specs.experiment import ExperimentSpec
from tests.support.published import finish

Spec = Callable[..., ExperimentSpec]


def test_metrics_are_of_those_that_succeeded(store: Store, tiny_spec: Spec) -> None:
    first, second, third = store.groups.create(tiny_spec(seed=3), 3, None, b"", {})
    assert group_view([first]).sentence == "no training has succeeded yet"
    ended = [finish(store, first, 0.9), finish(store, second, 0.8), store.experiments.cancel(third.id)]
    view = group_view(ended)

    assert (view.id, view.name, view.repeats) == (first.id, "tiny", 3)
    assert view.counts == {"succeeded": 2, "cancelled": 1}
    assert [each.seed for each in view.items] == [3, 4, 5]
    assert round(view.metrics["val_accuracy"].mean, 6) == 0.85
    assert view.metrics["val_accuracy"].n == 2
    assert "learning_rate" not in view.metrics
    assert view.sentence == "test_accuracy 0.8000 ± 0.0000 (95 % interval 0.8000 to 0.8000, 2 seeds)"
    assert group_view(ended[:1]).sentence == "test_accuracy 0.8000, of one training"
