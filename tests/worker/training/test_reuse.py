"""One process that trains several experiments: each result is what a fresh process makes of it, bit for bit."""

import hashlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import keras
import numpy as np
import pytest

from models_store.artifacts import PublishedFile
from models_store.experiments.stored_spec import StoredSpec
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.waiting import eventually
from tests.worker.conftest import Supervised
from worker.jobs.messages import EpochEnded, Finished, StartingWeights, StopReason, TrainingJob
from worker.jobs.trainers import Trainer, start_trainer
from worker.training.reuse import Reuse
from worker.training.train import run

Results = dict[str, Any]
_GROWTH_BYTES = 300_000_000
# They have their time of writing, names that count on from the last export, and checksums of both.
_UNSTABLE = {"model.keras", "model.onnx", "manifest.json"}
DENSE: list[dict[str, Any]] = [
    {"type": "Flatten"},
    {"type": "Dense", "units": 16, "activation": "relu"},
    {"type": "Dense"},
]
CONVOLUTION: list[dict[str, Any]] = [
    {"type": "Conv2D", "filters": 4, "kernel_size": 3, "activation": "relu"},
    {"type": "BatchNormalization", "momentum": 0.8},
    {"type": "Dropout", "rate": 0.2},
    {"type": "Flatten"},
    {"type": "Dense"},
]
BLOBS = {"name": "blobs", "blobs": {"n_samples": 300, "centers": 3}}


def spec(layers: list[dict[str, Any]], *, of: dict[str, Any] | None = None, **training: Any) -> ExperimentSpec:
    training = {"epochs": 2, "batch_size": 64, "precision": "float32", **training}
    return parse_spec({**(of or {}), "model": {"layers": layers}, "training": training})


AUGMENTATION = {"augmentation": {"layers": [{"type": "RandomRotation", "factor": 0.05}]}}
SPECS = {
    "dense": spec(DENSE),
    "augmented": spec(CONVOLUTION, of=AUGMENTATION, seed=3),
    "mixed precision": spec(CONVOLUTION, precision="mixed_bfloat16"),
    "float32 after mixed precision": spec(CONVOLUTION, epochs=3, keep="best", optimizer={"type": "SGD"}),
    "another dataset": spec([{"type": "Dense", "units": 4}, {"type": "Dense"}], of={"dataset": BLOBS}),
    "weights of another network": spec(DENSE, seed=5),
}


@pytest.fixture
def start() -> Iterator[Callable[[], Trainer]]:
    started: list[Trainer] = []

    def start() -> Trainer:
        started.append(start_trainer(max_growth_bytes=_GROWTH_BYTES))
        return started[-1]

    yield start
    for each in started:
        each.kill()


def job(spec: ExperimentSpec, folder: Path, weights: StartingWeights | None = None) -> TrainingJob:
    attempt = folder / "attempts" / "1"
    attempt.mkdir(parents=True)
    return TrainingJob(
        experiment_id=folder.name,
        spec=StoredSpec.of(spec),
        attempts_folder=attempt.parent,
        attempt_folder=attempt,
        datasets_dir=None,
        weights=weights,
    )


def events_of(trainer: Trainer, last: type) -> list[Any]:
    """All of them up to the first of a kind."""
    events: list[Any] = []

    def is_over() -> bool:
        events.extend(trainer.receive(0.1))
        return trainer.has_ended or any(isinstance(each, last) for each in events)

    eventually(is_over)
    return events


def train(trainer: Trainer, job: TrainingJob) -> Results:
    """Everything that is published, and the history."""
    trainer.assign(job)
    events = events_of(trainer, Finished)
    (result,) = [each.result for each in events if isinstance(each, Finished)]
    points = [each.point.metrics for each in events if isinstance(each, EpochEnded)]
    files = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in result.staged.iterdir()
        if path.name not in _UNSTABLE
    }
    with ZipFile(result.staged / "model.keras") as network:
        network_of = {name: network.read(name) for name in ("config.json", "model.weights.h5")}
    published = result.model_dump(exclude={"staged": True, "published": {"seconds"}})
    return {"points": points, "files": files, "network": network_of, "result": published}


@pytest.mark.processes
def test_one_process_trains_as_fresh_ones_do(start: Callable[[], Trainer], tmp_path: Path) -> None:
    """Two processes train the same in opposite orders: what comes first in one comes last in the other."""
    weights: StartingWeights | None = None
    orders = list(SPECS), list(reversed(SPECS))
    trained: list[dict[str, Results]] = []
    for number, order in enumerate(orders):
        trainer, results = start(), dict[str, Results]()
        for name in order:
            wanted = weights if name == "weights of another network" else None
            results[name] = train(trainer, job(SPECS[name], tmp_path / f"{number} {name}", wanted))
            if weights is None:
                weights = weights_in(tmp_path / f"{number} {name}" / "attempts" / "1" / "staged" / "model.keras")
        assert trainer.is_alive
        assert trainer.jobs == len(SPECS)
        trained.append(results)

    for name in SPECS:
        assert trained[0][name] == trained[1][name], name


def weights_in(path: Path) -> StartingWeights:
    file = PublishedFile(path=path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    return StartingWeights(source="01K6W3E8Z4T5V6X7Y8Z9A0B1C2", file=file, layers={"dense": "dense"})


# -- when it ends ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("training", "stop", "ending"),
    [
        ({}, None, "finished"),
        ({"deterministic": True}, None, "finished"),
        ({"optimizer": {"type": "SGD", "learning_rate": 1e30}}, None, "failed"),
        ({}, "cancelled", "stopped"),
    ],
)
def test_only_a_completed_training_is_followed(
    tmp_path: Path, supervised: Supervised, training: dict[str, Any], stop: StopReason | None, ending: str
) -> None:
    supervised.channel._stop = stop
    may_follow = run(job(spec(DENSE, **training), tmp_path), supervised.channel)

    assert supervised.events[-1]["type"] == ending
    assert may_follow is (ending == "finished" and not training)


@pytest.fixture
def remember() -> Callable[[], Reuse]:
    """Called in the test: pytest changes the environment between fixtures and test."""
    return lambda: Reuse(_GROWTH_BYTES)


def test_training_leaves_the_process_as_it_was(
    tmp_path: Path, supervised: Supervised, remember: Callable[[], Reuse]
) -> None:
    """With early stopping while chunks of later epochs are prepared in threads."""
    stopping = {"monitor": "val_loss", "patience": 1, "min_delta": 9.0}
    augmented = spec(CONVOLUTION, of=AUGMENTATION, epochs=50, early_stopping=stopping)
    reuse = remember()
    assert run(job(augmented, tmp_path), supervised.channel)

    assert supervised.result["stop_reason"] == "early_stopping"
    assert reuse.restore()
    assert keras.layers.Dense(1).name == "dense"


LEFT_OPEN: list[IO[bytes]] = []
THIS_FILE = Path(__file__)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda patch, _: patch.setenv("TF_DETERMINISTIC_OPS", "1"), "the environment"),
        (lambda patch, path: patch.chdir(path), "the working directory"),
        # Not in the folder of the test, which may lie in /dev/shm.
        (lambda *_: LEFT_OPEN.append(THIS_FILE.open("rb")), "open files"),
        (lambda *_: keras.config.set_epsilon(1e-3), "Keras's settings"),
        (lambda *_: signal.signal(signal.SIGUSR2, signal.SIG_IGN), "signal handlers"),
    ],
)
def test_process_with_leftovers_ends(
    tmp_path: Path,
    remember: Callable[[], Reuse],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[pytest.MonkeyPatch, Path], Any],
    what: str,
) -> None:
    reuse = remember()
    change(monkeypatch, tmp_path)
    try:
        assert not reuse.restore()
        assert f"has changed {what}" in caplog.text
    finally:
        while LEFT_OPEN:
            LEFT_OPEN.pop().close()
        keras.config.set_epsilon(1e-7)
        signal.signal(signal.SIGUSR2, signal.SIG_DFL)


def test_process_that_has_grown_ends(remember: Callable[[], Reuse]) -> None:
    reuse = remember()
    ballast = np.ones(_GROWTH_BYTES // 8 + 10_000_000)
    assert not reuse.restore()

    del ballast
    assert reuse.restore()
