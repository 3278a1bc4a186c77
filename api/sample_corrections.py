"""From a sample that a network was evaluated on to the correction of its label."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from PIL import Image

from analysis.dataset_images import ImageSource
from imaging.png import encode_png, to_image
from models_store.corrections.correction import Correction, GivenLabel, sample_key
from models_store.errors import Damaged, InvalidState, NotFound
from models_store.evaluations.predictions import Predictions
from models_store.store import Store
from specs.dataset import Dataset


def given_labels(numbers: Iterable[int], datasets: Sequence[str], store: Store) -> dict[int, GivenLabel]:
    """The labels that samples were given, by their number. `datasets` are numbered one after the other; those from the
    first that was deleted on are left out."""
    wanted, known = list(numbers), store.known_datasets()
    begin, labels = 0, dict[int, GivenLabel]()
    for name in datasets:
        source = known.get(name)
        if source is None:
            break
        within = [each - begin for each in wanted if 0 <= each - begin < source.samples]
        with suppress(NotFound, Damaged):
            labels |= {begin + each: label for each, label in store.corrections.labels(source, within).items()}
        begin += source.samples
    return labels


class DatasetSample(NamedTuple):
    """The sample that is `number` in the dataset `source`."""

    source: Dataset
    number: int


class EvaluatedSample(NamedTuple):
    """A row of a split that the network of an experiment was evaluated on. `labels` are its classes."""

    experiment_id: str
    labels: Sequence[str]
    predictions: Predictions
    row: int

    @property
    def true(self) -> str:
        return self.labels[int(self.predictions.truth[self.row])]

    @property
    def predicted(self) -> str:
        return self.labels[int(self.predictions.predicted[self.row])]

    def locate(self, datasets: Sequence[str], known: Mapping[str, Dataset]) -> DatasetSample:
        """`datasets` are that of the experiment and those added to it, whose samples are numbered one after the other.
        Raises NotFound for a row that the split does not have, InvalidState if a dataset was deleted, or has no images.
        """
        if not 0 <= self.row < len(self.predictions.samples):
            raise NotFound(f"the split has no sample {self.row}; it has 0 to {len(self.predictions.samples) - 1}")
        number = int(self.predictions.samples[self.row])
        for name in datasets:
            source = known.get(name)
            if source is None:
                raise InvalidState(f"dataset {name} was deleted, and its classes with it")
            if not source.has_images:
                raise InvalidState(f"the samples of {name} are numbers; only images are collected")
            if number < source.samples:
                return DatasetSample(source, number)
            number -= source.samples
        raise InvalidState(f"{' and '.join(datasets)} had more images when the network was evaluated")

    def correct(self, sample: DatasetSample, label: str, images: ImageSource) -> Correction:
        """`sample` is what `locate` found. With the image as its dataset has it, or else as the network received it.
        Raises NotFound if neither is available."""
        image, data = self._read(sample, images)
        return Correction(
            prediction_id=sample_key(sample.number),
            experiment_id=self.experiment_id,
            predicted=self.predicted,
            probability=float(self.predictions.probabilities[self.row].max()),
            label=label,
            confirmed=label == self.true,
            height=image.height,
            width=image.width,
            channels=len(image.getbands()),
            image=data,
        )

    def _read(self, sample: DatasetSample, images: ImageSource) -> tuple[Image.Image, bytes]:
        """Upright, and its file."""
        try:
            dataset = images.open(sample.source.name)
            return dataset.image(sample.number), dataset.encoded(sample.number)
        except NotFound:
            kept = self.predictions.image(self.row)
            if kept is None:
                raise
            image = to_image(kept)
            return image, encode_png(image)
