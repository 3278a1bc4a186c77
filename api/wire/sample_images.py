"""The images of the samples that a network was evaluated on."""

from fastapi import Response
from PIL import Image

from analysis.dataset_samples import samples_of
from api.wire.png import image_of, png
from models_store.errors import NotFound
from models_store.evaluations.predictions import Predictions
from models_store.store import Store
from settings import Settings
from specs.splits import EvaluatedSplit, SplitName


class SampleImages:
    """Of one part of `dataset`: as the network received them where that was kept, else as the dataset has them."""

    def __init__(
        self,
        dataset: str,
        split: SplitName | EvaluatedSplit,
        predictions: Predictions,
        store: Store,
        settings: Settings,
    ):
        self._dataset = dataset
        self._split = split
        self._predictions = predictions
        self._store = store
        self._settings = settings

    def image(self, row: int) -> Image.Image:
        """Raises NotFound where neither the experiment nor this process has it."""
        kept = self._predictions.image(row)
        if kept is not None:
            return image_of(kept)
        try:
            return samples_of(self._dataset, self._store, self._settings).image(int(self._predictions.samples[row]))
        except NotFound as error:
            raise NotFound(
                f"the image of {self._split} sample {row} was not kept: only those of mistakes are; {error}"
            ) from error

    def png(self, row: int) -> Response:
        """The same, for a request that may name any row. Raises NotFound."""
        samples = len(self._predictions.truth)
        if not 0 <= row < samples:
            raise NotFound(f"the {self._split} split has no sample {row}; it has 0 to {samples - 1}")
        return png(self.image(row))


def samples_path(experiment_id: str, split: SplitName) -> str:
    """Below which there is the image of each of a split's samples."""
    return f"/experiments/{experiment_id}/samples/{split}"


def image_path(experiment_id: str, split: SplitName, row: int, predictions: Predictions) -> str | None:
    """Where the image of a split's sample is answered; None where samples are no images."""
    if len(predictions.image_rows) == 0:
        return None
    return f"{samples_path(experiment_id, split)}/{row}.png"
