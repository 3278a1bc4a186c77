import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from tests.support.waiting import PATIENCE_SECONDS, eventually, has_ended
from worker.jobs.messages import Ready
from worker.jobs.trainers import Trainer, start_trainer

pytestmark = pytest.mark.processes


@pytest.fixture
def trainer() -> Iterator[Trainer]:
    process = start_trainer()
    yield process
    process.kill()


def test_trainer_reports_when_it_is_warm(trainer: Trainer) -> None:
    assert eventually(lambda: trainer.receive(1.0)) == [Ready()]
    assert trainer.is_alive


def test_killed_process_is_noticed_with_its_signal(trainer: Trainer) -> None:
    psutil.Process(trainer.pid).kill()

    eventually(lambda: trainer.receive(0.1) == [] and trainer.has_ended)
    assert trainer.wait(PATIENCE_SECONDS) == -signal.SIGKILL


@pytest.mark.parametrize("module", ["worker.training", "worker.conversion", "worker.evaluation"])
def test_process_dies_with_its_supervisor(module: str) -> None:
    code = (
        "import sys; from pydantic import TypeAdapter; from worker.jobs.process import ChildProcess;"
        "child = ChildProcess(sys.argv[1], TypeAdapter(int), '0', '0'); print(child.pid, flush=True); input()"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, module], stdin=-1, stdout=-1, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    eventually(lambda: module in " ".join(child.cmdline()))

    parent.kill()
    parent.communicate()

    eventually(lambda: has_ended(child))


def test_trainer_does_not_have_the_password_of_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:secret@127.0.0.1:1/0")
    monkeypatch.setenv("TRAINYARD_REDIS_URL", "redis://:secret@127.0.0.1:1/0")
    trainer = start_trainer()
    try:
        # Empty between its fork and its exec.
        environment = eventually(psutil.Process(trainer.pid).environ)
    finally:
        trainer.kill()

    assert "secret" not in str(environment)
    assert "PATH" in environment
