"""What serves each dataset, and why."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from models_store.errors import Damaged
from models_store.experiments.record import Record
from models_store.models.pins import Pin
from serving.rejected_models import Rejection


class Standing(NamedTuple):
    """What serves a dataset now, None if nothing can; what it is pinned to; and what could not serve it."""

    dataset: str
    serving: Record | None
    pin: Pin | None
    rejected: list[Rejection]


def standings(
    serving: Mapping[str, Record], pins: Mapping[str, Pin | Damaged], rejections: Sequence[Rejection]
) -> list[Standing]:
    """One for each dataset that something serves, is pinned to or was to serve, in order of their names."""
    damaged = [Rejection(dataset, None, str(pin)) for dataset, pin in pins.items() if isinstance(pin, Damaged)]
    rejected = [*damaged, *rejections]
    return [
        Standing(
            dataset,
            serving.get(dataset),
            pin if isinstance(pin := pins.get(dataset), Pin) else None,
            [rejection for rejection in rejected if rejection.dataset == dataset],
        )
        for dataset in sorted({*serving, *pins, *(rejection.dataset for rejection in rejected)})
    ]
