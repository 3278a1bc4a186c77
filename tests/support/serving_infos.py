"""What is known of the hand-made networks (tests/published.py)."""

import numpy as np

from api.wire.inference import InferenceBody
from models_store.models.serving_info import ServingInfo
from serving.sample_arrays import prepare_image
from serving.session import Samples
from specs.dataset import DATASETS

DIGITS = ServingInfo(
    dataset="digits",
    labels=DATASETS["digits"].classes,
    image_shape=(8, 8, 1),
    input_name="keras_tensor_7",
    probe=(0.1,) * 10,
)
BLOBS = ServingInfo(
    dataset="blobs",
    labels=DATASETS["blobs"].classes,
    image_shape=(2,),
    input_name="keras_tensor_7",
    probe=(0.25,) * 4,
)


def samples_of(body: InferenceBody, info: ServingInfo) -> Samples:
    """What a network sees of a body."""
    sent = body.samples(info)
    return np.stack([prepare_image(each, info, max_pixels=1000) for each in sent]) if isinstance(sent, list) else sent
