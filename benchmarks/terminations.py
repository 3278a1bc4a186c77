"""SIGTERM for a worker in the middle of an epoch, again and again, as deployments send it: how long it takes until the
worker is gone, and until the one that is started in its place trains the experiment on, and whether anything is lost.

python benchmarks/terminations.py [TIMES]
"""

import sys
import time
from typing import Any

from benchmarks.api import in_milliseconds
from tests.support.service import LEASE_SECONDS, SWEEP_SECONDS, TRAIN_SECONDS, Service, measured_service
from tests.support.waiting import eventually

TIMES = int(sys.argv[1]) if len(sys.argv) > 1 else 20
# Each attempt trains half an epoch at least, and stops within one.
_ADVANCE, _WITHIN = 0.5, (0.1, 0.9)
EPOCHS = 2 * TIMES + 4
# Deterministic, with dropout: what was lost or done twice would change its metrics. An epoch takes a second or more.
SPEC: dict[str, Any] = {
    "name": "terminated",
    "dataset": {"name": "digits"},
    "model": {
        "layers": [
            {"type": "Conv2D", "filters": 48, "kernel_size": 3, "padding": "same", "activation": "relu"},
            {"type": "Dropout", "rate": 0.3},
            {"type": "Flatten"},
            {"type": "Dense"},
        ]
    },
    "training": {"epochs": EPOCHS, "batch_size": 1, "deterministic": True},
}


class Terminations:
    """Of the only worker of a service. `gone` and `resumed` are seconds from each signal until the worker has exited,
    and until the next attempt trains."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._reached = 0.0
        self.gone: list[float] = []
        self.resumed: list[float] = []

    def run(self) -> dict[str, Any]:
        """The record of the experiment at its end."""
        experiment = self._service.post(SPEC)
        for attempt in range(1, TIMES + 1):
            eventually(lambda: self._is_within_an_epoch(experiment, attempt), TRAIN_SECONDS)  # noqa: B023 - called here
            [worker] = self._service.workers
            signalled = time.monotonic()
            worker.terminate()
            worker.wait(TRAIN_SECONDS)
            self.gone.append(time.monotonic() - signalled)
            record = self._service.get(experiment)
            assert (record["status"], record["interruptions"]) == ("queued", attempt), record
            self._service.kill(worker)
            self._service.start_worker(warm=False)
            eventually(lambda: self._position(experiment, attempt + 1) is not None, TRAIN_SECONDS)  # noqa: B023 - as above
            self.resumed.append(time.monotonic() - signalled)
            print(
                f"{attempt:3}  at epoch {self._reached:5.2f}: gone after {self.gone[-1]:4.1f} s, trained on after "
                f"{self.resumed[-1]:4.1f} s",
                flush=True,
            )
        self._service.wait_for_end(experiment)
        return self._service.assert_sound(experiment, epochs=EPOCHS)

    def _is_within_an_epoch(self, experiment: str, attempt: int) -> bool:
        position = self._position(experiment, attempt)
        if position is None or position < self._reached + _ADVANCE or not _WITHIN[0] < position % 1 < _WITHIN[1]:
            return False
        self._reached = position
        return True

    def _position(self, experiment: str, attempt: int) -> float | None:
        """In epochs, once that attempt trains."""
        record = self._service.get(experiment)
        assert record["status"] in ("queued", "running"), record
        progress = record["progress"]
        if record["attempts"] != attempt or progress is None or progress["phase"] != "training":
            return None
        steps = progress["steps_per_epoch"]
        return progress["epoch"] + progress["step"] / steps if steps else None


def main() -> None:
    settings = {"lease_seconds": LEASE_SECONDS, "reconcile_seconds": SWEEP_SECONDS}
    with measured_service(**settings, spare_trainer=False) as service:
        service.start_api()
        service.start_worker(warm=False)
        whole = service.post(SPEC)
        service.wait_for_end(whole)
        expected = service.history(whole)["history"]
        terminations = Terminations(service)
        record = terminations.run()
        history = service.history(record["id"])["history"]
    assert (record["attempts"], record["interruptions"]) == (TIMES + 1, TIMES), record
    assert history == expected, "the metrics differ from those of the same training without interruptions"
    for what, seconds in (("worker gone", terminations.gone), ("trained on", terminations.resumed)):
        p50, p99 = in_milliseconds(seconds)
        print(f"{what:12} {p50 / 1000:6.1f} s p50  {p99 / 1000:6.1f} s p99")
    print(f"{TIMES} times: {EPOCHS} epochs, each once, with the metrics of the same training without interruptions")


if __name__ == "__main__":
    main()
