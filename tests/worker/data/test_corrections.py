from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.png import encode_png, to_image
from models_store.corrections.correction import Correction, sample_key
from models_store.store import Store
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec, parse_spec
from worker.data import AddedSource, Split, Splits, load_splits
from worker.data.corrections import apply_corrections

NAME = "digits-corrections"


def split(*values: int, label: int = 0) -> Split:
    """Images of one value each."""
    images = np.stack([np.full((2, 2, 1), value, dtype=np.uint8) for value in values])
    return Split(images, np.full(len(values), label), np.arange(len(values)))


def values(part: Split) -> list[int]:
    assert len(part.images) == len(part.labels) == len(part.samples)
    return [int(image[0, 0, 0]) for image in part.images]


def test_correction_takes_the_place_of_its_image() -> None:
    parts = apply_corrections([split(1, 2, 3, 2), split(2, 9, label=7)], 1, [])
    assert [values(part) for part in parts] == [[1, 3], [2, 9]]
    assert parts[0].samples.tolist() == [0, 2]


def test_correction_of_a_held_out_image_is_left_out() -> None:
    parts = apply_corrections([split(1), split(4, 5, 6, label=7)], 1, [split(4), split(6, 8)])
    assert [values(part) for part in parts] == [[1], [5]]


def test_corrections_of_other_images_change_nothing() -> None:
    parts = [split(1, 2), split(3, label=7), split(4)]
    assert all(one is other for one, other in zip(apply_corrections(parts, 1, [split(9)]), parts, strict=True))


def test_later_parts_are_corrected_as_well() -> None:
    parts = apply_corrections([split(1), split(2, label=7), split(2, 3)], 1, [])
    assert [values(part) for part in parts] == [[1], [2], [3]]


# -- from the label to the training split ------------------------------------------------------------------------------


@pytest.fixture
def correct(store: Store) -> Callable[..., None]:
    """Correct samples of digits, by their number, and collect them."""

    def made(numbers: list[int], label: str) -> None:
        plain = load_splits(parse_spec({"dataset": {"name": "digits"}, "model": {"preset": "digits-cnn"}}), None)
        every = {int(n): image for part in plain for n, image in zip(part.samples, part.images, strict=True)}
        for number in numbers:
            correction = Correction(
                prediction_id=sample_key(number),
                experiment_id="01K6W3E8Z4T5V6X7Y8Z9A0B1C2",
                predicted=label,
                probability=0.9,
                label=label,
                height=8,
                width=8,
                channels=1,
                image=encode_png(to_image(every[number])),
            )
            store.corrections.add(correction, DATASETS["digits"])
        store.corrections._rest_until.clear()
        store.corrections.collect()

    return made


def load(store: Store, **dataset: Any) -> tuple[ExperimentSpec, Splits]:
    document = {"dataset": {"name": "digits", **dataset}, "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}}
    spec = parse_spec(document, store.known_datasets())
    facts = store.datasets.facts()
    added = {each.name: AddedSource(facts[each.name], store.datasets.folder(each.name)) for each in spec.dataset.add}
    return spec, load_splits(spec, None, added=added)


def test_run_that_adds_corrections_uses_the_new_label(store: Store, correct: Callable[..., None]) -> None:
    _, before = load(store)
    number, label = int(before.training.samples[5]), (int(before.training.labels[5]) + 1) % 10
    correct([number], str(label))
    _, after = load(store, add=[NAME])

    image = before.training.images[5]
    found = [
        int(each)
        for each, other in zip(after.training.labels, after.training.images, strict=True)
        if (other == image).all()
    ]
    assert found == [label]
    assert len(after.training.labels) == len(before.training.labels)
    assert np.array_equal(load(store)[1].training.labels, before.training.labels)


def test_held_out_samples_keep_label_and_stay_unseen(store: Store, correct: Callable[..., None]) -> None:
    _, before = load(store)
    correct([int(before.test.samples[0]), int(before.validation.samples[0])], "3")
    _, after = load(store, add=[NAME])

    assert np.array_equal(after.test.labels, before.test.labels)
    assert np.array_equal(after.validation.labels, before.validation.labels)
    assert np.array_equal(after.training.images, before.training.images)


def test_correction_fits_another_size_of_images(store: Store, correct: Callable[..., None], tmp_path: Path) -> None:
    _, before = load(store)
    correct([int(before.training.samples[5])], "3")
    document = {
        "dataset": {"name": "digits", "add": [NAME]},
        "preprocessing": {"image_size": [12, 12]},
        "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]},
    }
    spec = parse_spec(document, store.known_datasets())
    added = {NAME: AddedSource(store.datasets.facts()[NAME], store.datasets.folder(NAME))}
    after = load_splits(spec, None, added=added)
    assert len(after.training.labels) == len(before.training.labels)
    assert after.training.labels[-1] == 3
