"""The built page: files that never change under their name, and the one that names them."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from fastapi import Response

from api.wire.caching import Validators, cache_headers, not_modified
from api.wire.negotiation import choose_encoding

FOLDER = Path(__file__).parents[1] / "page" / "dist"
_ASSETS = "assets"
_INDEX = "index.html"
_IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
# Scripts, styles, fonts and requests of this origin alone; images also as the page makes them.
_POLICY = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
}
_TEXT_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
}
_BINARY_TYPES = {
    ".avif": "image/avif",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_NOT_BUILT = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Trainyard</title>
<h1>Trainyard</h1>
<p>The API is running, but its page was not built. Run <code>make page</code>, then load this page again.</p>
<p>What the API can do: <a href="/docs">/docs</a>.</p>
</html>
"""


@dataclass(frozen=True)
class PageFile:
    data: bytes
    suffix: str

    @cached_property
    def etag(self) -> str:
        return f'"{sha256(self.data).hexdigest()[:32]}"'

    @cached_property
    def compressed(self) -> bytes | None:
        """None where it would save nothing."""
        return gzip.compress(self.data, mtime=0) if self.suffix in _TEXT_TYPES else None

    def respond(self, validators: Validators, accept_encoding: str, headers: Mapping[str, str]) -> Response:
        sent = {**cache_headers(self.etag), **headers}
        data, compressed = self.data, self.compressed
        if compressed is not None:
            sent["Vary"] = "Accept-Encoding" if "Vary" not in sent else f"{sent['Vary']}, Accept-Encoding"
        if validators.match(self.etag):
            return not_modified(self.etag, sent)
        if compressed is not None and choose_encoding(accept_encoding, ["gzip"]):
            data, sent["Content-Encoding"] = compressed, "gzip"
        return Response(data, headers=sent, media_type=self._media_type)

    @property
    def _media_type(self) -> str:
        text = _TEXT_TYPES.get(self.suffix)
        if text is None:
            return _BINARY_TYPES.get(self.suffix, "application/octet-stream")
        return f"{text}; charset=utf-8"


class _Stamped(NamedTuple):
    stamp: tuple[int, int]
    file: PageFile


class Page:
    """The files in `folder`, each read when it is asked for first, and again after it was replaced."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._read: dict[Path, _Stamped] = {}

    def index(self, validators: Validators, accept_encoding: str, vary: str) -> Response:
        """The page, or in its place one that says how to build it."""
        file = self._file(self._folder / _INDEX) or PageFile(_NOT_BUILT.encode(), ".html")
        return file.respond(validators, accept_encoding, {**_POLICY, "Vary": vary})

    def asset(self, name: str, validators: Validators, accept_encoding: str) -> Response | None:
        """A file whose name has the hash of its content; None if there is none."""
        return self._answer(self._folder / _ASSETS, name, validators, accept_encoding, _IMMUTABLE)

    def root_file(self, name: str, validators: Validators, accept_encoding: str) -> Response | None:
        return self._answer(self._folder, name, validators, accept_encoding, {})

    def _answer(
        self, folder: Path, name: str, validators: Validators, accept_encoding: str, headers: Mapping[str, str]
    ) -> Response | None:
        path = folder / name
        # Only names that are there, or were: none leads out of the folder.
        if path not in self._read and not (
            folder.is_dir() and name in {each.name for each in folder.iterdir() if each.is_file()}
        ):
            return None
        file = self._file(path)
        return None if file is None else file.respond(validators, accept_encoding, headers)

    def _file(self, path: Path) -> PageFile | None:
        try:
            status = path.stat()
            stamp = (status.st_ino, status.st_mtime_ns)
            read = self._read.get(path)
            if read is None or read.stamp != stamp:
                read = self._read[path] = _Stamped(stamp, PageFile(path.read_bytes(), path.suffix))
        except FileNotFoundError:
            return None
        return read.file
