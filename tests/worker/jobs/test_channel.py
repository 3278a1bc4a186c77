"""Both ends of the pipes: a child that uses `Channel`, supervised through `ChildProcess`."""

import os
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archives.member import Limits
from models_store.datasets.record import FilesDone
from models_store.jobs.failure import Failure
from tests.support.waiting import PATIENCE_SECONDS, eventually
from worker.jobs.messages import CONVERSION_EVENT, Accepted, Advanced, ConversionEvent, ConversionJob, Failed, Stop
from worker.jobs.process import ChildProcess

JOB = ConversionJob(archive=Path("a"), staged=Path("b"), limits=Limits(1, 2, 3), max_pixels=4)
HEAD = """
from models_store.datasets.record import FilesDone
from models_store.jobs.failure import Failure
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
    child.assign(JOB)

    advanced = [Advanced(progress=FilesDone(done=done, total=4)) for done in range(3)]
    assert receive(child, 4) == [Accepted(number=1), *advanced]
    eventually(lambda: child.receive(0.1) == [] and child.has_ended)
    assert child.wait(PATIENCE_SECONDS) == 0


def test_waiting_job_shows_before_it_is_received(start: Start) -> None:
    child = start("""
        channel.report(Advanced(progress=FilesDone(done=int(channel.has_waiting))))
        while not channel.has_waiting:
            pass
        channel.receive(ConversionJob)
    """)
    assert receive(child, 1) == [Advanced(progress=FilesDone(done=0))]
    child.assign(JOB)
    assert receive(child, 1) == [Accepted(number=1)]


def test_stop_request_reaches_the_child(start: Start) -> None:
    child = start("""
        channel.receive(ConversionJob)
        channel.report(Advanced(progress=FilesDone()))
        while channel.stop is None:
            pass
        channel.report(Failed(failure=Failure(type="internal", message=channel.stop)))
    """)
    child.assign(JOB)
    receive(child, 2)
    child.request(Stop(reason="shutdown"))

    [event] = receive(child, 1)
    assert isinstance(event, Failed)
    assert event.failure.message == "shutdown"


def test_large_event_arrives_whole(start: Start) -> None:
    child = start("""
        channel.receive(ConversionJob)
        channel.report(Failed(failure=Failure(type="internal", message="x" * 1_000_000)))
    """)
    child.assign(JOB)

    _, event = receive(child, 2)
    assert isinstance(event, Failed)
    assert event.failure.message == "x" * 1_000_000


# -- several jobs for one child --------------------------------------------------------------------------------------


def failure(message: str) -> Failed:
    return Failed(failure=Failure(type="internal", message=message))


def test_child_receives_one_job_after_another(start: Start) -> None:
    child = start("""
        while job := channel.receive(ConversionJob):
            channel.report(Failed(failure=Failure(type="internal", message=str(job.max_pixels))))
    """)
    for number, max_pixels in enumerate((4, 5, 6), 1):
        child.assign(JOB.model_copy(update={"max_pixels": max_pixels}))
        assert receive(child, 2) == [Accepted(number=number), failure(str(max_pixels))]
        assert (child.jobs, child.has_accepted) == (number, True)


def test_late_stop_is_none_of_the_next_job(start: Start) -> None:
    child = start("""
        channel.receive(ConversionJob)
        channel.report(Advanced(progress=FilesDone()))
        channel.receive(ConversionJob)
        channel.report(Failed(failure=Failure(type="internal", message=str(channel.stop))))
    """)
    child.assign(JOB)
    receive(child, 2)
    child.request(Stop(reason="cancelled"))
    child.assign(JOB)

    assert receive(child, 2) == [Accepted(number=2), failure("None")]


def test_late_event_is_none_of_the_next_job(start: Start) -> None:
    child = start("""
        channel.receive(ConversionJob)
        while channel._jobs.empty():
            pass
        channel.report(Failed(failure=Failure(type="internal", message="late")))
        channel.receive(ConversionJob)
        channel.report(Advanced(progress=FilesDone()))
    """)
    child.assign(JOB)
    receive(child, 1)
    child.assign(JOB)

    assert receive(child, 2) == [Accepted(number=2), Advanced(progress=FilesDone())]


def test_child_that_does_not_read_blocks_nobody(start: Start) -> None:
    """A job of more than a pipe holds arrives whole once the child continues."""
    child = start("""
        job = channel.receive(ConversionJob)
        while channel.stop is None:
            pass
        message = f"{channel.stop} {len(str(job.archive))}"
        channel.report(Failed(failure=Failure(type="internal", message=message)))
    """)
    os.kill(child.pid, signal.SIGSTOP)
    child.assign(JOB.model_copy(update={"archive": Path("a" * 1_000_000)}))
    child.request(Stop(reason="cancelled"))
    assert child.receive(0.0) == []

    os.kill(child.pid, signal.SIGCONT)
    assert receive(child, 2) == [Accepted(number=1), failure("cancelled 1000000")]


def test_child_without_a_job_gives_up(start: Start) -> None:
    child = start("""
        assert channel.receive(ConversionJob, 0.01) is None
    """)
    eventually(lambda: child.receive(0.1) == [] and child.has_ended)
    assert child.wait(PATIENCE_SECONDS) == 0


def test_closed_pipe_ends_a_waiting_child(start: Start) -> None:
    child = start("""
        while channel.receive(ConversionJob):
            channel.report(Advanced(progress=FilesDone()))
    """)
    child.assign(JOB)
    receive(child, 2)
    assert child._process.stdin is not None
    child._process.stdin.close()

    eventually(lambda: not child.is_alive)
    assert child.wait(PATIENCE_SECONDS) == 0


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
    child.assign(JOB)
    receive(child, 2)
    assert child._process.stdin is not None
    child._process.stdin.close()

    eventually(lambda: not child.is_alive)


def test_output_of_libraries_is_no_event(start: Start) -> None:
    child = start("""
        print("Downloading data from ...", flush=True)
        channel.report(Advanced(progress=FilesDone()))
    """)

    assert receive(child, 1) == [Advanced(progress=FilesDone())]
