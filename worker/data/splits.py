"""What an experiment takes of its dataset, split, and as its network receives it."""

from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from imaging.resize import resize_all
from specs.dataset import DatasetSpec
from specs.experiment import ExperimentSpec
from worker.data.built_in import built_in
from worker.data.generated import blobs
from worker.data.source import Source
from worker.data.split import Images, Indices, Labels, Split, Splits
from worker.data.uploaded import uploaded


def load_splits(spec: ExperimentSpec, datasets_dir: Path | None, uploaded_folder: Path | None = None) -> Splits:
    """Read and split; the same spec gives the same splits. Raises DatasetUnavailable.

    Files of built-in datasets lie in `datasets_dir`; the images of an uploaded one in its own folder in the store.
    """
    dataset = spec.dataset
    source = uploaded(uploaded_folder, spec) if uploaded_folder else _source(dataset, datasets_dir)
    labels = _relabelled(source, dataset)
    pool, test = _taken(source, labels, dataset)
    sizes = dataset.split_sizes()
    if dataset.split.test != "official":
        pool, test = _cut(pool, labels, sizes.test, dataset)
    training, validation = _cut(pool, labels, sizes.validation, dataset)
    return Splits(
        *(Split(_received(source.read(split), spec), labels[split], split) for split in (training, validation, test))
    )


def _source(spec: DatasetSpec, datasets_dir: Path | None) -> Source:
    return built_in(spec.source, datasets_dir) if spec.blobs is None else blobs(spec.blobs)


def _relabelled(source: Source, spec: DatasetSpec) -> Labels:
    """Labels in the order of the classes that are taken; -1 where the class is not."""
    places = {name: place for place, name in enumerate(spec.facts.classes)}
    table = np.array([places.get(name, -1) for name in spec.source.classes], dtype=np.int64)
    return table[source.labels]


def _taken(source: Source, labels: Labels, spec: DatasetSpec) -> tuple[Indices, Indices]:
    """The samples to be split, and those of the official test split where that is asked for."""
    indices = np.arange(len(labels))
    official = spec.split.test == "official"
    pooled = source.training if official else len(labels)
    pool, test = (half[labels[half] >= 0] for half in (indices[:pooled], indices[pooled:]))
    return (pool if spec.limit_per_class is None else _limited(pool, source, spec)), test


def _limited(pool: Indices, source: Source, spec: DatasetSpec) -> Indices:
    """The first few of each class in a shuffled order, which depends on the seed and the class alone: a larger limit
    takes the same ones and more."""
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


def _received(images: Images, spec: ExperimentSpec) -> Images:
    """As the network receives them: of its size and colours."""
    if not spec.dataset.facts.has_images:
        return images
    height, width, channels = spec.input_shape
    return resize_all(images.astype(np.uint8, copy=False), (height, width, channels), spec.preprocessing.resize)
