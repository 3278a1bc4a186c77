"""What upkeep costs as experiments pile up: real Valkey, real store, real API and worker processes; trainings by hand.

Writes so many ended experiments to disk, has an API process rebuild an emptied Redis from them, and measures sweeps,
lists, posts, deletions and memory. Then supervisors without trainers report for so many running experiments, each of
`HOURS` with epochs of `EPOCH_SECONDS`, at the pace of real ones. From Valkey's processor time it prints how many
running experiments, and how many experiments an hour, fill the one core that Valkey uses.

python benchmarks/scale.py [EXPERIMENTS [RUNNING]], in full 100000 1000
"""

import heapq
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count

from redis import Redis

from benchmarks.scaling.experiments import (
    EPOCH_SECONDS,
    EPOCHS,
    SPEC,
    claimed,
    point,
    progress,
    succeeded,
    trained,
    write_stored,
)
from benchmarks.scaling.spent import Spent
from models_store import keys
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.pages import Query
from models_store.experiments.record import Status
from models_store.jobs.workers import Device, MemoryUse, Worker
from models_store.store import Store, open_store
from tests.support.service import Service, measured_service
from tests.support.waiting import eventually
from worker.app import BEAT_SECONDS
from worker.jobs.attempt import CHECK_SECONDS
from worker.jobs.training import show_seconds

STORED = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
RUNNING = int(sys.argv[2]) if len(sys.argv) > 2 else 200
FEW = 100
HOURS = 1.0
SIMULATED_SECONDS = 20.0
IDLE_SECONDS = 20.0
LEASE_SECONDS = 30.0
_PAUSE_SECONDS = 0.001


def main() -> None:
    with measured_service(lease_seconds=LEASE_SECONDS) as service, service.valkey.client() as redis:
        redis.config_set("slowlog-log-slower-than", 300)
        redis.config_set("slowlog-max-len", 10_000)
        redis.config_set("auto-aof-rewrite-percentage", 0)
        with opened(service) as store:
            template = trained(store)
            write_stored(service.store, template, FEW)
            few = listing(rebuilt(service, store, redis, FEW + 1))
            write_stored(service.store, template, STORED - FEW)
            many = listing(rebuilt(service, store, redis, STORED + 1, shown=True))
            show("page of 50", f"{few * 1e3:.1f} ms of {FEW}, {many * 1e3:.1f} ms of {STORED:,}")
            sweeps(store, redis)
            requests(service, store)
            idle(service, redis)
            per_experiment(store, redis)
            simulate(store, redis)


@contextmanager
def opened(service: Service) -> Iterator[Store]:
    store = open_store(service.store, service.valkey.url, LEASE_SECONDS, max_attempts=3, role="benchmark")
    yield store
    store.close()


def show(name: str, value: object) -> None:
    print(f"{name:45} {value}", flush=True)


# -- stored ----------------------------------------------------------------------------------------------------------


def rebuilt(service: Service, store: Store, redis: Redis, number: int, *, shown: bool = False) -> Service:
    """With an API process that has rebuilt an emptied Redis."""
    for process in list(service.apis):
        service.kill(process)
    redis.flushall()
    redis.config_resetstat()
    redis.slowlog_reset()
    before, empty = Spent.now(redis), redis.info("memory")["used_memory"]
    api = service.start_api()
    started, spent = time.perf_counter(), sum(api.cpu_times()[:2])
    eventually(lambda: redis.exists(keys.COMPLETE), 600)
    seconds = time.perf_counter() - started
    assert store.experiments.index.count() == number
    if shown:
        show(f"rebuild of {number:,}", f"{seconds:.1f} s, {sum(api.cpu_times()[:2]) - spent:.1f} s of a core")
        show("  Valkey for each", Spent.now(redis).since(before, number))
        show("  longest single command", longest(redis))
        used = redis.info("memory")["used_memory"] - empty
        show("  memory of Valkey for each", f"{used / number:,.0f} bytes")
        # Which it reads in the background, and would slow down what follows.
        eventually(lambda: service.http.get("/experiments?fields=summary&limit=1", timeout=120).is_success, 120)
        show("  memory of the API process", f"{api.memory_info().rss / 1e6:,.0f} MB")
    return service


def longest(redis: Redis) -> str:
    """Since the last reset."""
    entries = redis.slowlog_get(10_000)
    redis.slowlog_reset()
    if not entries:
        return "below 0.3 ms"
    slowest = max(entries, key=lambda each: each["duration"])
    name = " ".join(str(slowest["command"]).split()[:2])
    return f"{slowest['duration'] / 1e3:.2f} ms ({name[:60]})"


def listing(service: Service) -> float:
    return timed(lambda: service.http.get("/experiments?limit=50").raise_for_status(), 100)


def timed(call: Callable[[], object], times: int) -> float:
    """The median, in seconds."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def sweeps(store: Store, redis: Redis) -> None:
    redis.delete(keys.RECONCILER)  # takes over from the API
    eventually(partial(store.reconciler.take_turn, 600.0))
    redis.slowlog_reset()
    wall, processor = [], []
    for _ in range(10):
        started, spent = time.perf_counter(), time.process_time()
        assert store.reconciler.take_turn(600.0)
        wall.append(time.perf_counter() - started)
        processor.append(time.process_time() - spent)
    store.reconciler.resign()
    median, worst = statistics.median, max
    text = f"{median(wall) * 1e3:.1f} ms (longest {worst(wall) * 1e3:.1f}), {median(processor) * 1e3:.1f} ms of a core"
    show("ordinary sweep", text)
    show("  longest single command", longest(redis))


def requests(service: Service, store: Store) -> None:
    document = SPEC.document()
    taken = []
    posted = []
    for _ in range(200):
        started = time.perf_counter()
        posted.append(service.post(document))
        taken.append(time.perf_counter() - started)
    taken.sort()
    show("POST", f"p50 {taken[100] * 1e3:.1f} ms, p99 {taken[197] * 1e3:.1f} ms")
    for each in posted:
        service.http.post(f"/experiments/{each}:cancel").raise_for_status()
    search = timed(lambda: service.http.get("/experiments?name=no+such+run").raise_for_status(), 3)
    show("search of a name that none has", f"{search:.3f} s")
    oldest = store.experiments.page(Query(sort="created_at", status=Status.SUCCEEDED, limit=3)).items
    left = iter(oldest)
    delete = timed(lambda: service.http.delete(f"/experiments/{next(left).id}").raise_for_status(), 3)
    show("DELETE of a success", f"{delete:.3f} s")


# -- idle ------------------------------------------------------------------------------------------------------------


def idle(service: Service, redis: Redis) -> None:
    show("idle API process", f"{rate(redis):.1f} commands/s")
    for process in list(service.apis):
        service.kill(process)
    service.start_worker()
    show("idle worker", f"{rate(redis):.1f} commands/s")
    for process in list(service.workers):
        service.kill(process)


def rate(redis: Redis) -> float:
    """Commands a second, those of scripts included."""
    before, started = Spent.now(redis), time.perf_counter()
    time.sleep(IDLE_SECONDS)  # what is measured
    spent = Spent.now(redis).since(before)
    return spent.commands / (time.perf_counter() - started)


# -- running ---------------------------------------------------------------------------------------------------------


def per_experiment(store: Store, redis: Redis) -> None:
    claim = claimed(store)
    numbers = count()
    show("a report of progress", measured(redis, lambda: claim.show(progress(next(numbers))), 500))
    epochs = count()
    show("an epoch", measured(redis, lambda: claim.append(point(next(epochs))), EPOCHS))
    show("a renewal", measured(redis, claim.renew, 500))
    show("a look for a stop", measured(redis, claim.may_have_changed, 500))
    worker = Worker(name="host:1", hostname="host", pid=1)
    show("a heartbeat", measured(redis, lambda: store.workers.beat(worker), 500))
    succeeded(claim)
    spent = measured(redis, lambda: trained(store), 50)
    show(f"an experiment of {EPOCHS} epochs", spent)
    show("  experiments an hour that fill a core", f"{3600e6 / spent.microseconds:,.0f}")


def measured(redis: Redis, call: Callable[[], object], times: int) -> Spent:
    before = Spent.now(redis)
    for _ in range(times):
        call()
    return Spent.now(redis).since(before, times)


def simulate(store: Store, redis: Redis) -> None:
    """Supervisors at the pace of real ones, in one process."""
    claims = [claimed(store) for _ in range(RUNNING)]
    events: list[tuple[float, int, float, Callable[[], object]]] = []
    order = count()
    begin = time.monotonic()

    def every(seconds: float, action: Callable[[], object], share: float) -> None:
        heapq.heappush(events, (begin + seconds * share, next(order), seconds, action))

    for number, claim in enumerate(claims):
        share = number / RUNNING
        left = HOURS * 3600 * (1 - share)
        every(show_seconds(progress(eta=left)), reporter(claim, left), share)
        every(EPOCH_SECONDS, trainer(claim), share)
        every(LEASE_SECONDS / 3, renewal(claim), share)
        every(CHECK_SECONDS, claim.may_have_changed, share)
        worker = Worker(
            name=f"host:{number}",
            hostname="host",
            pid=number,
            device=Device(kind="gpu", name="a GPU"),
            cores=8,
            memory=MemoryUse(used_bytes=1, total_bytes=2),
        )
        every(BEAT_SECONDS, partial(store.workers.beat, worker), share)
    before, late, done = Spent.now(redis), 0.0, 0
    while (now := time.monotonic()) < begin + SIMULATED_SECONDS:
        at, _, seconds, action = events[0]
        if at > now:
            time.sleep(min(at - now, _PAUSE_SECONDS))  # until the next event of the simulation
            continue
        late = max(late, now - at)
        action()
        done += 1
        heapq.heapreplace(events, (at + seconds, next(order), seconds, action))
    taken = time.monotonic() - begin
    spent = Spent.now(redis).since(before)
    share = spent.microseconds / 1e6 / taken
    aof = spent.aof_bytes / taken * 3600 / 1e9
    show(f"{RUNNING:,} running", f"{share:.1%} of a core of Valkey, {aof:.2f} GB of AOF an hour")
    show("  actions", f"{done / taken:,.0f}/s, {spent.commands / taken:,.0f} commands/s, latest {late:.2f} s late")
    show("  running experiments that fill a core", f"{RUNNING / share:,.0f}")
    for claim in claims:
        claim.cancel()


def trainer(claim: TrainingClaim) -> Callable[[], object]:
    epochs = count()
    return lambda: claim.append(point(next(epochs)))


def reporter(claim: TrainingClaim, eta: float) -> Callable[[], object]:
    reports = count()
    return lambda: claim.show(progress(next(reports), eta))


def renewal(claim: TrainingClaim) -> Callable[[], object]:
    def renew() -> None:
        claim.check()
        claim.renew()

    return renew


if __name__ == "__main__":
    main()
