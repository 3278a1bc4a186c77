"""The precision of a training, and the float32 copy of a network that trained in another one.

In mixed precision the weights stay float32 and only computations use 16 bits, so that the same network can compute in
float32: it is evaluated and published that way.
"""

from typing import Literal

import keras
import tensorflow as tf

from specs.experiment import ExperimentSpec
from worker import processor
from worker.processor import CPUINFO
from worker.training.network import flatten_layers, is_own

Policy = Literal["float32", "mixed_float16", "mixed_bfloat16"]

# Not DepthwiseConv2D: on 64 samples of 32x32x32 a step of four takes 18.2 ms of a processor with avx512_bf16 in float32
# and 18.4 in bfloat16; of SeparableConv2D, 151 and 66.
_SCALING = (keras.layers.Rescaling, keras.layers.Normalization)
_CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.SeparableConv2D)


def choose_policy(spec: ExperimentSpec, model: keras.Model) -> Policy:
    """Resolve `auto` on this machine. Networks without convolutions are too small to gain, and a deterministic training
    must not depend on the machine."""
    wanted = spec.training.precision
    if wanted != "auto":
        return wanted
    gains = any(isinstance(layer, _CONVOLUTIONS) for layer in flatten_layers(model))
    return "mixed_bfloat16" if gains and not spec.training.deterministic and has_bfloat16() else "float32"


def has_bfloat16() -> bool:
    """Whether the training device, the first GPU or else the CPU, computes in bfloat16."""
    devices = tf.config.list_physical_devices("GPU")
    if devices:
        details = tf.config.experimental.get_device_details(devices[0])
        return tuple(details.get("compute_capability", ())) >= processor.BFLOAT16_CAPABILITY
    return processor.has_bfloat16(CPUINFO)


def set_precision(model: keras.Model, policy: Policy) -> None:
    """Set the precision of `model`; functions that were traced before keep theirs.

    Layers that scale and everything from the last Dense on (or, without one, from the last layer with weights) stay
    float32: they cost little, and a softmax or loss in 16 bits would lose accuracy (Keras's guide "Mixed precision":
    the output of a model should be float32).
    """
    layers = flatten_layers(model)
    own = [at for at, layer in enumerate(layers) if not is_own(layer)]
    dense = [at for at in own if isinstance(layers[at], keras.layers.Dense)]
    weighted = [at for at in own if layers[at].weights]
    last = max(dense or weighted, default=0)
    for at, layer in enumerate(layers):
        exact = at >= last or isinstance(layer, _SCALING)
        layer.dtype_policy = "float32" if exact else policy


def copy_in_float32(model: keras.Model) -> keras.Model:
    """The same network with the same weights, computing in float32 and uncompiled."""
    set_precision(model, "float32")
    twin = type(model).from_config(model.get_config())
    twin.set_weights(model.get_weights())
    return twin
