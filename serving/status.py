"""What serves each dataset, and why."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from models_store.errors import Damaged
from models_store.experiments.record import Record
from models_store.models.pins import Pin
from serving.rejected_models import RejectedModel


class ServingStatus(NamedTuple):
    """The experiment that serves a dataset, None if none can; the pin, if any; and the models that cannot serve it."""

    dataset: str
    serving: Record | None
    pin: Pin | None
    rejected: list[RejectedModel]


def serving_statuses(
    serving: Mapping[str, Record], pins: Mapping[str, Pin | Damaged], rejected: Sequence[RejectedModel]
) -> list[ServingStatus]:
    """One for each dataset with a serving, pinned or rejected model, in order of their names."""
    damaged = [RejectedModel(dataset, None, str(pin)) for dataset, pin in pins.items() if isinstance(pin, Damaged)]
    rejected = [*damaged, *rejected]
    return [
        ServingStatus(
            dataset,
            serving.get(dataset),
            pin if isinstance(pin := pins.get(dataset), Pin) else None,
            [each for each in rejected if each.dataset == dataset],
        )
        for dataset in sorted({*serving, *pins, *(each.dataset for each in rejected)})
    ]
