"""The page at the root: who gets it, with which headers."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from api.wire.page import Page
from tests.support.api import ApiClient

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
POLICY = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
INDEX = '<!doctype html><script type="module" src="/assets/index-1f.js"></script>'
SCRIPT = "console.log('runs');" * 100


@pytest.fixture
def built(client: ApiClient, tmp_path: Path) -> Path:
    """The folder of a built page that the client's application serves."""
    dist = tmp_path / "dist"
    (dist / "assets" / "nested").mkdir(parents=True)
    (dist / "index.html").write_text(INDEX)
    (dist / "assets" / "index-1f.js").write_text(SCRIPT)
    (dist / "assets" / "letters-2b.woff2").write_bytes(b"wOF2")
    (dist / "favicon.svg").write_text("<svg/>")
    client.api.state.services = replace(client.services, page=Page(dist))
    return dist


@pytest.mark.parametrize("accept", [CHROMIUM, "text/html", "application/json;q=0.5, text/html"])
def test_browsers_get_the_page(client: ApiClient, built: Path, accept: str) -> None:
    answer = client.get("/", headers={"Accept": accept})

    assert answer.text == INDEX
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"


def test_long_page_varies_once(client: ApiClient, built: Path) -> None:
    (built / "index.html").write_text(INDEX + "<!-- long enough to be compressed -->" * 100)
    answer = client.get("/", headers={"Accept": "text/html", "Accept-Encoding": "identity"})
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "", "text/plain"])
def test_probes_get_liveness(client: ApiClient, built: Path, accept: str) -> None:
    answer = client.get("/", headers={"Accept": accept})

    assert answer.json() == {"status": "alive"}
    assert answer.headers["Vary"] == "Accept"


def test_missing_page_says_how_to_build_it(client: ApiClient, tmp_path: Path) -> None:
    client.api.state.services = replace(client.services, page=Page(tmp_path / "nothing"))
    answer = client.get("/", headers={"Accept": "text/html"})

    assert answer.status_code == 200
    assert "<code>make page</code>" in answer.text
    assert client.get("/assets/index-1f.js").status_code == 404


def test_page_is_revalidated_and_replaced(client: ApiClient, built: Path) -> None:
    first = client.get("/", headers={"Accept": "text/html"})
    again = client.get("/", headers={"Accept": "text/html", "If-None-Match": first.headers["ETag"]})
    (built / "index.html").unlink()
    (built / "index.html").write_text("<!doctype html>new")
    new = client.get("/", headers={"Accept": "text/html", "If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert (new.status_code, new.text) == (200, "<!doctype html>new")


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/assets/index-1f.js", "text/javascript; charset=utf-8"),
        ("/assets/letters-2b.woff2", "font/woff2"),
    ],
)
def test_assets_are_immutable(client: ApiClient, built: Path, path: str, media_type: str) -> None:
    answer = client.get(path)

    assert answer.content == (built / path.lstrip("/")).read_bytes()
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.head(path).headers["Content-Length"] == answer.headers["Content-Length"]


def test_scripts_are_compressed_for_those_who_accept(client: ApiClient, built: Path) -> None:
    with client.stream("GET", "/assets/index-1f.js", headers={"Accept-Encoding": "br, gzip"}) as answer:
        compressed = b"".join(answer.iter_raw())
    plain = client.get("/assets/index-1f.js", headers={"Accept-Encoding": "gzip;q=0, *;q=0.5"})

    assert (answer.headers["Content-Encoding"], gzip.decompress(compressed)) == ("gzip", SCRIPT.encode())
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == answer.headers["Vary"] == "Accept-Encoding"


def test_files_of_the_root_are_served(client: ApiClient, built: Path) -> None:
    assert client.get("/favicon.svg").headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert client.get("/favicon.ico").status_code == 404


@pytest.mark.parametrize(
    "name", ["../index.html", "..%2findex.html", "%2e%2e/index.html", "nested", "", ".", "index-1f.js%00"]
)
def test_nothing_else_is_served(client: ApiClient, built: Path, name: str) -> None:
    answer = client.get(f"/assets/{name}")

    assert answer.status_code == 404
    assert INDEX not in answer.text


def test_documentation_keeps_working(client: ApiClient, built: Path) -> None:
    page = client.get("/docs", headers={"Accept": CHROMIUM})

    assert page.status_code == 200
    assert "swagger" in page.text
