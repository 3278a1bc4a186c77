"""Beginning with another network's weights: which, unchanged, and only where a run begins."""

import logging
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import orjson
import pytest

from models_store.artifacts import KERAS_FILE, PublishedFile, published_file
from models_store.experiments.stored_spec import StoredSpec
from models_store.files import sha256_of
from specs.experiment import ExperimentSpec, parse_spec
from specs.transfer import transferred_layers
from tests.worker.conftest import Supervised
from worker.jobs.messages import StartingWeights, TrainingJob
from worker.training import checkpoint as checkpoints
from worker.training.checkpoint import Checkpoint
from worker.training.network import build, with_softmax
from worker.training.train import run
from worker.training.transfer import WeightsUnavailable, transfer_weights

SOURCE = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
CONV = {"type": "Conv2D", "filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}
NORM = {"type": "BatchNormalization", "momentum": 0.5}
HIDDEN = {"type": "Dense", "units": 12, "activation": "relu"}
LAYERS: list[dict[str, Any]] = [
    CONV,
    {"type": "Residual", "layers": [{**CONV, "filters": 6}, NORM], "activation": "relu"},
    {"type": "MaxPooling2D"},
    {"type": "Flatten"},
    HIDDEN,
    {"type": "Dropout", "rate": 0.3},
    {"type": "Dense"},
]
IMAGES = np.arange(2 * 64, dtype=np.uint8).reshape(2, 8, 8, 1)
STILL = {"type": "SGD", "learning_rate": 1e-12}
Jobs = Callable[..., TrainingJob]
Weights = dict[str, Sequence[np.ndarray[Any, Any]]]


def spec_of(layers: list[dict[str, Any]] = LAYERS, **splits: Any) -> ExperimentSpec:
    training = {"epochs": 2, "deterministic": True, "batch_size": 64, **splits.pop("training", {})}
    model = {"layers": layers, **splits.pop("model", {})}
    return parse_spec({"model": model, "training": training, **splits})


def saved(spec: ExperimentSpec, folder: Path) -> PublishedFile:
    """A network of `spec` with weights that no initializer makes, as it would be published."""
    model = build(spec, IMAGES)
    random = np.random.default_rng(1)
    model.set_weights([random.uniform(0.1, 0.9, array.shape) for array in model.get_weights()])
    path = folder / KERAS_FILE
    with_softmax(model, spec).save(path)
    return PublishedFile(path=path, sha256=sha256_of(path.read_bytes()))


def starting(file: PublishedFile, spec: ExperimentSpec, source: ExperimentSpec) -> StartingWeights:
    return StartingWeights(source=SOURCE, file=file, layers=transferred_layers(spec.network, source.network))


def weights_of(model: keras.Model) -> Weights:
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}


def assert_equal(weights: Sequence[np.ndarray[Any, Any]], others: Sequence[np.ndarray[Any, Any]]) -> None:
    for array, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(array, other)


def taken_by(spec: ExperimentSpec, source: ExperimentSpec, folder: Path) -> tuple[Weights, Weights, Weights]:
    """The weights of a network of `spec` before and after it took those of `source`, and these, by layer."""
    model = build(spec, IMAGES)
    before = weights_of(model)
    transfer_weights(model, starting(saved(source, folder), spec, source))
    source_model = build(source, IMAGES)
    source_model.set_weights(keras.saving.load_model(folder / KERAS_FILE, compile=False).get_weights())
    return before, weights_of(model), weights_of(source_model)


def test_same_network_transfers_every_layer(tmp_path: Path) -> None:
    before, after, source = taken_by(spec_of(), spec_of(training={"seed": 5}), tmp_path)

    assert list(after) == ["conv2d", "conv2d_1", "batch_normalization", "conv2d_2", "dense", "dense_1"]
    for name, weights in after.items():
        assert_equal(weights, source[name])
        assert not np.array_equal(weights[0], before[name][0])


def test_frozen_layers_get_weights_and_statistics(tmp_path: Path) -> None:
    _, after, source = taken_by(spec_of(model={"freeze": 4}), spec_of(), tmp_path)

    assert len(after["batch_normalization"]) == 4
    assert_equal(after["batch_normalization"], source["batch_normalization"])


def test_other_layers_keep_their_initial_weights(tmp_path: Path) -> None:
    before, after, source = taken_by(spec_of(dataset={"name": "digits", "classes": [3, 5]}), spec_of(), tmp_path)

    assert_equal(after["dense"], source["dense"])
    assert_equal(after["dense_1"], before["dense_1"])


def test_weights_of_a_network_without_softmax_transfer(tmp_path: Path) -> None:
    """It was published within another one, which adds the softmax."""
    source = spec_of([*LAYERS[:-1], {"type": "Dense", "activation": None}])
    _, after, weights = taken_by(spec_of(), source, tmp_path)

    assert_equal(after["dense_1"], weights["dense_1"])


def test_layers_with_other_names_transfer(tmp_path: Path) -> None:
    _, after, source = taken_by(branched_spec("left", "answer"), branched_spec("conv", "dense"), tmp_path)

    assert_equal(after["left"], source["conv"])
    assert_equal(after["answer"], source["dense"])


def branched_spec(left: str, answer: str) -> ExperimentSpec:
    images = keras.Input((8, 8, 1))
    one = keras.layers.Conv2D(4, 3, padding="same", name=left)(images)
    other = keras.layers.Conv2D(4, 1, name=f"{left}_other")(images)
    joined = keras.layers.Flatten()(keras.layers.Add()([one, other]))
    model = keras.Model(images, keras.layers.Dense(10, activation="softmax", name=answer)(joined))
    document = orjson.loads(model.to_json())
    keras.utils.clear_session(free_memory=False)
    return parse_spec({"model": {"keras": document}})


def test_scaling_is_not_transferred(tmp_path: Path) -> None:
    spec, source = spec_of(preprocessing={"scale": "standardize"}), spec_of(preprocessing={"scale": "unit"})
    model, untouched = build(spec, IMAGES), build(spec, IMAGES)
    transfer_weights(model, starting(saved(source, tmp_path), spec, source))

    scaled = np.asarray(model.get_layer("trainyard_scaling")(IMAGES))
    np.testing.assert_array_equal(scaled, untouched.get_layer("trainyard_scaling")(IMAGES))
    assert abs(scaled.mean()) < 1e-5


def test_transferred_layers_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spec, source = (
        spec_of([{"type": "Flatten"}, HIDDEN, HIDDEN, {"type": "Dense"}]),
        spec_of([{"type": "Flatten"}, HIDDEN, {"type": "Dense"}]),
    )
    with caplog.at_level(logging.INFO):
        transfer_weights(build(spec, IMAGES), starting(saved(source, tmp_path), spec, source))

    assert caplog.messages[-1] == f"transferred weights of experiment {SOURCE}: dense, dense_2 from dense_1"


def test_changed_file_is_rejected(tmp_path: Path) -> None:
    weights = starting(saved(spec_of(), tmp_path), spec_of(), spec_of())
    with weights.file.path.open("r+b") as file:
        file.seek(300)
        file.write(b"changed")

    with pytest.raises(WeightsUnavailable, match=f"{SOURCE} cannot be read: model.keras does not match its sha256"):
        transfer_weights(build(spec_of(), IMAGES), weights)


def test_missing_file_is_rejected(tmp_path: Path) -> None:
    weights = starting(saved(spec_of(), tmp_path), spec_of(), spec_of())
    weights.file.path.unlink()

    with pytest.raises(WeightsUnavailable, match=r"model\.keras is missing"):
        transfer_weights(build(spec_of(), IMAGES), weights)


def test_code_in_a_file_with_a_valid_sha256_is_not_run(tmp_path: Path) -> None:
    marker, path = tmp_path / "ran", tmp_path / KERAS_FILE
    name = str(marker)
    harm = keras.layers.Lambda(lambda numbers: (__import__("pathlib").Path(name).touch(), numbers)[1])
    hostile = keras.Sequential([keras.Input((8,)), harm])
    hostile.save(path)
    marker.unlink()
    file = PublishedFile(path=path, sha256=sha256_of(path.read_bytes()))

    with pytest.raises(WeightsUnavailable, match="cannot be read"):
        transfer_weights(build(spec_of(), IMAGES), StartingWeights(source=SOURCE, file=file, layers={}))
    assert not marker.exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 half of one"])
def test_other_file_with_a_valid_sha256_is_rejected(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / KERAS_FILE
    path.write_bytes(content)

    with pytest.raises(WeightsUnavailable, match="cannot be read"):
        transfer_weights(
            build(spec_of(), IMAGES),
            StartingWeights(source=SOURCE, file=PublishedFile(path=path, sha256=sha256_of(content)), layers={}),
        )


def test_zip_without_a_network_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / KERAS_FILE
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
    file = PublishedFile(path=path, sha256=sha256_of(path.read_bytes()))

    with pytest.raises(WeightsUnavailable, match="cannot be read"):
        transfer_weights(build(spec_of(), IMAGES), StartingWeights(source=SOURCE, file=file, layers={}))


def test_run_without_its_source_fails_with_the_reason(job: Jobs, supervised: Supervised) -> None:
    run(job(spec_of(), weights="the weights of another experiment are not to be had"), supervised.channel)

    assert supervised.events[-1]["failure"] == {
        "type": "weights_unavailable",
        "message": "the weights of another experiment are not to be had; post the experiment again with another source",
    }


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[ExperimentSpec, PublishedFile, dict[str, Any]]:
    """A source that has learned the digits: its spec, its network, its last event."""
    folder = tmp_path_factory.mktemp("source") / "attempts" / "1"
    folder.mkdir(parents=True)
    spec, supervised = (
        spec_of(training={"epochs": 8, "optimizer": {"type": "Adam", "learning_rate": 0.005}}),
        Supervised(),
    )
    run(
        TrainingJob(
            experiment_id=SOURCE,
            spec=StoredSpec.of(spec),
            attempts_folder=folder.parent,
            attempt_folder=folder,
            datasets_dir=None,
        ),
        supervised.channel,
    )
    finished = supervised.result
    return spec, published_file(Path(finished["staged"]), KERAS_FILE), finished


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_first_epoch_continues_where_the_source_ended(
    job: Jobs, supervised: Supervised, trained: Any, precision: str
) -> None:
    source, file, finished = trained
    # Statistics of batches would still move where nothing else does.
    spec = spec_of(training={"epochs": 1, "optimizer": STILL, "precision": precision}, model={"freeze": 4})
    run(job(spec, weights=starting(file, spec, source)), supervised.channel)

    assert finished["metrics"]["val_accuracy"] > 0.9
    (first,) = supervised.points()
    assert first["metrics"]["val_accuracy"] == pytest.approx(finished["metrics"]["val_accuracy"], abs=0.01)
    exact = precision == "float32"
    assert supervised.result["test_metrics"]["accuracy"] == pytest.approx(
        finished["test_metrics"]["accuracy"], abs=1e-6 if exact else 0.01
    )


def test_resumed_run_needs_no_source(job: Jobs, trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source, file, _ = trained
    spec = spec_of(training={"epochs": 3})
    weights = starting(file, spec, source)
    whole, resumed, random = Supervised(), Supervised(), Supervised()
    run(job(spec, attempt=8, weights=weights), whole.channel)
    shutil.rmtree(job(spec).attempts_folder)
    run(job(spec, attempt=9), random.channel)
    shutil.rmtree(job(spec).attempts_folder)
    save = checkpoints.save

    def save_then_die(checkpoint: Checkpoint, folder: Path) -> None:
        save(checkpoint, folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "save", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        run(job(spec, attempt=1, weights=weights), Supervised().channel)
    monkeypatch.setattr(checkpoints, "save", save)
    run(job(spec, attempt=2, weights="there is no such experiment"), resumed.channel)

    begun = [{"epoch": each["epoch"], "metrics": each["metrics"]} for each in resumed.events[0]["points"]]
    assert begun + resumed.points() == whole.points()
    assert resumed.result["test_metrics"] == whole.result["test_metrics"]
    assert whole.points()[0]["metrics"]["loss"] < random.points()[0]["metrics"]["loss"] / 2
