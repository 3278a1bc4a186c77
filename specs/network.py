"""A network: layers on images of one shape, and what they amount to."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

from specs import limits
from specs.assembly import INPUT, AnyLayer, Assembly, Node, Source, place_in_layers
from specs.layers import (
    Activation,
    Average,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    LeakyReLU,
    Merge,
    ParameterCount,
    ReLU,
    Residual,
    Shape,
    Softmax,
    SpatialDropout2D,
    times,
)
from specs.schema import FieldError

_FLOAT_BYTES = 4
_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One line of the layer table. `output_shape` leaves out the batch."""

    name: str
    type: str
    output_shape: Shape
    parameters: int


@dataclass(frozen=True)
class Network:
    """`nodes` are complete: every Dense has its units, every Residual is taken apart. Made by `network` or
    `network_of`, which check that they fit.

    The last node gives the answer; the first `frozen` ones do not learn.
    """

    input_shape: Shape
    nodes: tuple[Node, ...]
    frozen: int = 0

    @property
    def layers(self) -> tuple[AnyLayer, ...]:
        return tuple(node.layer for node in self.nodes)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The input's shape, then that of each layer's output."""
        return (self.input_shape, *(node.output_shape for node in self.nodes))

    @property
    def is_row(self) -> bool:
        """True if each layer receives what the one before it puts out."""
        return all(node.inputs == (index - 1,) for index, node in enumerate(self.nodes))

    @cached_property
    def parameters(self) -> ParameterCount:
        counts = [node.parameters for node in self.nodes]
        kept = [count.frozen() for count in counts[: self.frozen]]
        return sum([*kept, *counts[self.frozen :]], ParameterCount())

    @cached_property
    def table(self) -> tuple[LayerRow, ...]:
        return tuple(
            LayerRow(node.name, node.layer.type, node.output_shape, node.parameters.total) for node in self.nodes
        )

    @property
    def largest(self) -> Node:
        """The layer with the most parameters."""
        return max(self.nodes, key=lambda node: node.parameters.total)

    @cached_property
    def multiplications(self) -> int:
        """For one sample: a layer multiplies each of its parameters once for each place of its output."""
        return sum(node.parameters.total * prod(node.output_shape[:-1]) for node in self.nodes)

    @cached_property
    def activations(self) -> int:
        """How many numbers there are between the layers, for one sample, with the input."""
        return sum(map(prod, self.shapes))

    @cached_property
    def last_activation(self) -> str:
        """The name of the activation that the answer comes from: "linear" where there is none."""
        names = {INPUT: "linear"}
        for index, node in enumerate(self.nodes):
            names[index] = self._activation(node, {names[each] for each in node.inputs})
        return names[len(self.nodes) - 1]

    def _activation(self, node: Node, received: set[str]) -> str:
        """A softmax counts where it gave one probability for each class, so over the last axis of the answer."""
        if isinstance(node.layer, Flatten | Dropout | SpatialDropout2D | GlobalAveragePooling2D | Average):
            return min(received) if len(received) == 1 else "linear"
        name = _activation_of(node.layer)
        whole = node.output_shape[-1] == self.shapes[-1][-1]
        return name if name != "softmax" or whole else "linear"

    def summary(self) -> dict[str, Any]:
        """The members `layers` and `parameters` of the answer to `POST /experiments:validate`."""
        count = self.parameters
        return {
            "layers": [asdict(row) | {"output_shape": list(row.output_shape)} for row in self.table],
            "parameters": {
                "total": count.total,
                "trainable": count.trainable,
                "non_trainable": count.non_trainable,
            },
        }

    def training_bytes(self, batch_size: int, samples: int) -> int:
        """An estimate of the memory that training takes.

        Activations and their gradients for one batch; each parameter with its gradient and Adam's two slots,
        all in float32; and `samples` images kept as bytes. What TensorFlow takes for itself comes on top.
        """
        activations = self.activations * batch_size * 2
        parameters = self.parameters.total * 4
        return (activations + parameters) * _FLOAT_BYTES + samples * prod(self.input_shape)

    def training_mb(self, batch_size: int, samples: int) -> int:
        """`training_bytes` in MB (10^6 bytes), rounded up."""
        return -(-self.training_bytes(batch_size, samples) // _BYTES_PER_MB)

    def freezing(self, layers: int) -> "Network":
        """The same with its first `layers` layers as they are. Raises FieldError where nothing is left to learn."""
        if layers > len(self.nodes):
            raise FieldError((), f"`freeze` {layers} is more than the {len(self.nodes)} layers of the network")
        frozen = replace(self, frozen=layers)
        if layers and frozen.parameters.trainable == 0:
            raise FieldError((), f"`freeze` {layers} leaves nothing to learn; freeze fewer layers")
        return frozen


def network(layers: Sequence[Layer], input_shape: Shape, classes: int) -> Network:
    """Put `layers`, completed, on images of `input_shape` so that they answer with one number per class.

    Raises FieldError with a path that starts with the index of the layer, or is empty where no one layer is
    to blame.
    """
    assembly = Assembly(input_shape)
    last = -1
    for index, layer in enumerate(completed(layers, classes)):
        last = assembly.add(layer, last, place_in_layers(index, layer))
    return _checked(assembly, classes)


def network_of(sources: Sequence[Source], input_shape: Shape, classes: int) -> Network:
    """The same for layers that say themselves where their inputs come from; the last one gives the answer."""
    assembly = Assembly(input_shape)
    for source in sources:
        assembly.place(source.layer, source.inputs, source.place, source.name)
    return _checked(assembly, classes)


def _checked(assembly: Assembly, classes: int) -> Network:
    built = Network(assembly.input_shape, tuple(assembly.nodes))
    if len(built.nodes) > limits.LAYERS:
        raise FieldError(
            (),
            f"the network has {len(built.nodes)} layers, those inside Residual blocks included, above the cap of "
            f"{limits.LAYERS}",
        )
    _check_answer(built, classes)
    _check_parameters(built)
    return built


def completed(layers: Sequence[Layer], classes: int) -> tuple[Layer, ...]:
    """`layers` with a unit for each class in the last Dense, and softmax, where nothing else was said.

    An activation that follows as a layer says something else.
    """
    index = _classifying(layers)
    if index is None:
        return tuple(layers)
    last, after = layers[index], layers[index + 1 :]
    assert isinstance(last, Dense)  # noqa: S101 - found as one
    filled: dict[str, Any] = {}
    if last.units is None:
        filled["units"] = classes
    if "activation" not in last.model_fields_set and all(_passes_on(layer) for layer in after):
        filled["activation"] = "softmax"
    return (*layers[:index], last.model_copy(update=filled), *after)


def _classifying(layers: Sequence[Layer]) -> int | None:
    """The index of the Dense whose units are the answer's."""
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        if isinstance(layer, Dense):
            return index
        if isinstance(layer, Residual) or not layer.keeps_channels:
            return None
    return None


def _passes_on(layer: Layer) -> bool:
    if isinstance(layer, Residual | Activation | LeakyReLU | ReLU | Softmax):
        return False
    return layer.keeps_output


def _activation_of(layer: AnyLayer) -> str:
    if isinstance(layer, Softmax):
        return "softmax"
    return getattr(layer, "activation", None) or "linear"


def _answering(built: Network) -> Node:
    """The layer whose numbers are the answer: the last one that does not just pass them on."""
    node = built.nodes[-1]
    while not isinstance(node.layer, Merge) and node.layer.keeps_output and node.inputs[0] >= 0:
        node = built.nodes[node.inputs[0]]
    return node


def _check_answer(built: Network, classes: int) -> None:
    shape = built.shapes[-1]
    if shape == (classes,):
        return
    node = _answering(built)
    layer = node.layer
    if isinstance(layer, Dense) and len(shape) == 1 and layer.units != classes:
        raise node.place.blaming(
            FieldError(
                ("units",), f"has {layer.units} units, but there are {classes} classes; set `units` to {classes}"
            )
        )
    if len(shape) == 1:
        advice = "add {type: Dense} at the end"
    elif isinstance(layer, Dense):
        advice = f"put {{type: Flatten}} before {node.place.words}"
    else:
        advice = "add {type: Flatten} and {type: Dense} at the end"
    raise FieldError((), f"the last layer puts out {times(shape)} numbers, but there are {classes} classes; {advice}")


def _check_parameters(built: Network) -> None:
    total = built.parameters.total
    if total <= limits.PARAMETERS:
        return
    largest = built.largest
    raise FieldError(
        (),
        f"the network has {total:,} parameters, above the cap of {limits.PARAMETERS:,}; {largest.place.words} "
        f"alone has {largest.parameters.total:,}",
    )
