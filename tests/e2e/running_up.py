"""A running `trainyard up`, started as a user starts it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import psutil

from tests.support import local_http
from tests.support.service import ROOT
from tests.support.waiting import PATIENCE_SECONDS, eventually
from trainyard import Client
from trainyard.answers import Experiment
from trainyard.operations.experiments import Spec

TRAIN_SECONDS = 2 * PATIENCE_SECONDS
READY = "Trainyard is ready: "
# Variables of a developer's shell must not choose the Redis and the store that are tested.
_FOREIGN = (
    "REDIS_URL",
    "TRAINYARD_REDIS_URL",
    "TRAINYARD_STORE_DIR",
    "TRAINYARD_URL",
    "TRAINYARD_AUTH",
    "TRAINYARD_KEY",
)
_SETTINGS = {
    "CUDA_VISIBLE_DEVICES": "",
    "TRAINYARD_LEASE_SECONDS": "5",
    "TRAINYARD_RECONCILE_SECONDS": "0.5",
    "TRAINYARD_STOP_GRACE_SECONDS": "60",
    "TRAINYARD_SHUTDOWN_SECONDS": "120",
}


def environment() -> dict[str, str]:
    """The environment of a user, with a short lease and sweep."""
    own = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return {**own, **_SETTINGS}


def installed_environment() -> dict[str, str]:
    """The environment without PYTHONPATH, which points to the checkout."""
    return {name: value for name, value in environment().items() if name != "PYTHONPATH"}


def command(folder: Path, python: str | Path = sys.executable) -> list[str]:
    return [str(python), "-m", "trainyard", "up", "--port", "0", "--data", str(folder), "--workers", "1"]


class RunningUp:
    """Started by the constructor, which returns when `up` has printed its URL.

    `python` is an interpreter whose installed package runs instead of the checkout.
    """

    def __init__(self, folder: Path, python: Path | None = None, *options: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._output_file, self._error_file = folder / "up.out", folder / "up.err"
        # Files, not pipes: nothing reads a pipe while a test waits for something else.
        with self._output_file.open("wb") as output, self._error_file.open("wb") as errors:
            self.process = psutil.Popen(
                [*command(folder, python or sys.executable), *options],
                cwd=ROOT if python is None else folder,
                env=environment() if python is None else installed_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )
        try:
            self.url = eventually(self._announced)
        except BaseException:
            self._end()
            raise
        self.client = Client(self.url)

    def _announced(self) -> str:
        assert self.process.poll() is None, self.errors()
        lines = [line for line in self.output().splitlines(keepends=True) if line.endswith("\n")]
        return next((line.removeprefix(READY).strip() for line in lines if line.startswith(READY)), "")

    def output(self) -> str:
        return self._output_file.read_text()

    def errors(self) -> str:
        return self._error_file.read_text()

    # -- processes ---------------------------------------------------------------------------------------------------

    def child(self, word: str) -> psutil.Process | None:
        """The child process with `word` in its command line, if it runs now."""
        return next((each for each in self.process.children() if word in _command_line(each)), None)

    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def end(self, number: signal.Signals) -> int:
        """Send a signal that ends it; return the exit status."""
        self.process.send_signal(number)
        return int(self.process.wait(PATIENCE_SECONDS))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def leftovers(self) -> list[str]:
        """The command lines of processes that still use its folder."""
        return [_command_line(each) for each in psutil.process_iter() if self._is_in(each)]

    def _is_in(self, process: psutil.Process) -> bool:
        mark = str(self.folder)
        try:
            own = [*process.cmdline(), *process.environ().values(), process.cwd()]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False
        return process.pid != os.getpid() and any(mark in each for each in own)

    def close(self) -> None:
        """End it and all its processes."""
        self.client.close()
        self._end()

    def _end(self) -> None:
        if self.process.poll() is None:
            family = self.family()
            self.process.send_signal(signal.SIGINT)
            _, alive = psutil.wait_procs(family, PATIENCE_SECONDS)
            for each in alive:
                each.kill()

    # -- experiments -------------------------------------------------------------------------------------------------

    def submit(self, spec: Spec) -> str:
        return self.client.submit(spec).id

    def wait_for_epochs(self, experiment_id: str, count: int) -> None:
        eventually(lambda: len(self.client.history(experiment_id).epoch) >= count, TRAIN_SECONDS)

    def wait_for_end(self, experiment_id: str) -> Experiment:
        eventually(lambda: self.client.get(experiment_id).has_ended, TRAIN_SECONDS)
        return self.client.get(experiment_id)


def is_ready(url: str) -> bool:
    try:
        return local_http.get(f"{url}/health/ready").is_success
    except httpx2.TransportError:
        return False


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
