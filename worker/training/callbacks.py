"""Keras's EarlyStopping and ReduceLROnPlateau, with their state as a checkpoint stores it."""

from typing import Any

import keras

from specs.training import Monitor, TrainingSpec

_STATE = ("wait", "best", "best_epoch", "stopped_epoch", "cooldown_counter")


def early_stopping(model: keras.Model, spec: TrainingSpec) -> keras.callbacks.EarlyStopping | None:
    """It only says when to stop: `worker.training.kept_epoch` keeps the weights."""
    wanted = spec.early_stopping
    if wanted is None:
        return None
    arguments = wanted.model_dump(exclude={"restore_best_weights"})
    return _begin(keras.callbacks.EarlyStopping(mode=_mode(wanted.monitor), **arguments), model)


def reduce_lr_on_plateau(model: keras.Model, spec: TrainingSpec) -> keras.callbacks.ReduceLROnPlateau | None:
    wanted = spec.reduce_lr_on_plateau
    if wanted is None:
        return None
    return _begin(keras.callbacks.ReduceLROnPlateau(mode=_mode(wanted.monitor), **wanted.model_dump()), model)


def get_state(callback: keras.callbacks.Callback | None) -> dict[str, Any]:
    """As JSON values, for `restore_state`."""
    return {name: _plain(getattr(callback, name)) for name in _STATE if hasattr(callback, name)}


def restore_state(callback: keras.callbacks.Callback | None, state: dict[str, Any]) -> None:
    if callback is None:
        return
    for name, value in state.items():
        setattr(callback, name, value)


def _begin(callback: keras.callbacks.Callback, model: keras.Model) -> keras.callbacks.Callback:
    callback.set_model(model)
    callback.on_train_begin()
    model.stop_training = False
    return callback


def _mode(monitor: Monitor) -> str:
    return "max" if monitor.endswith("accuracy") else "min"


def _plain(value: Any) -> float | int | None:
    return value if value is None or isinstance(value, int) else float(value)
