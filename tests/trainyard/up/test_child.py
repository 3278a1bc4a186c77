import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import eventually, has_ended
from tests.trainyard.up.commands import FAILS, HAS_A_CHILD, IS_DEAF, STAYS, python_command, said
from trainyard.up.child import Child

Start = Callable[[str], Child]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    children: list[Child] = []

    def start(code: str) -> Child:
        children.append(Child(python_command(tmp_path, code)))
        return children[-1]

    yield start
    for child in children:
        child.kill()


def test_it_runs_in_its_folder_and_session_with_its_environment_and_log(start: Start, tmp_path: Path) -> None:
    child = start(
        "import os; print(os.getcwd(), os.getsid(0) == os.getpid(), os.environ['COLOUR'], 'PATH' in os.environ)"
    )
    assert child.ending() == "with exit status 0"
    assert said(child.command) == f"{tmp_path} True green True\n"


def test_a_log_is_appended_to(start: Start) -> None:
    start("print(1)").ending()
    child = start("print(2)")
    child.ending()
    assert said(child.command) == "1\n2\n"


def test_its_ending_is_told_in_words(start: Start) -> None:
    assert start(FAILS).ending() == "with exit status 3"
    killed = start(STAYS)
    killed.kill()
    assert killed.ending() == "by signal 9 (SIGKILL)"


def test_it_ends_when_asked(start: Start) -> None:
    child = start(STAYS)
    assert child.is_alive
    child.terminate()
    eventually(lambda: not child.is_alive)
    assert child.ending() == "by signal 15 (SIGTERM)"


def test_what_it_leaves_behind_is_killed(start: Start) -> None:
    child = start(HAS_A_CHILD)
    grandchild = psutil.Process(int(eventually(lambda: said(child.command))))
    os.kill(child.pid, signal.SIGKILL)
    eventually(lambda: not child.is_alive)
    eventually(lambda: has_ended(grandchild))


def test_one_that_is_deaf_is_killed_with_its_family(start: Start) -> None:
    child = start(HAS_A_CHILD)
    grandchild = psutil.Process(int(eventually(lambda: said(child.command))))
    child.kill()
    assert not child.is_alive
    eventually(lambda: has_ended(grandchild))


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    code = f"""
import time
from pathlib import Path
from trainyard.up.child import Child
from tests.trainyard.up.commands import STAYS, python_command
print(Child(python_command(Path({str(tmp_path)!r}), STAYS)).pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    eventually(lambda: has_ended(child))


def test_a_wait_ends_in_its_time(start: Start) -> None:
    child = start(IS_DEAF)
    child.wait(0.01)
    assert child.is_alive
