"""Assembly of layers into network nodes: shapes, parameters, and names as Keras assigns them."""

import re
from collections import Counter
from dataclasses import dataclass

from specs.input_augmentation import InputAugmentation
from specs.layers import Activation, Add, Layer, Merge, ParameterCount, PlainLayer, Residual, Shape, WeightShapes, times
from specs.problem import FieldPath
from specs.schema import FieldError

AnyLayer = PlainLayer | Merge | InputAugmentation
INPUT = -1


@dataclass(frozen=True, slots=True)
class LayerLocation:
    """Where a layer is in the document: `path` leads to its arguments, `type_path` to its type; `label` names it in
    messages, for instance "layers[2] Dense"."""

    path: FieldPath
    type_path: FieldPath
    label: str

    def locate(self, error: FieldError) -> FieldError:
        """Return `error`, whose path starts at the layer, with a path that starts at the document."""
        path = self.type_path if error.path == ("type",) else (*self.path, *error.path)
        return FieldError(path, f"{self.label}: {error.detail}")


@dataclass(frozen=True, slots=True)
class NamedLayer:
    """A layer with its own name and the indices of the layers that it receives from (`INPUT`: the images).

    `axis`, counted with the batch, is where the document says that the channels of the input are, and `channels` how
    many; None if it does not say.
    """

    name: str
    layer: AnyLayer
    inputs: tuple[int, ...]
    location: LayerLocation
    trainable: bool = True
    axis: int | None = None
    channels: int | None = None

    def check_channels(self, input_shape: Shape) -> None:
        """Raise FieldError unless the channels are the last axis of the input, as always here, and as many as given."""
        if self.channels not in (None, input_shape[-1]):
            detail = f"expected {self.channels} channels, received {times(input_shape)}"
            raise self.location.locate(FieldError((), detail))
        if self.axis not in (None, -1, len(input_shape)):
            detail = (
                f"`axis` {self.axis} of {times(input_shape)} is not supported; expected -1 or {len(input_shape)}, the "
                "channels"
            )
            raise self.location.locate(FieldError(("axis",), detail))


@dataclass(frozen=True, slots=True)
class Node:
    """A layer in its network. `inputs` are indices of nodes, or `INPUT`."""

    name: str
    layer: AnyLayer
    inputs: tuple[int, ...]
    output_shape: Shape
    weights: WeightShapes
    location: LayerLocation
    trainable: bool = True

    @property
    def parameters(self) -> ParameterCount:
        return self.weights.count

    @property
    def label(self) -> str:
        return self.location.label


def location_in_layers(index: int, layer: Layer) -> LayerLocation:
    return LayerLocation((index,), (index, "type"), f"layers[{index}] {layer.type}")


class Assembly:
    """Collects `nodes` layer by layer. All methods raise FieldError if a layer does not fit its input."""

    def __init__(self, input_shape: Shape) -> None:
        self.input_shape = input_shape
        self.nodes: list[Node] = []
        self._names: Counter[str] = Counter()

    def add(self, layer: Layer, source: int, location: LayerLocation) -> int:
        """Add `layer`, which may be a block, after node `source`; return the index of the node with its output."""
        if isinstance(layer, Residual):
            return self._add_block(layer, source, location)
        return self.append(layer, (source,), location)

    def append(
        self,
        layer: AnyLayer,
        inputs: tuple[int, ...],
        location: LayerLocation,
        name: str | None = None,
        *,
        trainable: bool = True,
    ) -> int:
        """Append one node that receives from `inputs`; return its index."""
        shapes = [self.shape(each) for each in inputs]
        try:
            output = layer.merged_shape(shapes) if isinstance(layer, Merge) else layer.output_shape(shapes[0])
        except FieldError as error:
            raise location.locate(error) from None
        name = name or self._next_name(layer.type)
        self.nodes.append(Node(name, layer, inputs, output, layer.weights(shapes[0]), location, trainable))
        return len(self.nodes) - 1

    def _add_block(self, block: Residual, source: int, location: LayerLocation) -> int:
        last = source
        for index, layer in enumerate(block.layers):
            path = (*location.path, "layers", index)
            inner = LayerLocation(path, (*path, "type"), f"{location.label}: layers[{index}] {layer.type}")
            last = self.add(layer, last, inner)
        try:
            projection = block.projection(self.shape(source), self.shape(last))
        except FieldError as error:
            raise location.locate(error) from None
        shortcut = source if projection is None else self.append(projection, (source,), location)
        total = self.append(Add(), (last, shortcut), location)
        if block.activation is None:
            return total
        return self.append(Activation(activation=block.activation), (total,), location)

    def shape(self, index: int) -> Shape:
        return self.input_shape if index == INPUT else self.nodes[index].output_shape

    def _next_name(self, layer_type: str) -> str:
        """Return the name that Keras gives to the layer in a new model: conv2d, conv2d_1, max_pooling2d, ..."""
        stem = _snake_case(layer_type)
        count = self._names[stem]
        self._names[stem] += 1
        return f"{stem}_{count}" if count else stem


def _snake_case(name: str) -> str:
    """Keras `utils/naming.py:to_snake_case`."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
