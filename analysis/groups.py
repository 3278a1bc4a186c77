"""What the repeats of an experiment show."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

from analysis.mean_interval import MeanInterval, mean_interval
from models_store.errors import Damaged
from models_store.experiments.points import MetricValues
from models_store.experiments.record import Record, Status
from models_store.experiments.summary import metrics_of
from models_store.frozen import Frozen
from specs.derived_name import without_seed

_LEFT_OUT = ("learning_rate",)


class RepeatView(Frozen):
    """One training. `metrics` are of the published network, as in the summary of an experiment."""

    experiment_id: str
    seed: int | None
    status: Status
    metrics: MetricValues


class GroupView(Frozen):
    """An experiment that is trained `repeats` times, equal but for the seeds. `counts` are its experiments by status;
    those that were deleted are missing. `metrics` are means over those that have succeeded, `sentence` states them."""

    id: str
    name: str
    dataset: str
    repeats: int
    counts: dict[str, int]
    metrics: dict[str, MeanInterval]
    sentence: str
    items: tuple[RepeatView, ...]


def group_view(records: Sequence[Record]) -> GroupView:
    """Of the experiments of a group, at least one."""
    first, seed = records[0], _repeat_view(records[0]).seed
    metrics = _means([metrics_of(each) for each in records if each.status is Status.SUCCEEDED])
    return GroupView(
        id=first.group or first.id,
        name=first.name if seed is None else without_seed(first.name, seed),
        dataset=first.dataset,
        repeats=first.repeats or len(records),
        counts=dict(Counter(each.status.value for each in records)),
        metrics=metrics,
        sentence=_describe(metrics),
        items=tuple(map(_repeat_view, records)),
    )


def _repeat_view(record: Record) -> RepeatView:
    seed = None
    with suppress(Damaged):
        seed = record.spec.training.seed
    return RepeatView(experiment_id=record.id, seed=seed, status=record.status, metrics=metrics_of(record))


def _means(metrics: Sequence[MetricValues]) -> dict[str, MeanInterval]:
    names = dict.fromkeys(name for each in metrics for name in each if name not in _LEFT_OUT)
    values = {name: [value for each in metrics if (value := each.get(name)) is not None] for name in names}
    return {name: mean_interval(found, name) for name, found in values.items() if found}


def _describe(metrics: Mapping[str, MeanInterval]) -> str:
    name = next((each for each in ("test_accuracy", "val_accuracy") if each in metrics), None)
    if name is None:
        return "no training has succeeded yet"
    found = metrics[name]
    if found.sd is None:
        return f"{name} {found.mean:.4f}, of one training"
    interval = f"95 % interval {found.low:.4f} to {found.high:.4f}"
    return f"{name} {found.mean:.4f} ± {found.sd:.4f} ({interval}, {found.n} seeds)"
