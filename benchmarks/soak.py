"""Mixed use for a long time: whether memory, descriptors, threads, files or keys grow.

Users submit, search, upload, look, cancel, delete, pin and predict without a pause (tests/chaos/users.py), and delete
what has ended, so that the store stays as large as it is. After a quarter of the time, in which caches fill, a line is
fitted to each quantity (least squares); its slope is printed per hour, with its 95 % interval.

python benchmarks/soak.py [MINUTES [SEED]], in full 240
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import psutil
from scipy import stats

from tests.chaos.inspection import broken_promises, unfinished
from tests.chaos.ledger import Ledger
from tests.chaos.users import Users
from tests.support.service import Service, measured_service
from tests.support.waiting import eventually

MINUTES = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 0
STEP_SECONDS = 1.0
WARM_SHARE = 0.25
_PAUSE = threading.Event()
Sample = dict[str, float]


def main() -> None:
    addresses: list[str] = []
    ledger = Ledger()
    with measured_service(prediction_seconds=60) as service:
        for _ in range(2):
            service.start_api()
            addresses.append(str(service.http.base_url).rstrip("/"))
        service.start_worker()
        users = Users(addresses, ledger, SEED)
        users.start()
        samples = list(sampled(service))
        users.stop()
        report(samples)
        eventually(lambda: not unfinished(service.store))
        broken = broken_promises(service, ledger)
    answers = ", ".join(f"{status} {count}" for status, count in sorted(ledger.answers.items()))
    print(f"\n{len(ledger.accepted)} experiments, {len(ledger.sweeps)} sweeps; answers: {answers}")
    print(*(each.sentence for each in broken), sep="\n")
    sys.exit(1 if broken else 0)


def sampled(service: Service) -> Iterator[Sample]:
    end = time.monotonic() + 60 * MINUTES
    while time.monotonic() < end:
        yield measure(service)
        _PAUSE.wait(STEP_SECONDS)


def measure(service: Service) -> Sample:
    """Of all processes together, but trainers, which are replaced after twenty experiments."""
    found: Sample = {"hours": time.monotonic() / 3600}
    for kind, roots in (("API", service.apis), ("worker", service.workers)):
        processes = [each for root in roots for each in (root, *(root.children() if kind == "worker" else ()))]
        memory = descriptors = threads = 0.0
        for each in processes:
            with suppress(psutil.NoSuchProcess):
                memory += each.memory_info().rss / 1e6
                descriptors += each.num_fds()
                threads += each.num_threads()
        found |= {f"{kind}: MB": memory, f"{kind}: descriptors": descriptors, f"{kind}: threads": threads}
    with service.valkey.client() as client:
        found |= {"Redis: keys": float(client.dbsize()), "Redis: MB": client.info("memory")["used_memory"] / 1e6}
    # Folders vanish meanwhile, which `os.walk` bears.
    found["store: files"] = float(sum(len(files) for _, _, files in os.walk(service.store)))
    return found


def report(samples: list[Sample]) -> None:
    kept = samples[int(WARM_SHARE * len(samples)) :]
    hours = np.array([each["hours"] for each in kept])
    print(f"{'':22}{'first':>10}{'last':>10}{'per hour':>12}{'95 %':>10}")
    for name in (each for each in kept[0] if each != "hours"):
        values = np.array([each[name] for each in kept])
        line = stats.linregress(hours, values)
        error = line.stderr * stats.t.ppf(0.975, max(len(kept) - 2, 1))
        print(f"{name:22}{values[0]:10.1f}{values[-1]:10.1f}{line.slope:12.1f}{error:10.1f}")


if __name__ == "__main__":
    main()
