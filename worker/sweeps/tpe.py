"""Optuna as a pure function from the trials so far: nothing of it is stored (docs/decisions/0052)."""

import math
from collections.abc import Iterator

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.trial import FrozenTrial, TrialState, create_trial

from models_store.sweeps.pruning import rungs
from models_store.sweeps.record import SweepRecord
from models_store.sweeps.trial import Trial, TrialStatus
from specs.sweep import Choice, Dimension, IntRange, Point, Space, StopEarly

# The sampler draws at random until it knows as many, and importance means little before.
_STARTUP = 10


def suggest_by_tpe(sweep: SweepRecord, seed: int) -> Point:
    """The same record and seed give the same point."""
    space = sweep.spec.space
    study = _study(sweep, optuna.samplers.TPESampler(seed=seed, n_startup_trials=_STARTUP))
    values = study.ask(_distributions(space)).params
    return {name: _value(dimension, values[name]) for name, dimension in space.dimensions.items()}


def importance(sweep: SweepRecord) -> dict[str, float] | None:
    """Each dimension's share, by PED-ANOVA (Watanabe et al., IJCAI 2023); None before there are ten trials, or if all
    are alike."""
    if len(sweep.ranked) < _STARTUP or len({trial.value for trial in sweep.ranked}) == 1:
        return None
    study = _study(sweep, optuna.samplers.RandomSampler(seed=0))
    found = optuna.importance.get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return dict(found) if all(map(math.isfinite, found.values())) else None


def _study(sweep: SweepRecord, sampler: optuna.samplers.BaseSampler) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=sampler, direction="maximize" if sweep.spec.maximizes else "minimize")
    study.add_trials(list(_trials(sweep)))
    return study


def _trials(sweep: SweepRecord) -> Iterator[FrozenTrial]:
    space, distributions = sweep.spec.space, _distributions(sweep.spec.space)
    for prior in sweep.prior:
        params = _params(space, prior.point)
        yield create_trial(
            state=TrialState.COMPLETE, value=prior.value, params=params, distributions=dict(distributions)
        )
    for trial in sweep.trials:
        state = _state(trial)
        if state is None or trial.repeat_of is not None:
            continue
        yield create_trial(
            state=state,
            value=trial.value if state is TrialState.COMPLETE else None,
            params=_params(space, trial.point),
            distributions=dict(distributions),
            intermediate_values=_by_epoch(sweep, trial),
        )


def _state(trial: Trial) -> TrialState | None:
    """Pruned trials rank behind all complete ones, and those without any value last: so does a point that diverges, or
    has no valid spec. Of a trial that was cancelled, deleted, or failed for another reason, nothing is learnt."""
    match trial.status:
        case TrialStatus.OPEN:
            return TrialState.RUNNING
        case TrialStatus.SUCCEEDED:
            return TrialState.COMPLETE
        case TrialStatus.PRUNED | TrialStatus.INFEASIBLE:
            return TrialState.PRUNED
        case TrialStatus.FAILED if trial.is_bad:
            return TrialState.PRUNED
    return None


def _by_epoch(sweep: SweepRecord, trial: Trial) -> dict[int, float]:
    """Pruned trials rank by how far they got, the last rung that they reached, then by value."""
    if trial.status is not TrialStatus.PRUNED or trial.value is None:
        return {}
    reached = rungs(sweep.spec.stop_early or StopEarly(), trial.epochs + 1)
    return {max(reached, default=0): trial.value}


def _distributions(space: Space) -> dict[str, BaseDistribution]:
    return {name: _distribution(dimension) for name, dimension in space.dimensions.items()}


def _distribution(dimension: Dimension) -> BaseDistribution:
    """Of a choice, the numbers of its values: Optuna takes no JSON objects."""
    if isinstance(dimension, Choice):
        return CategoricalDistribution(range(dimension.size))
    if isinstance(dimension, IntRange):
        return IntDistribution(dimension.low, dimension.high, log=dimension.log, step=dimension.step)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log, step=dimension.step)


def _params(space: Space, point: Point) -> dict[str, int | float | None]:
    return {
        name: dimension.index(point[name]) if isinstance(dimension, Choice) else point[name]
        for name, dimension in space.dimensions.items()
    }


def _value(dimension: Dimension, value: int | float) -> object:
    if isinstance(dimension, Choice):
        return dimension.value(int(value))
    if isinstance(dimension, IntRange):
        return int(value)
    return dimension.tidy(value)
