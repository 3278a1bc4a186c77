"""Images whose answers are explained, as their network receives them: of a request, or of a split."""

from functools import partial

import numpy as np

from analysis.dataset_images import ImageSource
from analysis.sample_images import SampleImages
from api.results import datasets_of
from api.wire.body import BadRequestBody
from api.wire.samples import parse_samples
from imaging.preparation import prepare_image
from models_store.errors import NotFound
from models_store.models.serving_info import ServingInfo
from models_store.store import Store
from serving.explanations.occlusion import Pixels
from serving.preparation import ImageSample, Prep, prepare_sample
from specs.splits import SplitName


def check_sent(body: bytes, index: int | None) -> None:
    """Raises BadRequestBody unless there is either an image or the `index` of a sample."""
    if not body and index is None:
        raise BadRequestBody(
            "no image: send one, as in curl -F file=@seven.png, or name a sample of a split, as in ?split=test&index=5"
        )
    if body and index is not None:
        raise BadRequestBody(f"received a body and index={index}; send an image or name a sample, not both")


def read_sent(content_type: str, body: bytes, info: ServingInfo, max_pixels: int, prep: Prep) -> Pixels:
    """The one image of a request. Raises BadRequestBody, and the errors of `prepare_sample`."""
    samples = parse_samples(content_type, body)
    if len(samples) != 1 or not isinstance(samples[0], ImageSample):
        received = "numbers" if not isinstance(samples[0], ImageSample) else f"{len(samples)} images"
        raise BadRequestBody(f"received {received}, expected one image; POST /predict?explain=occlusion takes several")
    return np.asarray(prepare_sample(samples[0], info, max_pixels, prep)[0], dtype=np.uint8)


def read_sample(
    store: Store, images: ImageSource, experiment_id: str, split: SplitName, row: int, info: ServingInfo
) -> Pixels:
    """A sample that an experiment was evaluated on. Raises NotFound if it does not exist, is no image, or this process
    has no image of it; ResultsHidden for a test split that is withheld."""
    if len(info.image_shape) != 3:
        raise NotFound(f"the samples of {info.dataset} are numbers, not images")
    datasets = datasets_of(store.experiments.get(experiment_id))
    predictions = store.experiments.predictions(experiment_id, split)
    image = SampleImages(split, predictions, partial(images.open_all, datasets)).image(row)
    return prepare_image(image, info.image_shape, info.resize).array
