"""Comparison of experiments on the same samples: specs, metrics, flipped samples, and whether it may be chance."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, Field

from analysis.comparison.common_classes import restrict
from analysis.comparison.flips import FlipImageUrl, Flips, Side, list_flips
from analysis.comparison.json_patch import JsonPatch, diff
from analysis.comparison.pairing import Pairing, pair_samples
from analysis.comparison.preset_layers import spell_out
from analysis.comparison.results import Result
from analysis.comparison.sentences import describe_changes, verdict
from analysis.comparison.significance import Interval, accuracy_interval, difference_interval, mcnemar
from models_store.experiments.record import Record
from specs.dataset import Dataset
from specs.errors import SpecError
from specs.splits import SplitName


class ComparedExperiment(BaseModel):
    """The metrics of one experiment. `name` is unique in the comparison. `patch` leads from the first experiment's spec
    to this one's (RFC 6902), and `changed` is the same in words, without name, notes and tags; both are empty for the
    first. `accuracy_interval` is a bootstrap interval of 95 %, `seconds` is from start to end, as in the list of
    experiments. The metrics are those of `published_epoch`, counted from 0, which is null if the record does not say
    it. `parameters` is null if its dataset was deleted. `peeks` counts how often somebody has looked at its test
    results."""

    id: str
    name: str
    patch: JsonPatch
    changed: str
    loss: float
    accuracy: float
    accuracy_interval: Interval
    top_3_accuracy: float
    macro_f1: float
    calibration_error: float
    parameters: int | None
    epochs: int
    published_epoch: int | None
    seconds: float
    peeks: int


class Pair(BaseModel):
    """The first experiment and another one. `difference` is the other's accuracy minus the first's, with its bootstrap
    interval of 95 % over pairs of answers; `p` is McNemar's. `fixed` are samples that the first got wrong and the
    other right, `regressed` the other way round, the most confident errors first. `same_answer` counts the samples for
    which both predicted the same class."""

    first: str
    other: str
    verdict: str
    difference: float
    difference_interval: Interval
    p: float
    same_answer: int
    fixed: Flips
    regressed: Flips


class ConfusionMatrices(BaseModel):
    """One matrix for each experiment, in order; rows are the true classes."""

    labels: tuple[str, ...]
    matrices: list[tuple[tuple[int, ...], ...]]


class Histories(BaseModel):
    """For each metric one list of values by epoch for each experiment, in order; empty if it has no such metric."""

    epoch: list[int]
    history: dict[str, list[list[float | None]]]


class Comparison(BaseModel):
    split: SplitName
    dataset: str
    samples: int
    note: str | None = Field(description="what is compared, where the experiments have different classes")
    experiments: list[ComparedExperiment]
    pairs: list[Pair] = Field(description="the first experiment and each other one")
    confusion_matrices: ConfusionMatrices
    curves: Histories


def compare(
    results: Sequence[Result], split: SplitName, limit: int, datasets: Mapping[str, Dataset], image_url: FlipImageUrl
) -> Comparison:
    """Compare the first of `results` with each other one; list at most `limit` flipped samples each way. Raises
    NotComparable."""
    results, note = restrict(results, split)
    first, *others = results
    pairings = [pair_samples(first, other, split) for other in others]
    return Comparison(
        split=split,
        dataset=first.record.dataset,
        samples=first.samples,
        note=note,
        experiments=[_compared_experiment(result, first, datasets) for result in results],
        pairs=[_pair(first, other, pairing, limit, image_url) for other, pairing in zip(others, pairings, strict=True)],
        confusion_matrices=_matrices(results),
        curves=_histories(results),
    )


def compare_matrices(results: Sequence[Result], split: SplitName) -> tuple[ConfusionMatrices, str | None]:
    """The confusion matrices of `compare`, and its note. Raises NotComparable."""
    results, note = restrict(results, split)
    first, *others = results
    for other in others:
        pair_samples(first, other, split)
    return _matrices(results), note


def _matrices(results: Sequence[Result]) -> ConfusionMatrices:
    return ConfusionMatrices(
        labels=results[0].labels, matrices=[result.metrics.confusion_matrix.matrix for result in results]
    )


def _compared_experiment(result: Result, first: Result, datasets: Mapping[str, Dataset]) -> ComparedExperiment:
    metrics, record = result.metrics, result.record
    changes = list(diff(first.record.spec.document, record.spec.document))
    spelled_out = list(diff(*spell_out(first.record.spec.document, record.spec.document)))
    return ComparedExperiment(
        id=record.id,
        name=result.name,
        patch=[change.operation() for change in changes],
        changed="" if result is first else describe_changes(spelled_out),
        loss=metrics.loss,
        accuracy=metrics.accuracy,
        accuracy_interval=accuracy_interval(result.samples - len(result.predictions.misclassified), result.samples),
        top_3_accuracy=metrics.top_3_accuracy,
        macro_f1=metrics.macro.f1,
        calibration_error=result.calibration_error,
        parameters=_parameters(record, datasets),
        epochs=len(result.history.points),
        published_epoch=record.published_epoch,
        seconds=record.seconds or 0.0,
        peeks=record.peeks,
    )


def _parameters(record: Record, datasets: Mapping[str, Dataset]) -> int | None:
    try:
        return record.spec.parse(datasets).network.parameters.total
    except SpecError:  # its dataset was deleted, or it was written under older rules
        return None


def _pair(first: Result, other: Result, pairing: Pairing, limit: int, image_url: FlipImageUrl) -> Pair:
    fixed, regressed = len(pairing.fixed), len(pairing.regressed)
    interval = difference_interval(fixed, regressed, first.samples)
    p = mcnemar(fixed, regressed)
    wrong_first, right_other = Side(first, pairing.fixed), Side(other, pairing.rows[pairing.fixed])
    right_first, wrong_other = Side(first, pairing.regressed), Side(other, pairing.rows[pairing.regressed])
    return Pair(
        first=first.record.id,
        other=other.record.id,
        verdict=verdict(first.name, other.name, fixed, regressed, first.samples, interval, p),
        difference=(fixed - regressed) / first.samples,
        difference_interval=interval,
        p=p,
        same_answer=pairing.same_answer,
        fixed=list_flips(wrong_first, right_other, wrong_first, limit, image_url),
        regressed=list_flips(right_first, wrong_other, wrong_other, limit, image_url),
    )


def _histories(results: Sequence[Result]) -> Histories:
    columns = [result.history.metrics for result in results]
    names = dict.fromkeys(name for each in columns for name in each)
    return Histories(
        epoch=max((result.history.epoch for result in results), key=len),
        history={name: [each.get(name, []) for each in columns] for name in names},
    )
