"""Trainings on a full disk, from damaged files, and ones that diverge, stall, or exceed their budget."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.ci import skip_not_permitted
from tests.support.service import Service
from tests.support.store import SLOW_EPOCHS
from tests.support.waiting import eventually

Document = dict[str, Any]
DISK_MB = 3


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The folder of a store on a file system of 3 MB."""
    folder = tmp_path / "store"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        skip_not_permitted("mounting a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no byte free."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue
    return ballast


def test_full_disk_keeps_the_old_model_serving(
    make_service: Callable[..., Service], small_disk: Path, tiny_document: Document, slow_document: Document
) -> None:
    service = make_service()
    service.start_api()
    service.start_worker()
    first = service.post(tiny_document)
    service.wait_for_end(first)

    second = service.post(slow_document)
    service.wait_for_epochs(second, 2)
    ballast = fill(small_disk)
    rejected = service.http.post("/experiments", json=tiny_document)
    eventually(lambda: "disk full" in service.log_text())
    served = service.http.get("/models/best").json()["experiment_id"]
    ballast.unlink()

    assert (rejected.status_code, "disk full" in rejected.json()["detail"]) == (503, True)
    assert served == first
    record = service.wait_for_end(second)
    if record["status"] == "failed":
        assert record["error"]["type"] == "disk_full"
    else:
        service.assert_sound(second, epochs=SLOW_EPOCHS)
    service.assert_sound(first, epochs=2)
    assert not list(small_disk.rglob("*.tmp"))
    assert len(list((small_disk / "experiments").iterdir())) == 2
    third = service.post(slow_document)
    service.wait_for_end(third)
    service.assert_sound(third, epochs=SLOW_EPOCHS)


def test_damaged_checkpoint_falls_back(service: Service, slow_document: Document) -> None:
    [worker] = service.workers
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 3)
    service.signal_all(worker, signal.SIGSTOP)
    attempt = service.store / "experiments" / experiment_id / "attempts" / "1"
    *_, newest = sorted(attempt.glob("epoch-*.npz"))
    newest.write_bytes(newest.read_bytes()[:1000])
    worker.kill()
    service.start_worker(warm=False)

    service.wait_for_end(experiment_id)
    assert service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)["attempts"] == 2


def test_diverging_run_fails_with_a_json_history(service: Service, tiny_document: Document) -> None:
    training = {**tiny_document["training"], "optimizer": {"type": "SGD", "learning_rate": 1e30}, "epochs": 5}
    layers = [{"type": "Flatten"}, {"type": "Dense", "units": 32, "activation": "relu"}, {"type": "Dense"}]
    experiment_id = service.post({**tiny_document, "model": {"layers": layers}, "training": training})

    record = service.wait_for_end(experiment_id)

    assert (record["status"], record["error"]["type"]) == ("failed", "diverged")
    assert "learning rate" in record["error"]["message"]
    history = service.history(experiment_id)
    assert history["history"]["loss"][-1] is None
    assert service.http.get("/models/best").status_code == 404


def test_budget_ends_a_run_with_its_best_weights(service: Service, tiny_document: Document) -> None:
    # A network whose first epoch is far below the budget even on a busy machine.
    training = {**tiny_document["training"], "batch_size": 2, "epochs": 10_000, "max_minutes": 0.2}
    experiment_id = service.post({**tiny_document, "training": training})

    record = service.wait_for_end(experiment_id)

    assert (record["status"], record["stop_reason"]) == ("succeeded", "time_budget")
    history = service.history(experiment_id)
    service.assert_sound(experiment_id, epochs=len(history["epoch"]))
    accuracies, losses = history["history"]["val_accuracy"], history["history"]["val_loss"]
    best = max(history["epoch"], key=lambda epoch: (accuracies[epoch], -losses[epoch], -epoch))
    assert record["published_epoch"] == best
    assert record["validation_metrics"]["val_loss"] == pytest.approx(losses[best], rel=1e-3)


def test_budget_too_short_for_one_epoch_fails(service: Service, slow_document: Document) -> None:
    training = {**slow_document["training"], "batch_size": 1, "max_minutes": 0.001}
    record = service.wait_for_end(service.post({**slow_document, "training": training}))

    assert (record["status"], record["error"]["type"]) == ("failed", "time_budget")


def test_stalled_trainer_keeps_its_checkpoint(
    make_service: Callable[..., Service], slow_document: Document, tiny_document: Document
) -> None:
    service = make_service(stall_seconds=25)
    service.start_api()
    worker = service.start_worker()
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 2)

    service.busy_trainer(worker).send_signal(signal.SIGSTOP)

    record = service.wait_for_end(experiment_id)
    assert (record["status"], record["error"]["type"]) == ("failed", "stalled")
    attempts = service.store / "experiments" / experiment_id / "attempts"
    assert list(attempts.glob("*/epoch-*.npz"))
    assert service.wait_for_end(service.post(tiny_document))["status"] == "succeeded"


def test_cancel_stops_a_run_and_keeps_its_checkpoint(service: Service, slow_document: Document) -> None:
    training = {**slow_document["training"], "epochs": 1000}
    experiment_id = service.post({**slow_document, "training": training})
    waiting = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 2)

    assert service.ask("POST", f"/experiments/{waiting}:cancel").json()["status"] == "cancelled"
    assert service.ask("POST", f"/experiments/{experiment_id}:cancel").status_code == 202

    record = service.wait_for_status(experiment_id, "cancelled")
    service.assert_sound(experiment_id, epochs=record["epochs_completed"], status="cancelled")
    assert list((service.store / "experiments" / experiment_id / "attempts").glob("*/epoch-*.npz"))
    assert service.ask("POST", f"/experiments/{experiment_id}:cancel").status_code == 409


def test_cancelled_run_resumes_and_stop_publishes_it(service: Service, slow_document: Document) -> None:
    experiment_id = service.post({**slow_document, "training": {**slow_document["training"], "epochs": 1000}})
    service.wait_for_epochs(experiment_id, 2)
    service.ask("POST", f"/experiments/{experiment_id}:cancel").raise_for_status()
    cancelled = service.wait_for_end(experiment_id)
    before = service.history(experiment_id)["history"]["loss"]

    service.ask("POST", f"/experiments/{experiment_id}:retry").raise_for_status()
    service.wait_for_epochs(experiment_id, cancelled["epochs_completed"] + 1)
    service.ask("POST", f"/experiments/{experiment_id}:stop").raise_for_status()

    record = service.wait_for_end(experiment_id)
    assert (record["status"], record["stop_reason"], record["attempts"]) == ("succeeded", "stopped", 2)
    assert service.history(experiment_id)["history"]["loss"][: len(before)] == before
    service.assert_sound(experiment_id, epochs=record["epochs_completed"])


def test_stop_in_the_first_epoch_waits_for_its_end(service: Service, slow_document: Document) -> None:
    experiment_id = service.post({**slow_document, "training": {**slow_document["training"], "epochs": 1000}})
    service.wait_for_status(experiment_id, "running")
    service.ask("POST", f"/experiments/{experiment_id}:stop").raise_for_status()

    record = service.wait_for_end(experiment_id)
    assert (record["status"], record["stop_reason"]) == ("succeeded", "stopped")
    assert 1 <= record["epochs_completed"] < 1000
    service.assert_sound(experiment_id, epochs=record["epochs_completed"])


def test_deterministic_run_is_reproduced_to_the_bit(service: Service, tiny_document: Document) -> None:
    training = {**tiny_document["training"], "deterministic": True}
    original = service.post({**tiny_document, "training": training})
    service.wait_for_end(original)

    again = service.ask("POST", f"/experiments/{original}:reproduce").raise_for_status().json()["id"]
    service.wait_for_end(again)

    assert service.history(again)["history"] == service.history(original)["history"]
    found = service.ask("GET", f"/experiments/{again}/reproduction").raise_for_status().json()
    assert (found["outcome"], found["differences"]) == ("identical", [])


def test_missing_dataset_error_names_its_place(make_service: Callable[..., Service]) -> None:
    service = make_service()
    service.environment["DATASETS_DIR"] = str(service.folder / "nowhere")
    service.environment["KERAS_HOME"] = str(service.folder / "keras")
    service.start_api()
    service.start_worker(warm=False)
    layers = [{"type": "Flatten"}, {"type": "Dense"}]

    record = service.wait_for_end(service.post({"dataset": {"name": "mnist"}, "model": {"layers": layers}}))

    assert (record["status"], record["error"]["type"]) == ("failed", "dataset_unavailable")
    assert f"put mnist.npz into {service.folder / 'nowhere'}" in record["error"]["message"]


def test_transfer_from_damaged_weights_fails(service: Service, tiny_document: Document) -> None:
    source = service.post(tiny_document)
    service.wait_for_end(source)
    network = service.store / "experiments" / source / "artifacts" / "model.keras"
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 1
    network.write_bytes(content)

    follower = service.post({**tiny_document, "model": {**tiny_document["model"], "weights_from": source}})
    record = service.wait_for_end(follower)

    assert (record["status"], record["error"]["type"]) == ("failed", "weights_unavailable")
    assert record["error"]["message"].startswith(f"the weights of experiment {source} cannot be read: model.keras does")
