"""What each worker does now."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Literal

from models_store.datasets.record import DatasetRecord
from models_store.datasets.store import DatasetStore
from models_store.errors import NotFound
from models_store.evaluations.record import EvaluationRecord
from models_store.evaluations.store import EvaluationStore
from models_store.experiments.record import Progress, Record
from models_store.frozen import Frozen


class Activity(Frozen):
    """A training on `dataset`, an evaluation of the network of `experiment_id` on it, or the conversion of an upload to
    it. `done` is the share that is done, from 0 to 1, null before it is known. `epoch` counts from 0; `name` and what
    follows `done` are null unless it is a training."""

    kind: Literal["training", "evaluation", "conversion"]
    dataset: str
    experiment_id: str | None = None
    name: str | None = None
    done: float | None = None
    epoch: int | None = None
    epochs: int | None = None
    eta_seconds: float | None = None


def activities(
    running: Sequence[Record], datasets: DatasetStore, evaluations: EvaluationStore
) -> dict[str, list[Activity]]:
    """By the name of the worker; `running` are the experiments that train."""
    found: dict[str, list[Activity]] = defaultdict(list)
    for record in running:
        if record.worker:
            found[record.worker].append(_training(record))
    for dataset in datasets.records():
        if dataset.is_running and dataset.worker:
            found[dataset.worker].append(_conversion(dataset))
    for evaluation in _unfinished(evaluations):
        if evaluation.is_running and evaluation.worker:
            found[evaluation.worker].append(_evaluation(evaluation))
    return found


def _unfinished(evaluations: EvaluationStore) -> Iterator[EvaluationRecord]:
    for experiment_id, dataset in sorted(evaluations.unfinished()):
        with suppress(NotFound):
            yield evaluations.get(experiment_id, dataset)


def _training(record: Record) -> Activity:
    progress = record.progress or Progress(phase="starting")
    steps = progress.epoch * progress.steps_per_epoch + progress.step
    return Activity(
        kind="training",
        dataset=record.dataset,
        experiment_id=record.id,
        name=record.name,
        done=_share(steps, progress.epochs * progress.steps_per_epoch),
        epoch=progress.epoch if progress.epochs else None,
        epochs=progress.epochs or None,
        eta_seconds=progress.eta_seconds,
    )


def _conversion(record: DatasetRecord) -> Activity:
    progress = record.progress
    done = _share(progress.done, progress.total) if progress else None
    return Activity(kind="conversion", dataset=record.name, done=done)


def _evaluation(record: EvaluationRecord) -> Activity:
    progress = record.progress
    done = _share(progress.done, progress.total) if progress else None
    return Activity(kind="evaluation", dataset=record.dataset, experiment_id=record.experiment_id, done=done)


def _share(done: int, total: int | None) -> float | None:
    return min(1.0, done / total) if total else None
