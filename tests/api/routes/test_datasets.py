"""Uploading, looking at and deleting datasets over HTTP; conversions run here as a worker runs them."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from analysis.generated_datasets import generate_digits
from models_store.experiments.claim import TrainingClaim
from models_store.jobs.failure import Failure
from models_store.store import Store
from settings import Settings
from tests.support.api import ApiClient
from tests.support.archives import image, two_classes, zip_of, zip_with
from worker.jobs.supervisor import Supervisor

Document = dict[str, Any]


@pytest.fixture
def convert(api_store: Store, settings: Settings) -> Callable[[str], None]:
    return Supervisor(api_store, settings, "test:1", lambda: False).convert


@pytest.fixture
def flowers(client: ApiClient, convert: Callable[[str], None]) -> str:
    """A dataset that is ready: two classes with thirty images each."""
    files = {f"{label}/{n}.png": image(n + 100 * (label == "rose")) for label in ("rose", "tulip") for n in range(30)}
    assert upload(client, "flowers", zip_of(files)).status_code == 202
    convert("flowers")
    return "flowers"


def upload(client: ApiClient, name: str, archive: bytes) -> Any:
    return client.post("/datasets", data={"name": name}, files={"archive": ("images.zip", archive)})


def folders(store: Store) -> list[str]:
    return sorted(path.name for path in store.datasets.datasets.iterdir() if path.name != ".locks")


def on(name: str, document: Document) -> Document:
    return {**document, "dataset": {"name": name}, "training": {"epochs": 1, "batch_size": 8}}


def test_upload_is_accepted_converted_and_shown(client: ApiClient, convert: Callable[[str], None]) -> None:
    answer = upload(client, "flowers", zip_with({"cat/broken.png": b"text"}))

    assert (answer.status_code, answer.headers["location"]) == (202, "/datasets/flowers")
    assert answer.json()["status"] == "queued"
    convert("flowers")
    view = client.get("/datasets/flowers").json()
    assert (view["status"], view["shape"], view["classes"]) == ("ready", [8, 8, 3], ["cat", "horse"])
    assert view["counts"] == {"train": [3, 3], "test": [0, 0]}
    assert view["record"]["contents"]["unreadable"][0]["name"] == "cat/broken.png"
    assert any("fewer than 10" in warning for warning in view["warnings"])
    names = [item["name"] for item in client.get("/datasets").json()["items"]]
    assert names[0] == "digits"
    assert names[-1] == "flowers"


def test_upload_may_be_the_archive_itself(client: ApiClient, convert: Callable[[str], None]) -> None:
    assert client.post("/datasets?name=raw-1", content=zip_with({})).status_code == 202
    convert("raw-1")
    assert client.get("/datasets/raw-1").json()["status"] == "ready"


def test_upload_may_be_a_table_of_pixels(client: ApiClient, convert: Callable[[str], None]) -> None:
    header = ",".join(["label", *(f"pixel{at}" for at in range(64))])
    rows = [",".join([str(label), *["200"] * 64]) for label in (3, 7)]
    assert client.post("/datasets?name=pixels", content="\n".join([header, *rows]).encode()).status_code == 202
    convert("pixels")
    view = client.get("/datasets/pixels").json()
    assert (view["status"], view["classes"], view["shape"]) == ("ready", ["3", "7"], [8, 8, 1])


def test_layout_and_encoding_of_names_are_chosen(client: ApiClient, convert: Callable[[str], None]) -> None:
    images = {f"{n}.png": image(n) for n in range(4)}
    table = "file,label\n0.png,猫\n1.png,狗\n2.png,猫\n3.png,狗\n".encode("gbk")
    archive = zip_of({**images, "labels.csv": table})

    assert client.post("/datasets?name=query&layout=csv&names=GBK", content=archive).status_code == 202
    form = {"name": "form", "layout": "csv", "names": "gbk"}
    assert client.post("/datasets", data=form, files={"archive": archive}).status_code == 202
    upload(client, "folders", archive)
    for name in ("query", "form", "folders"):
        convert(name)

    for name in ("query", "form"):
        view = client.get(f"/datasets/{name}").json()
        assert (view["classes"], view["counts"]["train"]) == (["狗", "猫"], [2, 2])
    assert (
        "?layout=csv rejects 'labels.csv': 'labels.csv' is not UTF-8"
        in client.get("/datasets/folders").json()["record"]["error"]
    )


def test_part_of_names_is_chosen(client: ApiClient, convert: Callable[[str], None]) -> None:
    archive = zip_of(
        {f"{age}_{sex}_{n}.png": image(10 * n + age + sex) for n in (0, 1) for age in (2, 3) for sex in (0, 1)}
    )
    assert client.post("/datasets?name=query&field=2", content=archive).json()["options"] == {
        "layout": "filenames",
        "names": None,
        "field": 2,
    }
    form = {"name": "form", "layout": "filenames", "field": "1"}
    assert client.post("/datasets", data=form, files={"archive": archive}).status_code == 202
    upload(client, "folders", archive)
    for name in ("query", "form", "folders"):
        convert(name)

    assert [client.get(f"/datasets/{name}").json()["classes"] for name in ("query", "form")] == [["0", "1"], ["2", "3"]]
    assert "part 1 (2 values: '2', '3'), part 2" in client.get("/datasets/folders").json()["record"]["error"]


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        ({"field": "0"}, "the field is '0'; expected the number of the part of a file name that is the class, from 1"),
        ({"field": "two"}, "the field is 'two'; expected the number"),
        ({"field": "1", "layout": "csv"}, "expected the layout filenames with it, not 'csv'"),
        ({"layout": "cvs"}, "unknown layout 'cvs'; expected one of auto, folders, filenames, csv, parquet"),
        ({"names": "klingon"}, "'klingon' is no encoding of file names; expected one such as utf-8, gbk"),
    ],
)
def test_unknown_options_of_an_upload_are_rejected(
    client: ApiClient, api_store: Store, options: dict[str, str], detail: str
) -> None:
    form = client.post("/datasets", data={"name": "a", **options}, files={"archive": zip_with({})})
    assert (form.status_code, detail in form.json()["detail"]) == (422, True)
    assert client.post("/datasets", params={"name": "a", **options}, content=zip_with({})).status_code == 422
    assert folders(api_store) == []


def test_hostile_archive_fails_with_its_reason(
    client: ApiClient, api_store: Store, convert: Callable[[str], None]
) -> None:
    upload(client, "bad", zip_with({"../outside.png": image()}))
    convert("bad")

    view = client.get("/datasets/bad").json()
    assert view["status"] == "failed"
    assert view["record"]["error"].startswith("'../outside.png' has '..' in its path")
    assert sorted(path.name for path in (api_store.datasets.datasets / "bad").iterdir()) == ["dataset.json"]
    assert client.delete("/datasets/bad").status_code == 204
    assert folders(api_store) == []


@pytest.mark.parametrize("name", ["", "Flowers", "-a", "a b", "../a", "a" * 51, "ä"])
def test_invalid_dataset_name_is_rejected(client: ApiClient, api_store: Store, name: str) -> None:
    assert upload(client, name, zip_with({})).status_code == 422
    assert folders(api_store) == []


def test_name_of_collected_labels_is_not_uploaded(client: ApiClient, api_store: Store) -> None:
    """It would take the place in which labels for predictions are collected."""
    answer = upload(client, "digits-corrections", zip_with({}))
    assert answer.status_code == 422
    assert "names that end in -corrections are those of collected labels" in answer.json()["detail"]
    assert folders(api_store) == []


def test_existing_dataset_name_is_rejected(client: ApiClient, flowers: str, api_store: Store) -> None:
    for name, sentence in ((flowers, "delete it first"), ("mnist", "choose another name")):
        answer = upload(client, name, zip_with({}))
        assert (answer.status_code, sentence in answer.json()["detail"]) == (409, True)
    assert client.post(f"/datasets?name={flowers}", content=b"x").status_code == 409
    assert folders(api_store) == ["flowers"]


@pytest.mark.parametrize(
    "fields",
    [
        {"data": {"name": "a"}},
        {"files": {"archive": b"x"}},
        {"data": {"name": "a", "title": "b"}, "files": {"archive": b"x"}},
    ],
    ids=["no archive", "no name", "unknown field"],
)
def test_incomplete_form_is_rejected(client: ApiClient, api_store: Store, fields: Document) -> None:
    files = fields.get("files") or {"other": b"x"}
    assert client.post("/datasets", data=fields.get("data"), files=files).status_code == 422
    assert folders(api_store) == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (image(), ", but an image; send a form"),
        (b"hello", ', but text, "hello"; send a form'),
        (b"%PDF-1.4", ", but a PDF document; send a form"),
        (b"7z\xbc\xaf\x27\x1c", ", but a 7z archive; pack the files as one of these; send a form"),
        (bytes(600), "the 512 bytes or more received are neither a zip nor a tar nor a tar.gz; send a form"),
    ],
    ids=["image", "text", "document", "7z", "zeros"],
)
def test_upload_of_no_archive_is_rejected(client: ApiClient, api_store: Store, body: bytes, found: str) -> None:
    for sent in ({"params": {"name": "a"}, "content": body}, {"data": {"name": "a"}, "files": {"archive": body}}):
        answer = client.post("/datasets", **sent)
        assert (answer.status_code, found in answer.json()["detail"]) == (422, True), answer.text
    assert folders(api_store) == []


def test_parquet_is_an_upload(client: ApiClient) -> None:
    assert client.post("/datasets?name=a", content=b"PAR1").status_code == 202


def test_curl_archive_without_line_breaks_is_explained(client: ApiClient, api_store: Store) -> None:
    answer = client.post("/datasets?name=flat", content=zip_with({}).translate(None, b"\r\n\0"))

    assert (answer.status_code, "curl --data-binary @flowers.zip" in answer.json()["detail"]) == (422, True)
    assert folders(api_store) == []


def test_name_in_url_names_a_form(client: ApiClient, api_store: Store) -> None:
    files = {"archive": ("images.zip", zip_with({}))}

    other = client.post("/datasets?name=tulips", data={"name": "flowers"}, files=files)

    assert other.status_code == 422
    assert "the name is 'tulips' in the URL, and 'flowers' in the form" in other.json()["detail"]
    assert folders(api_store) == []
    assert client.post("/datasets?name=roses", files=files).json()["name"] == "roses"
    assert client.post("/datasets?name=pinks", data={"name": "pinks"}, files=files).json()["name"] == "pinks"


def test_oversized_archive_without_length_is_rejected(client: ApiClient, api_store: Store) -> None:
    client.configure(max_archive_bytes=2_000_000)

    def pieces() -> Iterator[bytes]:
        for _ in range(40):
            yield bytes(100_000)

    for content in (bytes(3_000_000), pieces()):
        answer = client.post("/datasets?name=large", content=content)
        assert (answer.status_code, "2,000,000" in answer.json()["detail"]) == (413, True)
    assert folders(api_store) == []


def test_experiment_on_unready_dataset_is_rejected(
    client: ApiClient, tiny_document: Document, convert: Callable[[str], None]
) -> None:
    upload(client, "late", zip_with({}))

    answer = client.post("/experiments", json=on("late", tiny_document))

    assert answer.status_code == 409
    assert "dataset late is queued; wait" in answer.json()["detail"]
    unknown = client.post("/experiments", json=on("unknown", tiny_document))
    assert unknown.status_code == 422
    assert "unknown dataset" in unknown.json()["detail"]


def test_dataset_is_kept_while_experiments_need_it(
    client: ApiClient, api_store: Store, flowers: str, tiny_document: Document
) -> None:
    posted = client.post("/experiments", json=on(flowers, tiny_document))
    assert posted.status_code == 202, posted.text
    experiment_id = posted.json()["id"]

    rejected = client.delete(f"/datasets/{flowers}")
    assert rejected.status_code == 409
    assert experiment_id in rejected.json()["detail"]
    claim = TrainingClaim.acquire(api_store.training_jobs, experiment_id, worker="worker")
    assert claim is not None
    assert client.delete(f"/datasets/{flowers}").status_code == 409

    claim.fail(Failure(type="internal", message="test"))
    assert client.delete(f"/datasets/{flowers}").status_code == 204
    assert client.get(f"/datasets/{flowers}").status_code == 404
    assert client.post("/experiments", json=on(flowers, tiny_document)).status_code == 422


def test_built_in_dataset_is_shown_and_not_deleted(client: ApiClient) -> None:
    view = client.get("/datasets/mnist").json()
    assert (view["origin"], view["shape"], sum(view["counts"]["test"])) == ("built-in", [28, 28, 1], 10_000)
    assert client.delete("/datasets/mnist").status_code == 409
    client.configure(datasets_dir=None)
    answer = client.get("/datasets/mnist/samples")
    assert answer.status_code == 404
    assert "start the API with DATASETS_DIR, a folder that has mnist.npz" in answer.json()["detail"]


def test_digits_are_shown_without_a_file(client: ApiClient) -> None:
    items = client.get("/datasets/digits/samples?limit=12").json()["items"]
    sevens = client.get("/datasets/digits/samples?class=7&limit=2").json()["items"]

    assert [item["label"] for item in items] == [*"0123456789", "0", "1"]
    assert [item["label"] for item in sevens] == ["7", "7"]
    first = np.asarray(Image.open(io.BytesIO(client.get(items[0]["image"]).content)))
    assert first.tolist() == generate_digits().samples[items[0]["index"], :, :, 0].tolist()
    sheet = Image.open(io.BytesIO(client.get("/datasets/digits/samples.png").content))
    assert sheet.size == (5 * 134 + 6, 5 * 154 + 6)


def test_blobs_are_plotted(client: ApiClient) -> None:
    plots = [
        client.get(f"/datasets/blobs/samples.png{query}").content
        for query in ("", "?class=1&limit=5", "?class=1&limit=5&offset=5", "?offset=5", "?split=test")
    ]

    assert len(set(plots)) == len(plots)
    assert all(Image.open(io.BytesIO(each)).width > 400 for each in plots)
    assert client.get("/datasets/blobs/samples.png?offset=100000").content == plots[-1]  # no points
    assert client.get("/datasets/blobs/samples.png?class=9").status_code == 404
    for path in ("samples", "samples/0.png"):
        answer = client.get(f"/datasets/blobs/{path}")
        assert answer.status_code == 404
        assert "are points, not images; /datasets/blobs/samples.png plots them" in answer.json()["detail"]


def test_images_of_built_in_dataset_come_from_its_file(settings: Settings, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (303, 28, 28), dtype=np.uint8)
    labels = np.array([3, 1, 4, *[4] * 297, 1, 5, 4])[:, None]
    file = tmp_path / "mnist.npz"
    np.savez_compressed(file, x_train=images[:300], y_train=labels[:300], x_test=images[300:], y_test=labels[300:])
    with ApiClient(settings.model_copy(update={"datasets_dir": tmp_path})) as client:
        shows = {each["name"] for each in client.get("/datasets").json()["items"] if each["has_images"]}
        items = client.get("/datasets/mnist/samples?limit=6").json()["items"]
        shown = [Image.open(io.BytesIO(client.get(item["image"]).content)) for item in items]
        file.write_bytes(b"no archive")
        broken = client.get("/datasets/mnist/samples")

    assert shows == {"digits", "mnist"}
    assert [(item["index"], item["label"], item["split"]) for item in items] == [
        (1, "1", "train"),
        (0, "3", "train"),
        (2, "4", "train"),
        (301, "5", "test"),
        (300, "1", "test"),
        (3, "4", "train"),
    ]
    for item, each in zip(items, shown, strict=True):
        assert np.array_equal(np.asarray(each), images[item["index"]])
    assert (broken.status_code, "mnist.npz cannot be read" in broken.json()["detail"]) == (404, True)


def test_dataset_samples_are_listed_and_shown(client: ApiClient, flowers: str) -> None:
    items = client.get(f"/datasets/{flowers}/samples?limit=4").json()["items"]
    assert [item["label"] for item in items] == ["rose", "tulip", "rose", "tulip"]
    of_class = client.get(f"/datasets/{flowers}/samples?class=tulip&limit=2").json()["items"]
    assert of_class == client.get(f"/datasets/{flowers}/samples?class=1&limit=2").json()["items"]
    assert [(item["file"], item["split"]) for item in of_class] == [("tulip/0.png", "train"), ("tulip/1.png", "train")]

    shown = client.get(of_class[0]["image"])
    assert shown.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(shown.content)).getpixel((0, 0)) == (0, 10, 20)
    sheet = Image.open(io.BytesIO(client.get(f"/datasets/{flowers}/samples.png?limit=7").content))
    assert sheet.size == (5 * 134 + 6, 2 * 154 + 6)
    for missing in ("samples/99.png", "samples?class=oak"):
        assert client.get(f"/datasets/{flowers}/{missing}").status_code == 404


def test_uploaded_bytes_are_never_served(client: ApiClient, convert: Callable[[str], None]) -> None:
    """An image that is a page or an archive as well is encoded again: its pixels alone are shown."""
    tails = [b"<script>alert(1)</script>", zip_of({"a.html": b"<script>"})]
    files = {f"{label}/{n}.png": image(n + 60) + tail for label in ("a", "b") for n, tail in enumerate(tails)}
    upload(client, "polyglots", zip_of(files))
    convert("polyglots")

    for number in range(len(files)):
        shown = client.get(f"/datasets/polyglots/samples/{number}.png")
        assert shown.headers["content-type"] == "image/png"
        assert shown.content.endswith(b"IEND" + bytes.fromhex("ae426082"))
        assert b"script" not in shown.content


def test_samples_are_paged(client: ApiClient, flowers: str) -> None:
    whole = client.get(f"/datasets/{flowers}/samples?limit=1000").json()
    pages = [client.get(f"/datasets/{flowers}/samples?limit=25&offset={offset}").json() for offset in (0, 25, 50, 75)]

    assert [len(page["items"]) for page in pages] == [25, 25, 10, 0]
    assert {page["total"] for page in pages} == {whole["total"]} == {60}
    assert [item for page in pages for item in page["items"]] == whole["items"]
    assert sorted(item["index"] for item in whole["items"]) == list(range(60))
    sheet = Image.open(io.BytesIO(client.get(f"/datasets/{flowers}/samples.png?class=rose&offset=28").content))
    assert sheet.size == (2 * 134 + 6, 154 + 6)


def test_damaged_dataset_images_are_a_conflict(client: ApiClient, flowers: str, api_store: Store) -> None:
    data: Path = api_store.datasets.folder(flowers) / "images" / "images.bin"
    content = bytearray(data.read_bytes())
    content[0] ^= 1
    data.write_bytes(content)

    answer = client.get(f"/datasets/{flowers}/samples/0.png")

    assert answer.status_code == 409
    assert "does not match its sha256" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/datasets", "/datasets/digits", "/models"])
def test_unchanged_answer_is_not_sent_again(client: ApiClient, path: str) -> None:
    etag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_upload_changes_the_list(client: ApiClient) -> None:
    etag = client.get("/datasets").headers["ETag"]
    client.post("/datasets?name=own", content=zip_of(two_classes()), headers={"Content-Type": "application/zip"})
    assert client.get("/datasets", headers={"If-None-Match": etag}).status_code == 200


def test_test_results_are_hidden_until_revealed(client: ApiClient) -> None:
    hidden = client.patch("/datasets/digits", json={"hide_test": True}).json()["test_split"]
    assert (hidden["hidden"], hidden["revealed_at"]) == (True, [])
    assert hidden["hidden_at"] is not None

    revealed = client.post("/datasets/digits:reveal").json()["test_split"]
    assert (revealed["hidden"], revealed["hidden_at"], len(revealed["revealed_at"])) == (False, None, 1)
    assert client.get("/datasets/digits").json()["test_split"] == revealed


@pytest.mark.parametrize("change", [{"hide_test": False}, {"hide_test": None}])
def test_hiding_ends_only_by_a_recorded_reveal(client: ApiClient, change: dict[str, object]) -> None:
    assert client.patch("/datasets/digits", json=change).is_success
    client.patch("/datasets/digits", json={"hide_test": True})

    answer = client.patch("/datasets/digits", json=change)

    assert answer.status_code == 409
    assert "POST /datasets/digits:reveal, which is recorded" in answer.json()["detail"]
    assert client.patch("/datasets/digits", json={}).json()["test_split"]["hidden"]


def test_invalid_edits_of_datasets_are_rejected(client: ApiClient) -> None:
    wrong = client.patch("/datasets/digits", json={"hide_test": "yes", "name": "x"})
    assert wrong.status_code == 422
    assert {each["pointer"] for each in wrong.json()["errors"]} == {"/hide_test", "/name"}
    assert client.patch("/datasets/nowhere", json={"hide_test": True}).status_code == 404
    assert client.post("/datasets/nowhere:reveal").status_code == 404
    assert client.post("/datasets/digits:reveal").status_code == 409
