"""What repeated trainings show: means with their uncertainty, and whether two points differ."""

from collections.abc import Iterable, Sequence
from math import sqrt

from analysis.mean_interval import LEVEL, mean_interval
from models_store.sweeps.record import RepeatedPoint, SweepRecord
from models_store.sweeps.trial import Trial, TrialStatus
from specs import limits


def missing_repeats(sweep: SweepRecord) -> Iterable[tuple[Trial, int]]:
    """The trials to be trained again, and the seeds, that no trial has had yet; round by round, so that all points have
    as many at any time."""
    if sweep.spec.repeats is None:
        return
    had = {(trial.repeat_of, trial.seed) for trial in sweep.repeats}
    for number in range(sweep.spec.repeats.seeds):
        for trial in sweep.ranked[: sweep.spec.repeats.of_best]:
            seed = (_seed(sweep, trial) + 1 + number) % (limits.SEED + 1)
            if (trial.number, seed) not in had:
                yield trial, seed


def _seed(sweep: SweepRecord, trial: Trial) -> int:
    seed = sweep.spec.trial_document(trial.point, 0).get("training", {}).get("seed", 0)
    return int(seed)


def repeated_points(sweep: SweepRecord) -> tuple[RepeatedPoint, ...]:
    """The points with at least two repeats that succeeded, the best mean first. The training that made a point one of
    the best does not count: it was selected for its value."""
    values: dict[int, list[Trial]] = {}
    for trial in sweep.repeats:
        if trial.status is TrialStatus.SUCCEEDED and trial.repeat_of is not None:
            values.setdefault(trial.repeat_of, []).append(trial)
    found = [_summarize(sweep, number, trials) for number, trials in values.items() if len(trials) > 1]
    return tuple(sorted(found, key=lambda each: (-sweep.score(each.mean), each.number)))


def _summarize(sweep: SweepRecord, number: int, trials: Sequence[Trial]) -> RepeatedPoint:
    values = [trial.value for trial in trials if trial.value is not None]
    found = mean_interval(values, sweep.spec.metric)
    best = max(trials, key=lambda trial: (sweep.score(trial.value), -trial.number))
    return RepeatedPoint(
        number=number,
        n=found.n,
        mean=found.mean,
        sd=found.sd or 0.0,
        low=found.mean if found.low is None else found.low,
        high=found.mean if found.high is None else found.high,
        experiment_id=best.experiment_id or "",
    )


def differ(first: RepeatedPoint, second: RepeatedPoint) -> bool:
    """Whether the means differ by more than chance: Welch's t-test at 5 %."""
    from scipy.special import stdtr  # noqa: PLC0415 - a tenth of the start of a worker

    first_variance, second_variance = first.sd**2 / first.n, second.sd**2 / second.n
    variance = first_variance + second_variance
    if variance == 0:
        return first.mean != second.mean
    t = abs(first.mean - second.mean) / sqrt(variance)
    freedom = variance**2 / (first_variance**2 / (first.n - 1) + second_variance**2 / (second.n - 1))
    return bool(2 * stdtr(freedom, -t) < 1 - LEVEL)


def conclude(sweep: SweepRecord) -> str:
    """What came out, in a sentence."""
    metric = sweep.spec.metric
    match sweep.repeated:
        case ():
            best = sweep.best
            if best is None:
                return "no trial has succeeded"
            return f"trial {best.number} has the best {metric}, {best.value:.4g}; it was trained once"
        case (first,):
            return f"trial {first.number}: {_describe(first, metric)}"
        case (first, second, *_):
            verdict = "is more than chance" if differ(first, second) else "is not shown"
            return (
                f"trial {first.number}: {_describe(first, metric)}; the difference from trial {second.number} "
                f"({second.mean:.4g}) {verdict}"
            )
    raise AssertionError("every number of points is covered")


def _describe(point: RepeatedPoint, metric: str) -> str:
    return (
        f"{metric} {point.mean:.4g} ± {point.sd:.2g} (95 % interval {point.low:.4g} to {point.high:.4g}, "
        f"{point.n} seeds)"
    )
