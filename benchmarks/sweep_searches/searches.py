"""Ways of searching a table: those of the service, and those of Optuna and Keras Tuner beside them."""

import random
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import optuna
from redis import Redis

from benchmarks.sweep_searches.tables import EPOCHS, Table
from models_store.sweeps.pruning import Rungs, rungs
from models_store.sweeps.record import SweepRecord
from models_store.sweeps.stored_spec import StoredSweepSpec
from models_store.sweeps.trial import Trial, TrialStatus
from specs.sweep import StopEarly, parse_sweep
from worker.sweeps.suggest import suggest

TRAININGS = 12  # to their end: the budget
STOP_EARLY = StopEarly(first_epoch=1, factor=3)


class Step(NamedTuple):
    """The epochs that a training took, and its best value if it came to its end."""

    epochs: int
    value: float | None
    is_new: bool = True


# The trainings of a search of a table, by its seed, one after the other and without an end of its own.
Search = Callable[[Table, int], Iterator[Step]]


def service(method: str, stop_early: bool, redis: Redis) -> Search:
    """The search of a sweep."""

    def search(table: Table, seed: int) -> Iterator[Step]:
        document = {"method": method, "seed": seed, "trials": 1000, "experiment": table.searched}
        spec = StoredSweepSpec.of(parse_sweep(document))
        sweep = SweepRecord(id=f"{table.name}{seed}", name="benchmark", spec=spec, method=method)  # type: ignore[arg-type]
        ranks = Rungs(redis)
        redis.flushall()
        ranks.restore(sweep.id, {})
        while (point := suggest(sweep)) is not None:
            curve = table.curve(point)
            trial = Trial(number=len(sweep.trials), point=point, experiment_id="-")
            epochs = _stopped_after(ranks, sweep.id, trial.number, curve) if stop_early else EPOCHS
            value = max(curve[:epochs])
            status = TrialStatus.SUCCEEDED if epochs == EPOCHS else TrialStatus.PRUNED
            sweep = sweep.with_trials([trial.replace(status=status, value=value, epochs=epochs)])
            yield Step(epochs, value if epochs == EPOCHS else None)

    return search


def _stopped_after(ranks: Rungs, sweep_id: str, number: int, curve: list[float]) -> int:
    for epochs in rungs(STOP_EARLY, EPOCHS):
        standing = ranks.rank(sweep_id, epochs, number, max(curve[:epochs]), STOP_EARLY.factor)
        if standing is not None and not standing.goes_on:
            return epochs
    return EPOCHS


def coarse_grid(table: Table, seed: int) -> Iterator[Step]:
    """Evenly spaced points, as many as can be trained, in random order; the seed moves the first one."""
    size, generator = table.space.size or 0, random.Random(seed)
    first = generator.randrange(size // TRAININGS)
    indices = [(first + number * size // TRAININGS) % size for number in range(TRAININGS)]
    generator.shuffle(indices)
    for index in indices:
        yield Step(EPOCHS, max(table.curve(table.space.grid_point(index))))


def optuna_with(make_pruner: Callable[[], optuna.pruners.BasePruner]) -> Search:
    """Optuna's TPE with a pruner of its own."""

    def search(table: Table, seed: int) -> Iterator[Step]:
        sampler = optuna.samplers.TPESampler(seed=seed)
        study = optuna.create_study(direction="maximize", sampler=sampler, pruner=make_pruner())
        while True:
            trial = study.ask()
            curve = table.curve({name: _optuna_value(trial, name, each) for name, each in table.searched.items()})
            epochs = next((epoch for epoch in range(1, EPOCHS) if _prunes(trial, epoch, curve)), EPOCHS)
            if epochs == EPOCHS:
                study.tell(trial, max(curve))
            else:
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            yield Step(epochs, max(curve) if epochs == EPOCHS else None)

    return search


def _prunes(trial: optuna.Trial, epoch: int, curve: list[float]) -> bool:
    trial.report(max(curve[:epoch]), epoch)
    return trial.should_prune()


def _optuna_value(trial: optuna.Trial, name: str, searched: dict[str, Any]) -> Any:
    dimension = searched["$search"]
    if "int" in dimension:
        return trial.suggest_int(name, *dimension["int"])
    return trial.suggest_categorical(name, dimension["choice"])


def keras_tuner_hyperband(table: Table, seed: int) -> Iterator[Step]:
    """Hyperband of Keras Tuner, which trains on from the checkpoint of the round before."""
    import keras_tuner

    space = keras_tuner.HyperParameters()
    for name, searched in table.searched.items():
        dimension = searched["$search"]
        if "int" in dimension:
            space.Int(name, *dimension["int"])
        else:
            space.Choice(name, dimension["choice"])
    oracle = keras_tuner.oracles.HyperbandOracle(
        keras_tuner.Objective("val_accuracy", "max"),
        max_epochs=EPOCHS,
        factor=STOP_EARLY.factor,
        hyperband_iterations=10,
        seed=seed,
        hyperparameters=space,
    )
    oracle.verbose = 0
    with tempfile.TemporaryDirectory() as folder:
        oracle._set_project_dir(folder, "benchmark")  # noqa: SLF001 - as its Tuner does
        while (trial := oracle.create_trial("0")).status == "RUNNING":
            values = trial.hyperparameters.values
            before, after = values["tuner/initial_epoch"], values["tuner/epochs"]
            best = max(table.curve(values)[:after])
            oracle.update_trial(trial.trial_id, {"val_accuracy": best}, step=after)
            trial.status = "COMPLETED"
            oracle.end_trial(trial)
            yield Step(after - before, best if after == EPOCHS else None, is_new=before == 0)


def searches(redis: Redis) -> dict[str, Search]:
    halving, hyperband = optuna.pruners.SuccessiveHalvingPruner, optuna.pruners.HyperbandPruner
    found = {
        "TPE with ASHA (a sweep with stop_early)": service("tpe", True, redis),
        "random with ASHA": service("random", True, redis),
        "TPE": service("tpe", False, redis),
        "random": service("random", False, redis),
        "coarse grid": coarse_grid,
        "Optuna: TPE, SuccessiveHalvingPruner": optuna_with(
            lambda: halving(min_resource=1, reduction_factor=STOP_EARLY.factor)
        ),
        "Optuna: TPE, HyperbandPruner": optuna_with(
            lambda: hyperband(min_resource=1, max_resource=EPOCHS, reduction_factor=STOP_EARLY.factor)
        ),
    }
    if find_spec("keras_tuner"):
        found["Keras Tuner: Hyperband"] = keras_tuner_hyperband
    return found
