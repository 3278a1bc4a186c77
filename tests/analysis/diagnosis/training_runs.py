"""Training runs made from numbers, and access to what rules find in them."""

from collections.abc import Sequence
from typing import Any

from analysis.diagnosis.finding import Finding
from analysis.diagnosis.training_run import TrainingRun
from models_store.experiments.points import Point
from specs.experiment import parse_spec

ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
DIGITS: dict[str, Any] = {"model": {"preset": "digits-cnn"}, "training": {"keep": "last"}}


def points(loss: Sequence[float | None], **metrics: Sequence[float | None]) -> list[Point]:
    """One for each value of `loss`; the others are as long. Without `val_loss`, it is the training loss."""
    columns = {"loss": loss, "val_loss": loss, **metrics}
    return [
        Point(epoch=epoch, seconds=1.0, metrics=dict(zip(columns, row, strict=True)))
        for epoch, row in enumerate(zip(*columns.values(), strict=True))
    ]


def run(history: Sequence[Point], document: dict[str, Any] = DIGITS, **fields: Any) -> TrainingRun:
    """One that has ended as planned, unless `fields` override it."""
    ended = {"has_ended": True, "stop_reason": "completed"}
    return TrainingRun(ID, parse_spec(document), history, **{**ended, **fields})


def require(finding: Finding | None) -> Finding:
    assert finding is not None
    return finding


def patch_of(finding: Finding | None) -> dict[str, Any]:
    suggestion = require(finding).suggestion
    assert suggestion is not None
    return suggestion.patch
