from pathlib import Path

import keras
import numpy as np

from models_store.artifacts import write_manifest
from models_store.evaluations.predictions import predictions_file, read_predictions
from worker.data import Split, Splits
from worker.evaluation.evaluate import evaluate
from worker.training.steps import predict_function

LABELS = ("left", "right")


def split(first: int, samples: int) -> Split:
    """StoredImages of 2x1: bright on the left or on the right; every fifth one is mislabeled."""
    labels = np.arange(samples) % 2
    images = np.zeros((samples, 1, 2, 1), dtype=np.uint8)
    images[np.arange(samples), 0, labels, 0] = 255
    mistaken = np.arange(samples) % 5 == 4
    return Split(images, np.where(mistaken, 1 - labels, labels), np.arange(first, first + samples))


def model() -> keras.Model:
    built = keras.Sequential(
        [
            keras.Input((1, 2, 1), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax", use_bias=False),
        ]
    )
    built.set_weights([np.array([[4.0, 0.0], [0.0, 4.0]], dtype=np.float32)])
    return built


def test_every_split_has_metrics_and_predictions(tmp_path: Path) -> None:
    results = evaluate(predict_function(model()), Splits(split(0, 50), split(50, 20), split(70, 30)), LABELS, "float32")
    results.write(tmp_path)
    write_manifest(tmp_path)

    assert {name: each.accuracy for name, each in results.evaluations.items()} == {
        "training": 0.8,
        "validation": 0.8,
        "test": 0.8,
    }
    # sigmoid(4) is 0.98 where 0.8 are right: logits of 4 / T with T = 4 / ln(0.8 / 0.2).
    assert abs(results.temperature - 4 / np.log(4)) < 0.01
    assert results.evaluations["test"].calibration.temperature == results.temperature
    assert results.summary("validation", "val_") == {
        "val_loss": results.evaluations["validation"].loss,
        "val_accuracy": 0.8,
    }
    kept = read_predictions(tmp_path, "validation")
    assert kept.misclassified.tolist() == [4, 9, 14, 19]
    assert kept.samples[kept.misclassified].tolist() == [54, 59, 64, 69]
    assert (tmp_path / predictions_file("training")).is_file()
