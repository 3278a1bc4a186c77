"""The `model` of an experiment: a preset, a list of layers, or a Keras document."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from specs import limits
from specs.keras_document import KerasModel, plain_document, read_keras_model, reject_misplaced
from specs.keras_names import LAYER_ALIASES
from specs.layers import Layer, Shape, times
from specs.network import Network
from specs.network_builder import build_graph, build_network, complete_layers
from specs.presets import PRESETS, PresetName
from specs.schema import ExperimentId, FieldError, FieldErrors, Lax, Schema


def _plain_types(layers: Any) -> Any:
    """`layers` with MaxPooling2D for MaxPool2D and the like, also inside blocks."""
    return list(map(_plain_type, layers)) if isinstance(layers, list | tuple) else layers


def _plain_type(layer: Any) -> Any:
    if not isinstance(layer, dict):
        return layer
    kind = layer.get("type")
    if isinstance(kind, str) and kind in LAYER_ALIASES:
        return {**layer, "type": LAYER_ALIASES[kind]}
    return {**layer, "layers": _plain_types(layer["layers"])} if kind == "Residual" and "layers" in layer else layer


class ModelSpec(Schema):
    """Exactly one of `preset`, which means that preset's network and nothing else of it, `layers`, and `keras`, the
    JSON object that a Keras model's `to_json()` returns.

    The first `freeze` layers of the layer table are not trained. Layers that match those of experiment `weights_from`
    in type and shapes start from its weights: see `specs.transfer.transferred_layers`.
    """

    preset: PresetName | None = None
    layers: Annotated[tuple[Layer, ...], Lax, Field(max_length=limits.LAYERS), BeforeValidator(_plain_types)] | None = (
        None
    )
    keras: (
        Annotated[dict[str, Any], BeforeValidator(plain_document, json_schema_input_type=dict[str, Any] | str)] | None
    ) = None
    weights_from: ExperimentId | None = Field(
        default=None,
        description="the id of a succeeded experiment, 26 digits and capital letters; layers that match in type and "
        "shapes start from its weights",
    )
    freeze: int = Field(default=0, ge=0, le=limits.LAYERS)
    _keras_model: KerasModel | None = PrivateAttr(None)
    _network: Network | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def _reject_keras_document(cls, value: Any) -> Any:
        reject_misplaced(value, "model.keras")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [f"`{name}`" for name in ("preset", "layers", "keras") if getattr(self, name) is not None]
        if len(given) != 1:
            received = " and ".join(given) or "none of them"
            known = ", ".join(PRESETS)
            raise FieldError((), f"expected one of `preset`, `layers`, `keras`, received {received}; presets: {known}")
        if self.layers == ():
            example = "[{type: Flatten}, {type: Dense}]"
            raise FieldError(("layers",), f"expected at least one layer, for instance {example}")
        return self

    @model_validator(mode="after")
    def _read_keras(self) -> Self:
        if self.keras is not None:
            try:
                self._keras_model = read_keras_model(self.keras)
            except (FieldError, FieldErrors) as error:
                raise error.with_prefix("keras") from None
        return self

    @property
    def network(self) -> Network:
        """The network that `fit_to` has built."""
        if self._network is None:
            raise ValueError("the model is not fitted to a dataset; call fit_to first")
        return self._network

    def fit_to(self, input_shape: Shape, classes: int) -> Self:
        """Return a copy with its network built, and with the units and activation of the last layer filled in.

        Raises FieldError if the network does not fit the samples or the classes.
        """
        network = self._build(input_shape, classes)
        try:
            network = network.freeze(self.freeze)
        except FieldError as error:
            raise error.with_prefix("freeze") from None
        complete = {} if self.layers is None else {"layers": complete_layers(self.layers, classes)}
        fitted = self.model_copy(update=complete)
        fitted._network = network  # noqa: SLF001 - of a copy of its own
        return fitted

    def _build(self, input_shape: Shape, classes: int) -> Network:
        if self._keras_model is not None:
            return _build_keras(self._keras_model, input_shape, classes)
        layers = PRESETS[self.preset].layers if self.preset else self.layers or ()
        try:
            return build_network(layers, input_shape, classes)
        except FieldError as error:
            if self.preset:
                raise FieldError(("preset",), f"{self.preset} on {times(input_shape)}: {error.detail}") from None
            raise error.with_prefix("layers") from None


def _build_keras(model: KerasModel, input_shape: Shape, classes: int) -> Network:
    try:
        return build_graph(model.layers, model.received_shape(input_shape), classes)
    except (FieldError, FieldErrors) as error:
        raise error.with_prefix("keras") from None
