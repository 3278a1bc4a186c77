"""Predictions a second by the number of API processes on one port, against one in the same run, and their memory.

All servers may use all cores, and the load generator shares these with them; rounds are interleaved and medians
reported. First a network of 95,946 parameters is trained for a minute.

DATASETS_DIR=... python benchmarks/api_processes.py [SECONDS [ROUNDS [PROCESSES ...]]]
"""

import os
import statistics
import sys
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.serving import start_server, train
from benchmarks.serving_peers.load import Load, generate_load
from benchmarks.serving_peers.servers import our_server
from tests.support.service import measured_service

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
CORES = sorted(os.sched_getaffinity(0))
COUNTS = [int(each) for each in sys.argv[3:]] or sorted({1, 2, len(CORES)})
CONCURRENCY = (8, 64)


def main() -> None:
    loads: dict[tuple[int, int], list[Load]] = defaultdict(list)
    with measured_service() as service, TemporaryDirectory() as logs, ExitStack() as stack:
        train(service)
        servers = {}
        for count in COUNTS:
            server = stack.enter_context(start_server(our_server(service, CORES, count), Path(logs)))
            assert server is not None
            servers[count] = server
        for _ in range(ROUNDS):
            for connections in CONCURRENCY:
                for count, server in servers.items():
                    loads[count, connections].append(generate_load(server.port, server.requests, connections, SECONDS))
        print(f"medians of {ROUNDS} rounds of {SECONDS:g} s; {len(CORES)} cores shared with the load generator")
        print("| processes | requests/s at 8 | of one | at 64 | of one | p99 ms at 64 | errors | MB each | MB in all |")
        print("|---|---|---|---|---|---|---|---|---|")
        for count, server in servers.items():
            rates = " | ".join(
                f"{statistics.median(each.rate for each in loads[count, connections]):,.0f} | "
                f"{ratio(loads[count, connections], loads[COUNTS[0], connections]):.2f}"
                for connections in CONCURRENCY
            )
            p99 = statistics.median(each.p99 for each in loads[count, 64])
            errors = sum(each.errors for (number, _), found in loads.items() if number == count for each in found)
            memory = [each.memory_full_info() for each in server.family()]
            each_has = statistics.mean(found.uss for found in memory[-count:])
            total = sum(found.pss for found in memory)
            print(f"| {count} | {rates} | {p99:.0f} | {errors} | {each_has / 1e6:.0f} | {total / 1e6:.0f} |")
            print(
                f"  CPU seconds of each: {[round(cpu_seconds(each), 1) for each in server.family()]}", file=sys.stderr
            )


def ratio(several: list[Load], one: list[Load]) -> float:
    return statistics.median(mine.rate / theirs.rate for mine, theirs in zip(several, one, strict=True))


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
