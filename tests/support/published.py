"""Published experiments without a training, with handmade ONNX networks."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from imaging.probe import probe_sample
from models_store import artifacts
from models_store.experiments.checkpoints import checkpoint_name
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.folders import ATTEMPTS
from models_store.experiments.points import MetricValues, Point
from models_store.experiments.provenance import Provenance, write_provenance
from models_store.experiments.record import Record
from models_store.files import sha256_of, write_synced
from models_store.models.serving_info import SERVING_FILE, ServingInfo
from models_store.store import Store
from specs.dataset import DATASETS, Dataset
from specs.experiment import ExperimentSpec
from specs.preprocessing import Resize
from worker.data import Split, Splits
from worker.evaluation.evaluate import Results, evaluate

IMAGE_SHAPE = (8, 8, 1)
CLASSES = 10


def bright_column_network(shift: int = 0, padding: int = 0) -> bytes:
    """An ONNX network whose probability of class c + `shift` grows with pixel c: `softmax(0.1 * pixels)`.

    `shift` tells networks apart by their answers. `padding` unused bytes make the file larger.
    """
    weights = np.zeros((64, CLASSES), dtype=np.float32)
    weights[np.arange(CLASSES), (np.arange(CLASSES) + shift) % CLASSES] = 0.1
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["pixels", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    constants = [
        numpy_helper.from_array(np.array([-1, 64], dtype=np.int64), "shape"),
        numpy_helper.from_array(weights, "weights"),
        *([numpy_helper.from_array(np.zeros(padding, dtype=np.uint8), "unused")] if padding else []),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", *IMAGE_SHAPE])
    answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", CLASSES])
    graph = helper.make_graph(nodes, "bright", [image], [answer], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=9)
    return bytes(model.SerializeToString())


def quadrant_network() -> bytes:
    """An ONNX network from features (2,) to four classes, by which of the features is positive."""
    weights = np.array([[1, 1, -1, -1], [1, -1, 1, -1]], dtype=np.float32)
    nodes = [
        helper.make_node("MatMul", ["image", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    features = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 2])
    answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 4])
    graph = helper.make_graph(nodes, "quadrants", [features], [answer], [numpy_helper.from_array(weights, "weights")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=9)
    return bytes(model.SerializeToString())


def results_on(dataset: Dataset, accuracy: float = 0.8, seed: int = 0) -> Results:
    """Evaluate made-up answers to fifty samples per split, as the trainer evaluates a network.

    About `accuracy` of the answers are right, and a tenth more on the validation split.
    """
    generator = np.random.default_rng(seed)
    classes = len(dataset.classes)
    shape = IMAGE_SHAPE if dataset.has_images else (2,)

    def split(first: int) -> Split:
        drawn = generator.integers(0, 256, (50, *shape))
        images = drawn.astype(np.uint8) if dataset.has_images else drawn.astype(np.float32)
        return Split(images, np.arange(50) % classes, np.arange(first, first + 50))

    def answered(truth: NDArray[np.int64], right: float) -> NDArray[np.float32]:
        said = np.where(np.arange(50) < round(50 * right), truth, (truth + 1) % classes)
        answers = generator.dirichlet(np.ones(classes), 50) + 2 * np.eye(classes)[said]
        return np.asarray(answers / answers.sum(axis=1, keepdims=True), dtype=np.float32)

    splits = Splits(split(0), split(50), split(100))
    answers = {
        id(each.images): answered(each.labels, right)
        for each, right in zip(splits, (accuracy, accuracy + 0.1, accuracy), strict=True)
    }
    return evaluate(lambda images: answers[id(images)], splits, dataset.classes, "float32")


def provenance_of(network: bytes) -> Provenance:
    """Made up, except that other networks have other weights."""
    return Provenance(
        versions={"trainyard": "0.3.0", "python": "3.11.7", "tensorflow": "2.21.0", "keras": "3.13.0"},
        device="AMD EPYC",
        threads=2,
        precision="float32",
        seed=0,
        data_sha256={"training": "a" * 64, "validation": "b" * 64, "test": "c" * 64},
        spec_sha256="d" * 64,
        weights_sha256=sha256_of(network),
    )


def stage(
    folder: Path,
    resize: Resize = "stretch",
    dataset: Dataset = DATASETS["digits"],
    results: Results | None = None,
    network: bytes | None = None,
    **serving: Any,
) -> Path:
    """Write a result into the new folder `folder`, as a trainer does; `serving` is what it fitted for serving."""
    folder.mkdir(parents=True)
    shape = IMAGE_SHAPE if dataset.has_images else (2,)
    network = network or (bright_column_network() if dataset.has_images else quadrant_network())
    probe: NDArray[np.float32] = onnxruntime.InferenceSession(network).run(None, {"image": probe_sample(shape)[None]})[
        0
    ][0]
    info = ServingInfo(
        dataset=dataset.name,
        labels=dataset.classes,
        image_shape=shape,
        resize=resize,
        input_name="image",
        probe=tuple(probe.tolist()),
        **serving,
    )
    write_provenance(provenance_of(network), folder)
    write_synced(folder / artifacts.ONNX_FILE, network)
    write_synced(folder / artifacts.KERAS_FILE, b"the same for Keras")
    write_synced(folder / SERVING_FILE, info.model_dump_json().encode())
    (results or results_on(dataset)).write(folder)
    artifacts.write_manifest(folder)
    return folder


def publish(
    store: Store,
    spec: ExperimentSpec,
    val_accuracy: float = 0.9,
    epochs: int = 2,
    results: Results | None = None,
    network: bytes | None = None,
    reproduces: str | None = None,
    **serving: float,
) -> Record:
    """Take an experiment all the way through the store; `network` replaces the handmade one."""
    record = store.experiments.create(spec, reproduces=reproduces)
    return finish(store, record, val_accuracy, epochs, results, network, spec, **serving)


def finish(
    store: Store,
    record: Record,
    val_accuracy: float = 0.9,
    epochs: int = 2,
    results: Results | None = None,
    network: bytes | None = None,
    spec: ExperimentSpec | None = None,
    **serving: float,
) -> Record:
    """The same for one that is queued; its `spec` is read from the record unless given."""
    spec = spec or store.spec_of(record)
    claim = TrainingClaim.acquire(store.training_jobs, record.id, worker="test:1")
    assert claim is not None
    claim.begin_history([])
    for epoch in range(epochs):
        claim.append(point(epoch))
    staged = stage(
        claim.attempt_folder / "staged", spec.preprocessing.resize, spec.dataset.facts, results, network, **serving
    )
    metrics: MetricValues = {"val_accuracy": val_accuracy, "val_loss": 1 - val_accuracy}
    tested: MetricValues = results.summary("test") if results else {"accuracy": 0.8, "loss": 0.5}
    return claim.succeed(staged, "completed", point(epochs - 1), metrics, tested)


def keep_state(store: Store, experiment_id: str, epoch: int = 2, content: bytes = b"a state") -> Path:
    """Write what stands for the checkpoint after `epoch` epochs, as an attempt of the experiment leaves it."""
    path = store.experiments.folder(experiment_id) / ATTEMPTS / "1" / checkpoint_name(epoch, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def point(epoch: int) -> Point:
    value = 1 / (epoch + 1)
    return Point(epoch=epoch, seconds=0.1, metrics={"loss": value, "val_loss": value, "val_accuracy": 1 - value})
