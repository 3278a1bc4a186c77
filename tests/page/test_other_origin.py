"""The page on another web server than the API, under a strict policy of its own, as docs/page.md says."""

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from specs.experiment import ExperimentSpec
from tests.page.built import DIST, needs_page
from tests.page.conftest import OpenPage, Watch
from tests.page.strokes import SEVEN, draw
from tests.page.trained import digits_network
from tests.support.published import publish
from tests.support.site import Site
from tests.support.valkey import free_port

pytestmark = [pytest.mark.processes, needs_page]

Spec = Callable[..., ExperimentSpec]
FOREIGN = "https://app.example.org"


class _Files(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: object, policy: str, directory: str) -> None:
        self._policy = policy
        super().__init__(*arguments, directory=directory)  # type: ignore[arg-type]

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self._policy)
        super().end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def port() -> int:
    """Of the web server that has the page."""
    return free_port()


@pytest.fixture
def cors_origins(port: int) -> tuple[str, ...]:
    return (f"http://127.0.0.1:{port}",)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the page, as it was built."""
    return Path(shutil.copytree(DIST, tmp_path / "page"))


@pytest.fixture
def origin(port: int, folder: Path, site: Site) -> Iterator[str]:
    policy = f"default-src 'self'; connect-src {site.url}; img-src 'self' data: blob: {site.url}; object-src 'none'"
    handler = partial(_Files, policy=policy, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


def name_api(folder: Path, api: str) -> None:
    """Write the address of the API into the page, as its owner does."""
    index = folder / "index.html"
    html = index.read_text()
    assert html.count('name="trainyard-api" content=""') == 1
    index.write_text(html.replace('name="trainyard-api" content=""', f'name="trainyard-api" content="{api}"'))


def test_page_of_another_origin_is_whole(
    site: Site, folder: Path, open_page: OpenPage, watch: Watch, tiny_spec: Spec
) -> None:
    name_api(folder, site.url)
    watch.hosts.append(site.url)
    served = publish(site.store, tiny_spec("reader"), network=digits_network(), confident_from=0.5)
    page = open_page()
    expect(page.locator("a.name")).to_have_text(["reader"])
    page.get_by_role("button", name="Star reader").click()
    expect(page.get_by_role("button", name="Remove the star of reader")).to_be_visible()
    site.store.experiments.create(tiny_spec("later"))
    expect(page.locator("a.name")).to_have_text(["later", "reader"])

    page.goto(f"/#/run/{served.id}/mistakes")
    image = page.get_by_role("button", name=re.compile("classified as")).first.locator("img")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 8

    page.goto("/#/draw")
    draw(page, SEVEN)
    expect(page.locator("article .large")).to_have_text("7")
    page.get_by_role("button", name="It is 1", exact=True).click()
    expect(page.get_by_text("Saved as 1 in digits-corrections.")).to_be_visible()


def test_address_of_the_api_is_taken_from_the_link(
    site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec
) -> None:
    watch.hosts.append(site.url)
    publish(site.store, tiny_spec("one"))
    page = open_page(f"?api={site.url}#/runs")
    expect(page.locator("a.name")).to_have_text(["one"])
    page.locator("a.name").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("one")


@pytest.mark.parametrize("cors_origins", [(), (FOREIGN,)])
def test_page_of_a_foreign_origin_is_told_why(
    site: Site, origin: str, folder: Path, open_page: OpenPage, watch: Watch, tiny_spec: Spec
) -> None:
    name_api(folder, site.url)
    watch.hosts.append(site.url)
    publish(site.store, tiny_spec("secret"))
    page = open_page()
    expect(page.get_by_role("alert")).to_contain_text("TRAINYARD_CORS_ORIGINS")
    expect(page.get_by_role("alert")).to_contain_text(origin)
    expect(page.get_by_text("secret")).to_have_count(0)

    with page.expect_response(re.compile("/predict$")) as answered:
        page.evaluate("url => void fetch(url, { method: 'POST', mode: 'no-cors', body: 'x' })", f"{site.url}/predict")
    assert answered.value.status == 403
    page.close()
    watch.forgive("blocked by CORS policy", "ERR_FAILED", "403")
