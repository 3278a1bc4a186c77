"""Initializers of weights, by name or, with Keras's arguments, as an object. `training.seed` makes them random."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Tag

from specs import keras_names
from specs.keras_names import snake_case
from specs.schema import FieldError, Schema, by_type_or

_Number = Annotated[float, Field(ge=-1e6, le=1e6)]
_Scale = Annotated[float, Field(gt=0, le=1e6)]
_Deviation = Annotated[float, Field(ge=0, le=1e6)]


class Constant(Schema):
    type: Literal["Constant"] = "Constant"
    value: _Number = 0.0


class RandomNormal(Schema):
    type: Literal["RandomNormal"] = "RandomNormal"
    mean: _Number = 0.0
    stddev: _Deviation = 0.05


class TruncatedNormal(Schema):
    type: Literal["TruncatedNormal"] = "TruncatedNormal"
    mean: _Number = 0.0
    stddev: _Deviation = 0.05


class RandomUniform(Schema):
    type: Literal["RandomUniform"] = "RandomUniform"
    minval: _Number = -0.05
    maxval: _Number = 0.05


class VarianceScaling(Schema):
    type: Literal["VarianceScaling"] = "VarianceScaling"
    scale: _Scale = 1.0
    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in"
    distribution: Literal["truncated_normal", "untruncated_normal", "uniform"] = "truncated_normal"


class Orthogonal(Schema):
    type: Literal["Orthogonal"] = "Orthogonal"
    gain: _Number = 1.0


# Keras 3 `initializers/random_initializers.py`: what these names stand for.
_OF_ONE_FAN = {
    "he_normal": VarianceScaling(scale=2.0),
    "he_uniform": VarianceScaling(scale=2.0, distribution="uniform"),
    "lecun_normal": VarianceScaling(),
    "lecun_uniform": VarianceScaling(distribution="uniform"),
    "variance_scaling": VarianceScaling(),
}


def swap_fans(initializer: Any) -> Any:
    """The initializer that draws for a kernel of shape (height, width, n, 1) what `initializer`, a name or object of
    this module, draws for one of shape (height, width, 1, n).

    Raises FieldError, with an empty path, for `orthogonal`, which has no such counterpart.
    """
    if initializer == "orthogonal" or isinstance(initializer, Orthogonal):
        raise FieldError((), "orthogonal is not supported for a kernel of one channel; use he_normal or glorot_uniform")
    scaling = _OF_ONE_FAN.get(initializer, initializer) if isinstance(initializer, str) else initializer
    if not isinstance(scaling, VarianceScaling):
        return initializer
    modes: dict[str, str] = {"fan_in": "fan_out", "fan_out": "fan_in"}
    return scaling.model_copy(update={"mode": modes.get(scaling.mode, scaling.mode)})


def _plain_name(value: Any) -> Any:
    """Keras takes "GlorotUniform" for "glorot_uniform"."""
    return snake_case(value) if isinstance(value, str) else value


# For vectors of weights, which cannot be orthogonal.
_OfVectors = (
    Annotated[Constant, Tag("Constant")]
    | Annotated[RandomNormal, Tag("RandomNormal")]
    | Annotated[TruncatedNormal, Tag("TruncatedNormal")]
    | Annotated[RandomUniform, Tag("RandomUniform")]
    | Annotated[VarianceScaling, Tag("VarianceScaling")]
)
VectorInitializer = Annotated[
    Annotated[keras_names.VectorInitializer, Tag("name")] | _OfVectors, by_type_or("name"), BeforeValidator(_plain_name)
]
Initializer = Annotated[
    Annotated[keras_names.Initializer, Tag("name")] | _OfVectors | Annotated[Orthogonal, Tag("Orthogonal")],
    by_type_or("name"),
    BeforeValidator(_plain_name),
]
