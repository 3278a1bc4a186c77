"""Sweeps: what would be searched, lists, and the table of trials as CSV."""

from collections.abc import Sequence
from typing import Any, Literal

import orjson

from analysis.estimates import Estimate
from analysis.sweeps import SweepSummary, SweepView, TrialView
from api.schemas.answer import Answer, ItemList
from api.schemas.csv_text import write_csv
from specs.sweep import Choice, Dimension, Infeasible, Preflight, SweepSpec

_COLUMNS = ("number", "status", "value", "epochs", "seconds", "repeat_of", "seed", "experiment_id")


class DimensionView(Answer):
    """What is searched: `values` of a choice, or a range. `size` counts the values, null if they are endless."""

    name: str
    kind: Literal["choice", "int", "float"]
    values: list[Any] | None
    low: float | None
    high: float | None
    step: float | None
    log: bool
    size: int | None

    @classmethod
    def of(cls, name: str, dimension: Dimension) -> "DimensionView":
        if isinstance(dimension, Choice):
            return cls(
                name=name,
                kind="choice",
                values=list(dimension.values),
                low=None,
                high=None,
                step=None,
                log=False,
                size=dimension.size,
            )
        return cls(
            name=name,
            kind="int" if isinstance(dimension.low, int) else "float",
            values=None,
            low=dimension.low,
            high=dimension.high,
            step=dimension.step,
            log=dimension.log,
            size=dimension.size,
        )


class SweepPlan(Answer):
    """What a sweep would do, and what of it is invalid. `points` counts those of the search space, null if there is no
    end of them; `trials` is how many would be tried. `infeasible` are the points among the `checked` ones that have no
    valid spec. `estimate` is for one trial."""

    method: str
    points: int | None
    trials: int
    dimensions: list[DimensionView]
    known: int
    checked: int
    infeasible: list[Infeasible]
    estimate: Estimate

    @classmethod
    def of(cls, sweep: SweepSpec, checks: Preflight, estimate: Estimate, known: int) -> "SweepPlan":
        """`known` counts the results of the sweep `from`."""
        size = sweep.space.size
        return cls(
            method=sweep.resolved_method,
            points=size,
            trials=sweep.trials if size is None else min(sweep.trials, size),
            dimensions=[DimensionView.of(name, each) for name, each in sweep.space.dimensions.items()],
            known=known,
            checked=checks.checked,
            infeasible=list(checks.infeasible),
            estimate=estimate,
        )


class SweepList(ItemList[SweepSummary]):
    """All sweeps, newest first."""


def trials_csv(sweep: SweepView) -> str:
    """A row for each trial; a column for each dimension, and `reason`."""
    names = list(dict.fromkeys(name for trial in sweep.trials for name in trial.point))
    return write_csv([*_COLUMNS, *names, "reason"], (_cells(trial, names) for trial in sweep.trials))


def _cells(trial: TrialView, names: Sequence[str]) -> list[object]:
    values = (trial.point.get(name) for name in names)
    return [*(getattr(trial, name) for name in _COLUMNS), *map(_cell, values), trial.reason]


def _cell(value: object) -> object:
    """Objects and lists as JSON."""
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else value
