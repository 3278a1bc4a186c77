"""A network: layers on samples of one shape, with their parameters, memory and table."""

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

from specs.assembly import INPUT, AnyLayer, Node
from specs.augmentation import AugmentationLayer
from specs.input_augmentation import InputAugmentation
from specs.layers import (
    Activation,
    AlphaDropout,
    Average,
    Dropout,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling2D,
    ParameterCount,
    Reshape,
    Shape,
    Softmax,
    SpatialDropout2D,
)
from specs.schema import FieldError

_FLOAT_BYTES = 4
_BYTES_PER_MB = 1_000_000
_IN_TRAINING_ONLY = (Dropout, SpatialDropout2D, GaussianDropout, AlphaDropout, GaussianNoise)
_KEEPS_PROBABILITIES = (*_IN_TRAINING_ONLY, Flatten, Reshape, GlobalAveragePooling2D, Average)


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One row of the layer table. `output_shape` leaves out the batch."""

    name: str
    type: str
    output_shape: Shape
    parameters: int


@dataclass(frozen=True)
class Network:
    """A network whose layers are known to fit: made by `build_network` or `build_graph` in `specs.network_builder`.

    `input_shape` is what the first layer receives. `nodes` are complete: every Dense has its units, every Residual is
    expanded. The last node is the output, with one value per class, or with one value for two classes (`is_binary`).
    The first `frozen` nodes are not trained, nor are those that are not `trainable`.
    """

    input_shape: Shape
    nodes: tuple[Node, ...]
    frozen: int = 0

    @property
    def layers(self) -> tuple[AnyLayer, ...]:
        return tuple(node.layer for node in self.nodes)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The input's shape, then each layer's output shape."""
        return (self.input_shape, *(node.output_shape for node in self.nodes))

    @property
    def is_sequential(self) -> bool:
        """True if each layer receives the output of the layer before it."""
        return all(node.inputs == (index - 1,) for index, node in enumerate(self.nodes))

    @cached_property
    def parameters(self) -> ParameterCount:
        counts = (
            node.parameters.freeze() if self.is_frozen(index) else node.parameters
            for index, node in enumerate(self.nodes)
        )
        return sum(counts, ParameterCount())

    def is_frozen(self, index: int) -> bool:
        """Whether the node at `index` keeps its weights in training."""
        return index < self.frozen or not self.nodes[index].trainable

    @property
    def is_binary(self) -> bool:
        """True if the output is the score of the second of two classes alone."""
        return self.shapes[-1] == (1,)

    @property
    def gives_probabilities(self) -> bool:
        """True if the outputs are probabilities; otherwise they are logits."""
        return self.last_activation == ("sigmoid" if self.is_binary else "softmax")

    @cached_property
    def augmentation(self) -> tuple[AugmentationLayer, ...]:
        """The augmentation layers inside the network, which the input pipeline applies."""
        return tuple(layer.augmentation for layer in self.layers if isinstance(layer, InputAugmentation))

    @cached_property
    def table(self) -> tuple[LayerRow, ...]:
        return tuple(
            LayerRow(node.name, node.layer.type, node.output_shape, node.parameters.total) for node in self.nodes
        )

    @property
    def largest(self) -> Node:
        """The layer with the most parameters."""
        return max(self.nodes, key=lambda node: node.parameters.total)

    @property
    def layers_before_head(self) -> int:
        """How many layers come before the last one that has weights to train; 0 if there is none."""
        return max((index for index, node in enumerate(self.nodes) if node.weights.trainable), default=0)

    @cached_property
    def multiplications(self) -> int:
        """Multiplications per sample: each parameter of a layer once for each position of the layer's output."""
        return sum(node.parameters.total * prod(node.output_shape[:-1]) for node in self.nodes)

    @cached_property
    def activations(self) -> int:
        """Values per sample between the layers, including the input."""
        return sum(map(prod, self.shapes))

    @cached_property
    def last_activation(self) -> str:
        """The name of the activation that the output comes from; "linear" without one."""
        names = {INPUT: "linear"}
        for index, node in enumerate(self.nodes):
            names[index] = self._activation(node, {names[each] for each in node.inputs})
        return names[len(self.nodes) - 1]

    def _activation(self, node: Node, received: set[str]) -> str:
        """A softmax counts only if it runs over the classes, the last axis of the network's output."""
        layer = node.layer
        if isinstance(layer, _KEEPS_PROBABILITIES) or (isinstance(layer, Activation) and layer.activation == "linear"):
            return min(received) if len(received) == 1 else "linear"
        name = "softmax" if isinstance(layer, Softmax) else getattr(layer, "activation", None) or "linear"
        covers_classes = node.output_shape[-1] == self.shapes[-1][-1]
        return name if name != "softmax" or covers_classes else "linear"

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
        """Estimate the memory of a training, in bytes, without TensorFlow's own.

        Counts activations and gradients of one batch, each parameter with its gradient and Adam's two slots, all in
        float32, and `samples` images of uint8.
        """
        activations = self.activations * batch_size * 2
        parameters = self.parameters.total * 4
        return (activations + parameters) * _FLOAT_BYTES + samples * prod(self.input_shape)

    def training_mb(self, batch_size: int, samples: int) -> int:
        """`training_bytes` in MB (10^6 bytes), rounded up."""
        return -(-self.training_bytes(batch_size, samples) // _BYTES_PER_MB)

    def freeze(self, layers: int) -> "Network":
        """Return a copy whose first `layers` layers are not trained. Raises FieldError if nothing is left to train."""
        if layers > len(self.nodes):
            raise FieldError((), f"`freeze` {layers} is more than the {len(self.nodes)} layers of the network")
        frozen = replace(self, frozen=layers)
        if layers and frozen.parameters.trainable == 0:
            raise FieldError((), f"`freeze` {layers} leaves nothing to train; freeze fewer layers")
        return frozen
