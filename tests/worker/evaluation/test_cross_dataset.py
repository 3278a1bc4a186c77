"""A network of Keras's is published, and asked about other data by way of ONNX."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import orjson
import pytest
from PIL import Image

from archives.member import Limits
from imaging.decode import decode
from imaging.preparation import prepare_image
from imaging.resize import resize_all, to_array
from models_store.artifacts import EVALUATION_FILE, write_manifest
from models_store.datasets.images import IMAGES, StoredImages
from models_store.evaluations.predictions import read_predictions
from models_store.evaluations.record import SamplesDone
from models_store.models.serving_info import SERVING_FILE, ServingInfo
from specs.dataset import DATASETS, Dataset
from specs.evaluation import Prep
from specs.experiment import parse_spec
from specs.splits import EvaluatedSplit
from tests.support.manifests import verify_manifest
from tests.support.noise import noisy_digits
from tests.worker.conftest import Supervised
from worker.conversion.convert import convert
from worker.data import DatasetUnavailable
from worker.evaluation.cross_dataset import evaluate
from worker.jobs.messages import ConversionJob, EvaluationJob, TrainingJob, UploadedDataset
from worker.training.train import run

DIGITS = tuple("0123456789")
LIMITS = Limits(entries=1_000, bytes=20_000_000, file_bytes=2_000_000)


def converted(folder: Path, name: str, archive: bytes) -> UploadedDataset:
    (folder / IMAGES).mkdir(parents=True)
    (folder / "archive").write_bytes(archive)
    job = ConversionJob(archive=folder / "archive", staged=folder / IMAGES, limits=LIMITS, max_pixels=10_000)
    return UploadedDataset(facts=convert(job, lambda _: None).facts(name), folder=folder)


@pytest.fixture
def artifacts(tmp_path: Path, job: Callable[..., TrainingJob], supervised: Supervised) -> Path:
    """Trained on gray images of ten digits, of many sizes, as 28x28."""
    scrawl = converted(tmp_path / "scrawl", "scrawl", noisy_digits(DIGITS, train=14, largest=30))
    spec = parse_spec(
        {
            "dataset": {"name": "scrawl"},
            "preprocessing": {"image_size": [28, 28], "resize": "fit", "color": "grayscale"},
            "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]},
            "training": {"epochs": 1, "batch_size": 8},
        },
        {"scrawl": scrawl.facts},
    )
    run(job(spec).model_copy(update={"uploaded": scrawl}), supervised.channel)
    assert supervised.events[-1]["type"] == "finished", supervised.events[-1]
    return Path(supervised.result["staged"])


def job_on(
    artifacts: Path,
    dataset: Dataset,
    uploaded: Path | None = None,
    split: EvaluatedSplit = "all",
    prep: Prep = "auto",
) -> EvaluationJob:
    staged = artifacts.parent / f"on-{dataset.name}-{split}-{prep}"
    staged.mkdir()
    return EvaluationJob(
        artifacts=artifacts, staged=staged, facts=dataset, split=split, prep=prep, uploaded=uploaded, datasets_dir=None
    )


def test_built_in_dataset_is_resized_and_evaluated(artifacts: Path) -> None:
    import keras
    from sklearn.datasets import load_digits

    progress: list[SamplesDone] = []
    job = job_on(artifacts, DATASETS["digits"])
    metrics = evaluate(job, progress.append)

    bunch = load_digits()
    images = np.rint(bunch.images[..., None] * (255 / 16)).astype(np.uint8)
    model = keras.saving.load_model(artifacts / "model.keras")
    said = np.asarray(model(resize_all(images, (28, 28, 1), "fit"), training=False)).argmax(axis=1)
    assert metrics["accuracy"] == pytest.approx(np.mean(said == bunch.target), abs=1 / 1797)
    evaluation = orjson.loads((job.staged / EVALUATION_FILE).read_bytes())
    assert (evaluation["dataset"], evaluation["samples"]) == ("digits", 1_797)
    assert (
        evaluation["calibration"]["temperature"]
        == orjson.loads((artifacts / "serving.json").read_bytes())["temperature"]
    )
    assert progress[-1] == SamplesDone(done=1_797, total=1_797)
    verify_manifest(job.staged)


def test_uploads_of_one_size_and_of_many_are_evaluated(artifacts: Path, tmp_path: Path) -> None:
    """The former lies decoded; of the latter each file is read, and nothing is written beside it."""
    import keras

    model = keras.saving.load_model(artifacts / "model.keras")
    for name, largest in (("even", 8), ("mixed", 25)):
        own = converted(tmp_path / name, name, noisy_digits(("3", "8"), train=12, test=3, largest=largest))
        evaluate(whole := job_on(artifacts, own.facts, own.folder), lambda _: None)
        evaluate(split := job_on(artifacts, own.facts, own.folder, "test"), lambda _: None)

        stored = StoredImages(own.folder)
        assert (stored.native is not None) == (name == "even")
        images = [to_array(Image.open(io.BytesIO(stored.read(n))), (28, 28, 1), "fit") for n in range(len(stored))]
        found, tested = read_predictions(whole.staged, "all"), read_predictions(split.staged, "test")
        expected = np.asarray(model(np.stack(images), training=False))
        assert np.allclose(found.probabilities, expected, atol=1e-3)
        assert found.truth.tolist() == [3] * 12 + [8] * 12 + [3] * 3 + [8] * 3
        assert tested.samples.tolist() == list(range(24, 30))
        assert np.array_equal(tested.probabilities, found.probabilities[24:])
        assert not (own.folder / "cache").exists()


@pytest.mark.parametrize("own_images", [True, False])
def test_digits_are_prepared_as_served(artifacts: Path, tmp_path: Path, own_images: bool) -> None:
    """By a network that would be one of MNIST; only resized if that is asked for."""
    import keras
    from sklearn.datasets import load_digits

    file = artifacts / SERVING_FILE
    file.write_bytes(
        ServingInfo.model_validate_json(file.read_bytes())
        .model_copy(update={"dataset": "mnist"})
        .model_dump_json()
        .encode()
    )
    write_manifest(artifacts)
    if own_images:
        own = converted(tmp_path / "own", "own", noisy_digits(("3", "8"), train=12, test=3, largest=40))
        facts, folder = own.facts, own.folder
        stored = StoredImages(folder)
        images = [decode(stored.read(number), 10_000) for number in range(len(stored))]
    else:
        facts, folder = DATASETS["digits"], None
        pixels = np.rint(load_digits().images * (255 / 16)).astype(np.uint8)
        images = [Image.fromarray(each) for each in pixels]
    model = keras.saving.load_model(artifacts / "model.keras")
    forms: dict[Prep, Literal["centered"] | None] = {"auto": "centered", "none": None}
    for prep, form in forms.items():
        evaluate(job := job_on(artifacts, facts, folder, prep=prep), lambda _: None)
        inputs = np.stack([prepare_image(each, (28, 28, 1), "fit", form).array for each in images])
        expected = np.asarray(model(inputs, training=False))
        assert np.allclose(read_predictions(job.staged, "all").probabilities, expected, atol=1e-3)
        assert orjson.loads((job.staged / EVALUATION_FILE).read_bytes())["prep"] == prep


def test_upload_replaced_by_another_is_rejected(artifacts: Path, tmp_path: Path) -> None:
    letters = converted(tmp_path / "letters", "letters", noisy_digits(("a", "1"), train=2))
    with pytest.raises(DatasetUnavailable, match="does not know 1 of the 2 classes of letters: a"):
        evaluate(job_on(artifacts, letters.facts, letters.folder), lambda _: None)
    other = Dataset("other", None, ("1", "2"), (5, 5))
    with pytest.raises(DatasetUnavailable, match="other has other images than its record says"):
        evaluate(job_on(artifacts, other, letters.folder), lambda _: None)
