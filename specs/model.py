"""Which network an experiment trains."""

from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from specs import limits
from specs.keras_document import KerasModel, keras_model, plain_document
from specs.layers import Layer, Shape, times
from specs.network import Network, completed, network, network_of
from specs.presets import PRESETS, PresetName
from specs.schema import ExperimentId, FieldError, Lax, Schema


class ModelSpec(Schema):
    """One of `preset`, which means that preset's network and nothing else of it, `layers`, and `keras`, the dict of
    what a Keras model's `to_json()` gives.

    The first `freeze` layers of the layer table stay as they are. Layers that agree with those of experiment
    `weights_from` begin with its weights: see `specs.transfer.transferred_layers`.
    """

    preset: PresetName | None = None
    layers: Annotated[tuple[Layer, ...], Lax, Field(max_length=limits.LAYERS)] | None = None
    keras: (
        Annotated[dict[str, Any], BeforeValidator(plain_document, json_schema_input_type=dict[str, Any] | str)] | None
    ) = None
    weights_from: ExperimentId | None = Field(
        default=None,
        description="the id of a succeeded experiment, 26 digits and capital letters, to begin with its weights where "
        "layers agree in type and shapes",
    )
    freeze: int = Field(default=0, ge=0, le=limits.LAYERS)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [f"`{name}`" for name in ("preset", "layers", "keras") if getattr(self, name) is not None]
        if len(given) != 1:
            received = " and ".join(given) or "none of them"
            known = ", ".join(PRESETS)
            raise FieldError((), f"expected one of `preset`, `layers`, `keras`, received {received}; presets: {known}")
        if self.layers == ():
            least = "[{type: Flatten}, {type: Dense}]"
            raise FieldError(("layers",), f"there are no layers; the least is {least}")
        return self

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.keras is not None:
            try:
                _ = self._keras_model
            except FieldError as error:
                raise error.below("keras") from None
        return self

    @cached_property
    def _keras_model(self) -> KerasModel:
        return keras_model(self.keras or {})

    def network_on(self, input_shape: Shape, classes: int) -> Network:
        """Raises FieldError where the network does not fit the images or the classes."""
        built = self._unfrozen(input_shape, classes)
        try:
            return built.freezing(self.freeze)
        except FieldError as error:
            raise error.below("freeze") from None

    def _unfrozen(self, input_shape: Shape, classes: int) -> Network:
        if self.keras is not None:
            return self._network_of_keras(input_shape, classes)
        layers = PRESETS[self.preset].layers if self.preset else self.layers or ()
        try:
            return network(layers, input_shape, classes)
        except FieldError as error:
            if self.preset:
                raise FieldError(("preset",), f"{self.preset} on {times(input_shape)}: {error.detail}") from None
            raise error.below("layers") from None

    def _network_of_keras(self, input_shape: Shape, classes: int) -> Network:
        try:
            self._keras_model.check_input(input_shape)
            return network_of(self._keras_model.sources, input_shape, classes)
        except FieldError as error:
            raise error.below("keras") from None

    def completed_for(self, classes: int) -> Self:
        """With the last layer's units and activation filled in."""
        if self.layers is None:
            return self
        return self.model_copy(update={"layers": completed(self.layers, classes)})
