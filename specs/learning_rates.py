"""Learning rates: a constant, or a schedule with Keras's names, defaults and formulas.

Lengths are in steps (`decay_steps`, as in Keras) or in epochs (`decay_epochs`, fractions allowed); a decay without a
length spans the whole training. The trainer, `POST /experiments:validate` and the plot all use
`specs.training.TrainingSpec.learning_rate_schedule`.
"""

import math
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, Tag, model_validator

from specs import limits
from specs.keras_spelling import keras_spelling
from specs.schema import FieldError, Lax, Schema, by_type_or

_Positive = Annotated[float, Field(gt=0, le=limits.LEARNING_RATE, description="a learning rate above 0")]
_NonNegative = Annotated[float, Field(ge=0, le=limits.LEARNING_RATE)]
_Steps = Annotated[int, Field(ge=1, le=limits.STEPS)]
_Epochs = Annotated[float, Field(gt=0, le=limits.EPOCHS)]


@dataclass(frozen=True, slots=True)
class TrainingLength:
    """The length of a training in steps and epochs."""

    steps_per_epoch: int
    epochs: int

    @property
    def steps(self) -> int:
        return self.steps_per_epoch * self.epochs

    def in_steps(self, steps: int | None, epochs: float | None) -> int | None:
        """The length in steps, rounded; None if neither is given."""
        return steps if epochs is None else max(1, round(epochs * self.steps_per_epoch))


class Decay(Schema, ABC):
    """Base of the schedules that fall over `decay_steps` or `decay_epochs`, by default over the whole training."""

    type: str
    initial_learning_rate: _Positive
    decay_steps: _Steps | None = None
    decay_epochs: _Epochs | None = None

    @model_validator(mode="after")
    def _check_unit(self) -> Self:
        _reject_two_units(self, "decay_steps", "decay_epochs")
        return self

    @property
    def peak(self) -> float:
        """The highest learning rate of all steps."""
        return self.initial_learning_rate

    @property
    def spans_training(self) -> bool:
        """Whether its length is that of the training."""
        return self.decay_steps is None and self.decay_epochs is None

    @abstractmethod
    def rate(self, step: int, training: TrainingLength) -> float:
        """Return the learning rate at `step`, counted from 0 over all epochs."""

    def _decay_steps(self, training: TrainingLength) -> int:
        return training.in_steps(self.decay_steps, self.decay_epochs) or training.steps


class ExponentialDecay(Decay):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`; `staircase` rounds the exponent down."""

    type: Literal["ExponentialDecay"] = "ExponentialDecay"
    decay_rate: float = Field(gt=0, le=1, description="a number above 0 and at most 1")
    staircase: bool = False

    def rate(self, step: int, training: TrainingLength) -> float:
        return self.initial_learning_rate * math.pow(
            self.decay_rate, _progress(step, self._decay_steps(training), self.staircase)
        )


class InverseTimeDecay(Decay):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`; `staircase` rounds the quotient down."""

    type: Literal["InverseTimeDecay"] = "InverseTimeDecay"
    decay_rate: float = Field(ge=0, le=limits.LEARNING_RATE, description="a number from 0")
    staircase: bool = False

    def rate(self, step: int, training: TrainingLength) -> float:
        return self.initial_learning_rate / (
            1 + self.decay_rate * _progress(step, self._decay_steps(training), self.staircase)
        )


class PolynomialDecay(Decay):
    """From `initial_learning_rate` to `end_learning_rate` by `(1 - step / decay_steps) ** power`, then constant;
    `cycle` stretches the decay over two, three, ... times as many steps, so that the rate rises again."""

    type: Literal["PolynomialDecay"] = "PolynomialDecay"
    end_learning_rate: _NonNegative = 0.0001
    power: float = Field(default=1.0, gt=0, le=100)
    cycle: bool = False

    @property
    def peak(self) -> float:
        return max(self.initial_learning_rate, self.end_learning_rate)

    def rate(self, step: int, training: TrainingLength) -> float:
        decay_steps = self._decay_steps(training)
        length = decay_steps * max(1, math.ceil(step / decay_steps)) if self.cycle else decay_steps
        left = 1 - min(step, length) / length
        return (self.initial_learning_rate - self.end_learning_rate) * math.pow(
            left, self.power
        ) + self.end_learning_rate


class CosineDecay(Decay):
    """Half a cosine from the peak down to `alpha` times the peak, then constant (Loshchilov & Hutter 2016).

    With `warmup_target` the rate first rises linearly from `initial_learning_rate` to that target over `warmup_steps`
    or `warmup_epochs`, then decays from there. A decay without a length ends with the training.
    """

    type: Literal["CosineDecay"] = "CosineDecay"
    alpha: float = Field(default=0.0, ge=0, le=1)
    initial_learning_rate: float = Field(ge=0, le=limits.LEARNING_RATE, description="a learning rate")
    warmup_target: _Positive | None = None
    warmup_steps: Annotated[int, Field(ge=0, le=limits.STEPS)] = 0
    warmup_epochs: _Epochs | None = None

    @model_validator(mode="after")
    def _check_warmup(self) -> Self:
        if self.warmup_steps and self.warmup_epochs is not None:
            raise _two_units("warmup_steps", "warmup_epochs")
        is_long = bool(self.warmup_steps) or self.warmup_epochs is not None
        if is_long and self.warmup_target is None:
            raise FieldError(("warmup_target",), "a warm-up needs `warmup_target`, the learning rate at its end")
        if self.warmup_target is None and self.initial_learning_rate == 0:
            raise FieldError(
                ("initial_learning_rate",), "`initial_learning_rate` may be 0 only where `warmup_target` is given"
            )
        return self

    @property
    def peak(self) -> float:
        return max(self.initial_learning_rate, self.warmup_target or 0.0)

    def rate(self, step: int, training: TrainingLength) -> float:
        warmup = training.in_steps(self.warmup_steps, self.warmup_epochs) or 0
        top = self.initial_learning_rate if self.warmup_target is None else self.warmup_target
        if self.warmup_target is not None and step < warmup:
            return self.initial_learning_rate + (top - self.initial_learning_rate) * step / warmup
        length = training.in_steps(self.decay_steps, self.decay_epochs) or max(1, training.steps - warmup)
        done = min(step - warmup, length) / length
        return top * ((1 - self.alpha) * (1 + math.cos(math.pi * done)) / 2 + self.alpha)


class PiecewiseConstantDecay(Schema):
    """`values[0]` up to and including step `boundaries[0]`, then `values[1]`, and so forth."""

    type: Literal["PiecewiseConstantDecay"] = "PiecewiseConstantDecay"
    boundaries: Annotated[tuple[_Steps, ...], Lax, Field(max_length=limits.BOUNDARIES)] | None = None
    boundaries_epochs: Annotated[tuple[_Epochs, ...], Lax, Field(max_length=limits.BOUNDARIES)] | None = None
    values: Annotated[
        tuple[_Positive, ...], Lax, Field(max_length=limits.BOUNDARIES + 1, description="a list of rates")
    ]

    @model_validator(mode="after")
    def _check_boundaries(self) -> Self:
        _reject_two_units(self, "boundaries", "boundaries_epochs")
        name = "boundaries" if self.boundaries is not None else "boundaries_epochs"
        boundaries = getattr(self, name)
        if boundaries is None:
            raise FieldError(("boundaries",), "expected `boundaries` in steps, or `boundaries_epochs` in epochs")
        if list(boundaries) != sorted(set(boundaries)):
            raise FieldError((name,), f"`{name}` must rise, received {_format_list(boundaries)}")
        if len(self.values) != len(boundaries) + 1:
            raise FieldError(
                ("values",),
                f"expected one more value than boundaries, {len(boundaries) + 1}, received {len(self.values)}",
            )
        return self

    @property
    def peak(self) -> float:
        return max(self.values)

    def rate(self, step: int, training: TrainingLength) -> float:
        boundaries: Iterable[float] = self.boundaries or [
            round(each * training.steps_per_epoch) for each in self.boundaries_epochs or ()
        ]
        return self.values[bisect_left(list(boundaries), step)]


class OneCycle(Schema):
    """Up to `max_learning_rate` and down to almost zero (Smith & Topin 2017, "Super-Convergence"; PyTorch's names are
    in brackets).

    It starts at `max_learning_rate / initial_divisor` [div_factor], peaks after `warmup_fraction` [pct_start] of the
    cycle, and ends at the initial rate divided by `final_divisor` [final_div_factor], where it stays. `annealing`
    shapes both slopes: half a cosine or linear. The cycle takes `cycle_steps` or `cycle_epochs`, by default the whole
    training.
    """

    type: Literal["OneCycle"] = "OneCycle"
    max_learning_rate: _Positive
    cycle_steps: _Steps | None = None
    cycle_epochs: _Epochs | None = None
    warmup_fraction: float = Field(default=0.3, ge=0, le=1)
    annealing: Literal["cosine", "linear"] = "cosine"
    initial_divisor: float = Field(default=25.0, ge=1, le=1e6)
    final_divisor: float = Field(default=1e4, ge=1, le=1e9)

    @model_validator(mode="after")
    def _check_unit(self) -> Self:
        _reject_two_units(self, "cycle_steps", "cycle_epochs")
        return self

    @property
    def peak(self) -> float:
        return self.max_learning_rate

    @property
    def spans_training(self) -> bool:
        """Whether its length is that of the training."""
        return self.cycle_steps is None and self.cycle_epochs is None

    def rate(self, step: int, training: TrainingLength) -> float:
        last = (training.in_steps(self.cycle_steps, self.cycle_epochs) or training.steps) - 1
        initial = self.max_learning_rate / self.initial_divisor
        top = max(0.0, self.warmup_fraction * (last + 1) - 1)
        if step < top:
            return self._between(initial, self.max_learning_rate, step / top)
        done = min(1.0, (step - top) / (last - top)) if last > top else 1.0
        return self._between(self.max_learning_rate, initial / self.final_divisor, done)

    def _between(self, start: float, end: float, done: float) -> float:
        share = (1 - math.cos(math.pi * done)) / 2 if self.annealing == "cosine" else done
        return start + (end - start) * share


Schedule = PiecewiseConstantDecay | ExponentialDecay | CosineDecay | PolynomialDecay | InverseTimeDecay | OneCycle
_spelling = keras_spelling("schedule", get_args(Schedule))


def _spell(value: Any) -> Any:
    return _spelling(value) if isinstance(value, Mapping) else value


LearningRate = Annotated[
    Annotated[_Positive, Tag("number")]
    | Annotated[PiecewiseConstantDecay, Tag("PiecewiseConstantDecay")]
    | Annotated[ExponentialDecay, Tag("ExponentialDecay")]
    | Annotated[CosineDecay, Tag("CosineDecay")]
    | Annotated[PolynomialDecay, Tag("PolynomialDecay")]
    | Annotated[InverseTimeDecay, Tag("InverseTimeDecay")]
    | Annotated[OneCycle, Tag("OneCycle")],
    by_type_or("number"),
    BeforeValidator(_spell),
]


def _progress(step: int, decay_steps: int, staircase: bool) -> float:
    return step // decay_steps if staircase else step / decay_steps


def _reject_two_units(schedule: Schema, steps: str, epochs: str) -> None:
    if getattr(schedule, steps) is not None and getattr(schedule, epochs) is not None:
        raise _two_units(steps, epochs)


def _two_units(steps: str, epochs: str) -> FieldError:
    return FieldError((epochs,), f"received both `{steps}` and `{epochs}`; give the length in steps or in epochs")


def _format_list(numbers: Iterable[float]) -> str:
    return f"[{', '.join(f'{number:g}' for number in numbers)}]"
