"""Bodies for `POST /predict` that are too large, lie about their length, hold a pixel bomb, or are too many; uploads
that are too large."""

import os
import socket
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import numpy as np
import psutil
import pytest
from PIL import Image

from models_store.store import open_store
from specs.experiment import parse_spec
from tests.support.image_files import encoded, png_file
from tests.support.published import publish
from tests.support.service import LEASE_SECONDS, Service, new_service
from tests.support.store import TINY
from tests.support.waiting import PATIENCE_SECONDS, eventually

# One service for all of them.
pytestmark = pytest.mark.xdist_group("bodies")

HEAD = b"POST /predict HTTP/1.1\r\nHost: here\r\nContent-Type: image/png\r\n"
UPLOAD = b"POST /datasets?name=large HTTP/1.1\r\nHost: here\r\nContent-Type: application/zip\r\n"


class Serving(NamedTuple):
    service: Service
    api: psutil.Process

    def predict(self, **sent: Any) -> httpx2.Response:
        return self.service.http.post("/predict", **(sent or {"content": png(np.zeros((8, 8), dtype=np.uint8))}))

    @contextmanager
    def within(self, megabytes: float) -> Iterator[None]:
        """Assert that the API takes at most so much more memory at any moment."""
        Path(f"/proc/{self.api.pid}/clear_refs").write_text("5")  # begin to measure the peak again
        before = self.api.memory_info().rss
        yield
        assert self._peak_bytes - before < megabytes * 1e6

    @property
    def _peak_bytes(self) -> int:
        status = Path(f"/proc/{self.api.pid}/status").read_text()
        return 1024 * int(status.split("VmHWM:")[1].split()[0])


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """An API that serves one model, without a worker."""
    limits = {"max_waiting_images": 60, "max_waiting_bytes": 20_000_000, "max_archive_bytes": 50_000_000}
    with new_service(tmp_path_factory.mktemp("bodies"), **limits) as service:
        store = open_store(service.store, service.valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
        publish(store, parse_spec(TINY))
        serving = Serving(service, service.start_api())
        eventually(lambda: serving.predict().is_success)
        # Predictions are written beside the requests; later ones go to the same file.
        eventually(lambda: list((service.store / "predictions").iterdir()))
        yield serving


def png(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    return encoded(Image.fromarray(pixels))


def bomb(side: int) -> bytes:
    """A black 1-bit PNG of `side` x `side` pixels: 900 million of them take a hundred kilobytes."""
    packing, row = zlib.compressobj(9), bytes(1 + (side + 7) // 8)
    rows = b"".join(packing.compress(row) for _ in range(side)) + packing.flush()
    return png_file(side, side, 1, 0, rows)


def send(service: Service, head: bytes, pieces: Iterable[bytes]) -> bytes:
    """Send a request, even if the other side has closed; return the beginning of the answer, if one comes."""
    with socket.create_connection(
        ("127.0.0.1", service.http.base_url.port or 0), timeout=PATIENCE_SECONDS
    ) as connection:
        try:
            connection.sendall(head)
            for piece in pieces:
                connection.sendall(piece)
            return connection.recv(65_536)
        except ConnectionError:
            return b""


def zeros(count: int) -> Iterator[bytes]:
    """`count` megabytes in chunked encoding."""
    megabyte = bytes(1_000_000)
    return (b"%x\r\n%b\r\n" % (len(megabyte), megabyte) for _ in range(count))


def test_body_of_100_megabytes_leaves_nothing(serving: Serving) -> None:
    folder = serving.service.folder
    files = sorted(folder.rglob("*"))

    with serving.within(40):
        chunked = send(serving.service, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", zeros(100))
        stated = send(serving.service, HEAD + b"Content-Length: 100000000\r\n\r\n", [])
        lying = send(serving.service, HEAD + b"Content-Length: 999999999999999\r\n\r\n", [b"x" * 1000])

    assert chunked[:12] in {b"HTTP/1.1 413", b""}
    assert (stated[:12], lying[:12]) == (b"HTTP/1.1 413", b"HTTP/1.1 413")
    assert b"application/problem+json" in stated
    assert serving.predict().is_success
    assert sorted(folder.rglob("*")) == files


def test_upload_of_any_size_leaves_nothing(serving: Serving) -> None:
    """Neither on disk nor in memory; one that states ten gigabytes is rejected before any of them comes."""
    folder, head = serving.service.store / "datasets", UPLOAD + b"Transfer-Encoding: chunked\r\n\r\n"

    with serving.within(20):
        stated = send(serving.service, UPLOAD + b"Content-Length: 10000000000\r\n\r\n", [])
        chunked = send(serving.service, head, zeros(100))
    with socket.create_connection(("127.0.0.1", serving.service.http.base_url.port or 0)) as broken:
        broken.sendall(head + b"".join(zeros(10)))

    assert stated[:12] == b"HTTP/1.1 413"
    assert chunked[:12] in {b"HTTP/1.1 413", b""}
    # Folders vanish meanwhile, which `os.walk` bears.
    eventually(lambda: not [files for at, _, files in os.walk(folder) if files and ".locks" not in Path(at).parts])
    assert serving.service.http.get("/datasets/large").status_code == 404


def test_body_that_breaks_off_leaves_no_traceback(serving: Serving) -> None:
    form = b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000\r\n\r\n--x\r\n"
    for head in (HEAD + b"Content-Length: 5000\r\n\r\nabc", HEAD.replace(b"Content-Type: image/png\r\n", form)):
        with socket.create_connection(("127.0.0.1", serving.service.http.base_url.port or 0)) as connection:
            connection.sendall(head)

    assert serving.predict().is_success
    assert "Traceback" not in serving.service.log_text("api")


def test_fifty_pixel_bombs_are_rejected(serving: Serving) -> None:
    sent = bomb(30_000)
    forms = [{"files": {"file": ("bomb.png", sent)}}, {"content": sent}] * 25

    with serving.within(100), ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(lambda each: serving.predict(**each), forms))

    assert {answer.status_code for answer in answers} == {413}
    assert all("too many pixels" in answer.json()["error"] for answer in answers)
    assert serving.predict().is_success


def test_odd_bodies_are_rejected_or_answered(serving: Serving) -> None:
    sound = png(np.arange(64, dtype=np.uint8).reshape(8, 8))
    archive = b"PK\x03\x04" + bytes(100)
    answerable = {"png with an archive behind": sound + archive, "png called jpeg": sound}
    hostile = {
        "cut": sound[:50],
        "archive first": archive + sound,
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "html": b"<html><script>alert(1)</script>",
        "signature": sound[:8],
        "gif": b"GIF89a" + bytes(100),
        "a size of nothing": bomb(1).replace(struct.pack(">II", 1, 1), struct.pack(">II", 0, 1)),
    }
    for name, body in {**answerable, **hostile}.items():
        for sent in ({"content": body}, {"files": {"file": (f"{name}.jpg", body, "image/jpeg")}}):
            answer = serving.predict(**sent)
            assert answer.status_code == (200 if name in answerable else 422), (name, answer.text)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "<script>" not in answer.text
    assert "Traceback" not in serving.service.log_text("api")


def test_images_beyond_the_admission_get_503(serving: Serving) -> None:
    large = png(np.random.default_rng(0).integers(0, 256, (1000, 1000), dtype=np.uint8))
    files = [("file", (f"{number}.png", large)) for number in range(8)]

    answers: list[httpx2.Response] = []

    def some_are_rejected() -> bool:
        with ThreadPoolExecutor(12) as clients:
            answers.extend(clients.map(lambda _: serving.predict(files=files), range(24)))
        return any(answer.status_code == 503 for answer in answers)

    eventually(some_are_rejected)
    assert {answer.status_code for answer in answers} == {200, 503}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 503)
    assert serving.predict().is_success


def test_large_requests_shut_nobody_out(serving: Serving) -> None:
    """Of 60 images that may wait, 1,000 samples in one request occupy a slice."""
    samples = {"instances": [[0] * 64] * 1_000}
    stop = threading.Event()

    def send_large_ones() -> list[int]:
        statuses = []
        while not stop.is_set():
            statuses.append(serving.service.http.post("/v1/models/digits:predict", json=samples).status_code)
        return statuses

    with ThreadPoolExecutor(1) as clients:
        large = clients.submit(send_large_ones)
        small = [serving.predict().status_code for _ in range(40)]
        stop.set()

    assert set(small) == {200}
    assert set(large.result()) == {200}


def test_offered_upgrade_keeps_the_body(serving: Serving) -> None:
    """As the JDK's client sends it: its head in one segment, the body in the next."""
    body = png(np.zeros((8, 8), dtype=np.uint8))
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"

    answer = send(serving.service, HEAD + offer + b"Content-Length: %d\r\n\r\n" % len(body), [body])

    assert answer[:12] == b"HTTP/1.1 200"
