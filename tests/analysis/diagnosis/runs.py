"""Runs for the rules to look at, made from numbers."""

from collections.abc import Sequence
from typing import Any

from analysis.diagnosis.run import Run
from models_store.experiments.record import Point
from specs.experiment import parse_spec

ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
DIGITS: dict[str, Any] = {"model": {"preset": "digits-cnn"}}


def points(loss: Sequence[float | None], **metrics: Sequence[float | None]) -> list[Point]:
    """One for each value of `loss`; the others are as long. Without `val_loss`, it is the training loss."""
    columns = {"loss": loss, "val_loss": loss, **metrics}
    return [
        Point(epoch=epoch, seconds=1.0, metrics=dict(zip(columns, row, strict=True)))
        for epoch, row in enumerate(zip(*columns.values(), strict=True))
    ]


def run(history: Sequence[Point], document: dict[str, Any] = DIGITS, **fields: Any) -> Run:
    """One that has ended as planned, unless `fields` say otherwise."""
    ended = {"has_ended": True, "stop_reason": "completed"}
    return Run(ID, parse_spec(document), history, **{**ended, **fields})
