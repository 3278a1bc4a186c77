"""Keras's train, test and predict steps, the first two run for many batches in one graph call.

On small networks this is three times as fast as `Model.fit`, and a call can begin and end at any step. XLA compiles a
step on GPUs; on CPUs it would be slower.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from worker.data import Images, Split
from worker.training.replicas import TrainStep
from worker.training.targets import Targets

_BATCH_SIZE = 512


def train_function(
    model: keras.Model,
    targets: Targets,
    batch_size: int,
    *,
    compiled: bool = False,
    train_step: TrainStep | None = None,
) -> Callable[..., None]:
    """Return `train(images, labels, order, rates, start, stop)`.

    It runs the steps `start` to `stop`, counted from the beginning of `order`, int32 indices of samples; `rates`,
    float32, holds the learning rate of each step. `train_step` stands for that of `model`.
    """
    train_step = train_step or model.train_step

    def step(images: tf.Tensor, labels: tf.Tensor, batch: tf.Tensor, rate: tf.Tensor) -> None:
        model.optimizer.learning_rate = rate
        chosen = tf.gather(labels, batch)
        train_step((tf.gather(images, batch), targets.encode(chosen), targets.weights(chosen)))

    one_step = tf.function(step, jit_compile=True, autograph=False) if compiled else step

    # Stretches of an epoch differ in length: with a signature one trace serves all of them.
    signature = [
        tf.TensorSpec((None, *model.input_shape[1:]), model.inputs[0].dtype),
        targets.signature,
        tf.TensorSpec((None,), tf.int32),
        tf.TensorSpec((None,), tf.float32),
        tf.TensorSpec((), tf.int32),
        tf.TensorSpec((), tf.int32),
    ]

    # An explicit loop: converting a Python loop takes autograph a tenth of a second.
    @tf.function(autograph=False, input_signature=signature)
    def train(
        images: tf.Tensor, labels: tf.Tensor, order: tf.Tensor, rates: tf.Tensor, start: tf.Tensor, stop: tf.Tensor
    ) -> None:
        def body(number: tf.Tensor) -> tuple[tf.Tensor]:
            end = tf.minimum((number + 1) * batch_size, tf.size(order))
            one_step(images, labels, order[number * batch_size : end], rates[number])
            return (number + 1,)

        tf.while_loop(lambda number: number < stop, body, [start], parallel_iterations=1)

    return train  # type: ignore[no-any-return]


def test_function(model: keras.Model, targets: Targets, split: Split) -> Callable[[], None]:
    """Return `test()`, which updates the model's metrics with `split`."""
    images, labels = tf.constant(split.images), tf.constant(split.labels)
    samples = len(split.labels)

    @tf.function(autograph=False)
    def test() -> None:
        def body(start: tf.Tensor) -> tuple[tf.Tensor]:
            stop = tf.minimum(start + _BATCH_SIZE, samples)
            model.test_step((images[start:stop], targets.encode(labels[start:stop])))
            return (stop,)

        tf.while_loop(lambda start: start < samples, body, [tf.constant(0)], parallel_iterations=1)

    return test  # type: ignore[no-any-return]


def predict_function(model: keras.Model) -> Callable[[Images], NDArray[np.float32]]:
    """Return `predict(images)`: the probabilities (samples, classes), float32, of a network whose outputs are such.

    One trace serves any number of samples; `Model.predict` traces several times and builds a pipeline for each call.
    """
    signature = [tf.TensorSpec((None, *model.input_shape[1:]), model.inputs[0].dtype)]

    @tf.function(autograph=False, input_signature=signature)
    def predict_batch(images: tf.Tensor) -> tf.Tensor:
        return model(images, training=False)

    def predict(images: Images) -> NDArray[np.float32]:
        starts = range(0, len(images), _BATCH_SIZE)
        return np.concatenate([predict_batch(tf.constant(images[at : at + _BATCH_SIZE])).numpy() for at in starts])

    return predict


def uses_xla() -> bool:
    """Whether the training device gains by XLA: only GPUs do."""
    return bool(tf.config.list_physical_devices("GPU"))
