"""The samples that a picture of a spec's augmentation shows."""

from typing import NamedTuple

import numpy as np

from api.plots import cards
from imaging.resize import Shape, resize_all, to_array
from models_store.artifacts import ARTIFACTS
from models_store.errors import Damaged, NotFound, Unavailable
from models_store.experiments import ExperimentStore
from models_store.pages import Query
from models_store.records import Record
from models_store.samples import Samples, read_samples
from specs.experiment import ExperimentSpec

# How many experiments on a data set are asked for theirs.
_SEARCHED = 20


class NoPictures(Exception):
    """The data set's samples are no pictures."""


class ShownSamples(NamedTuple):
    """Samples as a network receives them, and a sentence that says where they come from."""

    samples: Samples
    origin: str


def samples_for(spec: ExperimentSpec, experiments: ExperimentStore, record: Record | None = None) -> ShownSamples:
    """Those of `record`, else those of the newest experiment on the data set, else drawn ones: the data set has not
    been read yet, and only a trainer can.

    Raises NoPictures, or Damaged where those of `record` do not read.
    """
    shape, mode = _picture_shape(spec), spec.preprocessing.resize
    own = _samples_of(experiments, record) if record else None
    if own:
        return ShownSamples(own, "its own training samples")
    other = _newest(experiments, spec.dataset.name)
    if other is None:
        drawn = np.stack([to_array(cards.card(place), shape, mode) for place in range(len(cards.LETTERS))])
        origin = f"drawn test cards: no experiment has read samples of {spec.dataset.name} yet"
        return ShownSamples(Samples(drawn, cards.LETTERS), origin)
    resized = resize_all(other.samples.images, shape, mode)
    return ShownSamples(Samples(resized, other.samples.labels), other.origin)


def _samples_of(experiments: ExperimentStore, record: Record) -> Samples | None:
    published = read_samples(experiments.folder(record.id) / ARTIFACTS)
    return published or read_samples(experiments.attempt_folder(record))


def _newest(experiments: ExperimentStore, dataset: str) -> ShownSamples | None:
    try:
        records = experiments.page(Query(dataset=dataset, limit=_SEARCHED)).items
    except Unavailable:
        return None  # Redis is away: a drawn card is better than no picture
    for record in records:
        try:
            samples = _samples_of(experiments, record)
        except (Damaged, NotFound):
            continue
        if samples is not None:
            return ShownSamples(samples, f"training samples of experiment {record.id}")
    return None


def _picture_shape(spec: ExperimentSpec) -> Shape:
    if len(spec.input_shape) != 3:
        raise NoPictures(
            f"the samples of {spec.dataset.name} are numbers in a row, not pictures: there is nothing to show"
        )
    height, width, channels = spec.input_shape
    return height, width, channels
