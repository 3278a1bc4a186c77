"""A sweep of tiny trials while parts of a real service are killed: whether any is lost, or tried twice.

The seed decides when and what: trainer, pool process, worker, API, Valkey, Valkey with its data.

python benchmarks/sweep_kills.py [TRIALS [KILLS [SEED]]], in full 300 10
"""

import sys
import time
from collections import Counter

from tests.support.killed_sweep import KilledSweep, assert_undisturbed
from tests.support.service import LEASE_SECONDS, SWEEP_SECONDS, measured_service

TRIALS, KILLS, SEED = (
    int(sys.argv[place]) if len(sys.argv) > place else default for place, default in enumerate((40, 4, 0), 1)
)


def main() -> None:
    with measured_service(
        lease_seconds=LEASE_SECONDS, reconcile_seconds=SWEEP_SECONDS, max_attempts=KILLS + 1
    ) as service:
        killed = KilledSweep(service, TRIALS, KILLS, SEED)
        killed.start()
        began = time.perf_counter()
        sweep = killed.run()
        minutes = (time.perf_counter() - began) / 60
        assert_undisturbed(killed, sweep)
        attempts = sum(each["attempts"] for each in killed.experiments(sweep.id))
    print(f"{len(sweep.trials)} trials in {minutes:.1f} minutes, {attempts} attempts, seed {SEED}")
    print("killed:", ", ".join(f"{name} {count} times" for name, count in Counter(killed.killed).items()))
    print("the same trials as undisturbed: none lost, none twice")


if __name__ == "__main__":
    main()
