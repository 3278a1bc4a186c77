"""Throughput and latency of POST /predict, compared with other servers of the same network in the same run.

Servers run on one core and the load generator on another; rounds are interleaved and medians reported. First a network
of 95,946 parameters is trained for a minute.

DATASETS_DIR=... python benchmarks/serving.py [SECONDS [ROUNDS]]
"""

import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.serving_peers.load import Load, generate_load
from benchmarks.serving_peers.server import Server, Spec
from benchmarks.serving_peers.servers import BENTOML, CEILING, LITSERVE, MLSERVER, OURS, TUTORIAL, ours, peers
from specs.presets import PRESETS
from tests.support.service import Service, measured_service

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
CONCURRENCY = (1, 8, 64)
# Least ratio of our requests per second to theirs, at concurrency 8.
TARGETS = {CEILING: 0.75, MLSERVER: 5, BENTOML: 9, LITSERVE: 9, TUTORIAL: 200}

Rounds = dict[str, dict[int, list[Load]]]


def main() -> None:
    *others, last = sorted(os.sched_getaffinity(0))
    if not others:
        sys.exit("this needs two cores, one for the servers and one for the load")
    with measured_service() as service, TemporaryDirectory() as scratch, ExitStack() as stack:
        published = train(service)
        specs = [*ours(service, others), *peers(published, others[0], Path(scratch))]
        started = [stack.enter_context(start_server(spec, Path(scratch))) for spec in specs]
        servers = [server for server in started if server is not None]
        os.sched_setaffinity(0, {last})
        print_table(servers, measure(servers))


def train(service: Service) -> Path:
    """Train briefly, because accuracy does not affect speed. Returns the published folder."""
    api, worker = service.start_api(), service.start_worker(warm=False)
    dataset = {"name": "mnist", "limit_per_class": 400}
    spec = {**PRESETS["mnist-cnn"].spec, "dataset": dataset, "training": {"epochs": 1, "batch_size": 128}}
    record = service.wait_for_end(service.post(spec), 300)
    assert record["status"] == "succeeded", record["error"]
    for process in (api, worker):
        process.terminate()
        process.wait()
    return service.store / "experiments" / str(record["id"]) / "artifacts"


@contextmanager
def start_server(spec: Spec, logs: Path) -> Iterator[Server | None]:
    """None if it does not answer."""
    server = Server(spec, logs)
    try:
        yield server if server.wait() else None
    finally:
        server.stop()


def measure(servers: Sequence[Server]) -> Rounds:
    rounds: Rounds = {server.name: {connections: [] for connections in CONCURRENCY} for server in servers}
    for _ in range(ROUNDS):
        for server in servers:
            for connections in CONCURRENCY:
                load = generate_load(server.port, server.requests, connections, SECONDS)
                rounds[server.name][connections].append(load)
    return rounds


def print_table(servers: Sequence[Server], rounds: Rounds) -> None:
    print(f"medians of {ROUNDS} rounds of {SECONDS:g} s; 28x28 PNG as multipart; each server on one core")
    print(
        "| server | requests/s at 1 | at 8 | at 64 | p50 ms at 8 | p99 at 8 | p99 at 64 | RSS MB | errors | ours / it |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for server in servers:
        loads = rounds[server.name]
        rates = " | ".join(f"{median(loads[connections], 'rate'):,.0f}" for connections in CONCURRENCY)
        tails = f"{median(loads[8], 'p50'):.1f} | {median(loads[8], 'p99'):.1f} | {median(loads[64], 'p99'):.0f}"
        errors = sum(load.errors for each in loads.values() for load in each)
        ratio = f"{ratio_to(rounds, server.name):.3g} {target_text(server.name)}"
        print(f"| {server.name} | {rates} | {tails} | {server.megabytes():.0f} | {errors} | {ratio} |")
    targets = "requests/s at 8 >= 3,000, p99 at 8 <= 3 x p50, p99 at 64 <= 100 ms, RSS <= 150 MB, no errors"
    print(f"targets: {targets}")


def median(loads: Sequence[Load], metric: str) -> float:
    return float(statistics.median(getattr(load, metric) for load in loads))


def ratio_to(rounds: Rounds, name: str) -> float:
    """Ratio of our requests per second to theirs at concurrency 8: the median over the rounds."""
    pairs = zip(rounds[OURS][8], rounds[name][8], strict=True)
    return statistics.median(mine.rate / theirs.rate for mine, theirs in pairs)


def target_text(name: str) -> str:
    return f"(target >= {TARGETS[name]:g})" if name in TARGETS else ""


if __name__ == "__main__":
    main()
