"""Cutting the splits of an experiment out of its dataset, in the form that the network receives."""

from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from analysis.generated_datasets import generate_blobs
from imaging.resize import resize_all
from specs.dataset import DatasetSpec
from specs.experiment import ExperimentSpec
from worker.data.built_in import open_built_in, source_of
from worker.data.source import Source
from worker.data.split import Images, Indices, Labels, Split, Splits
from worker.data.uploaded import open_upload


def load_splits(spec: ExperimentSpec, datasets_dir: Path | None, uploaded_folder: Path | None = None) -> Splits:
    """The same spec always gives the same splits. Raises DatasetUnavailable.

    `datasets_dir` holds the files of built-in datasets; `uploaded_folder` is the folder of an uploaded one.
    """
    dataset = spec.dataset
    source = open_upload(uploaded_folder, spec) if uploaded_folder else _open(dataset, datasets_dir)
    labels = _relabel(source, dataset)
    pool, validation, test = _select(source, labels, dataset)
    sizes = dataset.split_sizes()
    if dataset.split.test != "official":
        pool, test = _cut(pool, labels, sizes.test, dataset)
    if dataset.split.validation != "official":
        pool, validation = _cut(pool, labels, sizes.validation, dataset)
    return Splits(
        *(Split(_resize(source.read(split), spec), labels[split], split) for split in (pool, validation, test))
    )


def _open(spec: DatasetSpec, datasets_dir: Path | None) -> Source:
    return open_built_in(spec.source, datasets_dir) if spec.blobs is None else source_of(generate_blobs(spec.blobs))


def _relabel(source: Source, spec: DatasetSpec) -> Labels:
    """Labels in the order of the selected classes; -1 for the other classes."""
    places = {name: place for place, name in enumerate(spec.facts.classes)}
    table = np.array([places.get(name, -1) for name in spec.source.classes], dtype=np.int64)
    return table[source.labels]


def _select(source: Source, labels: Labels, spec: DatasetSpec) -> tuple[Indices, Indices, Indices]:
    """The samples to cut splits from, and those of the official validation and test split, where the spec asks for
    them."""
    pool, validation, test = source.indices("train"), source.indices("validation"), source.indices("test")
    if spec.split.test != "official":
        pool, test = np.concatenate([pool, test]), test[:0]
    if spec.split.validation != "official":
        pool, validation = np.concatenate([pool, validation]), validation[:0]
    pool, validation, test = (each[labels[each] >= 0] for each in (pool, validation, test))
    return (pool if spec.limit_per_class is None else _limit(pool, source, spec)), validation, test


def _limit(pool: Indices, source: Source, spec: DatasetSpec) -> Indices:
    """The first few of each class in a shuffled order that depends on the seed and the class alone: a larger limit
    selects the same samples and more."""
    few = []
    for place in np.unique(source.labels[pool]):
        generator = np.random.default_rng([spec.split.seed, int(place)])
        few.append(generator.permutation(pool[source.labels[pool] == place])[: spec.limit_per_class])
    return np.sort(np.concatenate(few))


def _cut(indices: Indices, labels: Labels, held_out: int, spec: DatasetSpec) -> tuple[Indices, Indices]:
    kept, out = train_test_split(
        indices,
        test_size=held_out,
        random_state=spec.split.seed,
        stratify=labels[indices] if spec.split.stratify else None,
    )
    return kept, out


def _resize(images: Images, spec: ExperimentSpec) -> Images:
    if not spec.dataset.facts.has_images:
        return images
    height, width, channels = spec.input_shape
    return resize_all(images.astype(np.uint8, copy=False), (height, width, channels), spec.preprocessing.resize)
