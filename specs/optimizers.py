"""Keras's optimizers, with Keras's arguments and defaults."""

from typing import Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from specs import limits
from specs.keras_spelling import Neutral, keras_spelling
from specs.learning_rates import LearningRate
from specs.schema import FieldError, Rate, Schema

_Positive = Annotated[float, Field(gt=0, le=limits.LEARNING_RATE)]
_WeightDecay = Annotated[float, Field(ge=0, le=100)]
_Epsilon = Annotated[float, Field(gt=0, le=1)]
_Momentum = Annotated[float, Field(ge=0, le=1)]
_Steps = Annotated[int, Field(ge=1, le=limits.STEPS)]
_CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")


class OptimizerSpec(Schema):
    """Arguments of every optimizer.

    With `use_ema` a moving average of the weights is validated after each epoch, restored by early stopping, and
    published; training continues with the weights themselves. (Keras's `fit` uses the average only once, after the
    last epoch.) Every `ema_overwrite_frequency` steps the average replaces the weights. At most one of `clipnorm`,
    `clipvalue` and `global_clipnorm` is given. `loss_scale_factor` applies to the precisions mixed_bfloat16 and
    float32; mixed_float16 sets its own.
    """

    type: str
    learning_rate: LearningRate = 0.001
    weight_decay: _WeightDecay | None = None
    clipnorm: _Positive | None = None
    clipvalue: _Positive | None = None
    global_clipnorm: _Positive | None = None
    use_ema: bool = False
    ema_momentum: _Momentum = 0.99
    ema_overwrite_frequency: _Steps | None = None
    loss_scale_factor: _Positive | None = None
    gradient_accumulation_steps: Annotated[int, Field(ge=2, le=limits.STEPS)] | None = None

    @model_validator(mode="after")
    def _check_clipping(self) -> Self:
        given = [name for name in _CLIPS if getattr(self, name) is not None]
        if len(given) > 1:
            raise FieldError((given[1],), f"`{given[1]}` cannot be combined with `{given[0]}`; set one to null")
        return self

    @property
    def peak_learning_rate(self) -> float:
        """The highest learning rate of all steps."""
        rate = self.learning_rate
        return rate if isinstance(rate, int | float) else rate.peak


class SGD(OptimizerSpec):
    type: Literal["SGD"] = "SGD"
    learning_rate: LearningRate = 0.01
    momentum: _Momentum = 0.0
    nesterov: bool = False


class RMSprop(OptimizerSpec):
    type: Literal["RMSprop"] = "RMSprop"
    rho: Rate = 0.9
    momentum: _Momentum = 0.0
    epsilon: _Epsilon = 1e-7
    centered: bool = False


class Adam(OptimizerSpec):
    type: Literal["Adam"] = "Adam"
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: _Epsilon = 1e-7
    amsgrad: bool = False


class AdamW(OptimizerSpec):
    type: Literal["AdamW"] = "AdamW"
    weight_decay: _WeightDecay = 0.004
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: _Epsilon = 1e-7
    amsgrad: bool = False


class Nadam(OptimizerSpec):
    type: Literal["Nadam"] = "Nadam"
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: _Epsilon = 1e-7


class Adagrad(OptimizerSpec):
    type: Literal["Adagrad"] = "Adagrad"
    initial_accumulator_value: Annotated[float, Field(ge=0, le=limits.LEARNING_RATE)] = 0.1
    epsilon: _Epsilon = 1e-7


class Adadelta(OptimizerSpec):
    type: Literal["Adadelta"] = "Adadelta"
    rho: Rate = 0.95
    epsilon: _Epsilon = 1e-7


class Adamax(OptimizerSpec):
    type: Literal["Adamax"] = "Adamax"
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: _Epsilon = 1e-7


class Lion(OptimizerSpec):
    type: Literal["Lion"] = "Lion"
    beta_1: Annotated[float, Field(gt=0, le=1)] = 0.9
    beta_2: Rate = 0.99


_Any = Adam | SGD | RMSprop | AdamW | Nadam | Adagrad | Adadelta | Adamax | Lion
# Of Keras 2, and of how Keras compiles its step.
_NEUTRAL: Neutral = {
    "decay": (0.0, 0, None),
    "jit_compile": (False, True, None),
    "is_legacy_optimizer": (False, True),
}
Optimizer = Annotated[
    _Any, Field(discriminator="type"), BeforeValidator(keras_spelling("optimizer", get_args(_Any), neutral=_NEUTRAL))
]
