"""A bundle that was unpacked elsewhere answers as the service does."""

import json
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import ExifTags, Image

from models_store.experiments.record import Record
from models_store.store import Store
from specs.experiment import parse_spec
from tests.imaging.digits.conftest import drawn
from tests.imaging.digits.papers import KINDS
from tests.serving.bundle.clean_python import CleanPython
from tests.support.api import ApiClient
from tests.support.published import bright_column_network, publish

Document = dict[str, Any]
IMPORTED = """
import json, sys
sys.path.insert(0, ".")
import predict, imaging
print(json.dumps([name for name in sys.modules if "." not in name]))
print(imaging.__file__)
"""


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> CleanPython:
    return CleanPython(tmp_path_factory.mktemp("clean") / "packages")


def publish_model(store: Store, tiny_document: Document, dataset: str, **preprocessing: str) -> Record:
    spec = {**tiny_document, "dataset": {"name": dataset}, "preprocessing": preprocessing}
    return publish(
        store, parse_spec(spec), temperature=1.7, confident_from=0.35, confident_error_rate=0.004, white=4_095
    )


def unpack(client: ApiClient, record: Record, folder: Path) -> Path:
    answer = client.get(f"/models/{record.id}/bundle.zip")
    assert answer.status_code == 200, answer.text
    ZipFile(BytesIO(answer.content)).extractall(folder)
    return folder


def save(image: Image.Image, path: Path, **options: Any) -> Path:
    image.save(path, **options)
    return path


def images(folder: Path) -> list[Path]:
    """Of every supported kind: photographs, other sizes, colors, transparency, 16 bits, EXIF, formats."""
    generator = np.random.default_rng(4)
    found = [
        save(Image.fromarray(draw(drawn(number % 10), generator)), folder / f"{kind}.png")
        for number, (kind, draw) in enumerate(KINDS.items())
    ]
    noise = Image.fromarray(generator.integers(0, 256, (37, 23, 3)).astype(np.uint8))
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    wide = Image.fromarray(drawn(7).astype(np.uint16) * 257)
    return [
        *found,
        save(Image.fromarray(drawn(4)), folder / "28x28.png"),
        save(Image.fromarray(drawn(3)).resize((8, 8)), folder / "8x8.png"),
        save(noise, folder / "exif.jpg", exif=turned),
        save(noise, folder / "noise.webp", lossless=True),
        save(noise.convert("P"), folder / "palette.png"),
        save(wide, folder / "16 bits.png"),
        save(Image.fromarray(drawn(5).astype(np.uint16) * 4), folder / "10 bits.png"),
    ]


def predict(python: CleanPython, folder: Path, *arguments: str | Path) -> list[Document]:
    ran = python.run("predict.py", *arguments, folder=folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    return [json.loads(line) for line in ran.stdout.splitlines()]


def assert_same(here: Sequence[Document], service: Sequence[Document]) -> None:
    assert len(here) == len(service)
    for mine, its in zip(here, service, strict=True):
        assert [each["label"] for each in mine["top"]] == [each["label"] for each in its["top"]]
        probabilities = [[each["probability"] for each in answer["top"]] for answer in (mine, its)]
        assert probabilities[0] == pytest.approx(probabilities[1], abs=1e-5)
        assert mine["margin"] == pytest.approx(its["margin"], abs=2e-5)
        assert (mine["verdict"], mine["preprocessing"]["steps"]) == (its["verdict"], its["preprocessing"]["steps"])


@pytest.mark.parametrize(
    ("dataset", "preprocessing"),
    [("mnist", {}), ("digits", {}), ("cifar10", {"resize": "fit"})],
    ids=["centered digits", "filling digits", "no digits"],
)
def test_images_get_the_answers_of_the_service(
    client: ApiClient,
    api_store: Store,
    tiny_document: Document,
    python: CleanPython,
    tmp_path: Path,
    dataset: str,
    preprocessing: dict[str, str],
) -> None:
    record = publish_model(api_store, tiny_document, dataset, **preprocessing)
    folder = unpack(client, record, tmp_path / "bundle")
    sent = images(tmp_path)

    here = predict(python, folder, *sent)
    files = [("file", (path.name, path.read_bytes())) for path in sent]
    service = client.post("/predict", params={"experiment": record.id}, files=files).json()["predictions"]

    assert_same(here, service)
    assert {each["verdict"] for each in here} >= {"confident", "unsure"}
    assert [each["sample"] for each in here] == [str(path) for path in sent]


def test_numbers_get_the_answers_of_the_service(
    client: ApiClient, api_store: Store, python: CleanPython, tmp_path: Path
) -> None:
    record = publish(api_store, parse_spec({"model": {"preset": "blobs-mlp"}, "dataset": {"name": "blobs"}}))
    folder = unpack(client, record, tmp_path / "bundle")

    [here] = predict(python, folder, "1.5", "-2e-1")
    service = client.post("/predict", params={"experiment": record.id}, json={"features": [1.5, -0.2]}).json()

    assert_same([here], service["predictions"])
    rejected = [python.run("predict.py", *given, folder=folder) for given in (["1"], ["1", "nan"], ["one", "2"])]
    assert [each.returncode for each in rejected] == [1, 1, 1]
    assert "expected 2 for a sample" in rejected[0].stdout


def test_bundle_imports_only_three_packages(
    client: ApiClient, api_store: Store, tiny_document: Document, python: CleanPython, tmp_path: Path
) -> None:
    folder = unpack(client, publish_model(api_store, tiny_document, "digits"), tmp_path / "bundle")

    ran = python.run("-c", IMPORTED, folder=folder)

    assert (ran.returncode, ran.stderr) == (0, "")
    packages, imaging = ran.stdout.splitlines()
    imported = set(json.loads(packages))
    assert imported >= {"numpy", "PIL", "onnxruntime", "imaging", "serving", "predict"}
    assert not imported & {"specs", "api", "models_store", "settings", "pydantic", "cv2", "tensorflow", "keras"}
    assert Path(imaging).resolve().is_relative_to(folder.resolve())


def test_unreadable_images_are_named(
    client: ApiClient, api_store: Store, tiny_document: Document, python: CleanPython, tmp_path: Path
) -> None:
    folder = unpack(client, publish_model(api_store, tiny_document, "digits"), tmp_path / "bundle")
    (tmp_path / "text.png").write_text("no image")
    four = save(Image.fromarray(drawn(4)), tmp_path / "four.png")

    ran = python.run("predict.py", tmp_path / "text.png", four, tmp_path / "none.png", folder=folder)

    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert (ran.returncode, ran.stderr) == (1, "")
    assert ["error" in answer for answer in answers] == [True, False, True]
    assert python.run("predict.py", folder=folder).returncode == 2


def test_exchanged_network_is_rejected(
    client: ApiClient, api_store: Store, tiny_document: Document, python: CleanPython, tmp_path: Path
) -> None:
    folder = unpack(client, publish_model(api_store, tiny_document, "digits"), tmp_path / "bundle")
    (folder / "model.onnx").write_bytes(bright_column_network(shift=1))

    ran = python.run("predict.py", "four.png", folder=folder)

    assert ran.returncode == 1
    assert "answers its probe differently" in ran.stderr
