"""What serves each data set, and why."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from models_store.errors import Damaged
from models_store.experiments.record import Record
from models_store.models.pins import Pin
from serving.rejected_models import Refusal


class Standing(NamedTuple):
    """What serves a data set now, None if nothing can; what it is pinned to; and what could not serve it."""

    dataset: str
    serving: Record | None
    pin: Pin | None
    refused: list[Refusal]


def standings(
    serving: Mapping[str, Record], pins: Mapping[str, Pin | Damaged], refusals: Sequence[Refusal]
) -> list[Standing]:
    """One for each data set that something serves, is pinned to or was to serve, in order of their names."""
    damaged = [Refusal(dataset, None, str(pin)) for dataset, pin in pins.items() if isinstance(pin, Damaged)]
    refused = [*damaged, *refusals]
    return [
        Standing(
            dataset,
            serving.get(dataset),
            pin if isinstance(pin := pins.get(dataset), Pin) else None,
            [refusal for refusal in refused if refusal.dataset == dataset],
        )
        for dataset in sorted({*serving, *pins, *(refusal.dataset for refusal in refused)})
    ]
