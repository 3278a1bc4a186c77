import os
import signal
from pathlib import Path

import pytest

from tests.support.waiting import eventually
from tests.trainyard.up.commands import FAILS, IS_DEAF, STAYS, python_command, said
from trainyard.up.children import Children
from trainyard.up.signals import Signals


@pytest.fixture
def reports() -> list[str]:
    return []


def test_a_child_that_is_killed_is_started_again(tmp_path: Path, reports: list[str]) -> None:
    command = python_command(tmp_path, STAYS, "steady")
    children = Children([[command]], reports.append)
    with Signals() as signals:
        children.start()
        first = children.child("steady").pid
        os.kill(first, signal.SIGKILL)
        eventually(lambda: children.tend() or _pid(children, "steady") not in (None, first))
        children.stop(signals)
    assert reports == [
        f"steady ended by signal 9 (SIGKILL) and is started again in 0.2 s; its log: {command.log}",
    ]


def test_a_child_that_keeps_failing_is_started_ever_more_slowly(tmp_path: Path, reports: list[str]) -> None:
    children = Children([[python_command(tmp_path, FAILS)]], reports.append)
    with Signals() as signals:
        children.start()
        eventually(lambda: children.tend() or len(reports) == 3)
        children.stop(signals)
    assert [line.split(" and ")[1].split(";")[0] for line in reports] == [
        f"is started again in {seconds} s" for seconds in (0.2, 0.4, 0.8)
    ]


def test_waves_are_stopped_one_after_the_other(tmp_path: Path, reports: list[str]) -> None:
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
    children = Children([[commands[0]], [commands[1]]], reports.append)
    with Signals() as signals:
        children.start()
        eventually(lambda: all("here" in said(command) for command in commands))
        children.stop(signals)
    assert journal.read_text().split() == ["leaf", "root"]
    assert reports == []


def test_one_that_does_not_end_in_its_time_is_killed(tmp_path: Path, reports: list[str]) -> None:
    command = python_command(tmp_path, IS_DEAF, "deaf", grace_seconds=0.1)
    children = Children([[command]], reports.append)
    with Signals() as signals:
        children.start()
        child = children.child("deaf")
        eventually(lambda: "here" in said(command))
        children.stop(signals)
    assert child.ending() == "by signal 9 (SIGKILL)"
    assert reports == ["deaf did not end within 0.1 s; killed"]


def test_a_second_signal_kills_at_once(tmp_path: Path, reports: list[str]) -> None:
    command = python_command(tmp_path, IS_DEAF, "deaf", grace_seconds=600)
    children = Children([[command]], reports.append)
    with Signals() as signals:
        children.start()
        child = children.child("deaf")
        eventually(lambda: "here" in said(command))
        os.kill(os.getpid(), signal.SIGINT)
        children.stop(signals)
    assert child.ending() == "by signal 9 (SIGKILL)"
    assert reports == ["killing everything at once"]


def _pid(children: Children, name: str) -> int | None:
    try:
        return children.child(name).pid
    except LookupError:
        return None
