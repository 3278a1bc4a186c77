"""The pictures of the samples that a network was evaluated on."""

from fastapi import Response
from PIL import Image

from analysis.dataset_samples import samples_of
from api.wire.png import picture_of, png
from models_store.errors import NotFound
from models_store.evaluations.predictions import PartName, Predictions
from models_store.store import Store
from settings import Settings
from specs.evaluation import EvaluatedPart


class SamplePictures:
    """Of one part of `dataset`: as the network received them where that was kept, else as the data set has them."""

    def __init__(
        self, dataset: str, part: PartName | EvaluatedPart, predictions: Predictions, store: Store, settings: Settings
    ):
        self._dataset = dataset
        self._part = part
        self._predictions = predictions
        self._store = store
        self._settings = settings

    def picture(self, row: int) -> Image.Image:
        """Raises NotFound where neither the experiment nor this process has it."""
        kept = self._predictions.picture(row)
        if kept is not None:
            return picture_of(kept)
        try:
            return samples_of(self._dataset, self._store, self._settings).picture(int(self._predictions.samples[row]))
        except NotFound as error:
            raise NotFound(
                f"the picture of {self._part} sample {row} was not kept: only those of mistakes are; {error}"
            ) from error

    def png(self, row: int) -> Response:
        """The same, for a request that may name any row. Raises NotFound."""
        samples = len(self._predictions.truth)
        if not 0 <= row < samples:
            raise NotFound(f"the {self._part} part has no sample {row}; it has 0 to {samples - 1}")
        return png(self.picture(row))


def samples_path(experiment_id: str, part: PartName) -> str:
    """Below which there is the picture of each of a part's samples."""
    return f"/experiments/{experiment_id}/samples/{part}"


def picture_path(experiment_id: str, part: PartName, row: int, predictions: Predictions) -> str | None:
    """Where the picture of a part's sample is answered; None where samples are no pictures."""
    if len(predictions.pictured) == 0:
        return None
    return f"{samples_path(experiment_id, part)}/{row}.png"
