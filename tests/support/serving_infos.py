"""What is known of the hand-made networks (tests/published.py)."""

from models_store.models.serving_info import ServingInfo
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
