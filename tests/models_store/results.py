"""Epochs and published files such as a trainer would have made, without one."""

from pathlib import Path

from models_store.artifacts import KERAS_FILE, ONNX_FILE, write_manifest
from models_store.evaluations.evaluation import write_evaluations
from models_store.experiments.points import Point
from models_store.jobs.failure import Failure
from models_store.models.serving_info import SERVING_FILE, ServingInfo
from tests.support.evaluations import evaluation_of

KILLED = Failure(type="killed", message="killed: signal 9")


def point(epoch: int, val_accuracy: float | None = 0.5, seconds: float = 0.2) -> Point:
    return Point(epoch=epoch, seconds=seconds, metrics={"loss": 1.0, "val_accuracy": val_accuracy, "val_loss": 0.75})


def points(count: int) -> tuple[Point, ...]:
    return tuple(point(epoch, val_accuracy=epoch / 10) for epoch in range(count))


def stage(folder: Path, *, onnx: bytes = b"a network") -> Path:
    """Make `folder` what a trainer hands over when it has finished."""
    folder.mkdir(parents=True)
    info = ServingInfo(dataset="digits", labels=("a", "b"), image_shape=(8, 8, 1), input_name="image", probe=(0.5, 0.5))
    (folder / SERVING_FILE).write_text(info.model_dump_json())
    (folder / ONNX_FILE).write_bytes(onnx)
    (folder / KERAS_FILE).write_bytes(b"the same for Keras")
    write_evaluations(folder, {"test": evaluation_of(accuracy=0.5)})
    write_manifest(folder)
    return folder
