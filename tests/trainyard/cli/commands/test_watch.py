import json
import signal
import subprocess
import sys

import pytest

from tests.support.waiting import PATIENCE_SECONDS, eventually
from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, epoch_event
from tests.trainyard.cli.running import ended, run

ID = samples.ID


def test_success_ends_with_its_test_accuracy(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    events, record = ended("succeeded", test_metrics={"accuracy": 0.98})
    api.on("GET", f"/experiments/{ID}/events", events)
    api.on("GET", f"/experiments/{ID}", record)
    assert run("watch", ID) == 0
    out = capsys.readouterr().out
    assert "epoch 1/2  loss 1.0000" in out
    assert "test      accuracy 0.9800" in out


def test_json_is_the_last_record_alone(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    events, record = ended("succeeded")
    api.on("GET", f"/experiments/{ID}/events", events)
    api.on("GET", f"/experiments/{ID}", record)
    assert run("watch", ID, "--json") == 0
    assert json.loads(capsys.readouterr().out) == record.body


def test_interrupted_watch_leaves_training_running(api: CannedApi) -> None:
    api.on("GET", f"/experiments/{ID}", Answer(samples.experiment()))
    api.on("GET", f"/experiments/{ID}/events", Answer(epoch_event(0, loss=1.0)))
    command = [sys.executable, "-m", "trainyard", "watch", ID, "--url", api.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        eventually(lambda: len(api.requests("GET", f"/experiments/{ID}/events")) > 1)
        watching.send_signal(signal.SIGINT)
        _, warning = watching.communicate(timeout=PATIENCE_SECONDS)
    assert watching.returncode == 130
    assert warning == f"trainyard: the experiment continues; watch it again with: trainyard watch {ID}\n"
