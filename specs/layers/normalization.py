"""Normalization layers over the channels (Keras `layers/normalization`).

There is no `axis` (always the last one), no initial moving statistics, no `renorm` and no `synchronized`.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from specs.initializers import VectorInitializer
from specs.layers.base import PerChannel, Regularizer, SameShape, Shape, WeightShapes, check_channels
from specs.schema import FieldError


class _Normalization(SameShape):
    epsilon: float = Field(default=1e-3, gt=0, le=1)
    center: bool = True
    scale: bool = True
    beta_initializer: VectorInitializer = "zeros"
    gamma_initializer: VectorInitializer = "ones"
    beta_regularizer: Regularizer | None = None
    gamma_regularizer: Regularizer | None = None


class BatchNormalization(_Normalization):
    type: Literal["BatchNormalization"] = "BatchNormalization"
    momentum: float = Field(default=0.99, ge=0, le=1)

    def weights(self, input_shape: Shape) -> WeightShapes:
        channels = (input_shape[-1],)
        return WeightShapes((channels,) * (self.center + self.scale), (channels,) * 2)


class LayerNormalization(_Normalization):
    type: Literal["LayerNormalization"] = "LayerNormalization"

    def weights(self, input_shape: Shape) -> WeightShapes:
        return WeightShapes(((input_shape[-1],),) * (self.center + self.scale))


class Normalization(SameShape):
    """Subtract `mean` and divide by the root of `variance`, numbers or one for each channel. Without them the layer
    changes nothing, because nothing calls Keras's `adapt`."""

    type: Literal["Normalization"] = "Normalization"
    mean: PerChannel | None = None
    variance: PerChannel | None = None
    invert: bool = False

    @model_validator(mode="after")
    def _check_both(self) -> Self:
        if (self.mean is None) != (self.variance is None):
            missing, given = ("mean", "variance") if self.mean is None else ("variance", "mean")
            raise FieldError((missing,), f"`{missing}` is missing; give it together with `{given}`")
        variances = self.variance if isinstance(self.variance, tuple) else (self.variance or 0.0,)
        if min(variances, default=0.0) < 0:
            raise FieldError(("variance",), "a variance must be at least 0")
        return self

    def output_shape(self, input_shape: Shape) -> Shape:
        check_channels("mean", self.mean, input_shape)
        check_channels("variance", self.variance, input_shape)
        return input_shape

    def weights(self, input_shape: Shape) -> WeightShapes:
        channels = (input_shape[-1],)
        return WeightShapes((), (channels, channels, ())) if self.mean is None else WeightShapes()
