"""Training on two devices of one machine, logical processors of real trainers, against one."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.service import Service

EPOCHS = 4
LAYERS = [
    {"type": "Conv2D", "filters": 4, "kernel_size": 3, "activation": "relu", "kernel_regularizer": {"l2": 0.01}},
    {"type": "BatchNormalization"},
    {"type": "MaxPooling2D"},
    {"type": "Flatten"},
    {"type": "Dense"},
]
DATASET = {"name": "digits", "limit_per_class": 40, "split": {"validation": 0.15, "test": 0.1}}
# Of 300 samples: parts of a batch differ, and the last batch has a single sample.
BATCH_SIZE = 23


def document(devices: int, **changes: Any) -> dict[str, Any]:
    training = {
        "optimizer": {"type": "Adam", "learning_rate": 0.01, "clipnorm": 0.5, "weight_decay": 0.01},
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "class_weight": "balanced",
        "deterministic": True,
        "devices": devices,
        **changes,
    }
    return {"name": f"{devices} devices", "dataset": DATASET, "model": {"layers": LAYERS}, "training": training}


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    service = make_service(cpu_devices=2)
    service.start_api()
    service.start_worker(warm=False)
    return service


def test_two_devices_compute_what_one_does(service: Service) -> None:
    one, two = (service.post(document(devices)) for devices in (1, 2))
    service.wait_for_end(one)
    service.wait_for_end(two)
    service.assert_sound(one, epochs=EPOCHS)
    service.assert_sound(two, epochs=EPOCHS)
    expected, found = (service.history(each)["history"] for each in (one, two))
    assert set(found) == set(expected)
    for name, values in found.items():
        assert values == pytest.approx(expected[name], abs=1e-4), name
    tested = [service.get(each)["test_metrics"]["loss"] for each in (one, two)]
    assert tested[1] == pytest.approx(tested[0], abs=1e-4)


def test_killed_training_on_devices_ends_as_whole(service: Service) -> None:
    layers = [*LAYERS[:3], {"type": "Dropout", "rate": 0.3}, *LAYERS[3:]]
    spec = {**document(2, optimizer={"type": "Adam", "use_ema": True}, epochs=12), "model": {"layers": layers}}
    killed = service.post(spec)
    service.wait_for_epochs(killed, 3)
    service.busy_trainer(service.workers[0]).kill()
    whole = service.post(spec)
    assert service.wait_for_end(killed)["attempts"] == 2
    service.wait_for_end(whole)
    assert service.history(killed)["history"] == service.history(whole)["history"]
    weights = [service.http.get(f"/experiments/{each}/provenance").json()["weights_sha256"] for each in (killed, whole)]
    assert weights[0] == weights[1]


def test_too_few_devices_are_named(service: Service) -> None:
    record = service.wait_for_end(service.post(document(3)))
    assert (record["status"], record["error"]["type"]) == ("failed", "devices_unavailable")
    assert "`training.devices` is 3, and this worker sees 2 CPUs; set it to 2" in record["error"]["message"]


def test_worker_leaves_devices_to_another(service: Service) -> None:
    """While the one that can is busy with the first, the other is awake and has nothing else to do."""
    service.environment["TRAINYARD_CPU_DEVICES"] = "1"
    service.start_worker(warm=False)
    ids = [service.post(document(2, epochs=1)) for _ in range(3)]
    assert [service.wait_for_end(each)["status"] for each in ids] == ["succeeded"] * 3
    assert service.log_text("worker*").count("is left to a worker with more or larger devices") > 0
