"""Sweeps in every state: with repeats, with one trial, with hundreds, with none, and a running one."""

from models_store.store import Store
from models_store.sweeps.record import SweepStatus
from tests.page.shots.documents import KOREAN, LONG, UNBREAKABLE
from tests.page.swept import IMPORTANCE, Swept, start

MANY = 320


def fill_sweeps(store: Store, worker: str) -> dict[str, str]:
    """Returns their ids by the names under which the screenshots ask for them."""
    swept = {
        "many trials": _many(store, worker),
        "one trial": _one(store, worker),
        "repeated trials": _repeated(store, worker),
        "failed trials": _failed(store, worker),
        "no trials": Swept(store, start(store, "about to begin", trials=20).id, worker),
        "live trials": _live(store, worker),
    }
    return {name: each.id for name, each in swept.items()}


def _many(store: Store, worker: str) -> Swept:
    swept = Swept(store, start(store, UNBREAKABLE, trials=MANY).id, worker)
    for number in range(MANY):
        swept.prune() if number % 3 else swept.succeed()
    swept.write(SweepStatus.SUCCEEDED, importance=IMPORTANCE)
    return swept


def _one(store: Store, worker: str) -> Swept:
    swept = Swept(store, start(store, "one trial", trials=1).id, worker)
    swept.succeed()
    swept.write(SweepStatus.SUCCEEDED)
    return swept


def _repeated(store: Store, worker: str) -> Swept:
    swept = Swept(store, start(store, KOREAN, trials=14, repeats={"seeds": 3, "of_best": 3}).id, worker)
    for number in range(14):
        swept.fail() if number == 5 else swept.succeed()
    best = sorted(swept.trials, key=lambda trial: -(trial.value or 0))[:3]
    for seed in range(3):
        for place, trial in enumerate(best):
            swept.succeed(round((trial.value or 0) - 0.004 * (seed + place), 4), repeat_of=trial.number)
    swept.write(SweepStatus.SUCCEEDED, importance=IMPORTANCE)
    return swept


def _failed(store: Store, worker: str) -> Swept:
    swept = Swept(store, start(store, "nothing works", trials=10).id, worker)
    for _ in range(10):
        swept.fail()
    swept.write(SweepStatus.FAILED, error="10 trials have failed and none has succeeded: the loss became nan")
    return swept


def _live(store: Store, worker: str) -> Swept:
    started = start(store, LONG, trials=30, minutes=240, stop_early={"first_epoch": 1, "factor": 3})
    swept = Swept(store, started.id, worker)
    for number in range(17):
        if number == 9:
            swept.reject()
        elif number % 3 == 1:
            swept.prune()
        else:
            swept.succeed()
    swept.run()
    swept.run(2)
    swept.wait()
    swept.write(importance=IMPORTANCE)
    return swept
