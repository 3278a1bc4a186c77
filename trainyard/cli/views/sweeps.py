"""Sweeps and their trials as text."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Column

from trainyard.answers.base import ItemList
from trainyard.answers.sweeps import Dimension, Sweep, SweepPlan, SweepSummary, Trial
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import count_text, duration_text, known_metric_text

_DIGITS = 4
_SHOWN_PROBLEMS = 5


def list_view(found: ItemList[SweepSummary]) -> Iterator[RenderableType]:
    if not found.items:
        yield "no sweeps; `trainyard sweep FILE` starts one"
        return
    headers: list[str | Column] = [
        *("id", prose("name"), "status", "method", "dataset", right("tried"), "metric", right("best"))
    ]
    yield Listing(headers, map(_list_row, found))


def _list_row(sweep: SweepSummary) -> tuple[str, ...]:
    best = known_metric_text(sweep.best.value) if sweep.best else ""
    tried = f"{sweep.tried}/{sweep.planned}"
    return (sweep.id, sweep.name, sweep.status, sweep.method, sweep.dataset or "", tried, sweep.metric, best)


def plan_view(plan: SweepPlan) -> Iterator[RenderableType]:
    """What a sweep would do."""
    points = "endless" if plan.points is None else f"{plan.points:,}"
    yield f"{plan.method}, {count_text(plan.trials, 'trial')} of {points} points"
    yield Listing(("dimension", "values"), ((each.name, _range_text(each)) for each in plan.dimensions))
    yield f"about {duration_text(plan.estimate.seconds)} for a trial, judging by {plan.estimate.basis}"
    if plan.known:
        yield f"{count_text(plan.known, 'result')} of the other sweep are known"
    yield f"{len(plan.infeasible)} of {plan.checked} checked points have no valid spec"
    for each in plan.infeasible[:_SHOWN_PROBLEMS]:
        yield f"  {point_text(each.point)}: {each.problems[0].detail}"


def _range_text(dimension: Dimension) -> str:
    if dimension.values is not None:
        return ", ".join(map(value_text, dimension.values))
    step = f", every {dimension.step:g}" if dimension.step and (dimension.kind, dimension.step) != ("int", 1) else ""
    return f"{dimension.low:g} to {dimension.high:g}{step}{', log' if dimension.log else ''}"


def started_view(sweep: Sweep) -> Iterator[RenderableType]:
    yield f"{sweep.id} {sweep.name}: {sweep.method}"
    yield f"follow it with: trainyard sweep watch {sweep.id}"


def end_view(sweep: Sweep) -> Iterator[RenderableType]:
    """How it ended."""
    yield f"{sweep.status}: {_outcome(sweep)}".rstrip(": ")


def best_view(trial: Trial, metric: str) -> Iterator[RenderableType]:
    yield trial_line(trial, metric)
    yield trial.experiment_id or ""


def sweep_view(sweep: Sweep) -> Iterator[RenderableType]:
    yield f"{sweep.id} {sweep.name}: {sweep.status}, {sweep.method}, {counts_text(sweep.counts)}"
    if outcome := _outcome(sweep):
        yield outcome
    elif sweep.forecast:
        yield f"about {duration_text(sweep.forecast.seconds)} left"
    yield ""
    if sweep.trials:
        yield trials_table(sweep)
    if sweep.repeated:
        yield ""
        yield Listing(
            ("repeated", right("n"), right("mean"), right("sd"), "95 % interval"),
            (
                (
                    str(each.number),
                    str(each.n),
                    f"{each.mean:.4f}",
                    f"{each.sd:.4f}",
                    f"{each.low:.4f} to {each.high:.4f}",
                )
                for each in sweep.repeated
            ),
        )
    if sweep.importance:
        yield ""
        yield Listing(
            ("dimension", right("importance")), ((name, f"{share:.0%}") for name, share in sweep.importance.items())
        )


def _outcome(sweep: Sweep) -> str:
    return sweep.conclusion or sweep.error or ""


def trials_table(sweep: Sweep) -> Listing:
    names = list(dict.fromkeys(name for trial in sweep.trials for name in trial.point))
    searched = (right(short_name(name)) for name in names)
    headers: list[str | Column] = [right("trial"), "status", right(sweep.metric), right("epochs"), *searched]
    return Listing(
        headers, ((*_cells(trial), *(value_text(trial.point.get(name)) for name in names)) for trial in sweep.trials)
    )


def _cells(trial: Trial) -> tuple[str, ...]:
    number = str(trial.number) if trial.repeat_of is None else f"{trial.number} (of {trial.repeat_of})"
    return (number, trial.status, known_metric_text(trial.value), str(trial.epochs))


def trial_line(trial: Trial, metric: str) -> str:
    value = f" {metric} {known_metric_text(trial.value)}" if trial.value is not None else ""
    again = f", repeat of {trial.repeat_of} with seed {trial.seed}" if trial.repeat_of is not None else ""
    reason = f" ({trial.reason})" if trial.reason else ""
    return f"trial {trial.number} {trial.status}{value}{again}: {point_text(trial.point)}{reason}"


def counts_text(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {status}" for status, number in counts.items()) or "no trials yet"


def point_text(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{short_name(name)} {value_text(value)}" for name, value in point.items())


def short_name(name: str) -> str:
    """The last two parts of a dotted path: `optimizer.learning_rate`."""
    return ".".join(name.split(".")[-2:])


def value_text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    return value if isinstance(value, str) else json.dumps(value)
