"""Images of the samples that a network was evaluated on."""

from collections.abc import Callable

from PIL import Image

from analysis.dataset_images import DatasetImages
from imaging.png import png_data_url, to_image
from models_store.errors import NotFound
from models_store.evaluations.predictions import Predictions
from specs.splits import EvaluatedSplit, SplitName


class SampleImages:
    """Of one split: as the network received them if they were kept, else as the dataset has them."""

    def __init__(
        self, split: SplitName | EvaluatedSplit, predictions: Predictions, open_dataset: Callable[[], DatasetImages]
    ) -> None:
        """`open_dataset` raises NotFound if this process has no images of the dataset."""
        self._split = split
        self._predictions = predictions
        self._open_dataset = open_dataset

    def image(self, row: int) -> Image.Image:
        """Raises NotFound, also for a row that the split does not have."""
        samples = len(self._predictions.truth)
        if not 0 <= row < samples:
            raise NotFound(f"the {self._split} split has no sample {row}; it has 0 to {samples - 1}")
        kept = self._predictions.image(row)
        if kept is not None:
            return to_image(kept)
        try:
            return self._open_dataset().image(int(self._predictions.samples[row]))
        except NotFound as error:
            raise NotFound(
                f"the image of {self._split} sample {row} was not kept: only those of misclassified samples are; "
                f"{error}"
            ) from error

    def data_url(self, row: int) -> str | None:
        """The image as a data URL; None if it is unavailable."""
        try:
            return png_data_url(self.image(row))
        except NotFound:
            return None
