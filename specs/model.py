"""Which network an experiment trains."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from specs import caps
from specs.layers import Layer, Shape, times
from specs.network import Network, completed, network
from specs.presets import PRESETS, PresetName
from specs.schema import FieldError, Lax, Schema


class ModelSpec(Schema):
    """Either `preset`, which means that preset's network and nothing else of it, or `layers`.

    The first `freeze` layers of the layer table stay as they are.
    """

    preset: PresetName | None = None
    layers: Annotated[tuple[Layer, ...], Lax, Field(max_length=caps.LAYERS)] | None = None
    freeze: int = Field(default=0, ge=0, le=caps.LAYERS)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.preset is None) == (self.layers is None):
            received = "both" if self.preset else "neither"
            known = ", ".join(PRESETS)
            raise FieldError((), f"expected either `preset` or `layers`, received {received}; presets: {known}")
        if self.layers == ():
            least = "[{type: Flatten}, {type: Dense}]"
            raise FieldError(("layers",), f"there are no layers; the least is {least}")
        return self

    def network_on(self, input_shape: Shape, classes: int) -> Network:
        """Raises FieldError where the network does not fit the images or the classes."""
        built = self._unfrozen(input_shape, classes)
        try:
            return built.freezing(self.freeze)
        except FieldError as error:
            raise error.below("freeze") from None

    def _unfrozen(self, input_shape: Shape, classes: int) -> Network:
        layers = PRESETS[self.preset].layers if self.preset else self.layers or ()
        try:
            return network(layers, input_shape, classes)
        except FieldError as error:
            if self.preset:
                raise FieldError(("preset",), f"{self.preset} on {times(input_shape)}: {error.detail}") from None
            raise error.below("layers") from None

    def completed_for(self, classes: int) -> Self:
        """With the last layer's units and activation filled in."""
        if self.layers is None:
            return self
        return self.model_copy(update={"layers": completed(self.layers, classes)})
