"""How good a model each way of searching finds with the same number of epochs.

Four spaces of which every point is known, so that the distance to the best one is known and ten seeds take minutes.
Suggestions and early stopping are those of the service; Optuna's own pruners with its TPE, and Keras Tuner's Hyperband
where `keras-tuner` is installed (it is no requirement of this project), see the same curves. A training counts when it
came to its end.

DATASETS_DIR=... python -m benchmarks.sweeps [SEEDS [TABLE ...]]
"""

import math
import statistics
import sys
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

import optuna
from scipy import special
from sklearn.exceptions import ConvergenceWarning

from benchmarks.sweep_searches.searches import TRAININGS, Search, searches
from benchmarks.sweep_searches.tables import EPOCHS, Table, tables
from tests.support.valkey import Valkey

BUDGETS = (EPOCHS * TRAININGS // 4, EPOCHS * TRAININGS // 2, EPOCHS * TRAININGS)


class Result(NamedTuple):
    """Of one search: the best value after each of the `BUDGETS`, and how many points it has tried in all."""

    best: list[float]
    points: int


def run(search: Search, table: Table, seed: int) -> Result:
    spent, points, best = 0, 0, [0.0] * len(BUDGETS)
    for step in search(table, seed):
        spent += step.epochs
        points += step.is_new and spent <= BUDGETS[-1]
        for number, budget in enumerate(BUDGETS):
            if step.value is not None and spent <= budget:
                best[number] = max(best[number], step.value)
        if spent >= BUDGETS[-1]:
            break
    return Result(best, points)


def half_width(values: list[float]) -> float:
    """Of the 95 % interval of the mean (Student's t)."""
    return float(special.stdtrit(len(values) - 1, 0.975)) * statistics.stdev(values) / math.sqrt(len(values))


def compare(table: Table, found: dict[str, Search], seeds: int) -> None:
    print(f"\n{table.name}: {len(table.curves)} points, the best reaches {table.best:.4f}")
    print(f"| search | {' | '.join(f'{budget} epochs' for budget in BUDGETS)} | points |\n|---|{'---|' * 4}")
    for name, search in found.items():
        results = [run(search, table, seed) for seed in range(seeds)]
        cells = []
        for values in zip(*(each.best for each in results), strict=True):
            mean = f"{statistics.fmean(values):.4f} ± {half_width(list(values)):.4f}"
            cells.append(mean if all(values) else f"none in {values.count(0.0)} of {seeds}")
        points = statistics.fmean(each.points for each in results)
        print(f"| {name} | {' | '.join(cells)} | {points:.1f} |", flush=True)


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    for each in (ConvergenceWarning, RuntimeWarning, FutureWarning):
        warnings.simplefilter("ignore", each)
    print(f"mean best validation accuracy of {seeds} seeds after so many epochs, with its 95 % interval")
    with tempfile.TemporaryDirectory() as folder:
        valkey = Valkey(Path(folder))
        valkey.start()
        try:
            with valkey.client() as redis:
                for table in tables():
                    if table.name in sys.argv[2:] or not sys.argv[2:]:
                        compare(table, searches(redis), seeds)
        finally:
            valkey.stop()


if __name__ == "__main__":
    main()
