"""A whole service of real processes, each of which a test may kill: Valkey, API replicas, workers with trainers."""

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import orjson
import psutil

from tests.support.retries import answered, is_same_twice
from tests.support.valkey import Valkey, free_port
from tests.support.waiting import PATIENCE_SECONDS, eventually, has_ended

ROOT = Path(__file__).parents[2]
# Long enough that a supervisor on an overcommitted machine renews it in time.
LEASE_SECONDS = 5.0
SWEEP_SECONDS = 0.5
TRAIN_SECONDS = 2 * PATIENCE_SECONDS
_TRAINER_LOG = re.compile(r"trainer (\d+) (has received|waits|is warm)")
TERMINAL = {"succeeded", "failed", "cancelled"}


class Service:
    """A Valkey server, with the workers and API replicas that the test starts, on one store folder."""

    def __init__(self, folder: Path, valkey: Valkey, **settings: object) -> None:
        self.folder = folder
        self.store = folder / "store"
        self.valkey = valkey
        self._processes: list[psutil.Popen] = []
        self._numbers = count()
        self.apis: list[psutil.Popen] = []
        self.workers: list[psutil.Popen] = []
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "REDIS_URL": valkey.url,
            "CUDA_VISIBLE_DEVICES": "",
            "TRAINYARD_STORE_DIR": str(self.store),
            "TRAINYARD_LEASE_SECONDS": str(LEASE_SECONDS),
            "TRAINYARD_RECONCILE_SECONDS": str(SWEEP_SECONDS),
            "TRAINYARD_SHUTDOWN_SECONDS": "120",
            "TRAINYARD_STOP_GRACE_SECONDS": "60",
            "TRAINYARD_SPARE_TRAINER": "false",  # 5 s of CPU time for each service; tests/worker/jobs/test_trainers.py
            "TRAINYARD_CHECKPOINT_SECONDS": "0",  # after each epoch: tests count those that are repeated
            **{f"TRAINYARD_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self.http = httpx2.Client(timeout=PATIENCE_SECONDS, verify=False)

    # -- processes ---------------------------------------------------------------------------------------------------

    def start_api(self, *command: str) -> psutil.Popen:
        """Start an API replica, or `command`, and direct requests to it; return when it answers."""
        process, address = self.launch_api(*command)
        self.http.base_url = httpx2.URL(address)
        eventually(lambda: self._is_live(process))
        return process

    def launch_api(self, *command: str) -> tuple[psutil.Popen, str]:
        """The same without waiting until it answers; return its address, too."""
        port = free_port()
        process = self.start("api", *(command or ("-m", "api.server")), "--port", str(port))
        self.apis.append(process)
        return process, f"http://127.0.0.1:{port}"

    def _is_live(self, process: psutil.Popen) -> bool:
        assert process.poll() is None, (self.folder / "api.log").read_text()
        try:
            return self.http.get("/health/live").is_success
        except httpx2.TransportError:
            return False

    def start_worker(self, *command: str, warm: bool = True) -> psutil.Popen:
        """Start a worker, or `command`; return when it consumes and, if `warm`, its spare trainer has imported
        TensorFlow."""
        process, log = self.launch_worker(*command)
        eventually(lambda: "ready" in log.read_text())
        eventually(lambda: self.trainers(process))
        if warm:
            eventually(lambda: "is warm" in log.read_text())
        return process

    def launch_worker(self, *command: str) -> tuple[psutil.Popen, Path]:
        """The same without waiting for anything; return its log, too."""
        name = f"worker{next(self._numbers)}"
        pool = ("-P", "prefork", "-c", "1", "--without-gossip", "--without-mingle", "--without-heartbeat")
        options = (*pool, "-n", f"{name}@%h")
        process = self.start(name, *(command or ("-m", "celery", "-A", "worker.app", "worker", *options)))
        self.workers.append(process)
        return process, self.folder / f"{name}.log"

    def start(self, name: str, *arguments: str) -> psutil.Popen:
        """Start Python; what it writes goes to the log of that name."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = psutil.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=self.environment, stdout=log, stderr=log, stdin=-3
            )
        self._processes.append(process)
        return process

    @staticmethod
    def trainers(worker: psutil.Process) -> list[psutil.Process]:
        """The trainers of a worker, including the spare, oldest first."""
        try:
            family = worker.children(recursive=True)
            found = [each for each in family if "worker.training" in each.cmdline()]
            return sorted(found, key=lambda each: (each.create_time(), each.pid))
        except psutil.NoSuchProcess:
            return []

    def busy_trainer(self, worker: psutil.Process) -> psutil.Process:
        """The trainer that has a job. Others are the spare, or wait for another experiment."""

        def last_to_receive() -> psutil.Process | None:
            events = _TRAINER_LOG.findall(self.log_text("worker*"))
            busy = {int(pid) for pid, event in dict(events).items() if event == "has received"}
            return next((each for each in self.trainers(worker) if each.pid in busy), None)

        trainer = eventually(last_to_receive)
        assert trainer is not None
        return trainer

    def trainer_of(self, experiment_id: str) -> int:
        """The process that received an experiment last."""
        *_, pid = re.findall(rf"trainer (\d+) has received experiment {experiment_id}", self.log_text("worker*"))
        return int(pid)

    def worker_of(self, experiment_id: str) -> psutil.Popen:
        """The worker that trains an experiment."""
        name = eventually(lambda: self.get(experiment_id)["worker"])
        return next(each for each in self.workers if name.endswith(f":{each.pid}"))

    @staticmethod
    def pool_child(worker: psutil.Process) -> psutil.Process:
        return next(each for each in worker.children() if "celery" in " ".join(each.cmdline()))

    @staticmethod
    def signal_all(worker: psutil.Process, number: signal.Signals) -> None:
        """Send a signal to a worker and all its descendants, as the pause of a machine does."""
        for each in [worker, *worker.children(recursive=True)]:
            each.send_signal(number)

    def log_text(self, name: str = "*") -> str:
        """The logs of the processes whose names match a pattern."""
        return "".join(path.read_text() for path in sorted(self.folder.glob(f"{name}.log")))

    def clear_logs(self) -> None:
        for path in self.folder.glob("*.log"):
            os.truncate(path, 0)

    def kill(self, process: psutil.Popen) -> None:
        """Kill an API replica or a worker with all its descendants."""
        for processes in (self._processes, self.apis, self.workers):
            if process in processes:
                processes.remove(process)
        if not has_ended(process):
            for each in [process, *process.children(recursive=True)]:
                _kill(each)
        process.wait()

    def stop(self) -> None:
        self.http.close()
        for process in list(self._processes):
            self.kill(process)

    # -- requests -----------------------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        """As clients do, again after a 503, which is the answer to all that need Redis or a lock while the machine
        stalls; what might create something twice is asked once. `http` is for requests whose 503 is what is tested."""

        def request() -> httpx2.Response:
            return self.http.request(method, path, **sent)

        return answered(request) if is_same_twice(method, path, sent.get("headers", {})) else request()

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

    # -- what holds after every fault --------------------------------------------------------------------------------

    def assert_sound(self, experiment_id: str, *, epochs: int, status: str = "succeeded") -> dict[str, Any]:
        """Assert one terminal state on disk and in Redis, each epoch once, and files that load and match their sha256.

        Return the record.
        """
        record = self.get(experiment_id)
        folder = self.store / "experiments" / experiment_id
        on_disk = orjson.loads((folder / "experiment.json").read_bytes())
        assert record["status"] == on_disk["status"] == status, record["error"]
        assert record["version"] == on_disk["version"]
        history = self.history(experiment_id)
        assert history["epoch"] == list(range(epochs))
        lines = (folder / "history.jsonl").read_text().splitlines()
        assert [orjson.loads(line)["epoch"] for line in lines] == history["epoch"]
        # The folder of attempts is removed after the record has ended.
        eventually(lambda: not _temporaries(folder))
        if status == "succeeded":
            _assert_published(folder / "artifacts")
        return record


@contextmanager
def new_service(folder: Path, **settings: object) -> Iterator[Service]:
    """A service with a Valkey server of its own, some settings changed, and nothing else started."""
    valkey = Valkey(folder / "valkey")
    valkey.start()
    service = Service(folder, valkey, **settings)
    try:
        yield service
    finally:
        service.stop()
        valkey.stop()


@contextmanager
def measured_service(**settings: object) -> Iterator[Service]:
    """A service for benchmarks, by default with lease, sweep and spare of production, in a temporary folder."""
    changed = {"lease_seconds": 30, "reconcile_seconds": 10, "spare_trainer": True, **settings}
    with TemporaryDirectory() as folder, new_service(Path(folder), **changed) as service:
        yield service


def _temporaries(folder: Path) -> list[str]:
    """Names of unfinished writes below a folder that may change meanwhile, which `os.walk` bears."""
    return [name for _, folders, files in os.walk(folder) for name in (*folders, *files) if name.endswith(".tmp")]


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
