"""The training loop: Keras's own train step, run for many batches in one graph call.

Data stay on the device as uint8 and batches are gathered by a shuffled index, which on small networks is three times
as fast as `Model.fit`, and lets a run stop, and go on, at any batch. Where the order of samples comes from seed and
epoch alone, a resumed run repeats it.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models_store.records import Point, Progress
from specs.training import TrainingSpec
from worker.trainer.checkpoint import Checkpoint
from worker.trainer.control import Control
from worker.trainer.data import Part
from worker.trainer.events import Advanced, EndReason, EpochEnded, StopReason

# How long one graph call should take: the delay of a stop, and of the progress shown.
_CALL_SECONDS = 0.25
_VALIDATION_BATCH = 512


class Diverged(Exception):
    """The loss is no longer a finite number."""


class Fit:
    """Trains `model` on `training`, epoch by epoch, and calls `save` with a checkpoint after each."""

    def __init__(
        self,
        model: keras.Model,
        accuracy: keras.metrics.Metric,
        training: Part,
        validation: Part,
        spec: TrainingSpec,
        control: Control,
        save: Callable[[Checkpoint], None],
    ) -> None:
        self._model = model
        self._accuracy = accuracy
        self._spec = spec
        self._control = control
        self._save = save
        self._samples = len(training.labels)
        self._steps = math.ceil(self._samples / spec.batch_size)
        self._train = train_function(model, training, spec.batch_size)
        self._test = test_function(model, validation)
        self._stopping = _early_stopping(model, spec)
        self._points: list[Point] = []
        self._epoch = 0
        self._step = 0
        self._chunk = 1
        self._elapsed = 0.0
        self._epoch_elapsed = 0.0
        self._rate: float | None = None
        self._ended_by: EndReason | None = None

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from `checkpoint` instead of from the beginning."""
        for variable, array in zip(self._variables(), checkpoint.variables, strict=True):
            variable.assign(array)
        for name, value in checkpoint.stopping.items():
            setattr(self._stopping, name, value)
        self._stopping.best_weights = checkpoint.best_weights or None
        self._points = list(checkpoint.points)
        self._epoch, self._step = checkpoint.epoch, checkpoint.step
        self._elapsed, self._epoch_elapsed = checkpoint.elapsed_seconds, checkpoint.epoch_seconds
        self._ended_by = checkpoint.ended_by

    def run(self) -> EndReason:
        """Train until the end; return why it ended: completed, early_stopping, or the reason of a stop.

        Raises Diverged after the epoch in progress has been reported with what is left of its figures.
        """
        while self._ended_by is None:
            if self._step == 0:
                self._reset_metrics()
                self._epoch_elapsed = 0.0
            if (reason := self._train_epoch()) is not None:
                if self._step:
                    self._save(self._checkpoint())
                return reason
            self._end_epoch()
        return self._ended_by

    def use_best_weights(self, reason: str) -> None:
        """Put the best epoch's weights in place where the spec says so, and where time ran out."""
        wanted = self._spec.early_stopping
        if self._stopping.best_weights and (
            (wanted is not None and wanted.restore_best_weights) or reason == "time_budget"
        ):
            self._model.set_weights(self._stopping.best_weights)

    @property
    def epochs_done(self) -> int:
        return len(self._points)

    # -- one epoch ---------------------------------------------------------------------------------------------------

    def _train_epoch(self) -> StopReason | None:
        order = tf.constant(_order(self._spec.seed, self._epoch, self._samples))
        while self._step < self._steps:
            if self._control.stop is not None:
                return self._control.stop
            stop = min(self._steps, self._step + self._chunk)
            started = time.perf_counter()
            self._train(order, tf.constant(self._step), tf.constant(stop))
            loss = float(self._model.metrics[0].result())
            self._pace(stop - self._step, time.perf_counter() - started)
            self._step = stop
            self._show_progress()
            if not math.isfinite(loss):
                self._report(self._metrics())
                raise Diverged(
                    f"the loss became {loss} in epoch {self._epoch}, batch {self._step} of {self._steps}; "
                    f"lower the learning rate, which is {self._learning_rate():g}"
                )
        return None

    def _pace(self, steps: int, seconds: float) -> None:
        self._elapsed += seconds
        self._epoch_elapsed += seconds
        self._rate = steps / seconds
        self._chunk = max(1, min(4 * self._chunk, int(self._rate * _CALL_SECONDS)))

    def _end_epoch(self) -> None:
        started = time.perf_counter()
        metrics = self._metrics()
        self._reset_metrics()
        self._test()
        metrics |= {f"val_{name}": value for name, value in self._results().items()}
        self._stopping.on_epoch_end(self._epoch, metrics)
        spent = time.perf_counter() - started
        self._elapsed += spent
        self._epoch_elapsed += spent
        self._epoch, self._step = self._epoch + 1, 0
        if self._spec.early_stopping is not None and self._model.stop_training:
            self._ended_by = "early_stopping"
        elif self._epoch == self._spec.epochs:
            self._ended_by = "completed"
        point = self._point(self._epoch - 1, metrics)
        self._points.append(point)
        self._save(self._checkpoint())
        self._control.say(EpochEnded(point=point))
        if not math.isfinite(metrics["val_loss"]):
            raise Diverged(
                f"the validation loss became {metrics['val_loss']} in epoch {point.epoch}; "
                f"lower the learning rate, which is {self._learning_rate():g}"
            )

    def _reset_metrics(self) -> None:
        self._model.reset_metrics()
        # Before the first batch the model does not know of it yet, but a checkpoint may have filled it.
        self._accuracy.reset_state()

    def _report(self, metrics: dict[str, float]) -> None:
        self._control.say(EpochEnded(point=self._point(self._epoch, metrics)))

    def _point(self, epoch: int, metrics: dict[str, float]) -> Point:
        finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        return Point(epoch=epoch, seconds=self._epoch_elapsed, metrics=finite)

    def _metrics(self) -> dict[str, float]:
        return self._results() | {"learning_rate": self._learning_rate()}

    def _results(self) -> dict[str, float]:
        return {name: float(value) for name, value in self._model.get_metrics_result().items()}

    def _learning_rate(self) -> float:
        return float(self._model.optimizer.learning_rate)

    # -- state -------------------------------------------------------------------------------------------------------

    def _variables(self) -> list[Any]:
        # CompileMetrics owns its metrics only after the first batch; the loss is there from the start.
        metrics = [*self._model.metrics[0].variables, *self._accuracy.variables]
        return [*self._model.variables, *self._model.optimizer.variables, *metrics]

    def _checkpoint(self) -> Checkpoint:
        names = ("wait", "best", "best_epoch", "stopped_epoch")
        return Checkpoint(
            epoch=self._epoch,
            step=self._step,
            elapsed_seconds=self._elapsed,
            epoch_seconds=self._epoch_elapsed,
            variables=[np.asarray(variable) for variable in self._variables()],
            stopping={name: _plain(getattr(self._stopping, name)) for name in names},
            best_weights=self._stopping.best_weights or [],
            points=self._points,
            ended_by=self._ended_by,
        )

    def _show_progress(self) -> None:
        remaining = (self._spec.epochs - self._epoch) * self._steps - self._step
        progress = Progress(
            phase="training",
            epoch=self._epoch,
            epochs=self._spec.epochs,
            step=self._step,
            steps_per_epoch=self._steps,
            steps_per_second=self._rate,
            eta_seconds=remaining / self._rate if self._rate else None,
        )
        self._control.say(Advanced(progress=progress))


def _plain(value: Any) -> float | int | None:
    return value if value is None or isinstance(value, int) else float(value)


def _order(seed: int, epoch: int, samples: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    """The order of samples in an epoch, (samples,) int32: a function of seed and epoch alone."""
    generator = np.random.default_rng(np.random.SeedSequence([seed, epoch]))
    return generator.permutation(samples).astype(np.int32)


def _early_stopping(model: keras.Model, spec: TrainingSpec) -> keras.callbacks.EarlyStopping:
    """Keras's callback; without the spec's wish it only remembers the best weights, for a run that time ends."""
    wanted = spec.early_stopping
    monitor = wanted.monitor if wanted else "val_loss"
    stopping = keras.callbacks.EarlyStopping(
        monitor=monitor,
        mode="max" if monitor.endswith("accuracy") else "min",
        min_delta=wanted.min_delta if wanted else 0,
        patience=wanted.patience if wanted else spec.epochs + 1,
        restore_best_weights=True,
    )
    stopping.set_model(model)
    stopping.on_train_begin()
    model.stop_training = False
    return stopping


def train_function(model: keras.Model, part: Part, batch_size: int) -> Callable[..., None]:
    """Return `train(order, start, stop)`: the steps from `start` up to `stop` of an epoch in that order of samples."""
    images, labels = tf.constant(part.images), tf.constant(part.labels)
    samples = len(part.labels)

    # An explicit loop: to have autograph convert a plain one costs a tenth of a second before the first step.
    @tf.function(autograph=False)
    def train(order: tf.Tensor, start: tf.Tensor, stop: tf.Tensor) -> None:
        def step(number: tf.Tensor) -> tuple[tf.Tensor]:
            batch = order[number * batch_size : tf.minimum((number + 1) * batch_size, samples)]
            model.train_step((tf.gather(images, batch), tf.gather(labels, batch)))
            return (number + 1,)

        tf.while_loop(lambda number: number < stop, step, [start], parallel_iterations=1)

    return train  # type: ignore[no-any-return]


def test_function(model: keras.Model, part: Part) -> Callable[[], None]:
    """Return `test()`, which brings the model's metrics up to what `part` gives."""
    images, labels = tf.constant(part.images), tf.constant(part.labels)
    samples = len(part.labels)

    @tf.function
    def test() -> None:
        for start in tf.range(0, samples, _VALIDATION_BATCH):
            stop = tf.minimum(start + _VALIDATION_BATCH, samples)
            model.test_step((images[start:stop], labels[start:stop]))

    return test  # type: ignore[no-any-return]
