"""How a sweep goes: its best trial over time, what early stopping saves, what is left, when it will end."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any, Literal

from models_store.experiments.record import Progress, Record, Status
from models_store.experiments.summary import metrics_of
from models_store.frozen import Frozen, utc_now
from models_store.sweeps.record import RepeatedPoint, SweepRecord
from models_store.sweeps.trial import Trial, TrialStatus
from specs.dataset import DatasetSpec

_COPIED = (
    *("id", "version", "owner", "private", "name", "method", "tried", "planned", "created_at", "ended_at"),
    "conclusion",
)
LiveStatus = Literal[
    "open", "queued", "running", "succeeded", "pruned", "failed", "cancelled", "deleted", "infeasible", "newer"
]


class TrialView(Frozen):
    """A row of the table of trials. `value` is that of the sweep's metric, of the published epoch, or of the best one
    so far. `open` is one that waits or runs, where it is not known which. `repeat_of` is the trial whose point is
    trained again with `seed`; `reason` says why it ended early."""

    number: int
    status: LiveStatus
    point: dict[str, object]
    value: float | None
    epochs: int
    seconds: float | None
    experiment_id: str | None
    repeat_of: int | None
    seed: int | None
    progress: Progress | None
    ended_at: datetime | None
    reason: str | None

    @classmethod
    def of(cls, trial: Trial, experiment: Record | None, metric: str) -> "TrialView":
        """`experiment` is that of an open trial as it is now."""
        view = cls(
            number=trial.number,
            status=trial.status.value,
            point=trial.point,
            value=trial.value,
            epochs=trial.epochs,
            seconds=trial.seconds,
            experiment_id=trial.experiment_id,
            repeat_of=trial.repeat_of,
            seed=trial.seed,
            progress=None,
            ended_at=trial.ended_at,
            reason=trial.reason,
        )
        if trial.status is not TrialStatus.OPEN or experiment is None:
            return view
        live: LiveStatus = "pruned" if experiment.stop_reason == "pruned" else experiment.status.value
        return view.model_copy(
            update={
                "status": live,
                "value": metrics_of(experiment).get(metric),
                "epochs": experiment.epochs_completed,
                "progress": experiment.progress if experiment.status is Status.RUNNING else None,
            }
        )


class BestSoFar(Frozen):
    """From `ended_at` on, trial `number` was the best."""

    number: int
    value: float
    ended_at: datetime


class Budget(Frozen):
    """What is left: null without a limit."""

    trials: int
    minutes: float | None


class Forecast(Frozen):
    """When the sweep will end if the trials to come take as long as those so far: null before one has ended, or if it
    is paused."""

    seconds: float
    ends_at: datetime


class SweepSummary(Frozen):
    """A sweep in a list. `dataset` is null if several are tried. `tried` are the points whose trials have ended, of
    those that are `planned`; `counts` are its trials by status, repeats included. `best` is the trial to use: that with
    the best mean if trials were repeated."""

    id: str
    version: int
    owner: str | None
    private: bool
    name: str
    dataset: str | None
    status: str
    method: str
    metric: str
    tried: int
    planned: int
    created_at: datetime
    ended_at: datetime | None
    counts: dict[str, int]
    best: TrialView | None
    conclusion: str | None

    @classmethod
    def of(cls, sweep: SweepRecord) -> "SweepSummary":
        trials = [TrialView.of(trial, None, sweep.spec.metric) for trial in sweep.trials]
        return SweepSummary(**_summarized(sweep, trials))


class SweepView(SweepSummary):
    """A sweep as `GET /sweeps/{id}` shows it."""

    spec: dict[str, object]
    points: int | None
    checked: int
    infeasible: int
    cancel_requested: bool
    best_so_far: tuple[BestSoFar, ...]
    repeated: tuple[RepeatedPoint, ...]
    importance: dict[str, float] | None
    share_pruned: float
    budget: Budget
    forecast: Forecast | None
    error: str | None
    trials: tuple[TrialView, ...]


def view(sweep: SweepRecord, experiments: Mapping[str, Record]) -> SweepView:
    """`experiments` are those of its open trials as they are now, by id."""
    trials = [TrialView.of(each, experiments.get(each.experiment_id or ""), sweep.spec.metric) for each in sweep.trials]
    searched = [trial for trial in sweep.searched if trial.status is not TrialStatus.OPEN]
    pruned = sum(trial.status is TrialStatus.PRUNED for trial in searched)
    return SweepView(
        **_summarized(sweep, trials),
        spec=sweep.spec.model_dump(mode="json"),
        points=sweep.size,
        checked=sweep.checked,
        infeasible=sweep.infeasible,
        cancel_requested=sweep.cancel_requested,
        best_so_far=tuple(_best_so_far(sweep)),
        repeated=sweep.repeated,
        importance=sweep.importance,
        share_pruned=pruned / len(searched) if searched else 0.0,
        budget=_budget(sweep),
        forecast=_forecast(sweep),
        error=sweep.error,
        trials=tuple(trials),
    )


def _summarized(sweep: SweepRecord, trials: Sequence[TrialView]) -> dict[str, Any]:
    """The members of a SweepSummary."""
    return {
        **{name: getattr(sweep, name) for name in _COPIED},
        "dataset": _dataset(sweep),
        "status": sweep.status.value,
        "metric": sweep.spec.metric,
        "counts": Counter(trial.status for trial in trials),
        "best": _best(sweep, trials),
    }


def _best(sweep: SweepRecord, trials: Sequence[TrialView]) -> TrialView | None:
    if sweep.repeated:
        return trials[sweep.repeated[0].number]
    return trials[sweep.best.number] if sweep.best is not None else None


def _best_so_far(sweep: SweepRecord) -> list[BestSoFar]:
    ended = [
        BestSoFar(number=each.number, value=each.value, ended_at=each.ended_at)
        for each in sweep.ranked
        if each.ended_at is not None and each.value is not None
    ]
    found: list[BestSoFar] = []
    for each in sorted(ended, key=lambda each: (each.ended_at, each.number)):
        if not found or sweep.score(each.value) > sweep.score(found[-1].value):
            found.append(each)
    return found


def _dataset(sweep: SweepRecord) -> str | None:
    """None if the dataset is searched."""
    chosen = sweep.spec.experiment.get("dataset", {})
    name = chosen.get("name", DatasetSpec.model_fields["name"].default) if isinstance(chosen, dict) else None
    return name if isinstance(name, str) else None


def _budget(sweep: SweepRecord) -> Budget:
    left = max(0, sweep.planned - len(sweep.searched))
    if sweep.spec.minutes is None:
        return Budget(trials=left, minutes=None)
    now = sweep.ended_at or sweep.paused_at or utc_now()
    used = (now - sweep.created_at).total_seconds() - sweep.paused_seconds
    return Budget(trials=left, minutes=max(0.0, sweep.spec.minutes - used / 60))


def _forecast(sweep: SweepRecord) -> Forecast | None:
    """Trials follow each other `parallel` at a time; those that run are half done on average."""
    seconds = [trial.seconds for trial in sweep.trials if trial.seconds is not None]
    ended = [trial.ended_at for trial in sweep.trials if trial.ended_at is not None]
    if sweep.has_ended or sweep.paused_at is not None or not seconds:
        return None
    repeats = sweep.spec.repeats
    to_repeat = 0 if repeats is None else max(0, repeats.seeds * repeats.of_best - len(sweep.repeats))
    left = max(0, sweep.planned - len(sweep.searched)) + to_repeat + len(sweep.open_trials) / 2
    # What was really reached: workers may be fewer than `parallel`.
    elapsed = (max(ended) - sweep.created_at).total_seconds() - sweep.paused_seconds
    pace = max(elapsed / len(ended), fmean(seconds) / sweep.spec.parallel)
    total = left * pace
    if sweep.deadline is not None and not sweep.spec.repeats:
        total = min(total, max(0.0, (sweep.deadline - utc_now()).total_seconds()) + fmean(seconds))
    return Forecast(seconds=total, ends_at=utc_now() + timedelta(seconds=total))
