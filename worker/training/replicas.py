"""Data parallel training on several devices of one machine: each computes the gradients of its part of every batch.

The sum is what one device would compute from the whole batch: losses are weighted by the samples of a part,
BatchNormalization takes the statistics of the whole batch, and the optimizer, which may clip gradients, sees their sum.
Metrics are updated once, with all predictions, and validation runs on the first device. Random layers draw for each
part.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import tensorflow as tf

from worker.training.network import flatten_layers

# Images, targets, and weights or None.
Batch = tuple[tf.Tensor, tf.Tensor, tf.Tensor | None]
TrainStep = Callable[[Batch], object]


class TooFewDevices(Exception):
    """This machine has fewer devices than the training asks for."""


class Replicas:
    """`count` copies of a model, each on a device of its own. Raises TooFewDevices."""

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self._strategy = _mirror(_devices(count)) if count > 1 else None

    def scope(self) -> AbstractContextManager[Any]:
        """In which the variables of model and optimizer are created."""
        return nullcontext() if self._strategy is None else self._strategy.scope()

    def synchronize(self, model: keras.Model, *, wanted: bool = True) -> None:
        """Have BatchNormalization take its statistics from the parts of all devices, or again from one batch."""
        for layer in flatten_layers(model) if self._strategy is not None else ():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = wanted

    def train_step(self, model: keras.Model) -> TrainStep:
        """Of all devices. With several, the random layers of `model` draw on each for itself from then on."""
        if self._strategy is None:
            return model.train_step  # type: ignore[no-any-return]
        for layer in flatten_layers(model):
            for generator in vars(layer).values():
                if isinstance(generator, keras.random.SeedGenerator):
                    generator.next = _on_each_device(generator.next)
        return _Step(self._strategy, model)


class _Step:
    """Keras's `train_step`, on all devices. Called outside of them: only then can the optimizer see one gradient."""

    def __init__(self, strategy: tf.distribute.Strategy, model: keras.Model) -> None:
        self._strategy = strategy
        self._model = model
        self._loss = model.metrics[0]

    def __call__(self, batch: Batch) -> None:
        images, targets, weights = batch
        given = (images, targets) if weights is None else (images, targets, weights)
        gradients, losses, predictions = self._strategy.run(self._run_part, args=given)
        summed = [self._strategy.reduce(tf.distribute.ReduceOp.SUM, each, axis=None) for each in gradients]
        self._model.optimizer.apply_gradients(zip(summed, self._model.trainable_variables, strict=True))
        loss = tf.add_n(self._strategy.experimental_local_results(losses))
        self._loss.update_state(loss, sample_weight=tf.shape(images)[0])
        for number, predicted in enumerate(self._strategy.experimental_local_results(predictions)):
            self._model.compute_metrics(None, targets[number :: self._strategy.num_replicas_in_sync], predicted)

    def _run_part(
        self, images: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor | None = None
    ) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
        """The gradients, the share of the loss, and the predictions of this device's part of a batch.

        A batch with fewer samples than devices is computed whole by each, with an equal share of the loss: oneDNN fails
        without samples, and a stand-in would count in BatchNormalization.
        """
        context, model = tf.distribute.get_replica_context(), self._model
        number, count, whole = context.replica_id_in_sync_group, context.num_replicas_in_sync, tf.shape(images)[0]
        is_small = whole < count
        part = tf.range(tf.where(is_small, 0, number), whole, tf.where(is_small, 1, count))
        with tf.GradientTape() as tape:
            predicted = model(tf.gather(images, part), training=True)
            chosen = None if weights is None else tf.gather(weights, part)
            loss = model.compute_loss(None, tf.gather(targets, part), predicted, chosen, training=True)
            # Keras has divided it by the number of devices, as if all parts were equal.
            parts = tf.cast(count * tf.size(part), loss.dtype) / tf.cast(whole, loss.dtype)
            loss *= tf.where(is_small, tf.ones_like(loss), parts)
            scaled = model.optimizer.scale_loss(loss)
        first = tf.where(is_small, tf.minimum(number, whole), 0)
        own = tf.range(first, tf.size(part), tf.where(is_small, count, 1))
        return tape.gradient(scaled, model.trainable_variables), loss, tf.gather(predicted, own)


def _on_each_device(draw: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    """`SeedGenerator.next`, whose state is the same on all devices, with seeds that differ. In a step of training."""

    def draw_for_device(*args: Any, **options: Any) -> tf.Tensor:
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        return tf.random.experimental.stateless_fold_in(draw(*args, **options), number)

    return draw_for_device


def split_processor(count: int) -> None:
    """Have TensorFlow take the processor for so many devices. Before it uses any."""
    if count > 1:
        [processor] = tf.config.list_physical_devices("CPU")
        parts = [tf.config.LogicalDeviceConfiguration()] * count
        tf.config.set_logical_device_configuration(processor, parts)


def _mirror(devices: list[str]) -> tf.distribute.Strategy:
    """Without collective operations, of which those of several layers have no order among them."""
    return tf.distribute.MirroredStrategy(devices, cross_device_ops=tf.distribute.ReductionToOneDevice())


def _devices(count: int) -> list[str]:
    """Their names. Raises TooFewDevices."""
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    found = [device.name for device in tf.config.list_logical_devices(kind)]
    if len(found) < count:
        raise TooFewDevices(
            f"`training.devices` is {count}, and this worker sees {len(found)} {kind}{'s' if len(found) > 1 else ''}; "
            f"set it to {len(found)}, or start a worker that sees more: trainyard worker --gpus-per-worker {count}"
        )
    return found[:count]
