"""A training on MNIST."""

import pytest

from specs.presets import PRESETS
from tests.e2e.running_up import RunningUp
from tests.support.requirements import needs_mnist

pytestmark = pytest.mark.xdist_group("up")


@needs_mnist
def test_mnist_dense_preset_learns_in_one_epoch(up: RunningUp) -> None:
    document = {
        **PRESETS["mnist-dnn"].spec,
        "name": "mnist-once",
        # The preset uses raw pixels, on which so few steps reach a third, in plain Keras as well.
        "preprocessing": {"scale": "unit"},
        "training": {"batch_size": 512, "epochs": 1, "max_minutes": 3},
    }

    record = up.wait_for_end(up.submit(document))

    assert record.status == "succeeded", record.error
    assert (record.best_metrics["val_accuracy"] or 0) > 0.8
    assert (record.test_metrics["accuracy"] or 0) > 0.8
    assert up.client.evaluation(record.id).samples == 10_000
