"""The samples that a plot of a spec's augmentation shows."""

from typing import ClassVar, Literal, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from analysis.dataset_images import ImageSource, choose
from imaging.resize import Shape, resize_all, to_array
from models_store.artifacts import ARTIFACTS
from models_store.errors import Damaged, NotFound, Unavailable
from models_store.experiments.pages import Query
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.experiments.training_samples import Samples, read_samples
from specs.experiment import ExperimentSpec
from specs.splits import SourceSplit

_MAX_EXPERIMENTS = 20
# Two rows; each may be a photograph that takes a tenth of a second to decode.
_MAX_IMAGES = 16
# Letters that look different rotated and mirrored, so that the effect of augmentation is visible.
_LETTERS = ("F", "R", "4", "G", "7", "L")
_CARD_SIDE = 256
_PAPER = ((236, 226, 205), (205, 226, 236), (214, 236, 205), (236, 205, 214), (222, 214, 240), (236, 236, 200))
_INK = (40, 60, 110)


class NoImages(Exception):
    """The samples of the dataset are not images."""

    kind: ClassVar[Literal["not_found"]] = "not_found"


class PreviewSamples(NamedTuple):
    """Samples as a network receives them, and where they come from, in words."""

    samples: Samples
    origin: str


def preview_samples(
    spec: ExperimentSpec, experiments: ExperimentStore, images: ImageSource, record: Record | None = None
) -> PreviewSamples:
    """Those of `record`, else of the newest experiment on the dataset, else images of the dataset if this process has
    them, else drawn test cards.

    Raises NoImages, or Damaged if the samples of `record` or the images of the dataset are unreadable.
    """
    shape, mode = _image_shape(spec), spec.preprocessing.resize
    own = _read_samples(experiments, record) if record else None
    if own:
        return PreviewSamples(own, "its own training samples")
    other = _newest(experiments, spec.dataset.name)
    if other is not None:
        resized = resize_all(other.samples.images, shape, mode)
        return PreviewSamples(Samples(resized, other.samples.labels), other.origin)
    return _of_dataset(spec, shape, images) or _cards(spec, shape)


def _of_dataset(spec: ExperimentSpec, shape: Shape, source: ImageSource) -> PreviewSamples | None:
    """Of the images that the experiment may train on, of its classes in turn."""
    try:
        dataset = source.open(spec.dataset.name)
    except NotFound:
        return None
    names = [dataset.classes[label] for label in dataset.labels]
    classes = set(spec.dataset.facts.classes)
    cut = spec.dataset.split
    split: SourceSplit | None = "train" if "official" in (cut.test, cut.validation) else None
    numbers = [number for number in choose(dataset, None, split) if names[number] in classes][:_MAX_IMAGES]
    mode = spec.preprocessing.resize
    images = np.stack([to_array(dataset.image(number), shape, mode) for number in numbers])
    labels = tuple(names[number] for number in numbers)
    return PreviewSamples(Samples(images, labels), f"images of {spec.dataset.name}")


def _cards(spec: ExperimentSpec, shape: Shape) -> PreviewSamples:
    mode = spec.preprocessing.resize
    cards = np.stack([to_array(draw_test_card(number), shape, mode) for number in range(len(_LETTERS))])
    origin = f"drawn test cards: no experiment has read samples of {spec.dataset.name} yet"
    return PreviewSamples(Samples(cards, _LETTERS), origin)


def draw_test_card(number: int) -> Image.Image:
    """A letter above a row of grays, in a frame; each number below six has another letter."""
    card = Image.new("RGB", (_CARD_SIDE, _CARD_SIDE), _PAPER[number % len(_LETTERS)])
    pen = ImageDraw.Draw(card)
    pen.rectangle((8, 8, _CARD_SIDE - 9, _CARD_SIDE - 9), outline=_INK, width=12)
    for step in range(6):
        gray = 51 * step
        pen.rectangle((32 + 32 * step, 200, 63 + 32 * step, 224), fill=(gray, gray, gray))
    font = ImageFont.load_default(size=180)
    pen.text((_CARD_SIDE / 2, 112), _LETTERS[number % len(_LETTERS)], fill=_INK, font=font, anchor="mm")
    return card


def _read_samples(experiments: ExperimentStore, record: Record) -> Samples | None:
    published = read_samples(experiments.folder(record.id) / ARTIFACTS)
    return published or read_samples(experiments.attempt_folder(record))


def _newest(experiments: ExperimentStore, dataset: str) -> PreviewSamples | None:
    try:
        records = experiments.page(Query(dataset=dataset, limit=_MAX_EXPERIMENTS)).items
    except Unavailable:
        return None  # while Redis is down, a test card is better than no plot
    for record in records:
        try:
            samples = _read_samples(experiments, record)
        except (Damaged, NotFound):
            continue
        if samples is not None:
            return PreviewSamples(samples, f"training samples of experiment {record.id}")
    return None


def _image_shape(spec: ExperimentSpec) -> Shape:
    if len(spec.input_shape) != 3:
        raise NoImages(f"the samples of {spec.dataset.name} are vectors of numbers, not images, and cannot be plotted")
    height, width, channels = spec.input_shape
    return height, width, channels
