"""Corrected labels, of which a dataset is collected."""

import numpy as np
from PIL import Image

from models_store.corrections.correction import Correction
from models_store.store import Store
from specs.dataset import DATASETS
from tests.support.image_files import encoded
from tests.support.waiting import eventually


def correct(store: Store) -> Store:
    """Add a correction of digits; return when digits-corrections is known."""
    image = encoded(Image.fromarray(np.full((8, 8), 90, dtype=np.uint8)))
    correction = Correction(
        prediction_id="01K6W5B1N2P3Q4R5S6T7V8W9X0",
        experiment_id="01K6W3E8Z4T5V6X7Y8Z9A0B1C2",
        predicted="4",
        probability=0.75,
        label="9",
        height=8,
        width=8,
        channels=1,
        image=image,
    )
    store.corrections.add(correction, DATASETS["digits"])
    eventually(lambda: "digits-corrections" in store.known_datasets())
    return store
