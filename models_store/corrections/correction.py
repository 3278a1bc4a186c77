"""A correction: the true label of a prediction, or of a sample of a dataset, with its image."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import ConfigDict, Field, ValidationError

from models_store.errors import Damaged
from models_store.files import storage_errors, write_atomic
from models_store.frozen import Frozen, utc_now
from models_store.versions import any_name

LABELLED = "labelled"
_SAMPLE = "sample-"


class GivenLabel(NamedTuple):
    """A label that a sample was given. `confirmed` if it had that label before."""

    label: str
    confirmed: bool


class Correction(Frozen):
    """`image` is a PNG of the network's input, or the file of a sample of the dataset, (height, width, channels);
    `predicted` is the predicted class, `label` the true one. `prediction_id` is a `sample_key` for a sample.
    `confirmed` if the image had this label before: somebody has looked, and left it as it was."""

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    prediction_id: str
    experiment_id: str
    predicted: str
    probability: float
    label: str
    confirmed: bool = False
    labelled_at: datetime = Field(default_factory=utc_now)
    height: int
    width: int
    channels: int
    image: bytes = Field(validation_alias=any_name("image"))

    def relabel(self, label: str) -> Self:
        return self.model_copy(update={"label": label, "confirmed": label == self.label, "labelled_at": utc_now()})

    @property
    def given(self) -> GivenLabel:
        return GivenLabel(self.label, self.confirmed)

    @property
    def name(self) -> str:
        """The name of the image in its dataset."""
        return f"{self.label}/{self.prediction_id}.png"


def sample_key(sample: int) -> str:
    """Identifies the correction of a sample of the dataset, by its number there."""
    return f"{_SAMPLE}{sample:07}"


def sample_number(correction_id: str) -> int | None:
    """The other way round; None for a prediction."""
    return int(correction_id.removeprefix(_SAMPLE)) if correction_id.startswith(_SAMPLE) else None


def correction_ids(folder: Path) -> list[str]:
    """Ids of the corrected predictions in the dataset `folder`, in the order in which they were made."""
    return sorted(path.stem for path in (folder / LABELLED).glob("[!.]*.json"))


def read_correction(folder: Path, prediction_id: str) -> Correction:
    """Raises Damaged, FileNotFoundError."""
    try:
        return Correction.model_validate_json(_path(folder, prediction_id).read_bytes())
    except ValidationError as error:
        raise Damaged(f"the correction of {prediction_id} does not parse") from error


def write_correction(folder: Path, correction: Correction) -> None:
    """Replaces an earlier one of the same prediction. Raises StorageFull."""
    with storage_errors("the correction"):
        (folder / LABELLED).mkdir(exist_ok=True)
    write_atomic(_path(folder, correction.prediction_id), correction.model_dump_json().encode())


def _path(folder: Path, prediction_id: str) -> Path:
    return folder / LABELLED / f"{prediction_id}.json"
