from pathlib import Path

import numpy as np
import pytest

from models_store.errors import Damaged
from models_store.models.serving_info import read_serving_info
from tests.support.published import stage
from worker.evaluation.published_network import PublishedNetwork, batch_size


@pytest.mark.parametrize(
    ("shape", "size"),
    [((8, 8, 1), 256), ((32, 32, 3), 256), ((224, 224, 3), 6), ((512, 512, 3), 1), ((2000, 2000, 3), 1)],
)
def test_batches_of_large_images_are_small(shape: tuple[int, ...], size: int) -> None:
    assert batch_size(shape) == size


def test_samples_are_predicted_in_order_batch_by_batch(tmp_path: Path) -> None:
    folder = stage(tmp_path / "artifacts")
    network = PublishedNetwork(folder, read_serving_info(folder))
    samples = np.random.default_rng(0).permutation(600)
    read: list[int] = []
    progress: list[int] = []

    def bright(numbers: np.ndarray) -> np.ndarray:
        read.append(len(numbers))
        images = np.zeros((len(numbers), 64), np.uint8)
        images[np.arange(len(numbers)), numbers % 10] = 255
        return images.reshape(-1, 8, 8, 1)

    answered = network.predict(bright, samples, progress.append)

    assert answered.argmax(axis=1).tolist() == (samples % 10).tolist()
    assert answered.dtype == np.float32
    assert (read, progress) == ([256, 256, 88], [256, 512, 600])


def test_changed_network_is_damaged(tmp_path: Path) -> None:
    folder = stage(tmp_path / "artifacts")
    info = read_serving_info(folder)
    (folder / "model.onnx").write_bytes(b"noise")
    with pytest.raises(Damaged, match="does not match its sha256"):
        PublishedNetwork(folder, info)
