"""The pictures of an experiment's samples."""

from PIL import Image

from api.samples import samples_of
from models_store.errors import NotFound
from models_store.predictions import PartName, Predictions
from models_store.records import Record
from models_store.store import Store
from settings import Settings


class SamplePictures:
    """Of one part: as the network received them where that was kept, else as the data set has them."""

    def __init__(self, record: Record, part: PartName, predictions: Predictions, store: Store, settings: Settings):
        self._record = record
        self._part = part
        self._predictions = predictions
        self._store = store
        self._settings = settings

    def picture(self, row: int) -> Image.Image:
        """Raises NotFound where neither the experiment nor this process has it."""
        kept = self._predictions.picture(row)
        if kept is not None:
            return Image.fromarray(kept.squeeze(axis=2) if kept.shape[2] == 1 else kept)
        try:
            return samples_of(self._record.dataset, self._store, self._settings).picture(
                int(self._predictions.samples[row])
            )
        except NotFound as error:
            raise NotFound(
                f"the picture of {self._part} sample {row} was not kept: experiment {self._record.id} has those of its "
                f"mistakes only; {error}"
            ) from error


def picture_path(experiment_id: str, part: PartName, row: int, predictions: Predictions) -> str | None:
    """Where the picture of a part's sample is answered; None where samples are no pictures."""
    if len(predictions.pictured) == 0:
        return None
    return f"/experiments/{experiment_id}/samples/{part}/{row}.png"
