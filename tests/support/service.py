"""The whole service, for real: Valkey, Celery workers with their trainers, the API; each a process to be killed."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import orjson
import psutil

from tests.support.valkey import Valkey, free_port
from tests.support.waiting import eventually, has_ended

ROOT = Path(__file__).parents[2]
LEASE_SECONDS = 2.0
SWEEP_SECONDS = 0.5
START_SECONDS = 60.0
TRAIN_SECONDS = 60.0
TERMINAL = {"succeeded", "failed", "cancelled"}


class Service:
    """A Valkey, and workers and API replicas as the test starts them, on one store folder."""

    def __init__(self, folder: Path, valkey: Valkey, **settings: object) -> None:
        self.folder = folder
        self.store = folder / "store"
        self.valkey = valkey
        self._processes: list[psutil.Popen] = []
        self.workers: list[psutil.Popen] = []
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "REDIS_URL": valkey.url,
            "CUDA_VISIBLE_DEVICES": "",
            "TRAINYARD_STORE_DIR": str(self.store),
            "TRAINYARD_LEASE_SECONDS": str(LEASE_SECONDS),
            "TRAINYARD_RECONCILE_SECONDS": str(SWEEP_SECONDS),
            "TRAINYARD_SHUTDOWN_SECONDS": "15",
            "TRAINYARD_STOP_GRACE_SECONDS": "8",
            **{f"TRAINYARD_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self.http = httpx2.Client(timeout=30)

    # -- processes ---------------------------------------------------------------------------------------------------

    def start_api(self, *command: str) -> psutil.Popen:
        """Start a replica, or what `command` says, and make it the one that is asked; return when it answers."""
        port = free_port()
        default = ("-m", "uvicorn", "api.app:create_app", "--factory", "--no-access-log")
        process = self._start("api", *(command or default), "--port", str(port))
        self.http.base_url = httpx2.URL(f"http://127.0.0.1:{port}")
        eventually(lambda: self._is_live(process), START_SECONDS)
        return process

    def _is_live(self, process: psutil.Popen) -> bool:
        assert process.poll() is None, (self.folder / "api.log").read_text()
        try:
            return self.http.get("/health/live").is_success
        except httpx2.TransportError:
            return False

    def start_worker(self, *, warm: bool = True) -> psutil.Popen:
        """Start a worker; return when it consumes and, if `warm`, when its spare trainer has imported TensorFlow."""
        name = f"worker{len(self._processes)}"
        options = ("-P", "prefork", "-c", "1", "--without-gossip", "--without-mingle", "-n", f"{name}@%h")
        process = self._start(name, "-m", "celery", "-A", "worker.app", "worker", *options)
        self.workers.append(process)
        log = self.folder / f"{name}.log"
        eventually(lambda: "ready" in log.read_text(), START_SECONDS)
        eventually(lambda: self.trainers(process), START_SECONDS)
        if warm:
            eventually(lambda: "is warm" in log.read_text(), START_SECONDS)
        return process

    def _start(self, name: str, *arguments: str) -> psutil.Popen:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = psutil.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=self.environment, stdout=log, stderr=log, stdin=-3
            )
        self._processes.append(process)
        return process

    @staticmethod
    def trainers(worker: psutil.Process) -> list[psutil.Process]:
        """The trainers of a worker, the spare among them, oldest first."""
        try:
            family = worker.children(recursive=True)
            found = [each for each in family if "worker.training" in each.cmdline()]
            return sorted(found, key=lambda each: (each.create_time(), each.pid))
        except psutil.NoSuchProcess:
            return []

    def busy_trainer(self, worker: psutil.Process) -> psutil.Process:
        """The trainer that has a job: the older of the two, once there are two. Each imports TensorFlow first."""
        return eventually(lambda: self.trainers(worker)[1:] and self.trainers(worker)[0], 60)

    def worker_of(self, experiment_id: str) -> psutil.Popen:
        """The worker that trains it."""
        name = eventually(lambda: self.get(experiment_id)["worker"])
        return next(each for each in self.workers if name.endswith(f":{each.pid}"))

    @staticmethod
    def pool_child(worker: psutil.Process) -> psutil.Process:
        return next(each for each in worker.children() if "celery" in " ".join(each.cmdline()))

    @staticmethod
    def signal_all(worker: psutil.Process, number: signal.Signals) -> None:
        """Send a signal to a worker and all below it, as a machine's pause would."""
        for each in [worker, *worker.children(recursive=True)]:
            each.send_signal(number)

    def log_text(self, name: str = "*") -> str:
        """What the processes have logged."""
        return "".join(path.read_text() for path in sorted(self.folder.glob(f"{name}.log")))

    def stop(self) -> None:
        self.http.close()
        for process in self._processes:
            if not has_ended(process):
                family = [process, *process.children(recursive=True)]
                for each in family:
                    _kill(each)
            process.wait()

    # -- experiments -------------------------------------------------------------------------------------------------

    def post(self, document: dict[str, Any], **headers: str) -> str:
        answer = self.http.post("/experiments", json=document, headers=headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def get(self, experiment_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/experiments/{experiment_id}")
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = answer.json()
        return record

    def history(self, experiment_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/experiments/{experiment_id}/history")
        assert answer.status_code == 200, answer.text
        history: dict[str, Any] = answer.json()
        return history

    def wait_for_epochs(self, experiment_id: str, count: int) -> None:
        eventually(lambda: len(self.history(experiment_id)["epoch"]) >= count, TRAIN_SECONDS)

    def wait_for_status(self, experiment_id: str, *statuses: str, seconds: float = TRAIN_SECONDS) -> dict[str, Any]:
        eventually(lambda: self.get(experiment_id)["status"] in statuses, seconds)
        return self.get(experiment_id)

    def wait_for_end(self, experiment_id: str, seconds: float = TRAIN_SECONDS) -> dict[str, Any]:
        return self.wait_for_status(experiment_id, *TERMINAL, seconds=seconds)

    # -- what must hold, whatever happened ---------------------------------------------------------------------------

    def assert_sound(self, experiment_id: str, *, epochs: int, status: str = "succeeded") -> dict[str, Any]:
        """One terminal state, on disk and in the view; each epoch once; every file loads and matches its sha256."""
        record = self.get(experiment_id)
        folder = self.store / "experiments" / experiment_id
        on_disk = orjson.loads((folder / "experiment.json").read_bytes())
        assert record["status"] == on_disk["status"] == status, record["error"]
        assert record["version"] == on_disk["version"]
        history = self.history(experiment_id)
        assert history["epoch"] == list(range(epochs))
        lines = (folder / "history.jsonl").read_text().splitlines()
        assert [orjson.loads(line)["epoch"] for line in lines] == history["epoch"]
        assert not [path.name for path in folder.rglob("*.tmp")]
        if status == "succeeded":
            _assert_published(folder / "artifacts")
        return record


@contextmanager
def measured_service() -> Iterator[Service]:
    """A service for the benchmarks, with the lease and sweep of production, in a folder that goes with it."""
    with TemporaryDirectory() as folder:
        valkey = Valkey(Path(folder) / "valkey")
        valkey.start()
        service = Service(Path(folder), valkey, lease_seconds=30, reconcile_seconds=10)
        try:
            yield service
        finally:
            service.stop()
            valkey.stop()


def _assert_published(folder: Path) -> None:
    import hashlib

    import onnxruntime

    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    assert {"model.onnx", "model.keras", "evaluation.json", "serving.json"} <= set(manifest["files"])
    for name, entry in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == entry["sha256"]
    onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
