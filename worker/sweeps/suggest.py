"""The next point of a sweep: a function of its record alone."""

import random
from collections.abc import Iterator
from itertools import islice

from models_store.sweeps.record import SweepRecord
from specs.sweep import Point
from specs.sweep.space import identify

# Of a small space most points are known in the end: after so many draws of known ones the others are listed.
_MAX_DRAWS = 30
_MAX_LISTED = 100_000


def suggest(sweep: SweepRecord) -> Point | None:
    """The point of the next trial, which no trial has had; None if there is none. The same record gives the same
    point."""
    points = [*(trial.point for trial in sweep.trials), *(prior.point for prior in sweep.prior)]
    known = set(map(identify, points))
    if sweep.size is not None and len(known) >= sweep.size:
        return None
    return next((point for point in _candidates(sweep) if identify(point) not in known), None)


def _candidates(sweep: SweepRecord) -> Iterator[Point]:
    """The points to be tried by order of preference."""
    index = sum(trial.repeat_of is None for trial in sweep.trials)
    space, start = sweep.spec.space, sweep.spec.start_with
    if index < len(start):
        yield {**space.random(_generator(sweep, index, 0)), **start[index]}
    if sweep.method == "grid":
        yield from map(space.grid_point, range(space.size or 0))
        return
    yield from islice(_draws(sweep, index), _MAX_DRAWS)
    yield from (space.random(_generator(sweep, index, draw)) for draw in range(_MAX_DRAWS, 2 * _MAX_DRAWS))
    if sweep.size is not None and sweep.size <= _MAX_LISTED:
        order = list(range(sweep.size))
        _generator(sweep, index, -1).shuffle(order)
        yield from map(space.grid_point, order)


def _draws(sweep: SweepRecord, index: int) -> Iterator[Point]:
    if sweep.method == "qmc":
        yield from _sobol(sweep, index)
        return
    for draw in range(_MAX_DRAWS):
        generator = _generator(sweep, index, draw)
        if sweep.method == "random":
            yield sweep.spec.space.random(generator)
        else:
            from worker.sweeps.tpe import suggest_by_tpe  # noqa: PLC0415 - 150 MB, which other methods need not have

            yield suggest_by_tpe(sweep, generator.getrandbits(32))


def _sobol(sweep: SweepRecord, index: int) -> Iterator[Point]:
    """A scrambled Sobol sequence, from its element `index`."""
    from scipy.stats.qmc import Sobol  # noqa: PLC0415 - likewise

    space = sweep.spec.space
    sequence = Sobol(len(space.dimensions), rng=sweep.spec.seed)
    if index:
        sequence.fast_forward(index)
    while True:
        yield space.at(sequence.random()[0].tolist())


def _generator(sweep: SweepRecord, index: int, draw: int) -> random.Random:
    return random.Random(f"{sweep.spec.seed}:{index}:{draw}")  # noqa: S311 - not for secrets
