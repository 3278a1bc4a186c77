"""How far estimates of the duration are from what experiments take: before any run on this machine, and after one.

For each network, a new service trains it twice, on a part of its dataset. Before each training `:validate` says how
long it will take. Ratios are that by the time from its start to its end; the uncertainty that the API states is a
factor of 4 before a run and of 2 after one.

DATASETS_DIR=... python benchmarks/estimates.py [EPOCHS]
"""

import sys
from datetime import datetime
from typing import Any

from specs.presets import PRESETS
from tests.support.service import measured_service

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
# By preset, the number of images of each class.
IMAGES = {
    "mnist-dnn": 5_000,
    "mnist-cnn": 2_000,
    "mnist-cnn-bn": 1_000,
}


def main() -> None:
    print(f"{'network':20}{'before a run':>34}{'after one':>34}")
    print(f"{'':20}{'estimate':>12}{'took':>11}{'ratio':>11}{'estimate':>12}{'took':>11}{'ratio':>11}")
    for name, images in IMAGES.items():
        row = "".join(
            f"{estimated:10.1f} s{took:9.1f} s{estimated / took:11.2f}" for estimated, took in measure(name, images)
        )
        print(f"{name:20}{row}", flush=True)


def measure(name: str, images: int) -> list[tuple[float, float]]:
    """The estimate and the seconds that the training took, of two runs."""
    preset = PRESETS[name].spec
    training = {**preset["training"], "epochs": EPOCHS, "early_stopping": None}
    document = {**preset, "dataset": {**preset["dataset"], "limit_per_class": images}, "training": training}
    with measured_service() as service:
        service.start_api()
        service.start_worker()
        found = []
        for _ in range(2):
            estimate: dict[str, Any] = service.http.post("/experiments:validate", json=document).json()["estimate"]
            record = service.wait_for_end(service.post(document), 1_800)
            assert record["status"] == "succeeded", record["error"]
            started, ended = (datetime.fromisoformat(record[each]) for each in ("started_at", "ended_at"))
            found.append((float(estimate["seconds"]), (ended - started).total_seconds()))
    return found


if __name__ == "__main__":
    main()
