"""The training loop: epochs, callbacks on their metrics, and checkpoints.

The samples of an epoch and their order depend on seed and epoch alone, so that a resumed run repeats them exactly.
"""

import math
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models_store.experiments.points import Point
from models_store.experiments.record import Progress
from specs.experiment import ExperimentSpec
from worker.data import Split
from worker.jobs.channel import Channel
from worker.jobs.messages import Advanced, EndReason, EpochEnded, StopReason
from worker.training.callbacks import early_stopping, get_state, reduce_lr_on_plateau, restore_state
from worker.training.checkpoint import Checkpoint
from worker.training.ends import Diverged, OutOfTime
from worker.training.epochs import Stretch, make_epochs
from worker.training.job_log import describe_metrics, details
from worker.training.kept_epoch import KeptEpoch
from worker.training.pace import Pace
from worker.training.paced_checkpoints import PacedCheckpoints
from worker.training.precision import Policy
from worker.training.replicas import Replicas
from worker.training.steps import test_function, train_function, uses_xla
from worker.training.targets import Targets
from worker.training.weight_average import average_weights


class Fit:
    """Trains `model` on `training`, epoch by epoch, and calls `save` with a checkpoint after each, after the last one,
    and when it is stopped. Checkpoints that take long to save are further apart, but not more than
    `checkpoint_seconds` and an epoch.

    `points` is the history so far, after `elapsed_seconds` of training.
    """

    def __init__(
        self,
        model: keras.Model,
        accuracy: keras.metrics.Metric,
        training: Split,
        validation: Split,
        spec: ExperimentSpec,
        policy: Policy,
        channel: Channel,
        save: Callable[[Checkpoint], None],
        checkpoint_seconds: float = 0.0,
        replicas: Replicas | None = None,
    ) -> None:
        self._model = model
        self._accuracy = accuracy
        self._spec = spec.training
        self._policy = policy
        self._channel = channel
        self._checkpoints = PacedCheckpoints(save, checkpoint_seconds)
        self._is_saved = True
        self._epochs = make_epochs(training, spec)
        self._steps = self._epochs.steps
        targets = Targets(spec, training.labels)
        replicas = replicas or Replicas()
        self._train = train_function(
            model,
            targets,
            spec.training.batch_size,
            # Not what devices exchange.
            compiled=uses_xla() and replicas.count == 1,
            train_step=replicas.train_step(model),
        )
        self._test = test_function(model, targets, validation)
        self._schedule = spec.training.learning_rate_schedule(self._steps)
        self._stopping = early_stopping(model, spec.training)
        self._plateau = reduce_lr_on_plateau(model, spec.training)
        self._kept = KeptEpoch(model, spec.training)
        self.points: list[Point] = []
        self._epoch = 0
        self._step = 0
        self._pace = Pace()
        self.elapsed_seconds = 0.0
        self._epoch_elapsed = 0.0
        self._ended_by: EndReason | None = None

    def restore(self, checkpoint: Checkpoint) -> None:
        """Resume from `checkpoint`, or continue another experiment whose it is."""
        if checkpoint.is_initial:
            checkpoint = checkpoint.continued()
        for variable, array in zip(self._variables(), checkpoint.variables, strict=True):
            variable.assign(array)
        if checkpoint.learning_rate not in (None, self._planned_rate):
            self._model.optimizer.learning_rate = self._spec.optimizer.peak_learning_rate
        restore_state(self._stopping, checkpoint.stopping)
        restore_state(self._plateau, checkpoint.plateau)
        self.points = list(checkpoint.points)
        if (kept := checkpoint.kept_epoch) is not None:
            self._kept.restore(kept, self.points[kept].metrics, checkpoint.kept_weights)
        self._epoch, self._step = checkpoint.epoch, checkpoint.step
        self.elapsed_seconds, self._epoch_elapsed = checkpoint.elapsed_seconds, checkpoint.epoch_seconds
        self._ended_by = checkpoint.ended_by

    def run(self) -> EndReason:
        """Train to the end; return why it ended: completed, early_stopping, or the reason of a stop.

        Raises Diverged after reporting the metrics of the epoch in progress.
        """
        with closing(self._epochs):
            while self._ended_by is None:
                if self._step == 0:
                    self._reset_metrics()
                    self._epoch_elapsed = 0.0
                if (reason := self._train_epoch()) is not None:
                    if self._step or not self._is_saved:
                        self._save()
                    return reason
                self._end_epoch()
            return self._ended_by

    def use_kept_weights(self) -> Point:
        """Set the weights to be published, those of the best or of the last whole epoch, and return that epoch. Raises
        OutOfTime if none has ended.

        If the optimizer keeps a moving average, they are the average at the end of that epoch.
        """
        if self._kept.epoch is None:
            raise OutOfTime(f"the budget of {self._spec.max_minutes:g} minutes ended before the first epoch did")
        self._model.set_weights(self._kept.weights)
        return self.points[self._kept.epoch]

    # -- one epoch ---------------------------------------------------------------------------------------------------

    def _train_epoch(self) -> StopReason | None:
        rates = self._learning_rates()
        with closing(self._epochs.stretches(self._epoch, self._step)) as stretches:
            started = time.perf_counter()
            for stretch in stretches:
                self._pace.add_pause(self._spend_since(started))
                if (reason := self._train_stretch(stretch, rates)) is not None:
                    return reason
                started = time.perf_counter()
        return None

    def _train_stretch(self, stretch: Stretch, rates: tf.Tensor) -> StopReason | None:
        while self._step < stretch.end:
            if (reason := self._channel.stop) is not None and not self._has_nothing_for(reason):
                return reason
            stop = min(stretch.end, self._step + self._pace.chunk)
            started = time.perf_counter()
            self._train(
                stretch.images,
                stretch.labels,
                stretch.order,
                rates[stretch.first :],
                tf.constant(self._step - stretch.first),
                tf.constant(stop - stretch.first),
            )
            loss = float(self._model.metrics[0].result())
            self._pace.add_steps(stop - self._step, self._spend_since(started))
            self._step = stop
            self._show_progress()
            if not math.isfinite(loss):
                self._report(self._metrics())
                raise Diverged(
                    f"the loss became {loss} in epoch {self._epoch + 1}, batch {self._step} of {self._steps}; "
                    f"lower the learning rate, which is {self._learning_rate():g}"
                )
        return None

    def _has_nothing_for(self, reason: StopReason) -> bool:
        """Whether what is to be published does not exist before the end of this, the first epoch."""
        return reason == "stopped" and self._kept.epoch is None

    def _learning_rates(self) -> tf.Tensor:
        """Of each step of the epoch, (steps,) float32. ReduceLROnPlateau may have lowered a constant one."""
        if isinstance(self._spec.optimizer.learning_rate, int | float):
            return tf.fill([self._steps], tf.constant(self._learning_rate(), dtype=tf.float32))
        first = self._epoch * self._steps
        return tf.constant([self._schedule.at(first + step) for step in range(self._steps)], dtype=tf.float32)

    def _spend_since(self, started: float) -> float:
        seconds = time.perf_counter() - started
        self.elapsed_seconds += seconds
        self._epoch_elapsed += seconds
        return seconds

    def _end_epoch(self) -> None:
        started = time.perf_counter()
        metrics = self._metrics()
        with average_weights(self._model) if self._spec.optimizer.use_ema else nullcontext():
            self._reset_metrics()
            self._test()
            metrics |= {f"val_{name}": value for name, value in self._results().items()}
            self._kept.end_epoch(self._epoch, dict(metrics))
        if self._stopping is not None:
            self._stopping.on_epoch_end(self._epoch, metrics)
        if self._plateau is not None:
            self._plateau.on_epoch_end(self._epoch, metrics)
        self._pace.add_pause(self._spend_since(started))
        self._pace.end_epoch()
        self._epoch, self._step = self._epoch + 1, 0
        if self._model.stop_training:
            self._ended_by = "early_stopping"
        elif self._epoch == self._spec.epochs:
            self._ended_by = "completed"
        point = self._point(self._epoch - 1, metrics)
        self.points.append(point)
        self._is_saved = False
        if self._ended_by is not None or self._checkpoints.is_due:
            self._save()
        self._channel.report(EpochEnded(point=point))
        details.info(
            "epoch %d of %d: %s (%.3g s)",
            self._epoch,
            self._spec.epochs,
            describe_metrics(point.metrics),
            point.seconds,
        )
        if not math.isfinite(metrics["val_loss"]):
            raise Diverged(
                f"the validation loss became {metrics['val_loss']} in epoch {point.epoch + 1}; "
                f"lower the learning rate, which is {self._learning_rate():g}"
            )

    def _reset_metrics(self) -> None:
        self._model.reset_metrics()
        # The model tracks it only from the first batch on, but a checkpoint may have filled it.
        self._accuracy.reset_state()

    def _report(self, metrics: dict[str, float]) -> None:
        self._channel.report(EpochEnded(point=self._point(self._epoch, metrics)))

    def _point(self, epoch: int, metrics: dict[str, float]) -> Point:
        finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        return Point(epoch=epoch, seconds=self._epoch_elapsed, metrics=finite)

    def _metrics(self) -> dict[str, float]:
        return self._results() | {"learning_rate": self._learning_rate()}

    def _results(self) -> dict[str, float]:
        return {name: float(value) for name, value in self._model.get_metrics_result().items()}

    @property
    def _planned_rate(self) -> Any:
        """A number or a schedule, as JSON."""
        return self._spec.optimizer.model_dump(mode="json")["learning_rate"]

    def _learning_rate(self) -> float:
        return float(np.asarray(self._model.optimizer.learning_rate))

    # -- state -------------------------------------------------------------------------------------------------------

    def _variables(self) -> list[Any]:
        # CompileMetrics owns its metrics only after the first batch; the loss exists from the start.
        metrics = [*self._model.metrics[0].variables, *self._accuracy.variables]
        return [*self._model.variables, *self._model.optimizer.variables, *metrics]

    def _save(self) -> None:
        self._checkpoints.save(self._checkpoint())
        self._is_saved = True

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(
            epoch=self._epoch,
            step=self._step,
            elapsed_seconds=self.elapsed_seconds,
            epoch_seconds=self._epoch_elapsed,
            variables=[np.asarray(variable) for variable in self._variables()],
            stopping=get_state(self._stopping),
            plateau=get_state(self._plateau),
            kept_epoch=self._kept.epoch,
            kept_weights=self._kept.weights,
            points=self.points,
            ended_by=self._ended_by,
            learning_rate=self._planned_rate,
        )

    def _show_progress(self) -> None:
        remaining = (self._spec.epochs - self._epoch) * self._steps - self._step
        progress = Progress(
            phase="training",
            epoch=self._epoch,
            epochs=self._spec.epochs,
            step=self._step,
            steps_per_epoch=self._steps,
            steps_per_second=self._pace.steps_per_second,
            eta_seconds=self._pace.seconds_for(remaining),
            precision=self._policy,
        )
        self._channel.report(Advanced(progress=progress))
