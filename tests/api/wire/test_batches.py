"""`POST /predict:batch`, from the bytes that are sent to the lines that come back."""

import gzip
import json
import random
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.types import Message

from api.wire.batches import Batches
from models_store.store import Store
from serving.errors import Overloaded
from specs.experiment import ExperimentSpec, parse_spec
from tests.api.routes.test_predictions import png
from tests.archives.hostile import HOSTILE
from tests.archives.hostile import LIMITS as HOSTILE_LIMITS
from tests.support.api import ApiClient
from tests.support.archives import tar_of, zip_of
from tests.support.image_files import encoded
from tests.support.published import publish

Spec = Callable[..., ExperimentSpec]
BATCH = "/predict:batch"
ORDER = (3, 7, 5, 3, 0, 9)
IMAGES = {f"some/{number}.png": png(bright) for number, bright in enumerate(ORDER)}


@pytest.fixture
def trained(client: ApiClient, api_store: Store, tiny_spec: Spec) -> str:
    return publish(api_store, tiny_spec()).id


@pytest.fixture
def batches(client: ApiClient) -> Iterator[Batches]:
    """No batch and no file is left when the test has ended."""
    services = client.services
    yield services.batches
    assert services.batches.running == 0
    assert temporary_files(services.settings.store_dir) == []


def temporary_files(folder: Path) -> list[str]:
    """Unnamed files that this process has open."""
    targets = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            targets.append(str(each.readlink()))
        except FileNotFoundError:  # of reading this folder itself
            continue
    return [target for target in targets if target.startswith(f"{folder}/") and target.endswith("(deleted)")]


def limited(batches: Batches, **limits: Any) -> None:
    batches.limits = batches.limits._replace(**limits)


def posted(client: ApiClient, body: bytes, query: str = "", kind: str = "application/zip") -> list[dict[str, Any]]:
    answer = client.post(f"{BATCH}{query}", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/x-ndjson"), answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def rejected(client: ApiClient, body: bytes, kind: str = "application/zip") -> tuple[int, str]:
    answer = client.post(BATCH, content=body, headers={"Content-Type": kind})
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["error"]


def labels(lines: list[dict[str, Any]]) -> list[str]:
    return [line["top"][0]["label"] if "top" in line else line["error"] for line in lines[1:-1]]


# -- ways to send images ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("trained", "batches")
@pytest.mark.parametrize(
    "body",
    [zip_of(IMAGES), tar_of(IMAGES), gzip.compress(tar_of(IMAGES))],
    ids=["zip", "tar", "tar.gz"],
)
@pytest.mark.parametrize("is_form", [False, True], ids=["body", "form"])
def test_archive_is_answered_in_order_by_one_model(client: ApiClient, trained: str, body: bytes, is_form: bool) -> None:
    if is_form:
        text = client.post(BATCH, files={"archive": ("images", body)}).text
        lines = [json.loads(line) for line in text.splitlines()]
    else:
        lines = posted(client, body)

    assert lines[0]["model"]["experiment_id"] == trained
    assert [line["filename"] for line in lines[1:-1]] == list(IMAGES)
    assert labels(lines) == [str(bright) for bright in ORDER]
    end = {"done": True, "images": 6, "unreadable": 0, "skipped": 0}
    assert lines[-1] == {**end, "duration_ms": lines[-1]["duration_ms"]}


@pytest.mark.usefixtures("trained", "batches")
def test_form_of_many_files_is_answered(client: ApiClient) -> None:
    files = [("file", (f"{number}.png", png(number % 10), "image/png")) for number in range(250)]
    text = client.post(BATCH, files=[*files[:-1], ("file", ("letter.txt", b"Dear Sir"))]).text
    lines = [json.loads(line) for line in text.splitlines()]

    assert labels(lines)[:-1] == [str(number % 10) for number in range(249)]
    assert "is not an image in a supported format" in lines[-2]["error"]
    assert (lines[-1]["images"], lines[-1]["unreadable"]) == (250, 1)


@pytest.mark.usefixtures("trained", "batches")
@pytest.mark.parametrize("body", [zip_of(IMAGES), gzip.compress(tar_of(IMAGES))], ids=["zip", "tar.gz"])
def test_archive_in_the_file_field_is_unreadable(client: ApiClient, body: bytes) -> None:
    text = client.post(BATCH, files={"file": ("images", body)}).text
    lines = [json.loads(line) for line in text.splitlines()]

    assert "send it in the form field `archive`" in lines[1]["error"]


@pytest.mark.usefixtures("trained", "batches")
@pytest.mark.parametrize("query", ["", "?top=1", "?prep=none&top=10", "?dataset=digits"])
def test_answers_equal_single_predictions(client: ApiClient, query: str) -> None:
    paper = Image.new("RGB", (300, 200), "white")
    paper.paste("black", (140, 60, 150, 140))
    images = {**IMAGES, "one.jpg": encoded(paper, "JPEG")}

    files = [("file", (name, data)) for name, data in images.items()]
    singly = client.post(f"/predict{query}", files=files).json()
    lines = posted(client, zip_of(images), query)

    assert lines[0]["model"] == singly["model"]
    assert [{**line, "id": ""} for line in lines[1:-1]] == [{**each, "id": ""} for each in singly["predictions"]]


@pytest.mark.usefixtures("trained", "batches")
def test_each_prediction_can_be_corrected(client: ApiClient) -> None:
    lines = posted(client, zip_of(IMAGES))

    assert client.post(f"/predictions/{lines[1]['id']}/label", json={"label": "4"}).json()["predicted"] == "3"


# -- what is in them -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("trained", "batches")
def test_unreadable_images_are_reported_in_place(client: ApiClient) -> None:
    torn = png(4)[:50]
    large = b"\x89PNG\r\n\x1a\n" + random.Random(0).randbytes(10_000_000)
    pixels = encoded(Image.new("1", (5_000, 5_000)))
    files = {"1.png": png(1), "torn.png": torn, "large.png": large, "wide.png": pixels, "2.png": png(2)}

    lines = posted(client, zip_of({**files, "drawing.svg": b"<svg/>", "empty.jpg": b"", "none": png(3)}))

    assert [line["filename"] for line in lines[1:-1]] == [*files, "drawing.svg", "empty.jpg", "none"]
    first, broken, too_large, too_wide, second, drawing, empty, unnamed = labels(lines)
    assert (first, second, unnamed) == ("1", "2", "3")
    assert "corrupt or truncated" in broken
    assert "more than 10,000,000 bytes" in too_large
    assert "5000 x 5000 pixels" in too_wide
    assert "is not an image in a supported format" in drawing
    assert "empty (0 bytes)" in empty
    assert (lines[-1]["done"], lines[-1]["images"], lines[-1]["unreadable"]) == (True, 8, 5)


@pytest.mark.usefixtures("trained", "batches")
def test_other_files_are_skipped(client: ApiClient) -> None:
    beside = {
        "labels.csv": b"1,2",
        "__MACOSX/some/._3.png": b"\0",
        "some/.DS_Store": b"x",
        "more.zip": zip_of(IMAGES),
    }

    lines = posted(client, zip_of({**beside, **IMAGES}))

    assert (lines[-1]["images"], lines[-1]["skipped"]) == (6, 4)


@pytest.mark.usefixtures("trained", "batches")
@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.png", "/etc/passwd.png", "C:\\a.png", "a\u202e\n.png", "é" * 300 + ".png"],
    ids=["up", "root", "drive", "control", "long"],
)
def test_file_names_are_never_paths(client: ApiClient, tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.rglob("*.png"))

    for body in (zip_of({name: png(3)}), tar_of({name: png(3)})):
        assert [line["filename"] for line in posted(client, body)[1:-1]] == [name]
    assert sorted(tmp_path.rglob("*.png")) == before


@pytest.mark.usefixtures("trained", "batches")
def test_file_name_that_is_not_utf8_is_answered(client: ApiClient) -> None:
    body = tar_of({"xxxx.png": png(3)}, tarfile.GNU_FORMAT)
    header = bytearray(body)
    at = header.index(b"xxxx.png")
    header[at : at + 4] = b"\xff\xfe\xed\xa0"
    block = at - at % 512
    header[block + 148 : block + 156] = b" " * 8
    header[block + 148 : block + 156] = b"%06o\0 " % sum(header[block : block + 512])

    lines = posted(client, bytes(header))

    assert labels(lines) == ["3"]


@pytest.mark.usefixtures("trained", "batches")
def test_encrypted_file_is_unreadable(client: ApiClient) -> None:
    body = bytearray(zip_of({"1.png": png(1), "2.png": png(2)}))
    body[body.rindex(b"PK\1\2") + 8] |= 1

    lines = posted(client, bytes(body))

    assert labels(lines) == ["1", "it is encrypted; send the archive without a password"]


# -- hostile ones ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("trained", "batches")
def test_ten_thousand_files_are_answered(client: ApiClient) -> None:
    ten = [png(bright) for bright in range(10)]
    lines = posted(client, zip_of({f"{number}.png": ten[number % 10] for number in range(10_000)}))

    assert labels(lines) == [str(number % 10) for number in range(10_000)]


@pytest.mark.usefixtures("trained", "batches")
def test_memory_holds_few_images(client: ApiClient) -> None:
    padded = png(3) + bytes(100_000)
    body = zip_of({f"{number}.png": padded for number in range(1_000)})
    conversation = Conversation(client.api, body)
    call(client, conversation.run, 1)
    tracemalloc.start()
    try:
        call(client, Conversation(client.api, body).run)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # Of 100 MB that were unpacked. The body itself was there before.
    assert len(body) < 1_000_000
    assert peak < 10_000_000


@pytest.mark.usefixtures("trained")
def test_bomb_ends_at_the_limit(client: ApiClient, batches: Batches) -> None:
    limited(batches, unpacked_bytes=5_000_000)
    bomb = {"1.png": png(1), **{f"{letter}.png": bytes(900_000) for letter in "abcdef"}}

    for body in (zip_of(bomb), gzip.compress(tar_of(bomb))):
        lines = posted(client, body)
        assert labels(lines)[0] == "1"
        assert lines[-1]["done"] is False
        assert "unpacks to more than 5,000,000 bytes" in lines[-1]["error"]


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.usefixtures("trained")
def test_hostile_archive_is_survived(client: ApiClient, batches: Batches, tmp_path: Path, case: str) -> None:
    """What only an upload rejects is answered, or skipped; its names are written nowhere."""
    limited(batches, files=HOSTILE_LIMITS.entries, unpacked_bytes=HOSTILE_LIMITS.bytes)
    before = sorted(tmp_path.rglob("*.png"))

    answer = client.post(BATCH, content=HOSTILE[case].make())

    assert answer.status_code in (200, 422)
    if answer.status_code == 422:
        error, is_done = answer.json()["error"], False
    else:
        lines = [json.loads(line) for line in answer.text.splitlines()]
        errors = [line["error"] for line in lines if "error" in line]
        error, is_done = "; ".join(errors), lines[-1]["done"]
    if HOSTILE[case].by == "archive":
        assert (is_done, HOSTILE[case].reason in error) == (False, True)
    elif HOSTILE[case].by == "member" and "large file" not in case:  # a batch allows larger ones
        assert (is_done, HOSTILE[case].reason in error) == (True, True)
    assert sorted(tmp_path.rglob("*.png")) == before


@pytest.mark.usefixtures("trained")
def test_too_many_files_are_rejected(client: ApiClient, batches: Batches) -> None:
    limited(batches, files=5)

    status, error = rejected(client, zip_of(IMAGES))
    assert (status, "more than 5 entries" in error) == (422, True)
    lines = posted(client, tar_of(IMAGES))
    assert (lines[-1]["done"], lines[-1]["images"]) == (False, 3)  # a folder and a link were in front
    files = [("file", ("1.png", png(1)))] * 6
    answer = client.post(BATCH, files=files)
    assert (answer.status_code, "more than 5 files" in answer.json()["error"]) == (422, True)


@pytest.mark.usefixtures("trained", "batches")
def test_truncated_archive_ends_with_an_error_line(client: ApiClient) -> None:
    images = {f"{number}.png": png(number % 10) for number in range(40)}
    whole = tar_of(images)

    lines = posted(client, whole[: len(whole) // 2])

    assert len(lines) > 10
    assert labels(lines) == [str(number % 10) for number in range(len(lines) - 2)]
    assert (lines[-1]["done"], lines[-1]["images"]) == (False, len(lines) - 2)
    assert "cut short" in lines[-1]["error"]


@pytest.mark.usefixtures("trained", "batches")
@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        (b"", "application/zip", "neither a zip nor a tar"),
        (png(3), "image/png", "one image: POST /predict"),
        (b'{"images": []}', "application/json", "neither a zip nor a tar"),
        (zip_of({}), "application/zip", "no file was received"),
        (zip_of({"a.csv": b"1", "b.csv": b"1"}), "application/zip", "none of the 2 files received is a PNG, JPEG or"),
        (zip_of({"a.csv": b"1"}), "application/zip", "the file received is no PNG, JPEG or WebP image"),
        (zip_of(IMAGES)[:300], "application/zip", "cut short"),
        (gzip.compress(b"no tar at all"), "application/gzip", "cut short"),
        (gzip.compress(tar_of(IMAGES))[:60], "application/gzip", "cut short"),
        (b"words\r\n" * 20, "multipart/form-data", "nor its first line has a boundary"),
        (b"--x--\r\n", "multipart/form-data; boundary=x", "form"),
        (b"", "multipart/form-data; boundary=x", "cut short"),
        (b"--y\r\n", "multipart/form-data; boundary=x", "its last boundary is missing"),
    ],
    ids=[
        "nothing",
        "image",
        "json",
        "empty",
        "two tables",
        "csv",
        "torn zip",
        "no tar",
        "torn gzip",
        "no boundary",
        "no part",
        "no form",
        "other boundary",
    ],
)
def test_body_without_images_is_rejected(client: ApiClient, body: bytes, kind: str, sentence: str) -> None:
    status, error = rejected(client, body, kind)

    assert status == 422
    assert sentence in error


@pytest.mark.usefixtures("trained", "batches")
@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([("archive", ("a.zip", zip_of(IMAGES))), ("file", ("1.png", png(1)))], "another field beside"),
        ([("file", ("1.png", png(1))), ("archive", ("a.zip", zip_of(IMAGES)))], "another field beside"),
        ([("image", ("1.png", png(1)))], "unknown form field `image`"),
        ([("file", (None, "text"))], "holds text, not a file"),
    ],
    ids=["archive first", "archive last", "unknown", "text"],
)
def test_form_with_other_fields_is_rejected(client: ApiClient, files: Any, sentence: str) -> None:
    answer = client.post(BATCH, files=files)

    assert answer.status_code == 422
    assert sentence in answer.json()["error"]


# -- bounds ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("trained")
def test_too_large_body_is_rejected_unread(client: ApiClient, batches: Batches) -> None:
    limited(batches, body_bytes=10_000)

    def pieces() -> Iterator[bytes]:
        yield from [bytes(4_000)] * 3

    assert rejected(client, bytes(10_001))[0] == 413
    assert client.post(BATCH, content=pieces()).status_code == 413


def test_body_is_not_received_without_a_model(client: ApiClient, batches: Batches) -> None:
    assert rejected(client, zip_of(IMAGES))[0] == 503
    answer = client.post(f"{BATCH}?dataset=nonsense", content=zip_of(IMAGES))
    assert (answer.status_code, "nonsense" in answer.json()["error"]) == (422, True)
    assert client.post(f"{BATCH}?experiment=01J00000000000000000000000", content=b"").status_code == 404
    assert client.post(f"{BATCH}?top=0", content=b"").status_code == 422


def test_model_of_numbers_rejects_batches(
    client: ApiClient, api_store: Store, tiny_document: dict[str, Any], batches: Batches
) -> None:
    spec = parse_spec({**tiny_document, "dataset": {"name": "blobs"}, "model": {"layers": [{"type": "Dense"}]}})
    publish(api_store, spec)

    answer = client.post(f"{BATCH}?dataset=blobs", content=zip_of(IMAGES))

    assert (answer.status_code, "takes numbers, not images" in answer.json()["error"]) == (422, True)


@pytest.mark.usefixtures("trained")
def test_too_many_batches_are_overloaded(client: ApiClient, batches: Batches) -> None:
    limited(batches, requests=1)
    with batches.open_file():
        status, error = rejected(client, zip_of(IMAGES))
        assert (status, "limit of 1 batches at once is reached" in error) == (503, True)
        assert client.post("/predict", content=png(3)).status_code == 200
    assert labels(posted(client, zip_of(IMAGES))) == [str(bright) for bright in ORDER]


def test_one_owner_leaves_a_batch_to_others(batches: Batches) -> None:
    limited(batches, requests=3)
    with batches.open_file("ann"), batches.open_file("ann"):
        with pytest.raises(Overloaded, match="ann has 2 batches that are being answered"), batches.open_file("ann"):
            pytest.fail("it has a place")
        with batches.open_file("bob"):
            pass
    with batches.open_file("ann"):
        pass


class Conversation:
    """One request without a server in between; a client that left is reported as by uvicorn."""

    def __init__(self, app: FastAPI, body: bytes) -> None:
        self._app = app
        self._incoming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        self.status = 0
        self.received = 0

    async def run(self, most: int | None = None) -> None:
        """Receive `most` messages, then disconnect; without, all."""
        gone = anyio.Event()

        async def receive() -> Message:
            if self._incoming:
                return self._incoming.pop(0)
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            self.status = message.get("status", self.status)
            self.received += 1
            if self.received == most:
                gone.set()
                await anyio.sleep_forever()

        scope = {"type": "http", "asgi": {"spec_version": "2.3"}, "http_version": "1.1", "method": "POST"}
        path = {"path": BATCH, "raw_path": BATCH.encode(), "query_string": b"", "headers": [], "root_path": ""}
        await self._app({**scope, **path, "scheme": "http", "server": ("test", 80), "client": None}, receive, send)


def call(client: ApiClient, run: Callable[..., Any], *arguments: Any) -> None:
    assert client.portal is not None
    client.portal.call(run, *arguments)


@pytest.mark.usefixtures("trained", "batches")
def test_disconnected_client_leaves_nothing(client: ApiClient) -> None:
    images = {f"{number}.png": png(number % 10) for number in range(200)}
    conversation = Conversation(client.api, zip_of(images))

    call(client, conversation.run, 3)

    # The answer's start, the model, and some of the images.
    assert (conversation.status, conversation.received) == (200, 3)


@pytest.mark.usefixtures("trained", "batches")
def test_images_are_counted(client: ApiClient) -> None:
    posted(client, zip_of({**IMAGES, "torn.png": b"?"}))

    text = client.get("/metrics").text
    assert 'batch_images_total{model="digits",outcome="answered"} 6.0' in text
    assert 'batch_images_total{model="digits",outcome="unreadable"} 1.0' in text
