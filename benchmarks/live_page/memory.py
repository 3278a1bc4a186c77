"""The memory of the page in Chromium during live training, real or replayed, for `page.py`."""

import itertools
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.points import MetricValues, Point
from models_store.experiments.record import Progress
from models_store.store import open_store
from tests.support.service import LEASE_SECONDS, Service

SAMPLES = 12
# What one finds free may let go of more.
GARBAGE_COLLECTIONS = 10
# Twice in an epoch of a second.
TOLD_PER_SECOND = 2
# Epochs of some tenths of a second: more than an hour of them.
LIVE = {
    "name": "live",
    "dataset": {"name": "digits"},
    "model": {"layers": [{"type": "Conv2D", "filters": 16, "kernel_size": 3}, {"type": "Flatten"}, {"type": "Dense"}]},
    "training": {"epochs": 10_000, "batch_size": 8, "max_minutes": 600},
}


def open_hash(page: Page, service: Service, hash_: str = "") -> None:
    page.goto(f"{service.http.base_url}{hash_}")


@contextmanager
def replayed_training(service: Service, speed: float) -> Iterator[str]:
    """The id of an experiment whose epochs and progress are told `speed` times as fast as those of a training."""
    opened = open_store(service.store, service.valkey.url, LEASE_SECONDS, max_attempts=3, role="benchmark")
    experiment = service.post(LIVE)
    claim = TrainingClaim.acquire(opened.training_jobs, experiment, worker="replay:1")
    assert claim is not None
    claim.begin_history([])
    ended = threading.Event()

    def tell() -> None:
        for step in itertools.count():
            if ended.wait(1 / (TOLD_PER_SECOND * speed)):
                return
            epoch, half = divmod(step, 2)
            claim.renew()
            claim.show(Progress(phase="training", epoch=epoch, epochs=10_000, step=half, steps_per_epoch=2))
            if half:
                loss = 1 / (epoch + 1)
                metrics: MetricValues = {"loss": loss, "val_loss": loss, "accuracy": 1 - loss, "val_accuracy": 1 - loss}
                claim.append(Point(epoch=epoch, seconds=1.0, metrics=metrics))

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    yield experiment
    ended.set()
    thread.join()
    opened.close()


def measure_memory(
    service: Service, browser: Browser, minutes: float, speed: float = 1, experiment: str | None = None
) -> None:
    """Of the list of all experiments, with the curves of a live one, and of that one's own view; `minutes` are those of
    the training."""
    experiment = experiment or service.post(LIVE)
    service.wait_for_epochs(experiment, 2)
    hashes = {"list": f"#/runs?select={experiment}", "run": f"#/run/{experiment}"}
    context = browser.new_context(locale="en-US")
    pages = {name: context.new_page() for name in hashes}
    for name, page in pages.items():
        open_hash(page, service, hashes[name])
        page.locator("path.raw").first.wait_for()
    print(f"{'live training':14} {'epochs':>7} " + "".join(f"{name + ' MB':>10} {'nodes':>7}" for name in pages))
    times: list[float] = []
    heaps: dict[str, list[float]] = {name: [] for name in pages}
    for sample in range(SAMPLES + 1):
        if sample:
            # What is measured is what time does to the page.
            page.wait_for_timeout(60_000 * minutes / SAMPLES / speed)
        times.append(sample * minutes / SAMPLES)
        used = {name: memory_of(page) for name, page in pages.items()}
        for name, (heap, _) in used.items():
            heaps[name].append(heap)
        cells = "".join(f"{heap:10.2f} {nodes:7,}" for heap, nodes in used.values())
        print(f"{times[-1]:10.1f} min {len(service.history(experiment)['epoch']):7,} {cells}", flush=True)
    for name, values in heaps.items():
        # Of the second half: in the first one code is compiled.
        half = SAMPLES // 2
        slope = statistics.linear_regression(times[half:], values[half:]).slope
        print(f"    growth of the {name:4}                 {60 * slope:8.2f} MB in an hour")
    context.close()
    service.http.post(f"/experiments/{experiment}:cancel").raise_for_status()


def memory_of(page: Page) -> tuple[float, int]:
    """MB of live objects, and nodes of the document and of what was removed from it but is still held.

    The least of several looks: while epochs come, each also counts what became garbage since the collection.
    """
    session = page.context.new_cdp_session(page)
    used: list[float] = []
    for _ in range(GARBAGE_COLLECTIONS):
        session.send("HeapProfiler.collectGarbage")
        page.wait_for_timeout(50)
        used.append(session.send("Runtime.getHeapUsage")["usedSize"] / 1e6)
    counts: dict[str, Any] = session.send("Memory.getDOMCounters")
    session.detach()
    return min(used), counts["nodes"]
