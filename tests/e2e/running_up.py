"""`trainyard up`, started as a user starts it, and what is left of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from tests.support.service import ROOT
from tests.support.waiting import eventually
from trainyard.client import Client, Spec

START_SECONDS = 60.0
STOP_SECONDS = 30.0
TRAIN_SECONDS = 90.0
TERMINAL = {"succeeded", "failed", "cancelled"}
READY = "Trainyard is ready: "
# What a developer's shell may say must not decide which Redis and which store are tested.
_FOREIGN = ("REDIS_URL", "TRAINYARD_REDIS_URL", "TRAINYARD_STORE_DIR", "TRAINYARD_URL")
_SETTINGS = {
    "CUDA_VISIBLE_DEVICES": "",
    "TRAINYARD_LEASE_SECONDS": "2",
    "TRAINYARD_RECONCILE_SECONDS": "0.5",
    "TRAINYARD_STOP_GRACE_SECONDS": "8",
    "TRAINYARD_SHUTDOWN_SECONDS": "15",
}


def environment() -> dict[str, str]:
    """That of a user of one Trainyard, with a short lease and sweep."""
    own = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return {**own, **_SETTINGS}


def installed_environment() -> dict[str, str]:
    """Without PYTHONPATH, which leads to the checkout."""
    return {name: value for name, value in environment().items() if name != "PYTHONPATH"}


def command(folder: Path, python: str | Path = sys.executable) -> list[str]:
    return [str(python), "-m", "trainyard", "up", "--port", "0", "--data", str(folder), "--workers", "1"]


class RunningUp:
    """Started by the constructor, which returns when it has printed its URL.

    With another `python`, what is installed there runs, not the checkout.
    """

    def __init__(self, folder: Path, python: Path | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._said, self._warned = folder / "up.out", folder / "up.err"
        # Logs, not pipes: nobody reads while a test waits for something else.
        with self._said.open("wb") as said, self._warned.open("wb") as warned:
            self.process = psutil.Popen(
                command(folder, python or sys.executable),
                cwd=ROOT if python is None else folder,
                env=environment() if python is None else installed_environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=warned,
            )
        try:
            self.url = eventually(self._announced, START_SECONDS)
        except BaseException:
            self._end()
            raise
        self.client = Client(self.url)

    def _announced(self) -> str:
        assert self.process.poll() is None, self.warned()
        lines = [line for line in self.said().splitlines(keepends=True) if line.endswith("\n")]
        return next((line.removeprefix(READY).strip() for line in lines if line.startswith(READY)), "")

    def said(self) -> str:
        return self._said.read_text()

    def warned(self) -> str:
        return self._warned.read_text()

    # -- processes ---------------------------------------------------------------------------------------------------

    def child(self, word: str) -> psutil.Process | None:
        """Its child with `word` in the command line, if there is one at the moment."""
        return next((each for each in self.process.children() if word in _command_line(each)), None)

    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def interrupt(self) -> int:
        """Ctrl-C; return its exit status."""
        self.process.send_signal(signal.SIGINT)
        return int(self.process.wait(STOP_SECONDS))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def leftovers(self) -> list[str]:
        """Processes that still have to do with its folder."""
        return [_command_line(each) for each in psutil.process_iter() if self._is_in(each)]

    def _is_in(self, process: psutil.Process) -> bool:
        mark = str(self.folder)
        try:
            own = [*process.cmdline(), *process.environ().values(), process.cwd()]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False
        return process.pid != os.getpid() and any(mark in each for each in own)

    def close(self) -> None:
        """For the end of a test, however it went: nothing is left running."""
        self.client.close()
        self._end()

    def _end(self) -> None:
        if self.process.poll() is None:
            family = self.family()
            self.process.send_signal(signal.SIGINT)
            _, alive = psutil.wait_procs(family, STOP_SECONDS)
            for each in alive:
                each.kill()

    # -- experiments -------------------------------------------------------------------------------------------------

    def submit(self, spec: Spec) -> str:
        return str(self.client.submit(spec)["id"])

    def wait_for_epochs(self, experiment_id: str, count: int) -> None:
        eventually(lambda: len(self.client.history(experiment_id)["epoch"]) >= count, TRAIN_SECONDS)

    def wait_for_end(self, experiment_id: str) -> dict[str, Any]:
        eventually(lambda: self.client.get(experiment_id)["status"] in TERMINAL, TRAIN_SECONDS)
        return self.client.get(experiment_id)


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
