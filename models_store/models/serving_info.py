"""The serving info of a published network: all that serving needs, without its spec and without Keras."""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from models_store.artifacts import read_verified
from models_store.errors import Damaged
from models_store.frozen import Frozen
from specs.dataset import CORRECTIONS_SUFFIX, DATASETS, Dataset

SERVING_FILE = "serving.json"


class ServingInfo(Frozen):
    """`image_shape` is (height, width, channels), uint8, or (features,), float32, if the samples are not images;
    `resize` is how an image gets that size, as in `imaging.resize`. `probe` holds the probabilities for
    `imaging.probe.probe_sample`: a loaded network must reproduce them before it serves. Logits are divided by
    `temperature`, fitted on the validation split, to calibrate the probabilities. An answer with a probability of at
    least `confident_from` is confident; `confident_error_rate` is the share of wrong ones among the confident answers
    of the validation split. `max_pixel` is the brightest pixel of the validation split. `white` is its value in
    the PNGs of 16 bits that the network was trained on, None without such.
    """

    dataset: str
    labels: tuple[str, ...] = Field(min_length=1)
    image_shape: tuple[int, int, int] | tuple[int]
    resize: Literal["stretch", "fit", "fill"] = "stretch"  # of results before this field existed
    input_name: str
    probe: tuple[float, ...]
    temperature: float = Field(default=1.0, gt=0)  # of results before it was fitted
    confident_from: float = Field(default=0.9, gt=0)  # likewise
    confident_error_rate: float | None = None
    max_pixel: int = Field(default=255, ge=0, le=255)  # likewise
    white: int | None = Field(default=None, ge=255, le=65_535)  # likewise

    @cached_property
    def digit_form(self) -> Literal["centered", "filling"] | None:
        """The form of digits that the network was trained on, None if it does not read digits. Corrections are stored
        in the form that the network received."""
        return self._built_in.digit_form if self._built_in else None

    @property
    def foreign_peak(self) -> int:
        """An image whose brightest pixel is at most this, but not black, is in another range than the network's: from 0
        to 1, or as its dataset is published."""
        if self._built_in and self._built_in.published_max < 255:
            return self._built_in.published_max
        return 1 if self.max_pixel > 1 else 0

    def foreign_white(self, peak: int) -> int:
        """White of the range in which such a peak is one: zeros and ones are in no other."""
        return 1 if peak <= 1 else self.foreign_peak

    @property
    def _built_in(self) -> Dataset | None:
        return DATASETS.get(self.dataset.removesuffix(CORRECTIONS_SUFFIX))

    @property
    def takes_images(self) -> bool:
        return len(self.image_shape) == 3


def read_serving_info(folder: Path) -> ServingInfo:
    """From the published `folder`. Raises NotFound if nothing was published, Damaged."""
    try:
        return ServingInfo.model_validate_json(read_verified(folder, SERVING_FILE))
    except ValidationError as error:
        raise Damaged(f"{SERVING_FILE} of {folder.parent.name} does not parse") from error
