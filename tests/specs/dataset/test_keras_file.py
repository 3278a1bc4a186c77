import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.dataset_images import BuiltInImages, ImageSource
from models_store.datasets.store import DatasetStore
from models_store.errors import NotFound
from specs.dataset import DATASETS
from specs.dataset.keras_file import creating_code

OF_KERAS = ["mnist", "fashion_mnist", "cifar10", "cifar100"]
SIDES = {"mnist": "28, 28", "fashion_mnist": "28, 28", "cifar10": "32, 32, 3", "cifar100": "32, 32, 3"}


@pytest.mark.parametrize("name", OF_KERAS)
@pytest.mark.parametrize("configured", [True, False])
def test_missing_images_say_how_to_get_them(name: str, configured: bool, tmp_path: Path) -> None:
    source = ImageSource(DatasetStore.__new__(DatasetStore), tmp_path if configured else None, tmp_path, 1)
    train = DATASETS[name].training_samples

    with pytest.raises(NotFound) as missing:
        source._open(name)

    sentence = str(missing.value)
    assert f"{name}.npz" in sentence
    assert "as Keras publishes it" not in sentence
    assert f"it has the arrays x_train ({train}, {SIDES[name]}) uint8, y_train ({train},), x_test (" in sentence
    assert sentence.endswith(f': python -c "{creating_code(name)}"')


@pytest.mark.parametrize("name", OF_KERAS)
def test_command_makes_the_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8)
    labels = np.array([[1], [0]])  # as of CIFAR
    loads = SimpleNamespace(load_data=lambda: ((images, labels), (images[:1], labels[:1])))
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(datasets=SimpleNamespace(**{name: loads})))
    monkeypatch.chdir(tmp_path)

    exec(creating_code(name), {})

    found = BuiltInImages.of_file(tmp_path / f"{name}.npz", ("a", "b"), tmp_path / "cache")
    assert found.labels.tolist() == [1, 0, 1]
    assert np.array_equal(np.asarray(found.image(1)), images[1])


def test_page_shows_the_same_command() -> None:
    page = Path(__file__).parents[3] / "web/src/views/data/NoImages.svelte"
    assert f'python -c "{creating_code("${name}")}"' in page.read_text(encoding="utf-8")
