import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Event
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from analysis.dataset_images import ImageSource
from analysis.plots import figure
from analysis.plots.augmented_samples import Sheet, augment_samples
from analysis.plots.preview_samples import preview_samples
from models_store.experiments.record import Record
from models_store.experiments.training_samples import SAMPLES_FILE, Samples, write_samples
from models_store.store import Store
from settings import Settings
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.api import ApiClient
from tests.support.archives import zip_of
from tests.support.image_files import encoded
from tests.support.published import publish
from tests.support.waiting import PATIENCE_SECONDS
from worker.jobs.supervisor import Supervisor

Document = dict[str, Any]
TinySpec = Callable[..., ExperimentSpec]
MIXED = {"layers": [{"type": "RandomRotation", "factor": 0.1}, {"type": "MixUp"}]}
PLOTS = ["augmentation", "learning_rate"]


@pytest.fixture
def images(api_store: Store, settings: Settings) -> ImageSource:
    return ImageSource(api_store.datasets, None, settings.store_dir / "published", settings.max_image_pixels)


def keep_samples(store: Store, record: Record, brightness: int = 200) -> None:
    folder = store.experiments.attempt_folder(record)
    folder.mkdir(parents=True, exist_ok=True)
    images = np.full((12, 8, 8, 1), brightness, np.uint8)
    write_samples(folder, images, np.arange(12) % 10, tuple("0123456789"))


@pytest.mark.parametrize("plot", PLOTS)
@pytest.mark.parametrize("augmentation", [None, MIXED])
def test_spec_is_plotted_without_being_queued(
    client: ApiClient, tiny_document: Document, plot: str, augmentation: Document | None
) -> None:
    document = {**tiny_document, "augmentation": augmentation}
    png = client.post(f"/experiments:plot/{plot}.png", json=document)
    assert png.status_code == 200, png.text
    assert png.headers["content-type"] == "image/png"
    assert min(Image.open(BytesIO(png.content)).size) > 200
    svg = client.post(f"/experiments:plot/{plot}.svg", json=document)
    assert svg.headers["content-type"] == "image/svg+xml"
    assert ElementTree.fromstring(svg.content).tag.endswith("svg")
    assert client.get("/experiments").json()["items"] == []


@pytest.mark.parametrize("plot", PLOTS)
def test_same_spec_gives_the_same_bytes(client: ApiClient, tiny_document: Document, plot: str) -> None:
    first, again = (client.post(f"/experiments:plot/{plot}.svg", json=tiny_document).content for _ in range(2))
    assert first == again


@pytest.mark.parametrize("plot", PLOTS)
def test_experiment_is_plotted(client: ApiClient, api_store: Store, tiny_spec: TinySpec, plot: str) -> None:
    record = api_store.experiments.create(tiny_spec())
    assert client.get(f"/experiments/{record.id}/plots/{plot}.png").headers["content-type"] == "image/png"
    assert client.get(f"/experiments/{record.id}/plots/{plot}.svg").status_code == 200
    assert client.get(f"/experiments/01J9ZQ4Y8N5T2V7W3X6R1K0MPD/plots/{plot}.png").status_code == 404
    assert client.get(f"/experiments/{record.id}/plots/{plot}.gif").status_code == 422


def test_invalid_spec_is_rejected(client: ApiClient) -> None:
    answer = client.post("/experiments:plot/learning_rate.png", json={"model": {"preset": "digits-cn"}})
    assert answer.status_code == 422
    assert "did you mean `digits-cnn`?" in answer.text


def test_samples_are_its_own_or_else_of_another(
    client: ApiClient, api_store: Store, images: ImageSource, tiny_spec: TinySpec
) -> None:
    experiments = api_store.experiments
    older, newer = (experiments.create(tiny_spec()) for _ in range(2))
    assert preview_samples(tiny_spec(), api_store.experiments, images, newer).origin == "images of digits"
    keep_samples(api_store, older)
    other = preview_samples(tiny_spec(), api_store.experiments, images, newer)
    assert other.origin == f"training samples of experiment {older.id}"
    assert (other.samples.images == 200).all()
    keep_samples(api_store, newer, 90)
    own = preview_samples(tiny_spec(), api_store.experiments, images, newer)
    assert own.origin == "its own training samples"
    assert (own.samples.images == 90).all()


def test_samples_without_images_are_test_cards(
    client: ApiClient, api_store: Store, images: ImageSource, tiny_document: Document
) -> None:
    spec = parse_spec({**tiny_document, "dataset": {"name": "fashion_mnist"}})
    origin = preview_samples(spec, api_store.experiments, images).origin

    assert origin == "drawn test cards: no experiment has read samples of fashion_mnist yet"


def test_samples_of_another_are_resized(
    client: ApiClient, api_store: Store, images: ImageSource, tiny_document: Document, tiny_spec: TinySpec
) -> None:
    keep_samples(api_store, api_store.experiments.create(tiny_spec()))
    spec = parse_spec({**tiny_document, "preprocessing": {"image_size": [9, 12], "color": "rgb"}})
    assert preview_samples(spec, api_store.experiments, images).samples.images.shape == (12, 9, 12, 3)


def test_published_experiment_shows_its_own_samples(
    client: ApiClient, api_store: Store, images: ImageSource, tiny_spec: TinySpec
) -> None:
    record = publish(api_store, tiny_spec())
    write_samples(
        api_store.experiments.artifacts(record.id), np.zeros((9, 8, 8, 1), np.uint8), np.arange(9), tuple("012345678")
    )
    assert preview_samples(tiny_spec(), api_store.experiments, images, record).origin == "its own training samples"


def test_deleted_dataset_is_not_found(client: ApiClient, api_store: Store, tiny_spec: TinySpec) -> None:
    record = api_store.experiments.create(tiny_spec())
    api_store.experiments.write(record.replace(dataset="leaves"))
    answer = client.get(f"/experiments/{record.id}/plots/augmentation.png")
    assert answer.status_code == 404
    assert "dataset leaves" in answer.json()["detail"]


def test_damaged_samples_are_a_conflict(
    client: ApiClient, api_store: Store, images: ImageSource, tiny_spec: TinySpec
) -> None:
    record = api_store.experiments.create(tiny_spec())
    keep_samples(api_store, record)
    (api_store.experiments.attempt_folder(record) / SAMPLES_FILE).write_bytes(b"PK")
    assert client.get(f"/experiments/{record.id}/plots/augmentation.png").status_code == 409
    assert preview_samples(tiny_spec(), api_store.experiments, images).origin == "images of digits"


def test_spec_shows_images_of_an_uploaded_dataset(
    client: ApiClient, api_store: Store, settings: Settings, images: ImageSource, tiny_document: Document
) -> None:
    colors = {"ash": (200, 0, 0), "elm": (0, 200, 0), "oak": (0, 0, 200)}
    files = {f"{tree}/{n}.png": colored_png(color, n) for tree, color in colors.items() for n in range(12)}
    client.post("/datasets", data={"name": "trees"}, files={"archive": ("trees.zip", zip_of(files))})
    Supervisor(api_store, settings, "test:1", lambda: False).convert("trees")
    dataset = {"name": "trees", "classes": ["oak", "ash"]}
    document = {
        **tiny_document,
        "dataset": dataset,
        "preprocessing": {"image_size": [6, 5]},
        "training": {"epochs": 1, "batch_size": 8},
    }

    shown = preview_samples(parse_spec(document, api_store.known_datasets()), api_store.experiments, images)

    assert shown.origin == "images of trees"
    assert shown.samples.images.shape == (16, 6, 5, 3)
    for image, label in zip(shown.samples.images, shown.samples.labels, strict=True):
        assert label in ("oak", "ash")
        assert tuple(image[0, 0]) == colors[label]
    assert client.post("/experiments:plot/augmentation.png", json=document).status_code == 200


def colored_png(color: tuple[int, int, int], number: int) -> bytes:
    return encoded(Image.new("RGB", (8 + number, 9), color))


def test_features_cannot_be_plotted(client: ApiClient) -> None:
    document = {"dataset": {"name": "blobs"}, "model": {"layers": [{"type": "Dense"}]}}
    answer = client.post("/experiments:plot/augmentation.png", json=document)
    assert answer.status_code == 404
    assert "the samples of blobs are vectors of numbers, not images" in answer.json()["detail"]
    assert client.post("/experiments:plot/learning_rate.png", json=document).status_code == 200


def test_concurrent_plots_equal_sequential_ones(client: ApiClient, tiny_document: Document) -> None:
    def plot(kind: str) -> bytes:
        return client.post(f"/experiments:plot/{kind}.svg", json=tiny_document).content

    kinds = PLOTS * 4
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(plot, kinds))
    assert together == [plot(kind) for kind in kinds]


def test_api_starts_without_matplotlib_and_opencv() -> None:
    code = "import sys, api.app; print(sorted({'matplotlib', 'cv2'} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_copies_are_made_while_another_plot_is_drawn(
    client: ApiClient, tiny_document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Event()

    def augment_and_report(spec: ExperimentSpec, samples: Samples) -> Sheet:
        sheet = augment_samples(spec, samples)
        made.set()
        return sheet

    monkeypatch.setattr("analysis.plots.augmented_samples.augment_samples", augment_and_report)
    document = {**tiny_document, "augmentation": MIXED}
    with ThreadPoolExecutor(1) as threads:
        with figure._DRAWING:
            plot = threads.submit(client.post, "/experiments:plot/augmentation.png", json=document)
            assert made.wait(PATIENCE_SECONDS)
        assert plot.result(PATIENCE_SECONDS).status_code == 200
