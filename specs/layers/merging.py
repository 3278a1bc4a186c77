"""Layers with several inputs (Keras `layers/merging`). They stand in Keras documents and at the end of a Residual;
`layers` is a row, in which there is nothing to merge."""

from collections.abc import Sequence
from typing import Literal

from specs.layers.base import Shape, WeightShapes, times
from specs.schema import FieldError, Schema


class Merge(Schema):
    """One number from each group of numbers in the same place. Sides of 1 are repeated, as numpy does."""

    type: str

    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Raises FieldError where `shapes`, at least one of them, do not agree."""
        merged = shapes[0]
        for shape in shapes[1:]:
            longer, shorter = sorted((merged, shape), key=len, reverse=True)
            padded = (1,) * (len(longer) - len(shorter)) + shorter
            if any(one != other and 1 not in (one, other) for one, other in zip(longer, padded, strict=True)):
                raise _disagreement(shapes)
            merged = tuple(max(pair) for pair in zip(longer, padded, strict=True))
        return merged

    def weights(self, _: Shape) -> WeightShapes:
        return WeightShapes()


def _disagreement(shapes: Sequence[Shape]) -> FieldError:
    received = " and ".join(times(shape) for shape in shapes)
    return FieldError(("type",), f"its inputs of {received} do not agree; bring them to one shape first")


class Add(Merge):
    type: Literal["Add"] = "Add"


class Subtract(Merge):
    type: Literal["Subtract"] = "Subtract"

    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        if len(shapes) != 2:
            raise FieldError(("type",), f"needs 2 inputs, receives {len(shapes)}")
        return super().merged_shape(shapes)


class Multiply(Merge):
    type: Literal["Multiply"] = "Multiply"


class Average(Merge):
    type: Literal["Average"] = "Average"


class Maximum(Merge):
    type: Literal["Maximum"] = "Maximum"


class Concatenate(Merge):
    """Along the channels."""

    type: Literal["Concatenate"] = "Concatenate"

    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        if len({shape[:-1] for shape in shapes}) != 1:
            raise _disagreement(shapes)
        return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))
