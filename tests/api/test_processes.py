"""Processes that are forked, restarted and stopped together; each test runs them in a process of its own."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.service import ROOT
from tests.support.waiting import PATIENCE_SECONDS, eventually

# The child writes its number and pid, announces that it answers, and stays until a signal.
STAYS = """
import os, signal, sys
from pathlib import Path
from api.processes import Processes
folder = Path(sys.argv[1])

def serve(number, started):
    (folder / f"{number}-{os.getpid()}").touch()
    FIRST
    started()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.pause()
    return 0

sys.exit(Processes(2, serve).run())
"""


def start(folder: Path, first: str = "") -> psutil.Popen:
    code = STAYS.replace("FIRST", first or "pass")
    with folder.with_suffix(".log").open("wb") as log:
        return psutil.Popen([sys.executable, "-c", code, str(folder)], cwd=ROOT, stdin=subprocess.DEVNULL, stderr=log)


def numbers(folder: Path) -> list[str]:
    return sorted(path.name.split("-")[0] for path in folder.iterdir())


def child(folder: Path, number: int) -> psutil.Process:
    [path] = folder.glob(f"{number}-*")
    return psutil.Process(int(path.name.split("-")[1]))


def test_dead_process_is_started_again(tmp_path: Path) -> None:
    parent = start(tmp_path)
    try:
        eventually(lambda: numbers(tmp_path) == ["1", "2"])
        child(tmp_path, 2).kill()
        eventually(lambda: numbers(tmp_path) == ["1", "2", "2"])
    finally:
        parent.terminate()
        assert parent.wait(PATIENCE_SECONDS) == 0
    assert not [path for path in tmp_path.iterdir() if psutil.pid_exists(int(path.name.split("-")[1]))]
    assert "process 2 ended with status -9; restarts in 0.2 s" in tmp_path.with_suffix(".log").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_all(tmp_path: Path, number: signal.Signals) -> None:
    parent = start(tmp_path)
    eventually(lambda: numbers(tmp_path) == ["1", "2"])
    children = parent.children()
    parent.send_signal(number)
    assert parent.wait(PATIENCE_SECONDS) == 0
    assert not psutil.wait_procs(children, 0)[1]


def test_first_start_that_fails_ends_all(tmp_path: Path) -> None:
    parent = start(tmp_path, "return 3")
    assert parent.wait(PATIENCE_SECONDS) == 3


def test_processes_end_with_their_parent(tmp_path: Path) -> None:
    parent = start(tmp_path)
    eventually(lambda: numbers(tmp_path) == ["1", "2"])
    children = parent.children()
    parent.kill()
    parent.wait()
    assert not psutil.wait_procs(children, PATIENCE_SECONDS)[1]
