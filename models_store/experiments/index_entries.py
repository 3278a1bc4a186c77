"""Where a record stands in the sorted sets of the index, and with which score."""

from contextlib import suppress
from typing import NamedTuple, Self

from models_store import keys
from models_store.errors import Damaged
from models_store.experiments.pages import ORDERS, Order
from models_store.experiments.record import Record, Status
from specs.dataset import BlobsSpec
from specs.limits import PRIORITY

# Sorts records without the metric after all others in a descending list.
_NO_VALUE = -1.0
_LARGE_LOSS = 1000.0
_BLOBS = BlobsSpec().model_dump()
# A filter: those that have succeeded, and are to be compared with what serves.
UNCHECKED = "improvement=pending"
# A turn is a whole number below 2 ** 53, so that a float holds it: the priority, whether it is a trial, and the
# millisecond of its creation.
_CLASS = 2.0**42


# Of those that are to improve what serves, and may still do so.
_UNDECIDED = (Status.QUEUED, Status.RUNNING, Status.SUCCEEDED)


def improving(baseline: str) -> str:
    """The filter of those that are to improve the experiment `baseline`: they wait, are trained, or about to be
    checked."""
    return f"improving={baseline}"


class ShownState(NamedTuple):
    """What the reconciler compares with disk, and what a search for names reads, of an experiment in the view.
    `damaged` are the names of files, `name` is in lower case."""

    version: int
    damaged: tuple[str, ...]
    name: str

    @classmethod
    def of(cls, record: Record) -> Self:
        return cls(record.version, record.damaged, record.name.lower())

    @classmethod
    def parse(cls, text: str) -> Self:
        version, damaged, name = text.split("\n", 2)
        return cls(int(version), tuple(damaged.split()), name)

    def __str__(self) -> str:
        return "\n".join([str(self.version), " ".join(self.damaged), self.name])


def memberships(record: Record) -> dict[str, float]:
    """The sorted sets that have the record, with its score in each."""
    scores: dict[Order, float] = {
        "created_at": record.created_at.timestamp(),
        "val_accuracy": _NO_VALUE if (value := validation_metric(record, "val_accuracy")) is None else value,
    }
    filters = [
        "all",
        f"status={record.status}",
        f"dataset={record.dataset}",
        *(f"tag={tag}" for tag in record.tags),
        *([f"based_on={record.based_on}"] if record.based_on else []),
        *([f"sweep={record.sweep}"] if record.sweep else []),
        *([f"group={record.group}"] if record.group else []),
    ]
    members = {keys.index(order, each): scores[order] for order in ORDERS for each in filters}
    if record.status is Status.SUCCEEDED and not record.damaged:
        # Accuracies are at most 1: models of some classes or of a variant rank after all models of the dataset itself.
        score = scores["val_accuracy"] - _tie_breaker(record)
        index = keys.model_index(record.dataset, record.privacy.private_to)
        if record.improvement is None or record.improvement.may_serve:
            members[index] = score if is_of_whole_dataset(record) else score - 1
        elif record.improvement.state == "pending":
            members[keys.index("created_at", UNCHECKED)] = scores["created_at"]
    if record.improvement is not None and record.improvement.state == "pending" and record.status in _UNDECIDED:
        members[keys.index("created_at", improving(record.improvement.baseline))] = scores["created_at"]
    if not record.status.is_terminal and (source := weights_source(record)):
        members[keys.index("created_at", f"weights_from={source}")] = scores["created_at"]
    if record.is_queued:
        members[keys.WAITING] = turn(record)
    return members


def turn(record: Record) -> float:
    """The lowest is the next: by priority, then experiments of their own and trials that have begun before other trials
    of sweeps, then the oldest."""
    milliseconds = record.created_at.timestamp() * 1000 // 1
    steps_back = record.sweep is not None and record.attempts == 0
    return (2 * (PRIORITY - record.priority) + steps_back) * _CLASS + milliseconds


def priority_of(turn: float) -> int:
    return PRIORITY - int(turn // (2 * _CLASS))


def validation_metric(record: Record, name: str) -> float | None:
    """Of the published network, or else of the best epoch."""
    return (record.validation_metrics or record.best_metrics).get(name)


def is_of_whole_dataset(record: Record) -> bool:
    """False for a model of some classes of its dataset, whose task is easier, and for one of other blobs than those of
    the default options."""
    dataset = record.spec.dataset
    return not dataset.classes and dataset.blobs in (None, _BLOBS)


def weights_source(record: Record) -> str | None:
    """The experiment whose weights it starts with; of a damaged spec, none."""
    with suppress(Damaged):
        return record.spec.model.weights_from
    return None


def _tie_breaker(record: Record) -> float:
    """The lower loss ranks higher; smaller than any difference between two accuracies."""
    loss = validation_metric(record, "val_loss")
    return 1e-9 * (_LARGE_LOSS if loss is None else min(loss, _LARGE_LOSS))
