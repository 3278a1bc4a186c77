"""Putting layers together one by one: shapes, parameters, and names as Keras gives them."""

import re
from collections import Counter
from dataclasses import dataclass

from specs.layers import Activation, Add, Layer, Merge, ParameterCount, PlainLayer, Residual, Shape, WeightShapes
from specs.schema import FieldError

AnyLayer = PlainLayer | Merge
INPUT = -1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a layer stands in the document: `path` leads to its arguments, `type_path` to its type; `words` name it."""

    path: tuple[str | int, ...]
    type_path: tuple[str | int, ...]
    words: str

    def blaming(self, error: FieldError) -> FieldError:
        """`error`, whose path leads from the layer, as seen from the whole document."""
        path = self.type_path if error.path == ("type",) else (*self.path, *error.path)
        return FieldError(path, f"{self.words}: {error.detail}")


@dataclass(frozen=True, slots=True)
class Source:
    """A layer with a name of its own, and the indices of the layers that it receives from (`INPUT`: the images)."""

    name: str
    layer: AnyLayer
    inputs: tuple[int, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Node:
    """A layer in its network. `inputs` are indices of nodes, or `INPUT`."""

    name: str
    layer: AnyLayer
    inputs: tuple[int, ...]
    output_shape: Shape
    weights: WeightShapes
    place: Place

    @property
    def parameters(self) -> ParameterCount:
        return self.weights.count


def place_in_layers(index: int, layer: Layer) -> Place:
    return Place((index,), (index, "type"), f"layers[{index}] {layer.type}")


class Assembly:
    """`nodes` grows with each layer. All methods raise FieldError where a layer does not fit what it receives."""

    def __init__(self, input_shape: Shape) -> None:
        self.input_shape = input_shape
        self.nodes: list[Node] = []
        self._names: Counter[str] = Counter()

    def add(self, layer: Layer, source: int, place: Place) -> int:
        """Put `layer`, which may be a block, behind node `source`; return the node that puts out what it makes."""
        if isinstance(layer, Residual):
            return self._add_block(layer, source, place)
        return self.place(layer, (source,), place)

    def place(self, layer: AnyLayer, inputs: tuple[int, ...], place: Place, name: str | None = None) -> int:
        shapes = [self._shape(each) for each in inputs]
        try:
            merged = layer.merged_shape(shapes) if isinstance(layer, Merge) else layer.output_shape(shapes[0])
        except FieldError as error:
            raise place.blaming(error) from None
        name = name or self._name(layer.type)
        self.nodes.append(Node(name, layer, inputs, merged, layer.weights(shapes[0]), place))
        return len(self.nodes) - 1

    def _add_block(self, block: Residual, source: int, place: Place) -> int:
        last = source
        for index, layer in enumerate(block.layers):
            path = (*place.path, "layers", index)
            inner = Place(path, (*path, "type"), f"{place.words}: layers[{index}] {layer.type}")
            last = self.add(layer, last, inner)
        try:
            projection = block.projection(self._shape(source), self._shape(last))
        except FieldError as error:
            raise place.blaming(error) from None
        shortcut = source if projection is None else self.place(projection, (source,), place)
        total = self.place(Add(), (last, shortcut), place)
        return total if block.activation is None else self.place(_activation(block), (total,), place)

    def _shape(self, index: int) -> Shape:
        return self.input_shape if index == INPUT else self.nodes[index].output_shape

    def _name(self, layer_type: str) -> str:
        """As Keras names the layers of a fresh model: conv2d, conv2d_1, max_pooling2d, ..."""
        stem = _snake_case(layer_type)
        seen = self._names[stem]
        self._names[stem] += 1
        return f"{stem}_{seen}" if seen else stem


def _activation(block: Residual) -> Activation:
    return Activation.model_validate({"activation": block.activation})


def _snake_case(name: str) -> str:
    """Keras `utils/naming.py:to_snake_case`."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
