"""Back-to-back runs of examples/digits-quick.yaml: by the service, and by a plain Keras script in one process.

Both train, validate each epoch, evaluate three splits, and write the Keras and the ONNX file. One run of each comes
first and does not count.

python benchmarks/small_runs.py [RUNS [ROUNDS]]
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from specs.problem import quantity
from specs.yaml_document import parse_yaml
from tests.support.service import ROOT, Service, measured_service
from tests.support.waiting import eventually

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 14
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 2
DOCUMENT: dict[str, Any] = parse_yaml((ROOT / "examples" / "digits-quick.yaml").read_text())
SCRIPT = Path(__file__).parent / "training_scripts" / "back_to_back.py"


def main() -> None:
    with measured_service() as service:
        service.start_api()
        service.start_worker()
        experiments(service, 1)
        # The spare that is started beside the first experiment.
        eventually(lambda: service.log_text("worker*").count("is warm") == 2)
        rounds = [(60 * RUNS / experiments(service, RUNS), 60 * RUNS / script(RUNS)) for _ in range(ROUNDS)]
        trainers = service.log_text("worker*").count("is warm")
    print(f"digits-quick, {quantity(RUNS, 'run')} back to back, {quantity(trainers, 'trainer')} started")
    for number, (ours, bare) in enumerate(rounds, 1):
        print(f"round {number}: {ours:6.1f} experiments a minute, {bare:6.1f} by the script, ratio {ours / bare:.2f}")
    ours, ratio = statistics.median(each for each, _ in rounds), statistics.median(a / b for a, b in rounds)
    print(f"median:  {ours:6.1f} experiments a minute (target 14 on two quiet cores), ratio {ratio:.2f} (target 0.7)")


def experiments(service: Service, runs: int) -> float:
    """Seconds from the first POST to the end of the last experiment."""
    began = time.perf_counter()
    posted = [service.post({**DOCUMENT, "training": {**DOCUMENT["training"], "seed": seed}}) for seed in range(runs)]
    for experiment_id in posted:
        # Followed by events: polling would take CPU time from the trainer.
        with service.http.stream("GET", f"/experiments/{experiment_id}/events", timeout=600) as events:
            assert any(line == "event: end" for line in events.iter_lines())
    seconds = time.perf_counter() - began
    for experiment_id in posted:
        record = service.get(experiment_id)
        assert record["status"] == "succeeded", record["error"]
    return seconds


def script(runs: int) -> float:
    command = [sys.executable, "-P", str(SCRIPT), json.dumps(DOCUMENT), str(runs)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(next(line for line in printed.splitlines() if line.startswith("SECONDS")).split()[1])


if __name__ == "__main__":
    main()
