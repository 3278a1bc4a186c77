"""Both ends of the pipes: a child that uses `Channel`, supervised through `ChildProcess`."""

import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archives.member import Limits
from models_store.datasets.record import FilesDone
from tests.support.waiting import eventually
from worker.jobs.messages import CONVERSION_EVENT, Advanced, ConversionEvent, ConversionJob, Failed, Stop
from worker.jobs.process import ChildProcess

JOB = ConversionJob(archive=Path("a"), staged=Path("b"), limits=Limits(1, 2, 3), max_pixels=4)
HEAD = """
from models_store.datasets.record import FilesDone
from models_store.experiments.record import Failure
from worker.jobs.channel import connect
from worker.jobs.messages import Advanced, ConversionJob, Failed
"""
Child = ChildProcess[ConversionEvent]
Start = Callable[[str], Child]

pytestmark = pytest.mark.processes


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a child that runs this code in a `with connect() as channel` block."""
    children: list[Child] = []
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))

    def run(code: str) -> Child:
        block = textwrap.indent(textwrap.dedent(code).strip(), "    ")
        (tmp_path / "scripted_child.py").write_text(f"{HEAD}with connect() as channel:\n{block}\n")
        children.append(ChildProcess("scripted_child", CONVERSION_EVENT))
        return children[-1]

    yield run
    for child in children:
        child.kill()


def receive(child: Child, count: int) -> list[Any]:
    events: list[Any] = []

    def enough() -> bool:
        events.extend(child.receive(0.1))
        return len(events) >= count or child.has_ended

    eventually(enough)
    return events


def test_job_arrives_and_progress_returns(start: Start) -> None:
    child = start("""
        job = channel.receive(ConversionJob)
        for done in range(3):
            channel.report(Advanced(progress=FilesDone(done=done, total=job.max_pixels)))
    """)
    child.send(JOB)

    assert receive(child, 3) == [Advanced(progress=FilesDone(done=done, total=4)) for done in range(3)]
    eventually(lambda: child.receive(0.1) == [] and child.has_ended)
    assert child.wait(5) == 0


def test_stop_request_reaches_the_child(start: Start) -> None:
    child = start("""
        channel.receive(ConversionJob)
        channel.report(Advanced(progress=FilesDone()))
        while channel.stop is None:
            pass
        channel.report(Failed(failure=Failure(type="internal", message=channel.stop)))
    """)
    child.send(JOB)
    receive(child, 1)
    child.send(Stop(reason="shutdown"))

    [event] = receive(child, 1)
    assert isinstance(event, Failed)
    assert event.failure.message == "shutdown"


def test_large_event_arrives_whole(start: Start) -> None:
    child = start("""
        channel.receive(ConversionJob)
        channel.report(Failed(failure=Failure(type="internal", message="x" * 1_000_000)))
    """)
    child.send(JOB)

    [event] = receive(child, 1)
    assert isinstance(event, Failed)
    assert event.failure.message == "x" * 1_000_000


def test_unknown_event_is_ignored(start: Start) -> None:
    child = start("""
        channel._events.write(b"garbage\\n{}\\n")
        channel.report(Advanced(progress=FilesDone()))
    """)

    assert receive(child, 1) == [Advanced(progress=FilesDone())]


def test_closed_pipe_ends_the_child(start: Start) -> None:
    child = start("""
        channel.receive(ConversionJob)
        channel.report(Advanced(progress=FilesDone()))
        while True:
            pass
    """)
    child.send(JOB)
    receive(child, 1)
    assert child._process.stdin is not None
    child._process.stdin.close()

    eventually(lambda: not child.is_alive)


def test_output_of_libraries_is_no_event(start: Start) -> None:
    child = start("""
        print("Downloading data from ...", flush=True)
        channel.report(Advanced(progress=FilesDone()))
    """)

    assert receive(child, 1) == [Advanced(progress=FilesDone())]
