"""One right answer to a prediction, with the image that it belongs to."""

from datetime import datetime
from pathlib import Path

from pydantic import ConfigDict, Field, ValidationError

from models_store.errors import Damaged
from models_store.experiments.record import Frozen, utc_now
from models_store.files import storage_errors, write_atomic
from models_store.versions import any_name

LABELLED = "labelled"


class Correction(Frozen):
    """`image` is a PNG of what the network received, (height, width, channels); `predicted` is what it took it for,
    `label` what it is."""

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    prediction_id: str
    experiment_id: str
    predicted: str
    probability: float
    label: str
    labelled_at: datetime = Field(default_factory=utc_now)
    height: int
    width: int
    channels: int
    image: bytes = Field(validation_alias=any_name("image"))

    @property
    def name(self) -> str:
        """What the image is called in its dataset."""
        return f"{self.label}/{self.prediction_id}.png"


def correction_ids(folder: Path) -> list[str]:
    """Of the predictions that have been corrected in the dataset of `folder`, in the order in which they were made."""
    return sorted(path.stem for path in (folder / LABELLED).glob("[!.]*.json"))


def read_correction(folder: Path, prediction_id: str) -> Correction:
    """Raises Damaged, FileNotFoundError."""
    try:
        return Correction.model_validate_json(_path(folder, prediction_id).read_bytes())
    except ValidationError as error:
        raise Damaged(f"the correction of {prediction_id} does not parse") from error


def write_correction(folder: Path, correction: Correction) -> None:
    """In the place of an earlier one of the same prediction. Raises StorageFull."""
    with storage_errors("the correction"):
        (folder / LABELLED).mkdir(exist_ok=True)
    write_atomic(_path(folder, correction.prediction_id), correction.model_dump_json().encode())


def _path(folder: Path, prediction_id: str) -> Path:
    return folder / LABELLED / f"{prediction_id}.json"
