"""Overhead of the service: an experiment compared with two plain scripts of the same training.

The bare loop uses the trainer's own functions without supervisor, history, checkpoints and progress. The tutorial is
`Model.fit` on float32 arrays. All three train, validate each epoch, evaluate, and save both files.

DATASETS_DIR=... python benchmarks/overhead.py [EPOCHS]
"""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from specs.presets import PRESETS
from specs.problem import quantity
from tests.support.service import Service, measured_service

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
SPEC = {**PRESETS["mnist-dnn"].spec, "training": {"epochs": EPOCHS, "batch_size": 128}}
ROUNDS = 2
SCRIPTS = Path(__file__).parent / "training_scripts"


def main() -> None:
    with measured_service() as service:
        service.start_api()
        service.start_worker()
        rounds = [
            (experiment(service), script("bare_loop.py", json.dumps(SPEC)), script("tutorial.py", str(EPOCHS)))
            for _ in range(ROUNDS)
        ]
    print(f"mnist-dnn, {quantity(EPOCHS, 'epoch')}, wall time and test accuracy; the scripts without imports")
    for number, (ours, bare, tutorial) in enumerate(rounds, 1):
        print(
            f"round {number}: experiment {ours[0]:6.1f} s {ours[1]:.4f}   bare loop {bare[0]:6.1f} s {bare[1]:.4f}   "
            f"tutorial {tutorial[0]:6.1f} s {tutorial[1]:.4f}   over the bare loop {ours[0] / bare[0]:.3f} "
            f"(target < 1.05)   over the tutorial {ours[0] / tutorial[0]:.3f}"
        )


def experiment(service: Service) -> tuple[float, float]:
    """Seconds from the POST to the end, by the record's own times, and the test accuracy."""
    experiment_id = service.post(SPEC)
    # Followed by events: polling would take CPU time from the trainer.
    with service.http.stream("GET", f"/experiments/{experiment_id}/events", timeout=600) as events:
        assert any(line == "event: end" for line in events.iter_lines())
    record = service.get(experiment_id)
    assert record["status"] == "succeeded", record["error"]
    began, ended = (datetime.fromisoformat(record[name]) for name in ("created_at", "ended_at"))
    return (ended - began).total_seconds(), record["test_metrics"]["accuracy"]


def script(name: str, argument: str) -> tuple[float, float]:
    """Seconds, without the imports, and test accuracy."""
    command = [sys.executable, "-P", str(SCRIPTS / name), argument]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    _, seconds, accuracy = next(line for line in printed.splitlines() if line.startswith("SECONDS")).split()
    return float(seconds), float(accuracy)


if __name__ == "__main__":
    main()
