"""A whole training in this process: what it says, what it writes, and that it can be interrupted anywhere."""

import errno
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime
import orjson
import pytest

from models_store.errors import StorageFull, Unavailable
from models_store.experiments.checkpoints import share_state, training_state
from models_store.experiments.training_samples import read_samples
from specs.experiment import ExperimentSpec, parse_spec
from tests.worker.conftest import Supervised
from worker.data import load_splits
from worker.jobs.messages import TrainingJob
from worker.training import checkpoint as checkpoints
from worker.training.checkpoint import Checkpoint
from worker.training.pace import Pace
from worker.training.train import run

Jobs = Callable[..., TrainingJob]
Spec = Callable[..., ExperimentSpec]


def dropout_spec(**training: Any) -> ExperimentSpec:
    """Everything that has a state of its own: Dropout's seed, Adam's moments, the statistics of normalisation."""
    layers = [
        {"type": "Flatten"},
        {"type": "Dense", "units": 12, "activation": "relu"},
        {"type": "BatchNormalization", "momentum": 0.9},
        {"type": "Dropout", "rate": 0.3},
        {"type": "Dense"},
    ]
    training = {"epochs": 3, "batch_size": 100, "deterministic": True, **training}
    return parse_spec({"model": {"layers": layers}, "training": training})


def test_training_reports_epochs_and_stages_a_result(job: Jobs, supervised: Supervised, tiny_spec: Spec) -> None:
    first = job(tiny_spec(epochs=3))
    run(first, supervised.channel)

    kinds = [event["type"] for event in supervised.events]
    assert kinds[0] == "begun"
    assert kinds[-1] == "finished"
    assert [point["epoch"] for point in supervised.points()] == [0, 1, 2]
    assert set(supervised.points()[0]["metrics"]) == {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}
    finished = supervised.result
    staged = Path(finished["staged"])
    manifest = orjson.loads((staged / "manifest.json").read_bytes())["files"]
    predictions = {f"predictions-{split}.npz" for split in ("training", "validation", "test")}
    others = {"model.keras", "model.onnx", "evaluation.json", "serving.json", "samples.npz", "provenance.json"}
    assert set(manifest) == predictions | others
    for name, entry in manifest.items():
        assert hashlib.sha256((staged / name).read_bytes()).hexdigest() == entry["sha256"]
    samples = read_samples(staged)
    assert samples is not None
    assert samples.images.shape == (32, 8, 8, 1)
    assert samples.labels[:10] == tuple("0123456789")
    assert finished["stop_reason"] == "completed"


def test_published_files_agree_with_the_evaluation(job: Jobs, supervised: Supervised, tiny_spec: Spec) -> None:
    import keras

    spec = tiny_spec(epochs=4)
    first = job(spec)
    run(first, supervised.channel)
    staged = Path(supervised.result["staged"])
    test = load_splits(spec, None).test

    session = onnxruntime.InferenceSession(staged / "model.onnx", providers=["CPUExecutionProvider"])
    served = session.run(None, {session.get_inputs()[0].name: test.images})[0]
    kept = np.asarray(keras.models.load_model(staged / "model.keras")(test.images))
    assert np.abs(served - kept).max() < 1e-4
    evaluation = orjson.loads((staged / "evaluation.json").read_bytes())["test"]
    guesses = kept.argmax(axis=1)
    matrix = np.zeros((10, 10), dtype=int)
    for true, guess in zip(test.labels, guesses, strict=True):
        matrix[true, guess] += 1
    assert evaluation["confusion_matrix"]["matrix"] == matrix.tolist()
    assert evaluation["accuracy"] == pytest.approx((guesses == test.labels).mean())
    assert evaluation["loss"] == pytest.approx(-np.log(kept[np.arange(360), test.labels]).mean(), rel=1e-4)
    assert [row["support"] for row in evaluation["per_class"]] == np.bincount(test.labels).tolist()
    recall = [matrix[each, each] / matrix[each].sum() for each in range(10)]
    assert [row["recall"] for row in evaluation["per_class"]] == pytest.approx(recall)


def test_network_trained_in_bfloat16_publishes_float32(job: Jobs, supervised: Supervised) -> None:
    import keras

    layers = [
        {"type": "Conv2D", "filters": 4, "kernel_size": 3, "activation": "relu"},
        {"type": "MaxPooling2D"},
        {"type": "BatchNormalization", "momentum": 0.5},
        {"type": "Flatten"},
        {"type": "Dense", "activation": None},
    ]
    training = {"epochs": 2, "precision": "mixed_bfloat16", "loss": {"type": "MeanSquaredError"}}
    augmentation = {"layers": [{"type": "RandomRotation", "factor": 0.05}]}
    spec = parse_spec({"model": {"layers": layers}, "training": training, "augmentation": augmentation})
    run(job(spec), supervised.channel)

    assert supervised.events[-1]["type"] == "finished"
    staged = Path(supervised.result["staged"])
    kept = keras.models.load_model(staged / "model.keras")
    assert {layer.compute_dtype for layer in kept.layers} <= {"float32"}
    evaluation = orjson.loads((staged / "evaluation.json").read_bytes())
    assert {split["training_precision"] for split in evaluation.values()} == {"mixed_bfloat16"}
    progress = [event["progress"] for event in supervised.events if event["type"] == "advanced"]
    assert progress[0]["precision"] == "mixed_bfloat16"
    last = supervised.points()[-1]["metrics"]["val_accuracy"]
    assert evaluation["validation"]["accuracy"] == pytest.approx(last, abs=0.05)


@pytest.mark.parametrize("epochs_before", [1, 2, 3])
def test_resumed_run_equals_an_uninterrupted_one(
    job: Jobs, epochs_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, resumed = Supervised(), Supervised()
    run(job(dropout_spec(), attempt=8), whole.channel)
    shutil.rmtree(job(dropout_spec(), attempt=8).attempts_folder)
    save, saved = checkpoints.save, []

    def save_then_die(checkpoint: Checkpoint, folder: Path) -> None:
        save(checkpoint, folder)
        saved.append(checkpoint)
        if len(saved) == epochs_before:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "save", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        run(job(dropout_spec(), attempt=1), Supervised().channel)
    monkeypatch.setattr(checkpoints, "save", save)
    run(job(dropout_spec(), attempt=2), resumed.channel)

    begun = [{"epoch": each["epoch"], "metrics": each["metrics"]} for each in resumed.events[0]["points"]]
    assert begun + resumed.points() == whole.points()
    assert resumed.result["metrics"] == whole.result["metrics"]
    assert resumed.result["test_metrics"] == whole.result["test_metrics"]


def test_continued_training_equals_one_at_once(job: Jobs) -> None:
    whole, first, continued = Supervised(), Supervised(), Supervised()
    attempts = job(dropout_spec()).attempts_folder
    run(job(dropout_spec(), attempt=8), whole.channel)
    weights = weights_of(whole)
    shutil.rmtree(attempts)
    run(job(dropout_spec(epochs=2), attempt=1), first.channel)
    state = training_state(attempts)
    assert state is not None
    share_state(state, attempts.parent / "shared")
    shutil.rmtree(attempts)
    (attempts.parent / "shared").rename(attempts)
    run(job(dropout_spec(epochs=3), attempt=1), continued.channel)

    begun = [{"epoch": each["epoch"], "metrics": each["metrics"]} for each in continued.events[0]["points"]]
    assert continued.events[0]["elapsed_seconds"] == 0
    assert begun + continued.points() == whole.points()
    assert continued.result["metrics"] == whole.result["metrics"]
    assert continued.result["test_metrics"] == whole.result["test_metrics"]
    assert weights_of(continued) == weights


def weights_of(supervised: Supervised) -> str:
    weights: str = orjson.loads((Path(supervised.result["staged"]) / "provenance.json").read_bytes())["weights_sha256"]
    return weights


def test_training_without_its_dataset_file_fails(
    job: Jobs, supervised: Supervised, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline() -> None:
        raise OSError("no network")

    monkeypatch.setattr("keras.datasets.mnist.load_data", offline)
    spec = parse_spec({"dataset": {"name": "mnist"}, "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}})
    run(job(spec).model_copy(update={"datasets_dir": tmp_path / "nowhere"}), supervised.channel)

    failure = supervised.events[-1]["failure"]
    assert failure["type"] == "dataset_unavailable"
    assert f"put mnist.npz into {tmp_path / 'nowhere'}" in failure["message"]


def test_continued_training_without_its_state_fails(job: Jobs, supervised: Supervised) -> None:
    spec = dropout_spec().model_copy(update={"continue_from": "01K6W3E8Z4T5V6X7Y8Z9A0B1C3"})
    run(job(spec), supervised.channel)
    failure = supervised.events[-1]["failure"]
    assert failure["type"] == "weights_unavailable"
    assert failure["message"].startswith("the training state of experiment 01K6W3E8Z4T5V6X7Y8Z9A0B1C3 cannot be read")


def test_run_stopped_within_an_epoch_resumes_there(job: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, stopped, resumed = Supervised(), Supervised(), Supervised()
    run(job(dropout_spec(), attempt=8), whole.channel)
    shutil.rmtree(job(dropout_spec(), attempt=8).attempts_folder)
    add_steps = Pace.add_steps

    def add_then_stop(pace: Pace, steps: int, seconds: float) -> None:
        add_steps(pace, steps, seconds)
        pace.chunk = 3
        if pace.epochs == 1:
            stopped.channel._stop = "shutdown"

    monkeypatch.setattr(Pace, "add_steps", add_then_stop)
    run(job(dropout_spec(), attempt=1), stopped.channel)
    monkeypatch.setattr(Pace, "add_steps", add_steps)
    checkpoint = checkpoints.latest(job(dropout_spec()).attempts_folder)
    run(job(dropout_spec(), attempt=2), resumed.channel)

    assert stopped.events[-1] == {"type": "stopped", "reason": "shutdown"}
    assert checkpoint is not None
    assert (checkpoint.epoch, checkpoint.step > 0) == (1, True)
    assert stopped.points() + resumed.points() == whole.points()
    assert resumed.result["test_metrics"] == whole.result["test_metrics"]


def test_early_stopping_works_across_an_interruption(job: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    # From the second epoch on the rate is far too high: the first one is the best.
    rate = {"type": "PiecewiseConstantDecay", "boundaries_epochs": [1], "values": [0.001, 1.0]}
    stopping = {"monitor": "val_loss", "patience": 2}
    spec = dropout_spec(epochs=20, early_stopping=stopping, optimizer={"type": "Adam", "learning_rate": rate})
    whole, resumed = Supervised(), Supervised()
    run(job(spec, attempt=8), whole.channel)
    shutil.rmtree(job(spec, attempt=8).attempts_folder)
    save = checkpoints.save

    def save_then_die(checkpoint: Checkpoint, folder: Path) -> None:
        save(checkpoint, folder)
        if checkpoint.epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "save", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        run(job(spec, attempt=1), Supervised().channel)
    monkeypatch.setattr(checkpoints, "save", save)
    run(job(spec, attempt=2), resumed.channel)

    assert [point["epoch"] for point in whole.points()] == [0, 1, 2]
    assert (whole.result["stop_reason"], resumed.result["stop_reason"]) == ("early_stopping",) * 2
    first_epoch = whole.points()[0]["metrics"]["val_loss"]
    assert whole.result["metrics"]["val_loss"] == pytest.approx(first_epoch, rel=1e-3)
    assert resumed.result["metrics"] == whole.result["metrics"]


def test_cancelled_run_keeps_its_checkpoint_only(job: Jobs, supervised: Supervised, tiny_spec: Spec) -> None:
    first = job(tiny_spec(epochs=5))
    supervised.channel._stop = "cancelled"
    run(first, supervised.channel)

    assert supervised.events[-1] == {"type": "stopped", "reason": "cancelled"}
    assert not (first.attempt_folder / "staged").exists()


def test_diverging_loss_names_the_learning_rate(job: Jobs, supervised: Supervised) -> None:
    spec = dropout_spec(optimizer={"type": "SGD", "learning_rate": 1e30})
    run(job(spec), supervised.channel)

    failure = supervised.events[-1]["failure"]
    assert failure["type"] == "diverged"
    assert "1e+30" in failure["message"]
    assert supervised.points()[-1]["metrics"]["loss"] is None


def test_full_disk_fails_and_leaves_nothing_staged(
    job: Jobs, supervised: Supervised, tiny_spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageFull("disk full: no room to write manifest.json")

    monkeypatch.setattr("worker.training.train.write_manifest", full)
    first = job(tiny_spec(epochs=1))
    run(first, supervised.channel)

    assert supervised.events[-1]["failure"]["type"] == "disk_full"
    assert not (first.attempt_folder / "staged").exists()


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), Unavailable("cannot write manifest.json")])
def test_disk_error_is_told_apart(
    job: Jobs, supervised: Supervised, tiny_spec: Spec, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr("worker.training.train.write_manifest", broken)
    run(job(tiny_spec(epochs=1)), supervised.channel)

    failure = supervised.events[-1]["failure"]
    assert (failure["type"], failure["message"].startswith("disk error: ")) == ("disk_error", True)


def test_export_without_parity_is_not_published(
    job: Jobs, supervised: Supervised, tiny_spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.training.export.PROBE_TOLERANCE", 0.0)
    run(job(tiny_spec(epochs=1)), supervised.channel)

    assert supervised.events[-1]["failure"]["type"] == "export"


def test_blobs_train_evaluate_and_are_published(job: Jobs, supervised: Supervised) -> None:
    spec = parse_spec(
        {
            "dataset": {"name": "blobs", "blobs": {"cluster_std": 0.5}},
            "model": {"layers": [{"type": "Dense", "units": 25, "activation": "relu"}, {"type": "Dense"}]},
            "training": {
                "epochs": 20,
                "batch_size": 32,
                "deterministic": True,
                "optimizer": {"type": "Adam", "learning_rate": 0.01},
            },
        }
    )
    first = job(spec)
    run(first, supervised.channel)

    finished = supervised.result
    assert finished["test_metrics"]["accuracy"] > 0.95
    staged = Path(finished["staged"])
    serving = orjson.loads((staged / "serving.json").read_bytes())
    assert (serving["image_shape"], serving["labels"]) == ([2], ["0", "1", "2", "3"])
    session = onnxruntime.InferenceSession(staged / "model.onnx", providers=["CPUExecutionProvider"])
    test = load_splits(spec, None).test
    answered = session.run(None, {session.get_inputs()[0].name: test.images})[0]
    assert (answered.argmax(axis=1) == test.labels).mean() == pytest.approx(finished["test_metrics"]["accuracy"])


@pytest.mark.parametrize("activation", ["softmax", None])
def test_standardized_blobs_train(job: Jobs, supervised: Supervised, activation: str | None) -> None:
    spec = parse_spec(
        {
            "dataset": {"name": "blobs", "classes": [2, 0], "limit_per_class": 100},
            "preprocessing": {"scale": "standardize"},
            "model": {"layers": [{"type": "Dense", "activation": activation}]},
            "training": {"epochs": 1, "batch_size": 16},
        }
    )
    run(job(spec), supervised.channel)

    assert supervised.events[-1]["type"] == "finished", supervised.events[-1]


@pytest.mark.parametrize("activation", ["softmax", None])
def test_branched_keras_document_trains_and_publishes(
    job: Jobs, supervised: Supervised, activation: str | None
) -> None:
    spec = parse_spec(
        {"model": {"keras": branched_document(activation)}, "training": {"epochs": 2, "deterministic": True}}
    )
    run(job(spec), supervised.channel)

    finished = supervised.result
    session = onnxruntime.InferenceSession(Path(finished["staged"]) / "model.onnx", providers=["CPUExecutionProvider"])
    test = load_splits(spec, None).test
    answered = session.run(None, {session.get_inputs()[0].name: test.images})[0]
    assert np.allclose(answered.sum(axis=1), 1, atol=1e-4)
    assert (answered.argmax(axis=1) == test.labels).mean() == pytest.approx(finished["test_metrics"]["accuracy"])


def branched_document(activation: str | None) -> dict[str, Any]:
    images = keras.Input((8, 8, 1))
    left = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="left")(images)
    right = keras.layers.Conv2D(4, 1, name="right")(images)
    joined = keras.layers.Concatenate()([keras.layers.Add()([left, right]), images])
    answer = keras.layers.Dense(10, activation=activation, name="answer")(keras.layers.Flatten()(joined))
    document: dict[str, Any] = orjson.loads(keras.Model(images, answer).to_json())
    keras.utils.clear_session(free_memory=False)
    return document
