"""Preflight of a spec: its network, its cost, and advice, before it is queued."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from analysis.estimates import Estimate, budget_advice, estimate
from analysis.split_counts import missing_class_warnings
from models_store.experiments.record import Record
from specs.advice import Advice, advice_for
from specs.advice.continuation import continuation_warnings
from specs.advice.transfer import transfer_warnings
from specs.dataset import Dataset
from specs.experiment import ExperimentSpec

_CURVE_POINTS = 200


class LayerSummary(BaseModel):
    """`output_shape` is without the batch."""

    name: str
    type: str
    output_shape: list[int]
    parameters: int


class ParameterCounts(BaseModel):
    total: int
    trainable: int
    non_trainable: int


class LearningRateCurve(BaseModel):
    """The learning rate at some steps, evenly spaced from the first to the last."""

    step: list[int]
    value: list[float]


class SuggestedChange(BaseModel):
    """`sentence` is a warning, `patch` a JSON merge patch (RFC 7396) of the spec that mends what it is about."""

    sentence: str
    patch: dict[str, Any]


class Validation(BaseModel):
    """`transferred_layers` leads from a layer to the one of `model.weights_from` whose weights it starts with, by name.
    `warnings` are about what is allowed but likely to disappoint; `suggestions` are changes after which a warning is
    gone. `spec` has all defaults filled in."""

    layers: list[LayerSummary]
    parameters: ParameterCounts
    steps_per_epoch: int
    estimate: Estimate
    learning_rate: LearningRateCurve
    transferred_layers: dict[str, str]
    warnings: list[str]
    suggestions: list[SuggestedChange]
    spec: ExperimentSpec


def validate(
    spec: ExperimentSpec,
    transferred_layers: Mapping[str, str],
    past: Sequence[Record],
    datasets: Mapping[str, Dataset],
    initial_epoch: int = 0,
) -> Validation:
    """`past` are runs to estimate the time from, `transferred_layers` what `Transfers` found, `datasets` the facts of
    all datasets, by name; `initial_epoch` epochs are done by the experiment that it continues."""
    network, estimated = spec.network, estimate(spec, past, datasets, initial_epoch)
    steps, rates = spec.training.learning_rate_schedule(spec.steps_per_epoch()).curve(_CURVE_POINTS)
    count = network.parameters
    advice = [
        *advice_for(spec),
        *map(Advice, missing_class_warnings(spec)),
        *map(Advice, transfer_warnings(spec, transferred_layers)),
        *map(Advice, continuation_warnings(spec)),
        *budget_advice(spec, estimated, initial_epoch),
    ]
    return Validation(
        layers=[
            LayerSummary(name=row.name, type=row.type, output_shape=list(row.output_shape), parameters=row.parameters)
            for row in network.table
        ],
        parameters=ParameterCounts(total=count.total, trainable=count.trainable, non_trainable=count.non_trainable),
        steps_per_epoch=spec.steps_per_epoch(),
        estimate=estimated,
        learning_rate=LearningRateCurve(step=steps, value=rates),
        transferred_layers=dict(transferred_layers),
        warnings=[each.sentence for each in advice],
        suggestions=[
            SuggestedChange(sentence=each.sentence, patch=dict(each.patch)) for each in advice if each.patch is not None
        ],
        spec=spec,
    )
