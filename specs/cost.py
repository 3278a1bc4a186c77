"""A cost model of an epoch, to predict the time of one experiment from that of another."""

from specs.experiment import ExperimentSpec

# Fitted to six networks of 51,450 to 1.6 million parameters on two cores of a server (TensorFlow 2.21, float32), each
# within 20 %. Other machines differ by a factor, which `analysis.estimates` determines.
_SECONDS_PER_MULTIPLICATION = 5.2e-12
_SECONDS_PER_ACTIVATION = 5.0e-10
_SECONDS_PER_STEP = 2.0e-5
# Metrics, callbacks, a checkpoint: nearly all that an epoch of a few steps takes.
_SECONDS_PER_EPOCH = 0.004


def reference_epoch_seconds(spec: ExperimentSpec) -> float:
    """Seconds per epoch, training and validation, on the reference machine."""
    return sum(reference_epoch_parts(spec))


def reference_epoch_parts(spec: ExperimentSpec) -> tuple[float, float]:
    """The seconds of an epoch that go into arithmetic, and those that it and its steps take if they compute nothing.

    A training step costs three forward passes: forward, and backward to the weights and to the previous layer. Several
    devices divide the arithmetic of training, not that of validation.
    """
    network = spec.network
    forward = network.multiplications * _SECONDS_PER_MULTIPLICATION + network.activations * _SECONDS_PER_ACTIVATION
    steps, sizes = spec.steps_per_epoch(), spec.dataset.split_sizes()
    trained = 3 * steps * spec.training.batch_size / spec.training.devices
    return forward * (trained + sizes.validation), steps * _SECONDS_PER_STEP + _SECONDS_PER_EPOCH
