"""The `model` of an experiment: a preset, a list of layers, a Keras document, or an application."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from specs import limits
from specs.applications import ApplicationName, Pooling, application_layers
from specs.keras_document import KerasModel, plain_document, read_keras_model, reject_misplaced
from specs.keras_names import LAYER_ALIASES
from specs.layers import Layer, Shape, times
from specs.network import Network
from specs.network_builder import build_graph, build_network, complete_layers
from specs.presets import PRESETS, PresetName
from specs.schema import ExperimentId, FieldError, FieldErrors, Lax, Schema

_NETWORKS = ("preset", "layers", "keras", "application")
_CHANNELS = 3


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


def _check_freeze(value: Any) -> Any:
    if value == "all" or (type(value) is int and 0 <= value <= limits.LAYERS):
        return value
    raise ValueError(f"expected a whole number from 0 to {limits.LAYERS:,}, or all")


def expand_preset(model: Any) -> Any:
    """`model` with the application in place of a preset that stands for one, and what else its model has."""
    name = model.get("preset") if isinstance(model, Mapping) else None
    preset = PRESETS.get(name) if isinstance(name, str) else None
    if preset is None or preset.layers:
        return model
    return {**preset.spec["model"], **{member: value for member, value in model.items() if member != "preset"}}


def _is_none(value: Any) -> bool:
    return value is None


class ModelSpec(Schema):
    """Exactly one of `preset`, which means that preset's network and nothing else of it, `layers`, `keras`, the JSON
    object that a Keras model's `to_json()` returns, and `application`, a network of `keras.applications`.

    An application scales pixels 0-255 itself. It ends in global `pooling` (`avg` unless given) and a Dense with one
    unit per class, and starts from its ImageNet `weights` unless they are `none`.

    The first `freeze` layers of the layer table are not trained; `all`: none but the last one with weights. Layers that
    match those of experiment `weights_from` in type and shapes start from its weights: see
    `specs.transfer.transferred_layers`.
    """

    preset: PresetName | None = None
    layers: Annotated[tuple[Layer, ...], Lax, Field(max_length=limits.LAYERS), BeforeValidator(_plain_types)] | None = (
        None
    )
    keras: (
        Annotated[dict[str, Any], BeforeValidator(plain_document, json_schema_input_type=dict[str, Any] | str)] | None
    ) = None
    # Documents from before there were these members are equal to those without them.
    application: ApplicationName | None = Field(default=None, exclude_if=_is_none)
    weights: Literal["imagenet", "none"] | None = Field(
        default=None, exclude_if=_is_none, description="of an application; default: imagenet"
    )
    pooling: Pooling | None = Field(default=None, exclude_if=_is_none, description="of an application; default: avg")
    weights_from: ExperimentId | None = Field(
        default=None,
        description="the id of a succeeded experiment, 26 digits and capital letters; layers that match in type and "
        "shapes start from its weights",
    )
    freeze: Annotated[
        Annotated[int, Field(ge=0, le=limits.LAYERS)] | Literal["all"], BeforeValidator(_check_freeze)
    ] = 0
    _keras_model: KerasModel | None = PrivateAttr(None)
    _network: Network | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def _reject_keras_document(cls, value: Any) -> Any:
        reject_misplaced(value, "model.keras")
        return expand_preset(value)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [f"`{name}`" for name in _NETWORKS if getattr(self, name) is not None]
        if len(given) != 1:
            received = " and ".join(given) or "none of them"
            expected = ", ".join(f"`{name}`" for name in _NETWORKS)
            known = ", ".join(PRESETS)
            raise FieldError((), f"expected one of {expected}, received {received}; presets: {known}")
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

    @model_validator(mode="after")
    def _complete_application(self) -> Self:
        for name, default in (("weights", "imagenet"), ("pooling", "avg")):
            if self.application is None and getattr(self, name) is not None:
                raise FieldError((name,), f"`{name}` is for an `application`; leave it out")
            if self.application is not None and getattr(self, name) is None:
                object.__setattr__(self, name, default)
        return self

    @property
    def starts_from_imagenet(self) -> bool:
        """Whether layers of the application that take no weights of `weights_from` take those of ImageNet."""
        return self.weights == "imagenet"

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
            network = network.freeze(network.layers_before_head if self.freeze == "all" else self.freeze)
        except FieldError as error:
            raise error.with_prefix("freeze") from None
        complete = {} if self.layers is None else {"layers": complete_layers(self.layers, classes)}
        fitted = self.model_copy(update=complete)
        fitted._network = network  # noqa: SLF001 - of a copy of its own
        return fitted

    def _build(self, input_shape: Shape, classes: int) -> Network:
        if self._keras_model is not None:
            return _build_keras(self._keras_model, input_shape, classes)
        if self.application is not None:
            return _build_application(self.application, self.pooling or "avg", input_shape, classes)
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


def _build_application(name: ApplicationName, pooling: Pooling, input_shape: Shape, classes: int) -> Network:
    if len(input_shape) != 3 or input_shape[-1] != _CHANNELS:
        change = "set preprocessing.color to rgb" if len(input_shape) == 3 else "choose a dataset of images"
        raise FieldError(
            ("application",), f"{name} expects images with 3 channels, received {times(input_shape)}; {change}"
        )
    try:
        return build_graph(application_layers(name, pooling, classes), input_shape, classes)
    except (FieldError, FieldErrors) as error:
        detail = error.detail if isinstance(error, FieldError) else error.errors[0].detail
        raise FieldError(("application",), f"{name} on {times(input_shape)}: {detail}") from None
