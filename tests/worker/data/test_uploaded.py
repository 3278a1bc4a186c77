import hashlib
import lzma
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from PIL import Image

from models_store.artifacts import write_manifest
from models_store.datasets.images import (
    CACHE,
    DATA_FILE,
    IMAGES,
    IMAGES_FILE,
    INDEX,
    INDEX_FILE,
    NAMES_FILE,
    WHITE_FILE,
)
from models_store.models.serving_info import read_serving_info
from models_store.store import Store
from specs.dataset import DATASETS, Dataset
from specs.experiment import ExperimentSpec, parse_spec
from tests.models_store.corrections.test_store import correction
from tests.support.image_files import encoded
from tests.worker.conftest import Supervised
from tests.worker.data.tiny import MODEL, TRAINING
from worker.data import AddedSource, DatasetUnavailable, Split, load_splits
from worker.jobs.messages import TrainingJob, UploadedDataset
from worker.training.train import run

LEAVES = Dataset("leaves", None, ("ash", "oak"), (6, 8), (3, 2))
FOUR_BY_FOUR = {"image_size": [4, 4]}
HALF = {"validation": 0.5}


def spec_of(facts: Dataset = LEAVES, **splits: Any) -> ExperimentSpec:
    document = {"dataset": {"name": "leaves"}, "model": MODEL, "training": TRAINING, **splits}
    return parse_spec(document, {"leaves": facts})


def upload(folder: Path, size: Callable[[int], tuple[int, int]], native: bool = False, facts: Dataset = LEAVES) -> Path:
    """A converted dataset: image n is gray, 10 n bright and `size(n)` large."""
    counts = ((0, facts.training_counts), (1, facts.test_counts), (2, facts.validation_counts))
    rows = [(split, label) for split, of_split in counts for label, count in enumerate(of_split) for _ in range(count)]
    stored = folder / IMAGES
    stored.mkdir(parents=True)
    index, packed = np.zeros(len(rows), INDEX), b""
    for number, (split, label) in enumerate(rows):
        height, width = size(number)
        data = encoded(Image.new("RGB", (width, height), (10 * number,) * 3))
        digest = np.frombuffer(hashlib.sha256(data).digest(), np.uint8)
        index[number] = (len(packed), len(data), label, split, height, width, 3, digest)
        packed += data
    (stored / DATA_FILE).write_bytes(packed)
    np.save(stored / INDEX_FILE, index)
    (stored / NAMES_FILE).write_bytes(lzma.compress(orjson.dumps([f"{number}.png" for number in range(len(rows))])))
    if native:
        images = np.zeros((len(rows), *size(0), 3), np.uint8)
        images += (10 * np.arange(len(rows), dtype=np.uint8))[:, None, None, None]
        np.save(stored / IMAGES_FILE, images)
    write_manifest(stored)
    return folder


def brightness(images: np.ndarray[Any, Any]) -> list[int]:
    return sorted((images[:, 0, 0, 0] // 10).tolist())


def test_images_of_many_sizes_are_resized(tmp_path: Path) -> None:
    folder = upload(tmp_path, lambda number: (4 + number, 9))
    spec = spec_of(preprocessing={"image_size": [6, 5]})
    splits = load_splits(spec, None, folder)

    assert [split.images.shape for split in splits] == [(12, 6, 5, 3), (2, 6, 5, 3), (5, 6, 5, 3)]
    assert {split.images.dtype for split in splits} == {np.dtype(np.uint8)}
    assert brightness(np.concatenate([splits.training.images, splits.validation.images])) == list(range(14))
    assert (splits.test.images[:, 0, 0, 0] // 10).tolist() == [14, 15, 16, 17, 18]
    assert splits.test.labels.tolist() == [0, 0, 0, 1, 1]


def test_own_validation_split_is_kept_or_pooled(tmp_path: Path) -> None:
    facts = replace(LEAVES, validation_counts=(1, 3))
    folder = upload(tmp_path, lambda _: (4, 4), facts=facts)
    own = load_splits(spec_of(facts, preprocessing=FOUR_BY_FOUR), None, folder)
    pooled = load_splits(
        spec_of(facts, dataset={"name": "leaves", "split": HALF}, preprocessing=FOUR_BY_FOUR), None, folder
    )

    assert [split.samples.tolist() for split in own] == [list(range(14)), list(range(19, 23)), list(range(14, 19))]
    assert own.validation.labels.tolist() == [0, 1, 1, 1]
    assert brightness(own.validation.images) == [19, 20, 21, 22]
    assert sorted([*pooled.training.samples, *pooled.validation.samples]) == [*range(14), *range(19, 23)]
    assert pooled.test.samples.tolist() == list(range(14, 19))


def test_images_of_one_small_size_are_read_natively(tmp_path: Path) -> None:
    folder = upload(tmp_path, lambda _: (4, 7), native=True)
    facts = Dataset("leaves", (4, 7, 3), LEAVES.classes, LEAVES.training_counts, LEAVES.test_counts)
    gray = load_splits(spec_of(facts, preprocessing={"color": "grayscale"}), None, folder).test
    large = load_splits(spec_of(facts, preprocessing={"image_size": [8, 7]}), None, folder).test

    assert (gray.images.shape, large.images.shape) == ((5, 4, 7, 1), (5, 8, 7, 3))
    assert brightness(gray.images) == brightness(large.images) == [14, 15, 16, 17, 18]


@pytest.mark.parametrize("selection", [{"limit_per_class": 3}, {"classes": ["oak", "ash"], "limit_per_class": 4}])
def test_few_images_equal_cached_ones(tmp_path: Path, selection: dict[str, Any]) -> None:
    folder = upload(tmp_path, lambda number: (4, 4 + number))
    few = spec_of(dataset={"name": "leaves", "split": HALF, **selection}, preprocessing=FOUR_BY_FOUR)
    resized = load_splits(few, None, folder)
    assert not (folder / CACHE).exists()

    load_splits(spec_of(preprocessing=FOUR_BY_FOUR), None, folder)
    assert [path.name for path in (folder / CACHE).iterdir()] == ["4x4x3-stretch.npy"]
    for split, cached in zip(resized, load_splits(few, None, folder), strict=True):
        assert np.array_equal(split.images, cached.images)


def test_damaged_image_among_few_is_rejected(tmp_path: Path) -> None:
    folder = upload(tmp_path, lambda _: (4, 4))
    data = folder / IMAGES / DATA_FILE
    damaged = bytearray(data.read_bytes())
    damaged[int(np.load(folder / IMAGES / INDEX_FILE)[-1]["offset"])] ^= 1
    data.write_bytes(damaged)
    few = {"name": "leaves", "limit_per_class": 3, "split": HALF}
    with pytest.raises(DatasetUnavailable, match=r"images of leaves cannot be read: .*18\.png.*sha256"):
        load_splits(spec_of(dataset=few, preprocessing=FOUR_BY_FOUR), None, folder)


def test_images_other_than_the_facts_are_rejected(tmp_path: Path) -> None:
    folder = upload(tmp_path, lambda _: (4, 4))
    facts = Dataset("leaves", None, LEAVES.classes, (6, 7), (3, 3))
    with pytest.raises(DatasetUnavailable, match="leaves has other images than when the experiment was posted"):
        load_splits(spec_of(facts, preprocessing=FOUR_BY_FOUR), None, folder)


def test_damaged_upload_is_rejected(tmp_path: Path) -> None:
    folder = upload(tmp_path, lambda _: (4, 4))
    data = folder / IMAGES / DATA_FILE
    data.write_bytes(data.read_bytes()[:-1] + b"x")
    with pytest.raises(DatasetUnavailable, match=r"images of leaves cannot be read: .*18\.png.*sha256"):
        load_splits(spec_of(preprocessing=FOUR_BY_FOUR), None, folder)
    with pytest.raises(DatasetUnavailable, match="leaves is no longer in the store"):
        load_splits(spec_of(preprocessing=FOUR_BY_FOUR), None, tmp_path / "nowhere")


def test_training_on_an_upload_succeeds(
    tmp_path: Path, job: Callable[..., TrainingJob], supervised: Supervised
) -> None:
    folder = upload(tmp_path / "leaves", lambda number: (4, 4 + number))
    (folder / IMAGES / WHITE_FILE).write_bytes(b"4095")
    write_manifest(folder / IMAGES)
    spec = spec_of(preprocessing=FOUR_BY_FOUR, training={"epochs": 1, "batch_size": 4})
    uploaded = UploadedDataset(facts=LEAVES, folder=folder)
    received = TrainingJob.model_validate_json(job(spec).model_copy(update={"uploaded": uploaded}).model_dump_json())
    run(received, supervised.channel)

    assert supervised.events[-1]["type"] == "finished", supervised.events[-1]
    assert read_serving_info(Path(supervised.events[-1]["result"]["staged"])).white == 4_095


def test_corrections_of_few_classes_train(
    store: Store, job: Callable[..., TrainingJob], supervised: Supervised
) -> None:
    for number in range(20):
        store.corrections.add(correction(number, str(number % 3)), DATASETS["digits"])
    store.corrections.collect()
    facts, folder = store.known_datasets()["digits-corrections"], store.datasets.folder("digits-corrections")
    split = {"stratify": False, "validation": 0.25}
    training = {"epochs": 1, "batch_size": 4}
    spec = parse_spec(
        {"dataset": {"name": facts.name, "split": split}, "model": MODEL, "training": training}, {facts.name: facts}
    )

    splits = load_splits(spec, None, folder)
    run(job(spec).model_copy(update={"uploaded": UploadedDataset(facts=facts, folder=folder)}), supervised.channel)

    shown = {int(image[0, 0, 0]): label for split in splits for image, label in zip(*split[:2], strict=True)}
    assert shown == {number: number % 3 for number in range(20)}
    assert supervised.events[-1]["type"] == "finished", supervised.events[-1]


@pytest.mark.parametrize(("limit", "expected"), [(None, 20), (2, 6)])
def test_corrections_join_the_training_split(
    store: Store, job: Callable[..., TrainingJob], supervised: Supervised, limit: int | None, expected: int
) -> None:
    for number in range(20):
        store.corrections.add(correction(200 + number, str(number % 3), side=9), DATASETS["digits"])
    store.corrections.collect()
    facts, folder = store.known_datasets()["digits-corrections"], store.datasets.folder("digits-corrections")
    known = {**DATASETS, facts.name: facts}
    training = {"epochs": 1, "batch_size": 64}
    alone = parse_spec({"model": MODEL, "training": training})
    dataset = {"name": "digits", "add": [{"name": facts.name, "limit_per_class": limit}]}
    spec = parse_spec({"dataset": dataset, "model": MODEL, "training": training}, known)

    base = load_splits(alone, None)
    splits = load_splits(spec, None, added={facts.name: AddedSource(facts, folder)})
    run(job(spec).model_copy(update={"added": (UploadedDataset(facts=facts, folder=folder),)}), supervised.channel)

    sizes = spec.dataset.split_sizes()
    assert tuple(len(split.labels) for split in splits) == (sizes.training, sizes.validation, sizes.test)
    assert len(splits.training.labels) == len(base.training.labels) + expected
    for name in ("validation", "test"):
        assert all(map(np.array_equal, getattr(splits, name), getattr(base, name)))
    assert all(
        np.array_equal(whole[:-expected], part) for whole, part in zip(splits.training, base.training, strict=True)
    )
    added = splits.training
    extra = Split(added.images[-expected:], added.labels[-expected:], added.samples[-expected:])
    assert extra.images.shape == (expected, 8, 8, 1)
    assert [int(image[0, 0, 0]) - 200 for image in extra.images] == (extra.samples - 1_797).tolist()
    assert (extra.labels == (extra.samples - 1_797) % 3).all()
    assert supervised.result["metrics"]["val_accuracy"] is not None
    serving = orjson.loads((Path(supervised.result["staged"]) / "serving.json").read_bytes())
    assert serving["dataset"] == "digits"


def test_training_on_deleted_corrections_fails(job: Callable[..., TrainingJob], supervised: Supervised) -> None:
    facts = replace(DATASETS["digits"], name="digits-corrections")
    document = {"dataset": {"name": "digits", "add": [facts.name]}, "model": MODEL, "training": TRAINING}
    run(job(parse_spec(document, {**DATASETS, facts.name: facts})), supervised.channel)

    failure = supervised.events[-1]["failure"]
    assert failure["type"] == "dataset_unavailable"
    assert "digits-corrections is no longer in the store" in failure["message"]


def test_training_on_a_deleted_dataset_fails(job: Callable[..., TrainingJob], supervised: Supervised) -> None:
    run(job(spec_of(preprocessing=FOUR_BY_FOUR)), supervised.channel)

    failure = supervised.events[-1]["failure"]
    assert failure["type"] == "dataset_unavailable"
    assert "dataset leaves is no longer in the store" in failure["message"]
