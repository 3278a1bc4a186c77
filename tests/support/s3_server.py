"""A real S3 server, with conditional writes and uploads in parts, and one that imitates S3 badly."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx2

from tests.support import local_http
from tests.support.valkey import free_port
from tests.support.waiting import eventually

BUCKET = "backups"


class S3Server:
    """ministack on loopback, which keeps objects in memory; it has the bucket `BUCKET`."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        variables = {
            "BIND_HOST": "127.0.0.1",
            "DOCKER_HOST": "unix:///nonexistent",
            "GATEWAY_PORT": str(self.port),
            "HOME": str(folder),
            "LOG_LEVEL": "ERROR",
            "SERVICES": "s3",
            "TMPDIR": str(folder),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env=variables,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(self._make_bucket)

    def _make_bucket(self) -> bool:
        assert self._process.poll() is None, "ministack has ended"
        try:
            # 409: an answer that came too late had made it.
            return local_http.put(f"{self.url}/{BUCKET}").status_code in (200, 409)
        except httpx2.TransportError:
            return False

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


class _Overwriting(BaseHTTPRequestHandler):
    """PUT, GET and DELETE of objects; no condition of a request is looked at."""

    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, bytes]]

    def do_PUT(self) -> None:
        self.objects[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200)

    def do_GET(self) -> None:
        self._answer(200, self.objects[self.path])

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"<DeleteResult/>")

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("ETag", '"always the same"')
        self.send_header("Last-Modified", "Tue, 01 Dec 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def overwriting_server() -> Iterator[str]:
    """Yield the address of a server that overwrites what exists."""

    class Handler(_Overwriting):
        objects: ClassVar[dict[str, bytes]] = {}

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
