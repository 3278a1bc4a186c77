import re
from pathlib import Path
from typing import Any, get_args

import pytest

from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.layers import Conv2D, Dense
from specs.optimizers import Adam, Nadam, RMSprop
from specs.presets import PRESETS, PresetName
from specs.training import EarlyStopping, ReduceLROnPlateau

FOLDERS = [name for name in PRESETS if name.startswith("folder-cnn-")]


def experiment(name: str) -> ExperimentSpec:
    return parse_spec(PRESETS[name].spec, PRESETS[name].datasets)


def test_every_name_has_preset() -> None:
    assert get_args(PresetName) == tuple(PRESETS)
    assert all(preset.name == name for name, preset in PRESETS.items())


@pytest.mark.parametrize(
    ("name", "source", "parameters", "batch_size", "epochs", "scale"),
    [
        ("digits-cnn", "trainyard", 85_450, 64, 25, "unit"),
        ("mnist-dnn", "001", 51_450, 128, 50, "none"),
        ("mnist-cnn", "001", 95_946, 128, 20, "none"),
        ("mnist-cnn-regularized", "001", 175_210, 128, 30, "none"),
        ("mnist-cnn-bn", "000", 692_682, 128, 30, "unit"),
        ("mnist-best", "trainyard", 247_306, 128, 14, "unit"),
        ("cifar10-conv-small", "002", 257_390, 32, 20, "unit"),
        ("cifar10-conv-bn", "002", 622_282, 32, 50, "unit"),
        ("cifar10-best", "trainyard", 1_169_290, 128, 39, "standardize"),
        ("blobs-mlp", "003", 179, 32, 1_000, "none"),
        ("folder-cnn-shallow", "004", 1_069_982, 32, 30, "unit"),
        ("folder-cnn-deep", "004", 4_497_214, 32, 30, "unit"),
        ("folder-cnn-he", "004", 1_447_902, 32, 30, "unit"),
        ("folder-transfer", "trainyard", 3_451_454, 32, 20, "none"),
    ],
)
def test_presets_equal_source(
    name: str, source: str, parameters: int, batch_size: int, epochs: int, scale: str
) -> None:
    spec = experiment(name)
    assert (spec.name, PRESETS[name].source) == (name, source)
    assert spec.network.parameters.total == parameters
    assert (spec.training.batch_size, spec.training.epochs) == (batch_size, epochs)
    assert spec.preprocessing.scale == scale


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        ("mnist-cnn-bn", Adam()),
        ("cifar10-conv-small", Nadam()),
        ("cifar10-conv-bn", Adam()),
        ("folder-cnn-shallow", RMSprop()),
        ("folder-cnn-deep", Adam()),
        ("folder-cnn-he", Nadam()),
    ],
)
def test_presets_have_optimizer_of_source(name: str, optimizer: Any) -> None:
    assert experiment(name).training.optimizer == optimizer


def test_cifar10_conv_bn_has_callbacks_of_source() -> None:
    training = experiment("cifar10-conv-bn").training
    assert training.early_stopping == EarlyStopping(patience=10)
    assert training.reduce_lr_on_plateau == ReduceLROnPlateau(patience=3, factor=0.5, min_lr=1e-6)


def test_presets_publish_the_epoch_of_their_source() -> None:
    last = {name for name in PRESETS if experiment(name).training.keep == "last"}
    assert last == {
        *("mnist-dnn", "mnist-cnn", "mnist-cnn-regularized", "cifar10-conv-small", "blobs-mlp"),
        *("mnist-best", "cifar10-best"),
    }


def test_regularized_preset_penalizes_every_kernel() -> None:
    layers = experiment("mnist-cnn-regularized").network.layers
    penalties = [layer.kernel_regularizer for layer in layers if isinstance(layer, Conv2D | Dense)]
    assert [(each.l1, each.l2) for each in penalties if each is not None] == [(0, 0.01)] * 5


def test_blobs_preset_has_points_of_source() -> None:
    dataset = experiment("blobs-mlp").dataset
    assert dataset.blobs is not None
    assert dataset.blobs.model_dump() == {"n_samples": 1000, "centers": 4, "cluster_std": 2.0, "random_state": 2}
    assert dataset.split_sizes().test == 200


@pytest.mark.parametrize("name", [*FOLDERS, "folder-transfer"])
def test_folder_preset_requires_uploaded_dataset(name: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(PRESETS[name].spec)
    [problem] = caught.value.problems
    assert problem.pointer == "/dataset/name"
    assert "unknown dataset `my-images`" in problem.detail


@pytest.mark.parametrize("name", FOLDERS)
def test_folder_preset_fits_classes_of_any_dataset(name: str) -> None:
    spec = parse_spec({**PRESETS[name].spec, "dataset": {"name": "cifar100"}})
    assert spec.input_shape == (64, 64, 3)
    assert spec.network.table[-1].output_shape == (100,)


def test_only_deeper_folder_presets_augment() -> None:
    copies = {name: experiment(name).augmentation for name in FOLDERS}
    assert copies.pop("folder-cnn-shallow") is None
    assert {name: each and each.copies for name, each in copies.items()} == {"folder-cnn-deep": 6, "folder-cnn-he": 6}


def test_transfer_preset_trains_new_last_layer_only() -> None:
    spec = experiment("folder-transfer")
    assert spec.model.starts_from_imagenet
    assert spec.network.parameters.trainable == 1_280 * 30 + 30
    assert spec.input_shape == (160, 160, 3)


def test_preset_of_application_stands_for_its_model() -> None:
    document = {"dataset": {"name": "cifar10"}, "model": {"preset": "folder-transfer", "pooling": "max"}}
    spec = parse_spec(document)
    assert (spec.name, spec.preprocessing.scale) == ("folder-transfer", "none")
    assert (spec.model.preset, spec.model.application) == (None, "EfficientNetLite0")
    assert (spec.model.freeze, spec.model.pooling) == ("all", "max")


@pytest.mark.parametrize("preset", ["digits-cnn", "mnist-dnn", "mnist-cnn"])
@pytest.mark.parametrize("dataset", ["digits", "mnist"])
def test_preset_provides_network_only(preset: str, dataset: str) -> None:
    spec = parse_spec({"model": {"preset": preset}, "dataset": {"name": dataset}})
    assert spec.name == preset
    assert spec.dataset.name == dataset
    assert (spec.training.epochs, spec.training.batch_size, spec.preprocessing.scale) == (30, 128, "unit")
    assert [row.type for row in spec.network.table] == [layer.type for layer in PRESETS[preset].layers]


def test_measured_figures_are_those_of_the_document() -> None:
    """The rows of docs/accuracy.md that begin with a preset alone, or with its seeds."""
    text = (
        (Path(__file__).parents[2] / "docs" / "accuracy.md").read_text().partition("## Results")[2].partition("\n\n")[0]
    )
    rows = re.findall(r"^\| `([\w-]+)`(?:, (\d+) seeds)? \|(.*)\|$", text, re.MULTILINE)
    for name, seeds, rest in rows:
        cells = [cell.strip().replace("*", "").replace(",", "") for cell in rest.split("|")]
        parameters, _, _, test, _, seconds, _ = cells
        times = [float(each) for each in re.findall(r"\d+", seconds)]
        measured = PRESETS[name].measured
        assert measured is not None, name
        assert f"{experiment(name).network.parameters.total}" == parameters
        assert f"{measured.test_accuracy:.4f}" == re.split("[ :]", test)[0]
        assert measured.seeds == int(seeds or 1)
        assert measured.cpu_seconds == (min(times), max(times))
    assert {name for name, *_ in rows} == {name for name, preset in PRESETS.items() if preset.measured}
