"""A training run for each rule in which it finds something, and specs of every kind."""

from collections.abc import Callable, Sequence
from typing import Any

from analysis.diagnosis.training_run import TrainingRun
from models_store.experiments.points import Point
from specs.dataset import DATASETS, Dataset
from specs.experiment import ExperimentSpec, parse_spec
from specs.presets import PRESETS
from tests.analysis.diagnosis.training_runs import ID, points
from tests.support.evaluations import evaluation_of, evaluations_of

LEAVES = Dataset(name="leaves", image_shape=None, classes=("oak", "ash"), training_counts=(900, 100))
FEW_LEAVES = Dataset(name="few-leaves", image_shape=(20, 20, 3), classes=("oak", "ash"), training_counts=(50, 50))
KEPT = {**DATASETS, LEAVES.name: LEAVES, FEW_LEAVES.name: FEW_LEAVES}
_LAYERS = [
    {"type": "Conv2D", "filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"},
    {"type": "Residual", "layers": [{"type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same"}]},
    {"type": "Flatten"},
    {"type": "Dense", "units": 16, "activation": "relu"},
    {"type": "Dense"},
]
_KERAS = {
    "class_name": "Sequential",
    "config": {
        "layers": [
            {
                "module": "keras.layers",
                "class_name": "InputLayer",
                "config": {"name": "images", "batch_shape": [None, 8, 8, 1]},
            },
            {"module": "keras.layers", "class_name": "Flatten", "config": {"name": "flat"}},
            {"module": "keras.layers", "class_name": "Dense", "config": {"name": "answer", "units": 10}},
        ]
    },
}
_SMALL = {"image_size": [16, 16]}


def _rate(learning_rate: Any, kind: str = "Adam") -> dict[str, Any]:
    return {"optimizer": {"type": kind, "learning_rate": learning_rate}}


# `layers` to `uploaded` have nothing against overfitting; the others have much.
SPECS: dict[str, dict[str, Any]] = {
    "layers": {"model": {"layers": _LAYERS}},
    "preset": {"dataset": {"name": "mnist"}, "model": {"preset": "mnist-cnn"}, "preprocessing": {"scale": "none"}},
    "photographs": {"dataset": {"name": "cifar10"}, "model": {"preset": "cifar10-conv-small"}},
    "keras": {"model": {"keras": _KERAS}},
    "features": {"dataset": {"name": "blobs"}, "model": {"layers": [{"type": "Dense", "units": 8}, {"type": "Dense"}]}},
    "uploaded": {"dataset": {"name": "leaves"}, "preprocessing": _SMALL, "model": {"layers": _LAYERS}},
    "few uploaded": {
        "dataset": {"name": "few-leaves"},
        "model": {"layers": [{"type": "Flatten"}, {"type": "Dense", "activation": None}]},
        "training": {"batch_size": 8},
    },
    "frozen": {"model": {"layers": _LAYERS, "freeze": 2}, "augmentation": {"layers": [{"type": "MixUp"}]}},
    "one cycle": {
        "model": {"preset": "digits-cnn"},
        "training": _rate({"type": "OneCycle", "max_learning_rate": 0.01}),
        "augmentation": {"layers": [{"type": "RandomRotation", "factor": 0.1}]},
    },
    "warm-up": {
        "model": {"preset": "digits-cnn"},
        "training": _rate(
            {"type": "CosineDecay", "initial_learning_rate": 0, "warmup_target": 0.1, "warmup_epochs": 2}, "SGD"
        ),
    },
    "steps": {
        "model": {"preset": "digits-cnn"},
        "training": _rate({"type": "PiecewiseConstantDecay", "boundaries_epochs": [2], "values": [0.1, 0.01]}),
    },
    "plateaus": {
        "model": {"preset": "digits-cnn"},
        "training": {"reduce_lr_on_plateau": {"patience": 2}, "early_stopping": {"restore_best_weights": False}},
    },
}


def spec_of(name: str, keep: str = "last") -> ExperimentSpec:
    """If the last epoch is published, every rule applies."""
    training = dict(SPECS[name].get("training", {}))
    if early_stopping := training.pop("early_stopping", None):
        training["early_stopping"] = {**early_stopping, "restore_best_weights": keep == "best"}
    return parse_spec({**SPECS[name], "training": {**training, "keep": keep}}, KEPT)


PRESET_SPECS = {name: parse_spec(preset.spec, preset.datasets) for name, preset in PRESETS.items()}

Scenario = Callable[[ExperimentSpec], TrainingRun]


def ended(spec: ExperimentSpec, history: Sequence[Point], **fields: Any) -> TrainingRun:
    return TrainingRun(ID, spec, history, **{"has_ended": True, "stop_reason": "completed", **fields})


def _chance(spec: ExperimentSpec) -> float:
    counts = spec.dataset.facts.training_counts
    return max(counts) / sum(counts)


def _falling(start: float, end: float, epochs: int) -> list[float]:
    return [start + (end - start) * epoch / (epochs - 1) for epoch in range(epochs)]


def _diverged(spec: ExperimentSpec) -> TrainingRun:
    return ended(spec, points([2.3, 5.0, None]), failure="diverged", stop_reason=None)


def _guessing(spec: ExperimentSpec) -> TrainingRun:
    return ended(spec, points([2.303] * 6, val_accuracy=[_chance(spec)] * 6))


def _rising(spec: ExperimentSpec) -> TrainingRun:
    # The rate is in the history, so that schedules have come down from their peak.
    rates = [spec.training.optimizer.peak_learning_rate / 4] * 8
    rates[0] *= 4
    return ended(spec, points([2.0, 1.0, 0.8, 1.0, 1.4, 1.7, 1.9, 2.1], learning_rate=rates))


def _slow_progress(spec: ExperimentSpec) -> TrainingRun:
    return ended(spec, points(_falling(2.3, 2.2, 8), val_accuracy=_falling(0.1, 0.3, 8)))


def _overfitting(spec: ExperimentSpec) -> TrainingRun:
    loss, val_loss = _falling(1.0, 0.05, 16), [*_falling(1.0, 0.5, 6), *_falling(0.55, 1.0, 10)]
    return ended(spec, points(loss, val_loss=val_loss))


def _gap(spec: ExperimentSpec) -> TrainingRun:
    return ended(spec, [], evaluations=evaluations_of(training=0.99, test=0.9))


def _cold(spec: ExperimentSpec) -> TrainingRun:
    loss, accuracy = [1.0, 0.3, 0.1, 0.05], [0.7, 0.9, 0.97, 0.99]
    history = points(loss, accuracy=accuracy, val_accuracy=[0.1, 0.1, 0.15, 0.2])
    return ended(spec, history, evaluations=evaluations_of(training=0.21, validation=0.2, test=0.2))


def _poor(spec: ExperimentSpec) -> TrainingRun:
    # One phase of a schedule is too short to be judged, and a plateau of training loss would be underfitting.
    chance = _chance(spec)
    accuracy = [chance + 0.3 * (1 - chance)] * 4
    return ended(spec, points([2.0, 1.8, 1.7, 1.62], val_loss=[2.0, 1.8, 1.81, 1.82], val_accuracy=accuracy))


def _better_before(spec: ExperimentSpec) -> TrainingRun:
    return ended(spec, points([1.0, 0.5, 0.4, 0.4], val_loss=[1.0, 0.5, 0.3, 0.6]))


def _underfitting(spec: ExperimentSpec) -> TrainingRun:
    flat = [2.0, 1.9, 1.85, 1.84, 1.84, 1.84, 1.84, 1.84]
    best = [0.55] * len(flat)
    return ended(spec, points(flat, accuracy=best, val_accuracy=best))


def _unfinished(spec: ExperimentSpec) -> TrainingRun:
    # At one rate: a schedule's loss falls at its end in any case.
    rates = [spec.training.optimizer.peak_learning_rate] * 8
    return ended(spec, points(_falling(2.0, 0.6, 8), learning_rate=rates))


def _too_long(spec: ExperimentSpec) -> TrainingRun:
    return ended(spec, points([*_falling(1.0, 0.1, 4), *[0.1] * 16]))


def _imbalanced(spec: ExperimentSpec) -> TrainingRun:
    return ended(spec, [])


def _confusing(spec: ExperimentSpec) -> TrainingRun:
    classes = range(len(spec.dataset.facts.classes))
    matrix = [[50 if row == column else 0 for column in classes] for row in classes]
    matrix[0][1], matrix[1][0] = 6, 3
    return ended(spec, [], evaluations={"test": evaluation_of(matrix=matrix)})


def _weak(spec: ExperimentSpec) -> TrainingRun:
    classes = range(len(spec.dataset.facts.classes))
    matrix = [[1_000 if row == column else 0 for column in classes] for row in classes]
    matrix[-1] = [20, *[0] * (len(classes) - 1)]
    evaluation = evaluation_of(matrix=matrix, labels=spec.dataset.facts.classes)
    return ended(spec, [], evaluations={"test": evaluation})


def _slow(spec: ExperimentSpec) -> TrainingRun:
    chance = _chance(spec)
    return ended(spec, points([9.0, 9.0, 3.0, 0.5, 0.4], val_accuracy=[chance, chance, 0.97, 0.98, 0.98]))


SCENARIOS: dict[str, Scenario] = {
    "diverged": _diverged,
    "inference-gap": _cold,
    "not-learning": _guessing,
    "learning-rate-too-high": _rising,
    "learning-rate-too-low": _slow_progress,
    "overfitting": _overfitting,
    "generalization-gap": _gap,
    "better-epoch": _better_before,
    "underfitting": _underfitting,
    "not-converged": _unfinished,
    "too-many-epochs": _too_long,
    "class-imbalance": _imbalanced,
    "confused-pairs": _confusing,
    "weak-classes": _weak,
    "slow-start": _slow,
    "poor-accuracy": _poor,
}
