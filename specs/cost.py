"""How much work an epoch is, so that the time of one run foretells that of another."""

from specs.experiment import ExperimentSpec

# Fitted to six networks, from 51,450 to 1.6 million parameters, on two cores of a server (TensorFlow 2.21, float32):
# each comes out within 20 %. Another machine differs by a factor, which `analysis.estimates` finds out.
_SECONDS_PER_MULTIPLICATION = 5.2e-12
_SECONDS_PER_ACTIVATION = 5.0e-10
_SECONDS_PER_STEP = 2.0e-5


def reference_epoch_seconds(spec: ExperimentSpec) -> float:
    """Seconds that an epoch takes on the reference machine: training and validation.

    Training costs three times what answering does: forward, and backward to the weights and to the layer before.
    """
    network = spec.network
    forward = network.multiplications * _SECONDS_PER_MULTIPLICATION + network.activations * _SECONDS_PER_ACTIVATION
    steps, sizes = spec.steps_per_epoch(), spec.dataset.split_sizes()
    return forward * (3 * steps * spec.training.batch_size + sizes.validation) + steps * _SECONDS_PER_STEP
