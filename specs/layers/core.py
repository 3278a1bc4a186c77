"""The fully connected layer (Keras `layers/core`)."""

from typing import Literal

from specs.initializers import Initializer, VectorInitializer
from specs.keras_names import Activation
from specs.layers.base import LayerSpec, Regularizer, Shape, WeightShapes
from specs.schema import FieldError, Units


class Dense(LayerSpec):
    """The last Dense may leave out `units` and `activation`: see `specs.network_builder.complete_layers`."""

    type: Literal["Dense"] = "Dense"
    units: Units | None = None
    activation: Activation | None = None
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: VectorInitializer = "zeros"
    kernel_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None
    activity_regularizer: Regularizer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self._known_units())

    def weights(self, input_shape: Shape) -> WeightShapes:
        units = self._known_units()
        return WeightShapes(((input_shape[-1], units), *[(units,)] * self.use_bias))

    def _known_units(self) -> int:
        if self.units is None:
            raise FieldError(
                ("units",),
                "`units` is missing; only the last Dense of a network may leave it out, for one unit per class",
            )
        return self.units
