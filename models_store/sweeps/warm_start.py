"""What one sweep can learn from another."""

from models_store.errors import NotFound
from models_store.sweeps.record import PriorTrial, SweepRecord
from models_store.sweeps.store import SweepStore
from specs.errors import SpecError
from specs.problem import Problem
from specs.sweep import SweepSpec


def prior_trials(spec: SweepSpec, sweeps: SweepStore) -> tuple[PriorTrial, ...]:
    """The results of the sweep `from` at points of this search space, and those that it had itself; empty if `spec`
    names none. Raises SpecError if there is no such sweep, or its results mean something else."""
    if spec.from_sweep is None:
        return ()
    try:
        source = sweeps.read(spec.from_sweep)
    except NotFound as error:
        raise _rejection(spec, str(error)) from None
    if source.spec.metric != spec.metric:
        raise _rejection(spec, f"its metric is {source.spec.metric}, that of this sweep {spec.metric}; use the same")
    if source.spec.experiment.get("dataset") != spec.experiment.get("dataset"):
        raise _rejection(spec, "its experiments are on another dataset, so that its results cannot be compared")
    found = tuple(each for each in _results(source) if spec.space.contains(each.point))
    if not found:
        names = ", ".join(spec.space.dimensions)
        raise _rejection(
            spec, f"none of its results is at a point of this search space; its dimensions must be {names}"
        )
    return found


def _results(source: SweepRecord) -> list[PriorTrial]:
    known = [PriorTrial(point=trial.point, value=trial.value) for trial in source.ranked if trial.value is not None]
    return [*source.prior, *known]


def _rejection(spec: SweepSpec, detail: str) -> SpecError:
    return SpecError([Problem(pointer="/from", detail=detail, received=spec.from_sweep)])
