"""Normalization layers over the channels (Keras `layers/normalization`).

There is no `axis` (always the last one), no initial moving statistics, no `renorm` and no `synchronized`.
"""

from typing import Literal

from pydantic import Field

from specs.keras_names import VectorInitializer
from specs.layers.base import Regularizer, SameShape, Shape, WeightShapes


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
