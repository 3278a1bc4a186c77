"""The dataset that everybody knows."""

import os
from pathlib import Path

import pytest

from specs.presets import PRESETS
from tests.e2e.running_up import RunningUp

pytestmark = [pytest.mark.xdist_group("up"), pytest.mark.timeout(300)]


def missing_file() -> str | None:
    """Why MNIST cannot be read here, if so: no test downloads it."""
    folder = os.environ.get("DATASETS_DIR")
    if not folder:
        return "DATASETS_DIR is not set, so there is no mnist.npz"
    file = Path(folder) / "mnist.npz"
    return None if file.is_file() else f"there is no {file}"


@pytest.mark.skipif(missing_file() is not None, reason=missing_file() or "")
def test_one_epoch_of_the_dense_preset_tells_most_digits_apart(up: RunningUp) -> None:
    document = {
        **PRESETS["mnist-dnn"].spec,
        "name": "mnist-once",
        # On raw pixels, as the preset has them, so few steps do not get it beyond a third, here as in bare Keras.
        "preprocessing": {"scale": "unit"},
        "training": {"batch_size": 512, "epochs": 1, "max_minutes": 3},
    }

    record = up.wait_for_end(up.submit(document))

    assert record["status"] == "succeeded", record["error"]
    assert record["best_metrics"]["val_accuracy"] > 0.8
    assert record["test_metrics"]["accuracy"] > 0.8
    assert up.client.evaluation(record["id"])["samples"] == 10_000
