import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from tests.support.waiting import eventually, has_ended
from worker.jobs.trainer_process import Spare, TrainerProcess
from worker.training.events import Ready


@pytest.fixture
def trainer() -> Iterator[TrainerProcess]:
    process = TrainerProcess()
    yield process
    process.kill()


def test_trainer_says_when_it_is_warm(trainer: TrainerProcess) -> None:
    assert eventually(lambda: trainer.events(1.0), 60) == [Ready()]
    assert trainer.is_alive


def test_killed_trainer_is_noticed_with_its_signal(trainer: TrainerProcess) -> None:
    psutil.Process(trainer.pid).kill()

    eventually(lambda: trainer.events(0.1) == [] and trainer.has_ended)
    assert trainer.wait(5) == -signal.SIGKILL


def test_trainer_dies_with_the_process_that_started_it() -> None:
    code = "from worker.jobs.trainer_process import TrainerProcess as T; t = T(); print(t.pid, flush=True); input()"
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    eventually(lambda: "worker.training" in " ".join(child.cmdline()))

    parent.kill()
    parent.communicate()

    eventually(lambda: has_ended(child), 10)


def test_spare_that_died_is_replaced() -> None:
    spare = Spare()
    first = spare._trainer
    assert first is not None
    psutil.Process(first.pid).kill()
    eventually(lambda: not first.is_alive)

    taken = spare.take()
    spare.prepare()
    following = spare._trainer
    spare.prepare()

    assert taken.is_alive
    assert following is not None
    assert following.is_alive
    assert spare._trainer is following
    assert len({first.pid, taken.pid, following.pid}) == 3
    taken.kill()
    spare.close()
    assert not following.is_alive
