"""The samples that an image of a spec's augmentation shows."""

from typing import ClassVar, NamedTuple

import numpy as np

from analysis.dataset_samples import chosen, samples_of
from analysis.plots import placeholders
from imaging.resize import Shape, resize_all, to_array
from models_store.artifacts import ARTIFACTS
from models_store.errors import Damaged, NotFound, Unavailable
from models_store.experiments.pages import Query
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.experiments.training_samples import Samples, read_samples
from models_store.store import Store
from settings import Settings
from specs.experiment import ExperimentSpec
from specs.splits import SourceSplit

# How many experiments on a dataset are asked for theirs.
_SEARCHED = 20
# Two rows; each may be a photograph that takes a tenth of a second to decode.
_OF_DATASET = 16


class NoImages(Exception):
    """The dataset's samples are no images."""

    kind: ClassVar[str] = "not_found"


class ShownSamples(NamedTuple):
    """Samples as a network receives them, and a sentence that says where they come from."""

    samples: Samples
    origin: str


def samples_for(spec: ExperimentSpec, store: Store, settings: Settings, record: Record | None = None) -> ShownSamples:
    """Those of `record`, else those of the newest experiment on the dataset, else its own images where this process
    has them, else drawn ones: only a trainer can read the others.

    Raises NoImages, or Damaged where those of `record` or of the dataset do not read.
    """
    shape, mode = _image_shape(spec), spec.preprocessing.resize
    own = _samples_of(store.experiments, record) if record else None
    if own:
        return ShownSamples(own, "its own training samples")
    other = _newest(store.experiments, spec.dataset.name)
    if other is not None:
        resized = resize_all(other.samples.images, shape, mode)
        return ShownSamples(Samples(resized, other.samples.labels), other.origin)
    return _of_dataset(spec, shape, store, settings) or _cards(spec, shape)


def _of_dataset(spec: ExperimentSpec, shape: Shape, store: Store, settings: Settings) -> ShownSamples | None:
    """Of what the experiment may train on, of each of its classes in turn."""
    try:
        samples = samples_of(spec.dataset.name, store, settings)
    except NotFound:
        return None
    names = [samples.classes[label] for label in samples.labels]
    taken = set(spec.dataset.facts.classes)
    split: SourceSplit | None = "train" if spec.dataset.split.test == "official" else None
    inner = [number for number in chosen(samples, None, split, len(names)) if names[number] in taken][:_OF_DATASET]
    mode = spec.preprocessing.resize
    images = np.stack([to_array(samples.image(number), shape, mode) for number in inner])
    labels = tuple(names[number] for number in inner)
    return ShownSamples(Samples(images, labels), f"images of {spec.dataset.name}")


def _cards(spec: ExperimentSpec, shape: Shape) -> ShownSamples:
    mode = spec.preprocessing.resize
    drawn = np.stack([to_array(placeholders.card(place), shape, mode) for place in range(len(placeholders.LETTERS))])
    origin = f"drawn test cards: no experiment has read samples of {spec.dataset.name} yet"
    return ShownSamples(Samples(drawn, placeholders.LETTERS), origin)


def _samples_of(experiments: ExperimentStore, record: Record) -> Samples | None:
    published = read_samples(experiments.folder(record.id) / ARTIFACTS)
    return published or read_samples(experiments.attempt_folder(record))


def _newest(experiments: ExperimentStore, dataset: str) -> ShownSamples | None:
    try:
        records = experiments.page(Query(dataset=dataset, limit=_SEARCHED)).items
    except Unavailable:
        return None  # Redis is away: a drawn card is better than no image
    for record in records:
        try:
            samples = _samples_of(experiments, record)
        except (Damaged, NotFound):
            continue
        if samples is not None:
            return ShownSamples(samples, f"training samples of experiment {record.id}")
    return None


def _image_shape(spec: ExperimentSpec) -> Shape:
    if len(spec.input_shape) != 3:
        raise NoImages(f"the samples of {spec.dataset.name} are numbers in a row, not images: there is nothing to show")
    height, width, channels = spec.input_shape
    return height, width, channels
