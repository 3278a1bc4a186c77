"""`trainyard up` with all its processes."""

import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from tests.e2e.running_up import READY, TRAIN_SECONDS, RunningUp, command, environment, is_ready
from tests.support.service import ROOT
from tests.support.store import SLOW_EPOCHS
from tests.support.waiting import PATIENCE_SECONDS, eventually, has_ended
from trainyard import Client
from trainyard.answers import EpochEnd, Event, StatusChange
from trainyard.errors import Forbidden, NotAuthenticated

pytestmark = pytest.mark.xdist_group("up")

Document = dict[str, Any]
StartUp = Callable[..., RunningUp]
IMAGE = ROOT / "examples" / "images" / "four.png"


def epoch_ends(events: list[Event]) -> list[EpochEnd]:
    return [event for event in events if isinstance(event, EpochEnd)]


def epochs_in(events: list[Event]) -> list[int]:
    return [event.epoch for event in epoch_ends(events)]


def assert_each_epoch_once(up: RunningUp, experiment_id: str, count: int) -> None:
    """Assert each epoch once, in the answer and on disk."""
    assert up.client.history(experiment_id).epoch == list(range(count))
    lines = (up.folder / "store" / "experiments" / experiment_id / "history.jsonl").read_text().splitlines()
    assert [orjson.loads(line)["epoch"] for line in lines] == list(range(count))


def test_continued_training_equals_one_at_once(up: RunningUp, tiny_document: Document) -> None:
    def spec(epochs: int) -> Document:
        return {**tiny_document, "training": {**tiny_document["training"], "epochs": epochs}}

    whole, first = up.submit(spec(4)), up.submit(spec(2))
    assert up.client.wait(first).status == "succeeded"
    continued = up.client.continue_training(first, epochs=4)
    up.client.delete(first, force=True)  # the state is the new experiment's own by now
    assert up.client.wait(continued.id).status == "succeeded"

    assert continued.initial_epoch == 2
    assert_each_epoch_once(up, continued.id, 4)
    assert up.client.history(continued.id).history == up.client.history(whole).history
    digests = [up.client.provenance(each).weights_sha256 for each in (continued.id, whole)]
    assert digests[0] == digests[1]


def test_experiment_is_streamed_and_predicts(up: RunningUp, tiny_document: Document) -> None:
    training = {**tiny_document["training"], "epochs": 4, "optimizer": {"type": "Adam", "learning_rate": 0.01}}
    experiment_id = up.submit({**tiny_document, "training": training})

    events = list(up.client.events(experiment_id))

    assert epochs_in(events) == [0, 1, 2, 3]
    assert [event.status for event in events if isinstance(event, StatusChange)][-1] == "succeeded"
    assert events[-1].kind == "end"
    assert_each_epoch_once(up, experiment_id, 4)
    history = up.client.history(experiment_id).history
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(history)
    streamed = [event.metrics["val_accuracy"] for event in epoch_ends(events)]
    assert streamed == history["val_accuracy"]
    evaluation = up.client.evaluation(experiment_id)
    assert up.client.get(experiment_id).test_metrics["accuracy"] == evaluation.accuracy > 0.5
    assert sum(map(sum, evaluation.confusion_matrix.matrix)) == evaluation.samples
    answer = up.client.predict(IMAGE, experiment=experiment_id)
    [prediction] = answer.predictions
    assert (answer.model.experiment_id, prediction.filename) == (experiment_id, "four.png")
    probabilities = [guess.probability for guess in prediction.top]
    assert len(probabilities) == 3
    assert probabilities == sorted(probabilities, reverse=True)


@pytest.mark.parametrize(("name", "word"), [("valkey", "valkey-server"), ("worker-1", "celery"), ("api", "api.server")])
def test_killed_child_restarts_and_training_resumes(
    up: RunningUp, slow_document: Document, name: str, word: str
) -> None:
    experiment_id = up.submit(slow_document)
    with ThreadPoolExecutor(1) as pool, Client(up.url) as follower:
        following = pool.submit(lambda: list(follower.events(experiment_id)))
        up.wait_for_epochs(experiment_id, 2)
        killed = up.child(word)
        assert killed is not None

        killed.kill()

        events = following.result(TRAIN_SECONDS)
    record = up.client.get(experiment_id)
    assert (record.status, record.epochs_completed) == ("succeeded", SLOW_EPOCHS)
    assert record.attempts == (2 if word == "celery" else 1)
    assert epochs_in(events) == list(range(SLOW_EPOCHS))
    assert_each_epoch_once(up, experiment_id, SLOW_EPOCHS)
    successor = eventually(lambda: up.child(word))
    assert successor is not None
    assert successor.pid != killed.pid
    assert f"{name} ended by signal 9 (SIGKILL) and restarts in" in up.errors()
    eventually(lambda: is_ready(up.url))


def test_up_prints_one_url(up: RunningUp) -> None:
    assert [line for line in up.output().splitlines() if "://" in line] == [f"{READY}{up.url}"]


def test_second_up_on_the_same_folder_is_rejected(up: RunningUp) -> None:
    rejected = subprocess.run(
        command(up.folder),
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (rejected.returncode, rejected.stdout) == (2, "")
    [sentence] = rejected.stderr.splitlines()
    assert f"{up.folder} is in use by another `trainyard up` (pid {up.process.pid})" in sentence
    assert is_ready(up.url)


def test_interrupted_up_leaves_its_work_to_the_next(
    start_up: StartUp, tmp_path: Path, tiny_document: Document, slow_document: Document
) -> None:
    up = start_up(tmp_path)
    trained = up.submit(tiny_document)
    assert up.wait_for_end(trained).status == "succeeded"
    [predicted] = up.client.predict(IMAGE).predictions
    running = up.submit(slow_document)
    up.wait_for_epochs(running, 2)
    assert len(up.family()) >= 6  # itself, Valkey, the API, Celery's two and a trainer

    assert_ends_in_order(up, signal.SIGINT)

    successor = start_up(tmp_path)
    eventually(lambda: is_ready(successor.url))
    assert [run.id for run in successor.client.runs()] == [running, trained]
    answer = successor.client.predict(IMAGE, dataset="digits")
    assert (answer.model.experiment_id, answer.predictions[0].top) == (trained, predicted.top)
    assert successor.client.label(predicted.id, "4").predicted == predicted.top[0].label
    record = successor.wait_for_end(running)
    assert (record.status, record.interruptions) == ("succeeded", 1)
    assert_each_epoch_once(successor, running, SLOW_EPOCHS)


def assert_ends_in_order(up: RunningUp, number: signal.Signals) -> None:
    family = up.family()
    assert up.end(number) == 0
    # Nothing is killed after a grace period: `errors` would report it.
    assert all(has_ended(each) for each in family)
    assert up.leftovers() == []
    assert up.errors() == ""


def test_killed_up_leaves_its_work_to_the_next(start_up: StartUp, tmp_path: Path, slow_document: Document) -> None:
    up = start_up(tmp_path)
    experiment_id = up.submit(slow_document)
    up.wait_for_epochs(experiment_id, 2)
    family = up.family()

    up.kill()

    _, alive = psutil.wait_procs(family, PATIENCE_SECONDS)
    assert alive == []
    assert up.leftovers() == []

    successor = start_up(tmp_path)
    assert successor.wait_for_end(experiment_id).status == "succeeded"
    assert_each_epoch_once(successor, experiment_id, SLOW_EPOCHS)
    assert_ends_in_order(successor, signal.SIGTERM)


def readable_by_others(folder: Path) -> list[Path]:
    written = [*(folder / "store").rglob("*"), *(folder / "logs").rglob("*"), *(folder / "valkey").rglob("*")]
    return [each for each in written if each.stat().st_mode & 0o077]


def test_first_admin_key_is_printed_once(start_up: StartUp, tmp_path: Path, tiny_document: Document) -> None:
    up = start_up(tmp_path, "--auth", "keys")
    [line] = [each for each in up.output().splitlines() if "ty_" in each]
    with Client(up.url, line.rpartition(" ")[2]) as admin:
        eventually(lambda: is_ready(up.url))
        student = admin.create_key(["read", "run"], owner="ann")
        with Client(up.url, student.key) as client, pytest.raises(Forbidden):
            client.pause_queue()
        with Client(up.url, student.key) as client:
            assert client.wait(client.submit(tiny_document).id).status == "succeeded"
        with pytest.raises(NotAuthenticated):
            up.client.runs().to_frame()
        admin.revoke_key(student.id)
        with Client(up.url, student.key) as client, pytest.raises(NotAuthenticated):
            client.own_key()

    assert up.end(signal.SIGINT) == 0
    assert readable_by_others(tmp_path) == []
    successor = start_up(tmp_path, "--auth", "keys")
    assert "ty_" not in successor.output()
    assert line.rpartition(" ")[2] not in "".join(path.read_text() for path in (tmp_path / "logs").iterdir())
