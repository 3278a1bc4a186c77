import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Event
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from analysis.plots import figure
from analysis.plots.augmented_samples import sheet_of
from analysis.plots.samples import samples_for
from models_store.experiments.training_samples import SAMPLES_FILE, write_samples
from models_store.store import Store
from settings import Settings
from specs.experiment import parse_spec
from tests.support.api import ApiClient
from tests.support.archives import zip_of
from tests.support.published import publish
from worker.jobs.conversion import Converter

MIXED = {"layers": [{"type": "RandomRotation", "factor": 0.1}, {"type": "MixUp"}]}
PLOTS = ["augmentation", "learning_rate"]


def keep_samples(store: Store, record, brightness: int = 200) -> None:
    folder = store.experiments.attempt_folder(record)
    folder.mkdir(parents=True, exist_ok=True)
    images = np.full((12, 8, 8, 1), brightness, np.uint8)
    write_samples(folder, images, np.arange(12) % 10, tuple("0123456789"))


@pytest.mark.parametrize("plot", PLOTS)
@pytest.mark.parametrize("augmentation", [None, MIXED])
def test_a_spec_is_plotted_without_being_queued(client: ApiClient, tiny_document, plot, augmentation):
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
def test_the_same_spec_gives_the_same_bytes(client: ApiClient, tiny_document, plot):
    first, again = (client.post(f"/experiments:plot/{plot}.svg", json=tiny_document).content for _ in range(2))
    assert first == again


@pytest.mark.parametrize("plot", PLOTS)
def test_an_experiment_is_plotted(client: ApiClient, api_store: Store, tiny_spec, plot):
    record = api_store.experiments.create(tiny_spec())
    assert client.get(f"/experiments/{record.id}/plots/{plot}.png").headers["content-type"] == "image/png"
    assert client.get(f"/experiments/{record.id}/plots/{plot}.svg").status_code == 200
    assert client.get(f"/experiments/01J9ZQ4Y8N5T2V7W3X6R1K0MPD/plots/{plot}.png").status_code == 404
    assert client.get(f"/experiments/{record.id}/plots/{plot}.gif").status_code == 422


def test_a_spec_that_is_none_is_rejected_as_everywhere(client: ApiClient):
    answer = client.post("/experiments:plot/learning_rate.png", json={"model": {"preset": "digits-cn"}})
    assert answer.status_code == 422
    assert "did you mean `digits-cnn`?" in answer.text


def test_an_experiment_shows_its_own_samples_and_another_s_before_it_has_any(
    client: ApiClient, api_store: Store, settings: Settings, tiny_spec
):
    experiments = api_store.experiments
    older, newer = (experiments.create(tiny_spec()) for _ in range(2))
    assert samples_for(tiny_spec(), api_store, settings, newer).origin.startswith(
        "drawn test cards: no experiment has read"
    )
    keep_samples(api_store, older)
    borrowed = samples_for(tiny_spec(), api_store, settings, newer)
    assert borrowed.origin == f"training samples of experiment {older.id}"
    assert (borrowed.samples.images == 200).all()
    keep_samples(api_store, newer, 90)
    own = samples_for(tiny_spec(), api_store, settings, newer)
    assert own.origin == "its own training samples"
    assert (own.samples.images == 90).all()


def test_borrowed_samples_get_the_size_that_is_asked_for(
    client: ApiClient, api_store: Store, settings: Settings, tiny_document, tiny_spec
):
    keep_samples(api_store, api_store.experiments.create(tiny_spec()))
    spec = parse_spec({**tiny_document, "preprocessing": {"image_size": [9, 12], "color": "rgb"}})
    assert samples_for(spec, api_store, settings).samples.images.shape == (12, 9, 12, 3)


def test_samples_stay_when_the_result_is_published(client: ApiClient, api_store: Store, settings: Settings, tiny_spec):
    record = publish(api_store, tiny_spec())
    write_samples(
        api_store.experiments.artifacts(record.id), np.zeros((9, 8, 8, 1), np.uint8), np.arange(9), tuple("012345678")
    )
    assert samples_for(tiny_spec(), api_store, settings, record).origin == "its own training samples"


def test_of_an_experiment_whose_dataset_was_deleted_nothing_can_be_shown(
    client: ApiClient, api_store: Store, tiny_spec
):
    record = api_store.experiments.create(tiny_spec())
    api_store.experiments.write(record.changed(dataset="leaves"))
    answer = client.get(f"/experiments/{record.id}/plots/augmentation.png")
    assert answer.status_code == 404
    assert "dataset leaves" in answer.json()["detail"]


def test_damaged_samples_are_said_to_be_so_and_not_borrowed(
    client: ApiClient, api_store: Store, settings: Settings, tiny_spec
):
    record = api_store.experiments.create(tiny_spec())
    keep_samples(api_store, record)
    (api_store.experiments.attempt_folder(record) / SAMPLES_FILE).write_bytes(b"PK")
    assert client.get(f"/experiments/{record.id}/plots/augmentation.png").status_code == 409
    assert samples_for(tiny_spec(), api_store, settings).origin.startswith("drawn")


def test_a_spec_shows_the_images_of_an_uploaded_dataset(
    client: ApiClient, api_store: Store, settings: Settings, tiny_document
):
    colours = {"ash": (200, 0, 0), "elm": (0, 200, 0), "oak": (0, 0, 200)}
    files = {f"{tree}/{n}.png": coloured(colour, n) for tree, colour in colours.items() for n in range(12)}
    client.post("/datasets", data={"name": "trees"}, files={"archive": ("trees.zip", zip_of(files))})
    Converter(api_store.datasets, settings, lambda: False).run("trees")
    dataset = {"name": "trees", "classes": ["oak", "ash"]}
    document = {
        **tiny_document,
        "dataset": dataset,
        "preprocessing": {"image_size": [6, 5]},
        "training": {"epochs": 1, "batch_size": 8},
    }

    shown = samples_for(parse_spec(document, api_store.known_datasets()), api_store, settings)

    assert shown.origin == "images of trees"
    assert shown.samples.images.shape == (16, 6, 5, 3)
    for image, label in zip(shown.samples.images, shown.samples.labels, strict=True):
        assert label in ("oak", "ash")
        assert tuple(image[0, 0]) == colours[label]
    assert client.post("/experiments:plot/augmentation.png", json=document).status_code == 200


def coloured(colour: tuple[int, int, int], number: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (8 + number, 9), colour).save(file, "PNG")
    return file.getvalue()


def test_numbers_in_a_row_cannot_be_shown(client: ApiClient):
    document = {"dataset": {"name": "blobs"}, "model": {"layers": [{"type": "Dense"}]}}
    answer = client.post("/experiments:plot/augmentation.png", json=document)
    assert answer.status_code == 404
    assert "the samples of blobs are numbers in a row, not images" in answer.json()["detail"]
    assert client.post("/experiments:plot/learning_rate.png", json=document).status_code == 200


def test_images_that_are_asked_for_at_once_are_drawn_one_after_the_other(client: ApiClient, tiny_document):
    def plot(kind: str) -> bytes:
        return client.post(f"/experiments:plot/{kind}.svg", json=tiny_document).content

    kinds = PLOTS * 4
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(plot, kinds))
    assert together == [plot(kind) for kind in kinds]


def test_the_api_starts_without_what_draws():
    code = "import sys, api.app; print(sorted({'matplotlib', 'cv2'} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_copies_are_made_while_another_image_is_drawn(client: ApiClient, tiny_document, monkeypatch):
    made = Event()

    def seen(spec, samples):
        sheet = sheet_of(spec, samples)
        made.set()
        return sheet

    monkeypatch.setattr("analysis.plots.augmented_samples.sheet_of", seen)
    document = {**tiny_document, "augmentation": MIXED}
    with ThreadPoolExecutor(1) as threads:
        with figure._DRAWING:
            plot = threads.submit(client.post, "/experiments:plot/augmentation.png", json=document)
            assert made.wait(30)
        assert plot.result(30).status_code == 200
