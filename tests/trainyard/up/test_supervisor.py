import os
import signal
from pathlib import Path

import pytest

from tests.support.waiting import eventually
from tests.trainyard.up.commands import FAILS, IGNORES_SIGTERM, STAYS, output, python_command
from trainyard.up.signals import Signals
from trainyard.up.supervisor import Backoff, Supervisor


@pytest.fixture
def reports() -> list[str]:
    return []


def test_delays_double_up_to_ten_seconds() -> None:
    backoff = Backoff()
    assert [backoff.next_delay(0.1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_life_of_thirty_seconds_resets_the_delay() -> None:
    backoff = Backoff()
    assert [backoff.next_delay(life) for life in (0.1, 29.9, 30.0, 0.1)] == [0.2, 0.4, 0.2, 0.4]


def test_killed_child_is_restarted(tmp_path: Path, reports: list[str]) -> None:
    command = python_command(tmp_path, STAYS, "steady")
    supervisor = Supervisor([[command]], reports.append)
    with Signals() as signals:
        supervisor.start()
        first = supervisor.child("steady").pid
        os.kill(first, signal.SIGKILL)
        eventually(lambda: _pid(supervisor, "steady") not in (None, first))
        supervisor.stop(signals)
    assert reports == [
        f"steady ended by signal 9 (SIGKILL) and restarts in 0.2 s; its log: {command.log}",
    ]


def test_failing_child_is_restarted_more_slowly(tmp_path: Path, reports: list[str]) -> None:
    supervisor = Supervisor([[python_command(tmp_path, FAILS)]], reports.append)
    with Signals() as signals:
        supervisor.start()
        eventually(lambda: _poll(supervisor) and len(reports) == 3)
        supervisor.stop(signals)
    assert [line.split(" and ")[1].split(";")[0] for line in reports] == [
        f"restarts in {seconds} s" for seconds in (0.2, 0.4, 0.8)
    ]


def test_waves_are_stopped_in_order(tmp_path: Path, reports: list[str]) -> None:
    journal = tmp_path / "journal"
    code = f"""
import os, signal, sys, time
def end(*_):
    with open({str(journal)!r}, "a") as journal: journal.write(sys.argv[0] and "NAME\\n")
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("here", flush=True)
time.sleep(600)
"""
    names = ("leaf", "root")
    commands = [python_command(tmp_path, code.replace("NAME", name), name) for name in names]
    supervisor = Supervisor([[commands[0]], [commands[1]]], reports.append)
    with Signals() as signals:
        supervisor.start()
        eventually(lambda: all("here" in output(command) for command in commands))
        supervisor.stop(signals)
    assert journal.read_text().split() == ["leaf", "root"]
    assert reports == []


def test_child_that_exceeds_its_grace_is_killed(tmp_path: Path, reports: list[str]) -> None:
    command = python_command(tmp_path, IGNORES_SIGTERM, "deaf", grace_seconds=0.1)
    supervisor = Supervisor([[command]], reports.append)
    with Signals() as signals:
        supervisor.start()
        child = supervisor.child("deaf")
        eventually(lambda: "here" in output(command))
        supervisor.stop(signals)
    assert child.describe_exit() == "by signal 9 (SIGKILL)"
    assert reports == ["deaf did not end within 0.1 s; killed"]


def test_second_signal_kills_at_once(tmp_path: Path, reports: list[str]) -> None:
    command = python_command(tmp_path, IGNORES_SIGTERM, "deaf", grace_seconds=600)
    supervisor = Supervisor([[command]], reports.append)
    with Signals() as signals:
        supervisor.start()
        child = supervisor.child("deaf")
        eventually(lambda: "here" in output(command))
        os.kill(os.getpid(), signal.SIGINT)
        supervisor.stop(signals)
    assert child.describe_exit() == "by signal 9 (SIGKILL)"
    assert reports == ["killing all processes"]


def _poll(supervisor: Supervisor) -> bool:
    supervisor.poll()
    return True


def _pid(supervisor: Supervisor, name: str) -> int | None:
    """After a poll."""
    supervisor.poll()
    try:
        return supervisor.child(name).pid
    except LookupError:
        return None
