"""Thousands of experiments that wait: what it takes to send, list and cancel them, and what they occupy.

python benchmarks/queued.py [COUNT]
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2

from benchmarks.api import SPEC, in_milliseconds, percentiles, time_call
from tests.support.service import measured_service

CLIENTS, PAGES = 8, 100


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with measured_service() as service, ThreadPoolExecutor(CLIENTS) as clients, service.valkey.client() as redis:
        api = service.start_api()
        http = httpx2.Client(base_url=service.http.base_url, timeout=60)
        floor = percentiles(lambda: http.get("/health/live"), PAGES)
        print(f"floor: GET /health/live         {floor[0]:8.1f} ms p50  {floor[1]:8.1f} ms p99")
        before = redis.info("memory")["used_memory"], api.memory_info().rss
        started = time.perf_counter()
        seconds = list(clients.map(lambda _: time_call(lambda: http.post("/experiments", json=SPEC)), range(count)))
        taken = time.perf_counter() - started
        print(f"{count:,} POSTs by {CLIENTS} clients       {count / taken:8.0f} a second")
        for name, part in (("the first 500", seconds[:500]), ("the last 500", seconds[-500:]), ("all", seconds)):
            p50, p99 = in_milliseconds(part)
            print(f"    {name:27} {p50:8.1f} ms p50  {p99:8.1f} ms p99  (promise 100)")
        after = redis.info("memory")["used_memory"], api.memory_info().rss
        print(f"Redis, each                     {(after[0] - before[0]) / count / 1000:8.1f} KB")
        print(f"API process, grown by           {(after[1] - before[1]) / 1e6:8.1f} MB")
        for what in ("limit=50", "limit=200", "fields=summary&limit=100"):
            p50, p99 = percentiles(lambda query=what: http.get(f"/experiments?{query}"), PAGES)  # type: ignore[misc]
            print(f"GET /experiments?{what:14.14} {p50:8.1f} ms p50  {p99:8.1f} ms p99  (promise 200)")
        waiting = redis.zrange("trainyard:index:created_at:status=queued", 0, -1)
        started = time.perf_counter()
        cancelled = list(clients.map(lambda each: http.post(f"/experiments/{each}:cancel").status_code, waiting))
        print(f"cancelled {cancelled.count(202):,} of {len(waiting):,} in {time.perf_counter() - started:18.1f} s")


if __name__ == "__main__":
    main()
