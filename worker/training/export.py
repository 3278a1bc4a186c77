"""Export of a trained network: the Keras file, the ONNX file for serving, and a parity check between the two."""

import shutil
import warnings
from pathlib import Path

import keras
import numpy as np

from imaging.probe import PROBE_TOLERANCE
from models_store.artifacts import KERAS_FILE, ONNX_FILE
from models_store.experiments.training_samples import SAMPLES_FILE
from models_store.files import write_synced
from models_store.models.serving_info import SERVING_FILE, ServingInfo
from serving.session import Session
from specs.experiment import ExperimentSpec
from worker.data import Images
from worker.evaluation.calibration import Confidence
from worker.training.onnx_compat import exportable_layers

_PARITY_IMAGES = 256


class ExportFailed(Exception):
    """The exported network's probabilities differ from the trained one's."""


def export(
    model: keras.Model,
    spec: ExperimentSpec,
    images: Images,
    temperature: float,
    confidence: Confidence,
    staged: Path,
    white: int | None = None,
) -> None:
    """Write both networks and their serving info into `staged`. Raises ExportFailed or OSError.

    On `images`, real ones, the probabilities of both networks must agree to within 1e-4. `white` is that of their PNGs
    of 16 bits, None without such.
    """
    model.save(staged / KERAS_FILE)
    with warnings.catch_warnings(), exportable_layers(model):
        # Keras 3.15 accesses `np.object`, which numpy warns about.
        warnings.simplefilter("ignore", FutureWarning)
        model.export(staged / ONNX_FILE, format="onnx", verbose=False)
    session = Session(staged / ONNX_FILE)
    _check_parity(model, session, images[:_PARITY_IMAGES])
    info = ServingInfo(
        dataset=spec.dataset.name,
        labels=spec.dataset.facts.classes,
        image_shape=images.shape[1:],
        resize=spec.preprocessing.resize,
        input_name=session.input_name,
        probe=session.answer_probe(images.shape[1:]).tolist(),
        temperature=temperature,
        confident_from=confidence.threshold,
        confident_error_rate=confidence.error_rate,
        max_pixel=int(images.max()) if spec.dataset.facts.has_images else 255,
        white=white,
    )
    write_synced(staged / SERVING_FILE, info.model_dump_json().encode())
    if (staged.parent / SAMPLES_FILE).is_file():
        shutil.copyfile(staged.parent / SAMPLES_FILE, staged / SAMPLES_FILE)


def _check_parity(model: keras.Model, session: Session, images: Images) -> None:
    expected = np.asarray(model(images, training=False))
    difference = float(np.abs(expected - session.uncalibrated(images)).max())
    if not difference < PROBE_TOLERANCE:
        raise ExportFailed(
            f"the exported network's probabilities differ from the trained one's by {difference:g}, "
            f"more than {PROBE_TOLERANCE:g}"
        )
