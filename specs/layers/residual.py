"""The residual block (He et al., "Deep Residual Learning for Image Recognition", 2015), and the union of all layers."""

import math
from typing import Annotated, Any, Literal

from pydantic import Field

from specs import keras_names, limits
from specs.layers.activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from specs.layers.base import Shape, times
from specs.layers.convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from specs.layers.core import Dense
from specs.layers.normalization import BatchNormalization, LayerNormalization, Normalization
from specs.layers.pooling import AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D
from specs.layers.regularization import AlphaDropout, Dropout, GaussianDropout, GaussianNoise, SpatialDropout2D
from specs.layers.rescaling import Rescaling
from specs.layers.reshaping import Cropping2D, Flatten, Permute, Reshape, UpSampling2D, ZeroPadding2D
from specs.schema import FieldError, Lax, Schema

PlainLayer = (
    Conv2D
    | DepthwiseConv2D
    | SeparableConv2D
    | Dense
    | Flatten
    | MaxPooling2D
    | AveragePooling2D
    | GlobalAveragePooling2D
    | GlobalMaxPooling2D
    | Dropout
    | SpatialDropout2D
    | GaussianDropout
    | AlphaDropout
    | GaussianNoise
    | BatchNormalization
    | LayerNormalization
    | Normalization
    | Activation
    | LeakyReLU
    | ReLU
    | ELU
    | PReLU
    | Softmax
    | ZeroPadding2D
    | Cropping2D
    | UpSampling2D
    | Reshape
    | Permute
    | Rescaling
)


class Residual(Schema):
    """The output of `layers` plus the input (the shortcut), then `activation`.

    If `layers` change the shape, the shortcut is projected: by a 1x1 convolution with matching strides, or by a Dense
    for features.
    """

    type: Literal["Residual"] = "Residual"
    layers: Annotated[
        tuple[Annotated[PlainLayer, Field(discriminator="type")], ...],
        Lax,
        Field(min_length=1, max_length=limits.LAYERS, description="at least one layer, none of them a Residual"),
    ]
    activation: keras_names.Activation | None = None

    def projection(self, input_shape: Shape, output_shape: Shape) -> Conv2D | Dense | None:
        """The layer that projects the shortcut from `input_shape` to the `output_shape` of `layers`; None if the shapes
        are equal. Raises FieldError if no layer can.
        """
        if input_shape == output_shape:
            return None
        if len(output_shape) == len(input_shape) == 1:
            return Dense(units=output_shape[0])
        strides = _strides(input_shape[:-1], output_shape[:-1])
        if len(output_shape) != 3 or strides is None:
            raise FieldError(
                ("layers",),
                f"change {times(input_shape)} to {times(output_shape)}, which no 1x1 convolution can do; "
                'pad with "same", and put Flatten and global pooling after the block',
            )
        return Conv2D(filters=output_shape[-1], kernel_size=(1, 1), strides=strides)


def _strides(sides: Shape, wanted: Shape) -> tuple[int, int] | None:
    if len(sides) != 2 or len(wanted) != 2:
        return None
    height, width = (math.ceil(side / number) for side, number in zip(sides, wanted, strict=True))
    result = (math.ceil(sides[0] / height), math.ceil(sides[1] / width))
    return (height, width) if result == wanted and max(height, width) <= limits.WINDOW else None


Layer = Annotated[PlainLayer | Residual, Field(discriminator="type")]


def layer_document(layer: Layer) -> dict[str, Any]:
    """A layer as people write it: its type, what it needs, and the arguments that do not have their defaults."""
    given = layer.model_dump(mode="json", exclude_defaults=True)
    needed = {name: given[name] for name, field in type(layer).model_fields.items() if field.is_required()}
    row = {"type": layer.type, **needed, **given}
    if isinstance(layer, Residual):
        row["layers"] = [layer_document(each) for each in layer.layers]
    return row
