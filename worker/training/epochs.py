"""The training split, epoch by epoch: order and augmentation of its samples.

Both depend on seed and epoch alone (augmentation also on the chunk), so that a run resumed at any step sees exactly
what an uninterrupted one would have seen.
"""

import math
import os
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from imaging.augmentation import Augmentation
from specs.augmentation import AugmentationSpec
from specs.experiment import ExperimentSpec
from worker.data import Images, Labels, Split

# Large enough to outweigh a thread's overhead, small enough for a few of them to fit in memory beside the data.
_CHUNK_SAMPLES = 2_048
_CHUNK_BYTES = 32_000_000
_WORKERS = min(4, os.cpu_count() or 1)
_AHEAD = _WORKERS + 1
_Chunk = tuple[Images, Labels | NDArray[np.float32]]


class Stretch(NamedTuple):
    """Steps `first` to `end` of an epoch: the samples at the indices `order`, int32, of `images` and `labels`."""

    first: int
    end: int
    images: tf.Tensor
    labels: tf.Tensor
    order: tf.Tensor


class Epochs(Protocol):
    """`steps` is the number of batches in an epoch; the last one may be smaller."""

    @property
    def steps(self) -> int: ...

    def stretches(self, epoch: int, step: int) -> Generator[Stretch, None, None]:
        """Cover `epoch` from `step`, which lies in the first stretch, to its end."""

    def close(self) -> None:
        """End what prepares later stretches."""


def make_epochs(split: Split, spec: ExperimentSpec) -> Epochs:
    augmentation = spec.training_augmentation
    if augmentation is None:
        return Resident(split, spec.training.batch_size, spec.training.seed)
    return Augmented(split, spec, augmentation)


class Resident:
    """Samples without augmentation. They stay on the device, and an epoch is one stretch."""

    def __init__(self, split: Split, batch_size: int, seed: int) -> None:
        self._images, self._labels = tf.constant(split.images), tf.constant(split.labels)
        self._samples = len(split.labels)
        self._seed = seed
        self.steps = math.ceil(self._samples / batch_size)

    def stretches(self, epoch: int, step: int) -> Generator[Stretch, None, None]:
        order = tf.constant(shuffle(self._seed, epoch, self._samples))
        yield Stretch(0, self.steps, self._images, self._labels, order)

    def close(self) -> None:
        pass


class Augmented:
    """Each sample `copies` times, each time augmented again; in chunks, a few of them ahead in background threads.

    The steps of a chunk depend on the spec alone.
    """

    def __init__(self, split: Split, spec: ExperimentSpec, augmentation: AugmentationSpec) -> None:
        self._split = split
        self._batch_size, self._seed = spec.training.batch_size, spec.training.seed
        self._last_epoch = spec.training.epochs - 1
        self._shown = len(split.labels) * augmentation.copies
        self.steps = math.ceil(self._shown / self._batch_size)
        sample_bytes = split.images[0].nbytes
        self._chunk_steps = max(1, min(_CHUNK_SAMPLES, _CHUNK_BYTES // sample_bytes) // self._batch_size)
        self._chunks = math.ceil(self.steps / self._chunk_steps)
        layers = [layer.model_dump() for layer in augmentation.layers]
        self._augmentation = Augmentation(layers, len(spec.dataset.facts.classes))
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="augmentation")
        self._orders: dict[int, NDArray[np.int32]] = {}
        self._begun: dict[tuple[int, int], Future[_Chunk]] = {}

    def stretches(self, epoch: int, step: int) -> Generator[Stretch, None, None]:
        self._orders = {later: order for later, order in self._orders.items() if later >= epoch}
        for chunk in range(step // self._chunk_steps, self._chunks):
            for wanted in self._from(epoch, chunk):
                if wanted not in self._begun:
                    self._begun[wanted] = self._workers.submit(self._augment, *wanted, self._samples(*wanted))
            images, labels = self._begun.pop((epoch, chunk)).result()
            first = chunk * self._chunk_steps
            end = min(self.steps, first + self._chunk_steps)
            order = tf.range(len(labels), dtype=tf.int32)
            yield Stretch(first, end, tf.constant(images), tf.constant(labels), order)

    def close(self) -> None:
        self._workers.shutdown(cancel_futures=True)

    def _from(self, epoch: int, chunk: int) -> Iterator[tuple[int, int]]:
        """That chunk and the next ones, also those of the next epochs."""
        for number in range(chunk, chunk + 1 + _AHEAD):
            later, at = divmod(number, self._chunks)
            if epoch + later <= self._last_epoch:
                yield epoch + later, at

    def _samples(self, epoch: int, chunk: int) -> NDArray[np.int32]:
        """Indices of the split's samples. The order of an epoch is drawn once, here and not in the threads: it takes as
        long as several chunks, and each thread would draw it."""
        if epoch not in self._orders:
            self._orders[epoch] = shuffle(self._seed, epoch, self._shown)
        size = self._chunk_steps * self._batch_size
        return self._orders[epoch][chunk * size : (chunk + 1) * size] % len(self._split.labels)

    def _augment(self, epoch: int, chunk: int, order: NDArray[np.int32]) -> _Chunk:
        generator = np.random.default_rng(np.random.SeedSequence([self._seed, epoch, chunk]))
        images = self._split.images[order].astype(np.uint8, copy=False)  # specs augment images only
        return self._augmentation(images, self._split.labels[order], generator)


def shuffle(seed: int, epoch: int, samples: int) -> NDArray[np.int32]:
    """The order of samples in an epoch, (samples,) int32; depends on seed and epoch alone."""
    generator = np.random.default_rng(np.random.SeedSequence([seed, epoch]))
    order: NDArray[Any] = generator.permutation(samples)
    return order.astype(np.int32)
