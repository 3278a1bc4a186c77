"""Output sizes of convolutions and poolings: a window that slides over an image."""

import math

from specs.keras_names import Padding
from specs.layers.base import Shape, times
from specs.schema import FieldError

_UNDILATED = (1, 1)


def windows(
    kind: str, field: str, size: Shape, strides: Shape, padding: Padding, sides: Shape, dilation: Shape = _UNDILATED
) -> Shape:
    """The number of windows along each side (Keras `compute_conv_output_shape`).

    Raises FieldError on `field`, the window's size, if no window fits.
    """
    if padding == "same":
        return tuple(math.ceil(side / stride) for side, stride in zip(sides, strides, strict=True))
    covered = tuple(rate * (width - 1) + 1 for width, rate in zip(size, dilation, strict=True))
    if any(width > side for width, side in zip(covered, sides, strict=True)):
        spread = "" if dilation == _UNDILATED else f", dilated to {times(covered)} by `dilation_rate`,"
        raise FieldError(
            (field,),
            f'{kind} {times(size)}{spread} does not fit into {times(sides)}; pad with "same" or remove a pooling '
            "layer before it",
        )
    return tuple((side - width) // stride + 1 for side, width, stride in zip(sides, covered, strides, strict=True))
