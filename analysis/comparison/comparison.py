"""Experiments side by side: what `GET /compare` answers."""

from collections.abc import Mapping, Sequence

from analysis.comparison.answers import Compared, Comparison, Curves, Matrices, Pair
from analysis.comparison.changes import changes
from analysis.comparison.flips import Side, flips
from analysis.comparison.pairing import Pairing, paired
from analysis.comparison.results import Result
from analysis.comparison.sentences import changed, verdict
from analysis.comparison.significance import accuracy_interval, difference_interval, mcnemar
from models_store.experiments.record import Record
from specs.dataset import Dataset
from specs.errors import SpecError
from specs.splits import SplitName


def compared(results: Sequence[Result], split: SplitName, limit: int, datasets: Mapping[str, Dataset]) -> Comparison:
    """The first of `results` with each other one; of the samples that flipped, at most `limit` each way. Raises
    NotComparable."""
    first, *others = results
    pairings = [paired(first, other, split) for other in others]
    return Comparison(
        split=split,
        dataset=first.record.dataset,
        samples=first.samples,
        experiments=[_compared(result, first, datasets) for result in results],
        pairs=[_pair(first, other, pairing, split, limit) for other, pairing in zip(others, pairings, strict=True)],
        confusion_matrices=Matrices(
            labels=first.labels, matrices=[result.evaluation.confusion_matrix.matrix for result in results]
        ),
        curves=_curves(results),
    )


def _compared(result: Result, first: Result, datasets: Mapping[str, Dataset]) -> Compared:
    evaluation, record = result.evaluation, result.record
    edits = list(changes(first.record.spec.document, record.spec.document))
    return Compared(
        id=record.id,
        name=result.name,
        patch=[edit.operation() for edit in edits],
        changed="" if result is first else changed(edits),
        loss=evaluation.loss,
        accuracy=evaluation.accuracy,
        accuracy_interval=accuracy_interval(result.samples - len(result.predictions.wrong), result.samples),
        top_3_accuracy=evaluation.top_3_accuracy,
        macro_f1=evaluation.macro.f1,
        calibration_error=evaluation.calibration.error,
        parameters=_parameters(record, datasets),
        epochs=len(result.history.points),
        seconds=sum(point.seconds for point in result.history.points),
    )


def _parameters(record: Record, datasets: Mapping[str, Dataset]) -> int | None:
    try:
        return record.spec.parse(datasets).network().parameters.total
    except SpecError:  # its dataset is gone, or it is from a time with other rules
        return None


def _pair(first: Result, other: Result, pairing: Pairing, split: SplitName, limit: int) -> Pair:
    cured, broken = len(pairing.cured), len(pairing.broken)
    interval = difference_interval(cured, broken, first.samples)
    p = mcnemar(cured, broken)
    return Pair(
        first=first.record.id,
        other=other.record.id,
        verdict=verdict(first.name, other.name, cured, broken, first.samples, interval, p),
        difference=(cured - broken) / first.samples,
        difference_interval=interval,
        p=p,
        same_answer=pairing.same_answer,
        cured=flips(Side(first, pairing.cured), Side(other, pairing.rows[pairing.cured]), split, limit),
        broken=flips(Side(first, pairing.broken), Side(other, pairing.rows[pairing.broken]), split, limit),
    )


def _curves(results: Sequence[Result]) -> Curves:
    columns = [result.history.metrics for result in results]
    names = dict.fromkeys(name for each in columns for name in each)
    return Curves(
        epoch=max((result.history.epoch for result in results), key=len),
        history={name: [each.get(name, []) for each in columns] for name in names},
    )
