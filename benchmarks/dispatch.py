"""Latency from POST to the first training step, with a warm spare trainer.

python benchmarks/dispatch.py
"""

import statistics
import time

from specs.presets import PRESETS
from tests.support.service import Service, measured_service
from tests.support.waiting import eventually

ROUNDS = 7
# Deterministic: each one has a fresh trainer.
DOCUMENT = {**PRESETS["digits-cnn"].spec, "training": {"epochs": 3, "deterministic": True}}


def main() -> None:
    with measured_service() as service:
        service.start_api()
        service.start_worker()
        rounds = [measure(service) for _ in range(ROUNDS)]
    claimed, stepped = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"POST to claim by a worker           {claimed * 1000:8.1f} ms  (median of {ROUNDS})")
    print(f"POST to the first step              {stepped:8.2f} s   (target < 1)")
    print("each round:", ", ".join(f"{stepped:.2f} s" for _, stepped in rounds))


def measure(service: Service) -> tuple[float, float]:
    """Seconds from the POST to the claim and to the first step of an experiment; returns when a spare is warm."""
    [worker] = service.workers
    warm = service.log_text("worker*").count("is warm")
    started = time.perf_counter()
    experiment_id = service.post(DOCUMENT)
    eventually(lambda: service.get(experiment_id)["status"] != "queued")
    claimed = time.perf_counter() - started
    eventually(lambda: has_stepped(service.get(experiment_id)))
    stepped = time.perf_counter() - started
    service.wait_for_end(experiment_id)
    eventually(lambda: service.log_text("worker*").count("is warm") > warm, 60)
    assert len(service.trainers(worker)) == 1
    return claimed, stepped


def has_stepped(record: dict[str, object]) -> bool:
    progress = record["progress"]
    return record["epochs_completed"] != 0 or (isinstance(progress, dict) and progress["step"] > 0)


if __name__ == "__main__":
    main()
