"""In which numbers a network is trained.

In a mixed precision the weights stay float32 and only the arithmetic between them is done in 16 bits, so that the
very same network computes in float32 once it is told to: that is how it is evaluated and published.
"""

from pathlib import Path
from typing import Literal

import keras
import tensorflow as tf

from specs.experiment import ExperimentSpec
from worker.training.network import plain_layers

Policy = Literal["float32", "mixed_float16", "mixed_bfloat16"]

# Instructions that multiply in bfloat16 (Linux's names of them, x86); without them it is emulated, and slower.
_CPU_FLAGS = {"avx512_bf16", "amx_bf16"}
_GPU_CAPABILITY = (8, 0)  # Ampere, the first with bfloat16
_CPUINFO = Path("/proc/cpuinfo")
# Not DepthwiseConv2D: on 64 samples of 32x32x32 a step of four takes 18.2 ms of a processor with avx512_bf16 in float32
# and 18.4 in bfloat16; of SeparableConv2D, 151 and 66.
_CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.SeparableConv2D)


def policy_for(spec: ExperimentSpec, model: keras.Model) -> Policy:
    """What `auto` comes to here. Networks without convolutions are too small to gain, and what is to be repeatable on
    another machine must not depend on what this one can do."""
    wanted = spec.training.precision
    if wanted != "auto":
        return wanted
    gains = any(isinstance(layer, _CONVOLUTIONS) for layer in plain_layers(model))
    return "mixed_bfloat16" if gains and not spec.training.deterministic and has_bfloat16() else "float32"


def has_bfloat16() -> bool:
    """Whether the device that trains, the first GPU or else the processor, computes in bfloat16."""
    devices = tf.config.list_physical_devices("GPU")
    if devices:
        details = tf.config.experimental.get_device_details(devices[0])
        return tuple(details.get("compute_capability", ())) >= _GPU_CAPABILITY
    return not _CPU_FLAGS.isdisjoint(_cpu_flags(_CPUINFO))


def compute_in(model: keras.Model, policy: Policy) -> None:
    """Have `model` compute so from now on; functions that were traced before still do as they did.

    The first layer, which scales the pixels, and everything from the last Dense on, or without one from the last layer
    with weights, stay float32: they cost little, and a softmax or a loss of 16 bits would blur what the network answers
    (Keras's guide "Mixed precision": the output of a model should be float32).
    """
    layers = plain_layers(model)
    dense = [at for at, layer in enumerate(layers) if isinstance(layer, keras.layers.Dense)]
    weighted = [at for at, layer in enumerate(layers) if layer.weights]
    last = max(dense or weighted, default=0)
    for at, layer in enumerate(layers):
        exact = at >= last or isinstance(layer, keras.layers.Rescaling)
        layer.dtype_policy = "float32" if exact else policy


def float32_twin(model: keras.Model) -> keras.Model:
    """The same network with the same weights, computing in float32, and with no memory of how it was trained."""
    compute_in(model, "float32")
    twin = type(model).from_config(model.get_config())
    twin.set_weights(model.get_weights())
    return twin


def _cpu_flags(cpuinfo: Path) -> set[str]:
    if not cpuinfo.exists():
        return set()
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    return {flag for line in lines if line.startswith("flags") for flag in line.split(":")[1].split()}
