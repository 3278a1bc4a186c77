"""A network: layers in a row on images of one shape, and what they amount to."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from math import prod
from typing import Any, Literal

from specs import caps
from specs.layers import Activation, Dense, Layer, LayerSpec, ParameterCount, Placed, Residual, Shape
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
    """`layers` are complete: every Dense has its units. Made by `network`, which checks that they fit.

    `shapes` has one more item than `layers`: the shape of the input comes first. The first `frozen` layers are left
    as they are.
    """

    layers: tuple[Layer, ...]
    shapes: tuple[Shape, ...]
    frozen: int = 0

    @property
    def input_shape(self) -> Shape:
        return self.shapes[0]

    @cached_property
    def parameters(self) -> ParameterCount:
        counts = (placed.parameters for placed in self._placed)
        whole = zip(self._is_frozen, counts, strict=True)
        return sum((count.frozen if is_frozen else count for is_frozen, count in whole), ParameterCount())

    @property
    def largest_layer(self) -> tuple[int, Placed]:
        """The one with the most parameters, and its index."""
        return max(enumerate(self._placed), key=lambda item: item[1].parameters.total)

    @cached_property
    def multiplications(self) -> int:
        """For one sample: a layer multiplies each of its parameters once for each place of its output."""
        return sum(each.parameters.total * prod(each.output_shape[:-1]) for each in self._expanded)

    @cached_property
    def activations(self) -> int:
        """How many numbers there are between the layers, for one sample, with the input."""
        return prod(self.input_shape) + sum(prod(placed.output_shape) for placed in self._expanded)

    @cached_property
    def answer_activation(self) -> str:
        """What the network's numbers went through last: probabilities come from softmax alone."""
        meaningful = (layer for layer in reversed(self.layers) if not layer.keeps_meaning)
        return getattr(next(meaningful, None), "activation", None) or "linear"

    @cached_property
    def table(self) -> tuple[LayerRow, ...]:
        """As Keras sees it: what is in a block has lines of its own."""
        names = _names([placed.layer.type for placed in self._expanded])
        return tuple(
            LayerRow(name, placed.layer.type, placed.output_shape, placed.parameters.total)
            for name, placed in zip(names, self._expanded, strict=True)
        )

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

    @property
    def _placed(self) -> list[Placed]:
        return list(map(Placed, self.layers, self.shapes[:-1], self.shapes[1:]))

    @property
    def _is_frozen(self) -> list[bool]:
        return [index < self.frozen for index in range(len(self.layers))]

    @cached_property
    def _expanded(self) -> tuple[Placed, ...]:
        return tuple(each for placed in self._placed for each in _expanded(placed))


class _Add(LayerSpec):
    """Stands in the table for the sum of a block and its way around."""

    type: Literal["Add"] = "Add"


def _expanded(placed: Placed) -> list[Placed]:
    """The layers that Keras makes of it."""
    block, before, after = placed
    if not isinstance(block, Residual):
        return [placed]
    projection, activation = block.projection(before), block.activation
    around = [Placed(projection, before, after)] if projection else []
    then = [Placed(Activation(activation=activation), after, after)] if activation else []
    return [*block.placed(before), *around, Placed(_Add(), after, after), *then]


def network(layers: Sequence[Layer], input_shape: Shape, classes: int, frozen: int = 0) -> Network:
    """Put `layers`, completed, on images of `input_shape` so that they answer with one number per class.

    Raises FieldError with a path that starts with the index of the layer, or is empty where no one layer is
    to blame.
    """
    complete = completed(layers, classes)
    shapes = _shapes(complete, input_shape)
    _check_answer(complete, shapes[-1], classes)
    _check_depth(complete)
    built = Network(complete, shapes, frozen)
    _check_parameters(built)
    return built


def completed(layers: Sequence[Layer], classes: int) -> tuple[Layer, ...]:
    """The last Dense gets one unit per class and softmax where nothing else was said."""
    index = _answering(layers)
    last = layers[index]
    if not isinstance(last, Dense):
        return tuple(layers)
    filled: dict[str, Any] = {}
    if last.units is None:
        filled["units"] = classes
    followed = any(hasattr(layer, "activation") for layer in layers[index + 1 :])
    if "activation" not in last.model_fields_set and not followed:
        filled["activation"] = "softmax"
    return (*layers[:index], last.model_copy(update=filled), *layers[index + 1 :])


def _answering(layers: Sequence[Layer]) -> int:
    """The index of the layer whose numbers are the answer: the last one that does not just pass them on."""
    last = len(layers) - 1
    return next((index for index in range(last, -1, -1) if not layers[index].keeps_output), last)


def _shapes(layers: Sequence[Layer], input_shape: Shape) -> tuple[Shape, ...]:
    shapes = [input_shape]
    for index, layer in enumerate(layers):
        try:
            shapes.append(layer.output_shape(shapes[-1]))
        except FieldError as error:
            raise error.below(index, where=f"layers[{index}] {layer.type}: ") from None
    return tuple(shapes)


def _check_answer(layers: Sequence[Layer], shape: Shape, classes: int) -> None:
    if shape == (classes,):
        return
    index = _answering(layers)
    layer = layers[index]
    if isinstance(layer, Dense) and len(shape) == 1 and layer.units != classes:
        raise FieldError(
            (index, "units"),
            f"layers[{index}] Dense: has {layer.units} units, but there are {classes} classes; leave `units` "
            f"out or set it to {classes}",
        )
    produced = "x".join(str(side) for side in shape)
    if len(shape) == 1:
        advice = "add {type: Dense} at the end"
    elif isinstance(layer, Dense):
        advice = f"put {{type: Flatten}} before layers[{index}] Dense"
    else:
        advice = "add {type: Flatten} and {type: Dense} at the end"
    raise FieldError((), f"the last layer puts out {produced} numbers, but there are {classes} classes; {advice}")


def _check_depth(layers: Sequence[Layer]) -> None:
    inner = sum(len(layer.layers) for layer in layers if isinstance(layer, Residual))
    if len(layers) + inner > caps.LAYERS:
        raise FieldError(
            (),
            f"the network has {len(layers) + inner} layers, {inner} of them within blocks, above the cap of "
            f"{caps.LAYERS}",
        )


def _check_parameters(built: Network) -> None:
    total = built.parameters.total
    if total <= caps.PARAMETERS:
        return
    index, largest = built.largest_layer
    raise FieldError(
        (),
        f"the network has {total:,} parameters, above the cap of {caps.PARAMETERS:,}; layers[{index}] "
        f"{largest.layer.type} alone has {largest.parameters.total:,}",
    )


def _names(types: Sequence[str]) -> list[str]:
    """As Keras names the layers of a fresh model: conv2d, conv2d_1, max_pooling2d, ..."""
    seen: Counter[str] = Counter()
    names = []
    for each in types:
        stem = _snake_case(each)
        names.append(f"{stem}_{seen[stem]}" if seen[stem] else stem)
        seen[stem] += 1
    return names


def _snake_case(name: str) -> str:
    """Keras `utils/naming.py:to_snake_case`."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
