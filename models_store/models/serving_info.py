"""What the API must know of a published network to serve it, without its spec and without Keras."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from models_store.artifacts import read_verified
from models_store.errors import Damaged
from models_store.experiments.record import Frozen
from specs.dataset import CORRECTIONS_SUFFIX, DATASETS

SERVING_FILE = "serving.json"


class ServingInfo(Frozen):
    """`image_shape` is (height, width, channels), uint8, or (features,), float32, where the samples are no images;
    `resize` is how an image gets that size, as in `imaging.resize`. `probe` holds the probabilities for
    `imaging.probe.probe_sample`: a loaded network must give them again before it serves. `temperature` is what its
    logits are divided by to make its probabilities mean what they say, fitted on the validation split. An answer with
    at least the probability `confident_from` is confident; of such answers on the validation split a share of
    `confident_error_rate` was wrong.
    """

    dataset: str
    labels: tuple[str, ...] = Field(min_length=1)
    image_shape: tuple[int, int, int] | tuple[int]
    resize: Literal["stretch", "fit", "fill"] = "stretch"  # what was published before there was a choice
    input_name: str
    probe: tuple[float, ...]
    temperature: float = Field(default=1.0, gt=0)  # what was published before it was fitted
    confident_from: float = Field(default=0.9, gt=0)  # likewise
    confident_error_rate: float | None = None

    @property
    def digit_form(self) -> Literal["centered", "filling"] | None:
        """How the network knows digits, if it does: corrections are kept as the network that was corrected saw them."""
        dataset = DATASETS.get(self.dataset.removesuffix(CORRECTIONS_SUFFIX))
        return dataset.digit_form if dataset else None

    @property
    def takes_images(self) -> bool:
        return len(self.image_shape) == 3


def read_serving_info(folder: Path) -> ServingInfo:
    """From the published `folder`. Raises NotFound if nothing was published, Damaged."""
    try:
        return ServingInfo.model_validate_json(read_verified(folder, SERVING_FILE))
    except ValidationError as error:
        raise Damaged(f"{SERVING_FILE} of {folder.parent.name} does not parse") from error
