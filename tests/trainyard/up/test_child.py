import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import eventually, has_ended
from tests.trainyard.up.commands import FAILS, HAS_A_CHILD, IGNORES_SIGTERM, STAYS, output, python_command
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


def test_child_has_its_folder_session_environment_log(start: Start, tmp_path: Path) -> None:
    child = start(
        "import os; print(os.getcwd(), os.getsid(0) == os.getpid(), os.environ['COLOR'], 'PATH' in os.environ)"
    )
    assert child.describe_exit() == "with exit status 0"
    assert output(child.command) == f"{tmp_path} True green True\n"


def test_log_is_appended_to(start: Start) -> None:
    start("print(1)").describe_exit()
    child = start("print(2)")
    child.describe_exit()
    assert output(child.command) == "1\n2\n"


def test_exit_is_described(start: Start) -> None:
    assert start(FAILS).describe_exit() == "with exit status 3"
    killed = start(STAYS)
    killed.kill()
    assert killed.describe_exit() == "by signal 9 (SIGKILL)"


def test_terminate_ends_the_child(start: Start) -> None:
    child = start(STAYS)
    assert child.is_alive
    child.terminate()
    eventually(lambda: not child.is_alive)
    assert child.describe_exit() == "by signal 15 (SIGTERM)"


def test_exited_child_leaves_no_grandchild(start: Start) -> None:
    child = start(HAS_A_CHILD)
    grandchild = psutil.Process(int(eventually(lambda: output(child.command))))
    os.kill(child.pid, signal.SIGKILL)
    eventually(lambda: not child.is_alive)
    eventually(lambda: has_ended(grandchild))


def test_kill_ends_grandchildren_that_ignore_sigterm(start: Start) -> None:
    child = start(HAS_A_CHILD)
    grandchild = psutil.Process(int(eventually(lambda: output(child.command))))
    child.kill()
    assert not child.is_alive
    eventually(lambda: has_ended(grandchild))


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG exists on Linux only")
def test_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
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


def test_wait_returns_after_its_timeout(start: Start) -> None:
    child = start(IGNORES_SIGTERM)
    child.wait(0.01)
    assert child.is_alive
