"""Specs: presets, and what a validation finds."""

from pydantic import Field

from trainyard.answers.base import Answer, JsonObject


class Measured(Answer):
    """The mean of so many seeds on the test split; the CPU time of one training, from the shortest to the longest."""

    test_accuracy: float
    seeds: int
    cpu_seconds: tuple[float, float]


class Preset(Answer):
    """An experiment to start from: `spec` can be submitted, also with `layers` in place of `model.preset`."""

    name: str
    title: str
    source: str
    parameters: int
    spec: JsonObject
    layers: list[JsonObject] = Field(default_factory=list)
    measured: Measured | None = None


class LayerSummary(Answer):
    """`output_shape` is without the batch."""

    name: str
    type: str
    output_shape: list[int]
    parameters: int


class ParameterCounts(Answer):
    total: int
    trainable: int
    non_trainable: int


class Estimate(Answer):
    """`seconds` is for all epochs, most likely within `seconds_low` and `seconds_high`; `basis` names what it is
    estimated from."""

    seconds: float
    seconds_low: float | None = None
    seconds_high: float | None = None
    seconds_per_epoch: float
    memory_mb: int
    basis: str


class LearningRateCurve(Answer):
    step: list[int]
    value: list[float]


class SuggestedChange(Answer):
    """`sentence` is a warning; with `patch`, a JSON merge patch of the spec, it is gone."""

    sentence: str
    patch: JsonObject


class Validation(Answer):
    """A valid spec: its network, its cost, warnings, changes that mend them, and the spec with all defaults."""

    layers: list[LayerSummary]
    parameters: ParameterCounts
    steps_per_epoch: int
    estimate: Estimate
    learning_rate: LearningRateCurve
    transferred_layers: dict[str, str]
    warnings: list[str]
    suggestions: list[SuggestedChange] = Field(default_factory=list)
    spec: JsonObject
