from typing import Any

import numpy as np
import pytest

from specs.experiment import ExperimentSpec, parse_spec
from worker.data import Split
from worker.training.epochs import Augmented, Epochs, Resident, make_epochs, shuffle

SPLIT = Split(
    np.random.default_rng(0).integers(0, 256, size=(50, 8, 8, 1), dtype=np.uint8),
    np.arange(50, dtype=np.int64) % 10,
    np.arange(50),
)
TURNED = [{"type": "RandomRotation", "factor": 0.2}]


def spec_of(copies: int = 3, epochs: int = 2, layers: list[dict[str, Any]] = TURNED) -> ExperimentSpec:
    return parse_spec(
        {
            "model": {"preset": "digits-cnn"},
            "training": {"batch_size": 8, "epochs": epochs},
            "augmentation": {"copies": copies, "layers": layers},
        }
    )


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.training.epochs._CHUNK_SAMPLES", 32)


def shown(epochs: Epochs, epoch: int, step: int = 0) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """The batches from the stretch of `step` on, by their number."""
    batches = {}
    for first, end, images, labels, order in epochs.stretches(epoch, step):
        for number in range(first, end):
            batch = order[(number - first) * 8 : (number - first + 1) * 8]
            batches[number] = (images.numpy()[batch], labels.numpy()[batch])
    return batches


def test_plain_epoch_has_every_sample_once() -> None:
    epochs = Resident(SPLIT, 8, seed=0)
    first, second = shown(epochs, 0), shown(epochs, 1)

    assert epochs.steps == len(first) == 7
    samples = [image.tobytes() for images, _ in first.values() for image in images]
    assert sorted(samples) == sorted(image.tobytes() for image in SPLIT.images)
    assert not np.array_equal(first[0][0], second[0][0])


def test_copies_of_a_sample_are_augmented_differently() -> None:
    epochs = make_epochs(SPLIT, spec_of())
    batches = shown(epochs, 0)

    assert epochs.steps == len(batches) == 19
    labels = np.concatenate([labels for _, labels in batches.values()])
    assert np.bincount(labels).tolist() == [15] * 10
    samples = {image.tobytes() for images, _ in batches.values() for image in images}
    assert len(samples) > 140
    assert not np.array_equal(batches[0][0], shown(epochs, 1)[0][0])


@pytest.mark.parametrize("step", [0, 3, 4, 18])
def test_epoch_resumed_at_any_step_is_the_same(step: int) -> None:
    whole = shown(make_epochs(SPLIT, spec_of()), 1)
    taken_up = shown(make_epochs(SPLIT, spec_of()), 1, step)

    assert max(step - 3, 0) <= min(taken_up) <= step
    for number, (images, labels) in taken_up.items():
        assert np.array_equal(images, whole[number][0])
        assert np.array_equal(labels, whole[number][1])


def test_few_chunks_are_made_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.training.epochs._AHEAD", 2)
    spec = spec_of()
    assert spec.augmentation is not None
    epochs = Augmented(SPLIT, spec, spec.augmentation)
    waiting = [set(epochs._begun) for _ in epochs.stretches(1, 0)]

    assert waiting == [{(1, 1), (1, 2)}, {(1, 2), (1, 3)}, {(1, 3), (1, 4)}, {(1, 4)}, set()]
    next(epochs.stretches(0, 16))
    assert set(epochs._begun) == {(1, 0), (1, 1)}


def test_order_of_an_epoch_is_drawn_once() -> None:
    spec = spec_of()
    assert spec.augmentation is not None
    epochs = Augmented(SPLIT, spec, spec.augmentation)
    orders = [epochs._orders[0] for _ in epochs.stretches(0, 0)]

    assert len(orders) == 5
    assert all(order is orders[0] for order in orders)
    assert np.array_equal(orders[0], shuffle(spec.training.seed, 0, 150))
    next(epochs.stretches(1, 0))
    assert set(epochs._orders) == {1}


def test_mixed_labels_are_probabilities() -> None:
    batches = shown(make_epochs(SPLIT, spec_of(layers=[{"type": "MixUp"}])), 0)

    assert {labels.dtype for _, labels in batches.values()} == {np.dtype(np.float32)}
    assert all(np.allclose(labels.sum(axis=1), 1) for _, labels in batches.values())
