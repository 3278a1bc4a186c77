"""Evaluations and misclassified samples."""

from typing import TypedDict, Unpack

from trainyard.answers.base import ItemList
from trainyard.answers.evaluations import Evaluation, EvaluationRecord, EvaluationView, Mistake
from trainyard.answers.predictions import LabeledSample
from trainyard.figure import Figure
from trainyard.operations.experiments import path_of
from trainyard.operations.operation import Operation, read_as, segment


class SampleFilters(TypedDict, total=False):
    """Which misclassified samples: `true` and `predicted` are classes, by name or index; `suspect` selects labels that
    are more likely wrong than the network; `sort` is `confidence` or `margin`, descending with `-`."""

    true: str | None
    predicted: str | None
    suspect: bool | None
    sort: str | None
    limit: int | None
    offset: int | None


def evaluation(experiment_id: str, split: str = "test") -> Operation[Evaluation]:
    """Metrics of the trained network on `split`: `training`, `validation` or `test`."""
    return Operation("GET", f"{path_of(experiment_id)}/evaluation", read_as(Evaluation), {"split": split})


def misclassified(
    experiment_id: str, split: str | None = None, dataset: str | None = None, **filters: Unpack[SampleFilters]
) -> Operation[ItemList[Mistake]]:
    """Misclassified samples, most confident first: of a split (`test` by default), or of an evaluation on another
    dataset."""
    path = f"{_samples_path(experiment_id, dataset)}/mistakes"
    return Operation("GET", path, read_as(ItemList[Mistake]), {"split": split, **filters})


def misclassified_sheet(
    experiment_id: str, split: str | None = None, dataset: str | None = None, **filters: Unpack[SampleFilters]
) -> Operation[Figure]:
    """A contact sheet of misclassified samples, at most 100, with true and predicted classes."""
    path = f"{_samples_path(experiment_id, dataset)}/mistakes.png"
    return Operation("GET", path, Figure.of, {"split": split, **filters})


def relabel(experiment_id: str, index: int, label: str, split: str = "test") -> Operation[LabeledSample]:
    """Correct the label of a sample of a split, which `misclassified` lists: its image is added to the dataset
    `<name>-corrections` with the class `label`."""
    path = f"{path_of(experiment_id)}/samples/{segment(split)}/{index}/label"
    return Operation("POST", path, read_as(LabeledSample), json={"label": label})


def evaluate(
    experiment_id: str, dataset: str, split: str = "all", prep: str | None = None
) -> Operation[EvaluationRecord]:
    """Queue an evaluation on another dataset: on `all` of it, its official `test` split, or the rest (`train`). Images
    are prepared as for a prediction, or only resized if `prep` is `none`."""
    body = {"dataset": dataset, "split": split, **({"prep": prep} if prep else {})}
    return Operation("POST", f"{path_of(experiment_id)}/evaluations", read_as(EvaluationRecord), json=body)


def evaluation_on(experiment_id: str, dataset: str) -> Operation[EvaluationView]:
    """The state of an evaluation on another dataset, with its metrics once it has succeeded."""
    return Operation("GET", _samples_path(experiment_id, dataset), read_as(EvaluationView))


def evaluations(experiment_id: str) -> Operation[ItemList[EvaluationRecord]]:
    """The evaluations on other datasets."""
    return Operation("GET", f"{path_of(experiment_id)}/evaluations", read_as(ItemList[EvaluationRecord]))


def _samples_path(experiment_id: str, dataset: str | None) -> str:
    path = path_of(experiment_id)
    return path if dataset is None else f"{path}/evaluations/{segment(dataset)}"
