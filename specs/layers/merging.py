"""Layers with several inputs (Keras `layers/merging`): in Keras documents and at the end of a Residual. A list of
`layers` cannot contain them, because each of its layers has one input."""

from collections.abc import Sequence
from typing import Literal

from specs.layers.base import Shape, WeightShapes, times
from specs.schema import FieldError, Schema


class Merge(Schema):
    """Base of the elementwise merges. Sides of 1 are broadcast, as in numpy."""

    type: str

    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The output shape for at least one input. Raises FieldError if `shapes` are incompatible."""
        merged = shapes[0]
        for shape in shapes[1:]:
            longer, shorter = sorted((merged, shape), key=len, reverse=True)
            padded = (1,) * (len(longer) - len(shorter)) + shorter
            if any(one != other and 1 not in (one, other) for one, other in zip(longer, padded, strict=True)):
                raise _incompatible(shapes)
            merged = tuple(max(pair) for pair in zip(longer, padded, strict=True))
        return merged

    def weights(self, _: Shape) -> WeightShapes:
        return WeightShapes()


def _incompatible(shapes: Sequence[Shape]) -> FieldError:
    received = " and ".join(times(shape) for shape in shapes)
    return FieldError(("type",), f"its inputs of shape {received} are incompatible; make their shapes equal first")


class Add(Merge):
    type: Literal["Add"] = "Add"


class Subtract(Merge):
    type: Literal["Subtract"] = "Subtract"

    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        if len(shapes) != 2:
            raise FieldError(("type",), f"expected 2 inputs, received {len(shapes)}")
        return super().merged_shape(shapes)


class Multiply(Merge):
    type: Literal["Multiply"] = "Multiply"


class Average(Merge):
    type: Literal["Average"] = "Average"


class Maximum(Merge):
    type: Literal["Maximum"] = "Maximum"


class Minimum(Merge):
    type: Literal["Minimum"] = "Minimum"


class Concatenate(Merge):
    """Along the channels."""

    type: Literal["Concatenate"] = "Concatenate"

    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        if len({shape[:-1] for shape in shapes}) != 1:
            raise _incompatible(shapes)
        return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))
