"""Latency of POST and of lists, with few and with many stored experiments; start-up and memory of the API process.

python benchmarks/api.py
"""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psutil
from ulid import ULID

from models_store.experiments.folders import RECORD_FILE
from models_store.experiments.record import Record, Status
from models_store.experiments.stored_spec import StoredSpec
from models_store.frozen import utc_now
from specs.experiment import parse_spec
from specs.presets import PRESETS
from tests.support.service import Service, measured_service
from tests.support.waiting import eventually

SPEC = PRESETS["mnist-cnn"].spec
POSTS = 500
PAGES = 200


def main() -> None:
    with measured_service() as service:
        measure(service)


def measure(service: Service) -> None:
    started = time.perf_counter()
    process = service.start_api()
    print(f"API answers /health/live after      {time.perf_counter() - started:8.2f} s      (target < 2)")
    live = percentiles(lambda: service.http.get("/health/live"), PAGES)
    print(f"floor: GET /health/live             {live[0]:8.2f} ms p50  {live[1]:8.2f} ms p99")

    store(service, 100)
    few = percentiles(lambda: page(service), PAGES)
    print(f"a page of 50 of 100                 {few[0]:8.2f} ms p50  {few[1]:8.2f} ms p99")

    store(service, 4_900)
    posts = percentiles(lambda: service.http.post("/experiments", json=SPEC), POSTS)
    print(f"POST /experiments, 5,000 stored     {posts[0]:8.2f} ms p50  {posts[1]:8.2f} ms p99  (targets 10, 50)")
    together = percentiles_together(service, POSTS)
    print(f"the same from 8 concurrent clients    {together[0]:8.2f} ms p50  {together[1]:8.2f} ms p99")

    store(service, 10_000 - 5_000 - 2 * POSTS)
    many = percentiles(lambda: page(service), PAGES)
    best = percentiles(lambda: service.http.get("/experiments?sort=-val_accuracy&dataset=mnist"), PAGES)
    started = time.perf_counter()
    records = [each.read_bytes() for each in (service.store / "experiments").glob(f"*/{RECORD_FILE}")]
    parsed = sorted((Record.model_validate_json(each) for each in records), key=lambda record: record.created_at)[-50:]
    files = (time.perf_counter() - started) * 1000
    print(f"a page of 50 of {len(records):6,}              {many[0]:8.2f} ms p50  {many[1]:8.2f} ms p99")
    print(f"    over a page of 50 of 100        {many[0] / few[0]:8.2f} x       (target <= 1.5)")
    print(f"    the best first, one dataset    {best[0]:8.2f} ms p50  {best[1]:8.2f} ms p99")
    print(f"    reading all files instead       {files:8.0f} ms = {files / many[0]:.0f} x  ({len(parsed)} shown)")
    rss = psutil.Process(process.pid).memory_info().rss / 1e6
    print(f"API process RSS                     {rss:8.0f} MB     (target < 150)")
    loaded = {Path(region.path).name for region in psutil.Process(process.pid).memory_maps()}
    print(f"TensorFlow loaded by it             {any('tensorflow' in name for name in loaded)!s:>8}")


def page(service: Service) -> httpx2.Response:
    return service.http.get("/experiments?limit=50")


def store(service: Service, count: int) -> None:
    """Write `count` ended experiments to disk and wait until the API lists them all."""
    spec = StoredSpec.of(parse_spec(SPEC))
    for number in range(count):
        share = number / count
        record = Record(
            id=str(ULID()),
            version=2,
            status=Status.FAILED,
            name=f"stored {number}",
            tags=("sweep", f"seed-{number % 10}"),
            dataset="mnist",
            spec=spec,
            parameters=95_946,
            created_at=utc_now(),
            started_at=utc_now(),
            ended_at=utc_now(),
            epochs_completed=20,
            best_metrics={"accuracy": 0.9, "loss": 0.3, "val_accuracy": share, "val_loss": 1 - share},
            sparkline=tuple(share * epoch / 20 for epoch in range(20)),
        )
        folder = service.store / "experiments" / record.id
        folder.mkdir()
        (folder / RECORD_FILE).write_text(record.model_dump_json())
    total = len(list((service.store / "experiments").iterdir()))
    with service.valkey.client() as client:
        eventually(lambda: client.zcard("trainyard:index:created_at:all") == total, 120)


def percentiles(call: Callable[[], httpx2.Response], count: int) -> tuple[float, float]:
    """Milliseconds of the 50th and 99th percentile of `count` calls, one after the other."""
    return in_milliseconds([time_call(call) for _ in range(count)])


def percentiles_together(service: Service, count: int) -> tuple[float, float]:
    with ThreadPoolExecutor(8) as pool, httpx2.Client(base_url=service.http.base_url) as http:
        calls = [pool.submit(time_call, lambda: http.post("/experiments", json=SPEC)) for _ in range(count)]
        return in_milliseconds([each.result() for each in calls])


def time_call(call: Callable[[], httpx2.Response]) -> float:
    started = time.perf_counter()
    call().raise_for_status()
    return time.perf_counter() - started


def in_milliseconds(seconds: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1000, cuts[98] * 1000


if __name__ == "__main__":
    main()
