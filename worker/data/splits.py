"""Cutting the splits of an experiment out of its dataset, in the form that the network receives."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from analysis.generated_datasets import generate_blobs
from imaging.resize import resize_all
from specs.dataset import CORRECTIONS_SUFFIX, AddedDataset, Dataset, DatasetSpec
from specs.experiment import ExperimentSpec
from worker.data.built_in import open_built_in, source_of
from worker.data.corrections import apply_corrections
from worker.data.dataset import load_dataset
from worker.data.source import Source
from worker.data.split import Images, Indices, Labels, Split, Splits
from worker.data.uploaded import open_upload


class AddedSource(NamedTuple):
    """A dataset that is added to the training split: its facts as a whole, and its folder if it is uploaded."""

    facts: Dataset
    folder: Path | None = None


def load_splits(
    spec: ExperimentSpec,
    datasets_dir: Path | None,
    uploaded_folder: Path | None = None,
    added: Mapping[str, AddedSource] = MappingProxyType({}),
) -> Splits:
    """The same spec always gives the same splits. Raises DatasetUnavailable.

    `datasets_dir` holds the files of built-in datasets; `uploaded_folder` is the folder of an uploaded one. `added` has
    the datasets of `spec.dataset.add` by name.
    """
    dataset = spec.dataset
    source = open_upload(uploaded_folder, spec) if uploaded_folder else _open(dataset, datasets_dir)
    labels = _relabel(source, dataset)
    pool, validation, test = _select(source, labels, dataset)
    ranks = _ranked(labels, dataset)
    sizes = dataset.split_sizes()
    if dataset.split.test != "official":
        pool, test = _cut(pool, ranks, sizes.test, dataset)
    if dataset.split.validation != "official":
        pool, validation = _cut(pool, ranks, sizes.validation, dataset)
    splits = Splits(
        *(Split(_resize(source.read(split), spec), labels[split], split) for split in (pool, validation, test))
    )
    if not dataset.add:
        return splits
    # Numbered after the samples of the dataset itself.
    training, samples = [splits.training], len(labels)
    for each in dataset.add:
        extra, size = _load_added(each, added[each.name], spec, datasets_dir)
        training.append(extra._replace(samples=extra.samples + samples))
        samples += size
    for place, each in enumerate(dataset.add, start=1):
        if each.name.endswith(CORRECTIONS_SUFFIX):
            training = apply_corrections(training, place, (splits.validation, splits.test))
    return splits._replace(training=Split(*map(np.concatenate, zip(*training, strict=True))))


def _load_added(
    each: AddedDataset, source: AddedSource, spec: ExperimentSpec, datasets_dir: Path | None
) -> tuple[Split, int]:
    """Its samples, and how many the whole dataset has."""
    height, width, channels = spec.input_shape
    shape, mode = (height, width, channels), spec.preprocessing.resize
    loaded = load_dataset(source.facts, datasets_dir, source.folder, shape, mode)
    labels = _places(loaded, source.facts, spec.dataset)
    chosen = np.flatnonzero(labels >= 0)
    if each.limit_per_class is not None:
        chosen = _limit(chosen, _ranked(labels, spec.dataset), each.limit_per_class, spec.dataset.split.seed)
    return Split(loaded.read(chosen), labels[chosen], chosen), len(labels)


def _open(spec: DatasetSpec, datasets_dir: Path | None) -> Source:
    return open_built_in(spec.source, datasets_dir) if spec.blobs is None else source_of(generate_blobs(spec.blobs))


def _relabel(source: Source, spec: DatasetSpec) -> Labels:
    """Labels in the order of the selected classes; -1 for the other classes."""
    return _places(source, spec.source, spec)


def _places(source: Source, facts: Dataset, spec: DatasetSpec) -> Labels:
    places = {name: place for place, name in enumerate(spec.facts.classes)}
    table = np.array([places.get(name, -1) for name in facts.classes], dtype=np.int64)
    return table[source.labels]


def _ranked(labels: Labels, spec: DatasetSpec) -> Labels:
    """`labels` as if `spec` had its classes in the order of the dataset; -1 becomes anything."""
    return np.array(spec.ranks)[labels]


def _select(source: Source, labels: Labels, spec: DatasetSpec) -> tuple[Indices, Indices, Indices]:
    """The samples to cut splits from, and those of the official validation and test split, where the spec asks for
    them."""
    pool, validation, test = source.indices("train"), source.indices("validation"), source.indices("test")
    if spec.split.test != "official":
        pool, test = np.concatenate([pool, test]), test[:0]
    if spec.split.validation != "official":
        pool, validation = np.concatenate([pool, validation]), validation[:0]
    pool, validation, test = (each[labels[each] >= 0] for each in (pool, validation, test))
    if spec.limit_per_class is not None:
        pool = _limit(pool, source.labels, spec.limit_per_class, spec.split.seed)
    return pool, validation, test


def _limit(pool: Indices, labels: Labels, per_class: int, seed: int) -> Indices:
    """The first few of each class in a shuffled order that depends on the seed and the class alone: a larger limit
    selects the same samples and more."""
    few = []
    for place in np.unique(labels[pool]):
        generator = np.random.default_rng([seed, int(place)])
        few.append(generator.permutation(pool[labels[pool] == place])[:per_class])
    return np.sort(np.concatenate(few))


def _cut(indices: Indices, ranks: Labels, held_out: int, spec: DatasetSpec) -> tuple[Indices, Indices]:
    # Takes longer to import than an evaluation, which cuts nothing.
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    kept, out = train_test_split(
        indices,
        test_size=held_out,
        random_state=spec.split.seed,
        stratify=ranks[indices] if spec.split.stratify else None,
    )
    return kept, out


def _resize(images: Images, spec: ExperimentSpec) -> Images:
    if not spec.dataset.facts.has_images:
        return images
    height, width, channels = spec.input_shape
    return resize_all(images.astype(np.uint8, copy=False), (height, width, channels), spec.preprocessing.resize)
