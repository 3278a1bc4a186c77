"""Normalization over the last axis, as in keras.layers.normalization."""

from typing import ClassVar, Literal

from pydantic import Field

from specs.layers.base import LayerSpec, ParameterCount, Regularizer, Shape
from specs.vocabulary import Initializer


class _Normalization(LayerSpec):
    keeps_output: ClassVar[bool] = True

    epsilon: float = Field(default=1e-3, gt=0, le=1)
    center: bool = True
    scale: bool = True
    beta_initializer: Initializer = "zeros"
    gamma_initializer: Initializer = "ones"
    beta_regularizer: Regularizer | None = None
    gamma_regularizer: Regularizer | None = None

    def _learnt(self, input_shape: Shape) -> int:
        return input_shape[-1] * (self.center + self.scale)


class BatchNormalization(_Normalization):
    type: Literal["BatchNormalization"] = "BatchNormalization"
    momentum: float = Field(default=0.99, ge=0, le=1)
    moving_mean_initializer: Initializer = "zeros"
    moving_variance_initializer: Initializer = "ones"

    def parameters(self, input_shape: Shape) -> ParameterCount:
        return ParameterCount(self._learnt(input_shape), 2 * input_shape[-1])


class LayerNormalization(_Normalization):
    type: Literal["LayerNormalization"] = "LayerNormalization"

    def parameters(self, input_shape: Shape) -> ParameterCount:
        return ParameterCount(self._learnt(input_shape))
