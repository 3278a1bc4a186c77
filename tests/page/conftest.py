"""The page in Chromium, on a real API in this process. A test fails that leaves errors in the console, asks another
host, or shows a page without a content security policy."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from models_store.experiments.claim import TrainingClaim
from settings import Settings
from specs.experiment import ExperimentSpec
from tests.page.chromium import MISSING, launch
from tests.support.published import point
from tests.support.site import Site
from tests.support.valkey import Valkey
from tests.support.waiting import PATIENCE_SECONDS

_TIMEOUT_MILLISECONDS = 1000 * PATIENCE_SECONDS / 4
expect.set_options(timeout=_TIMEOUT_MILLISECONDS)
# Where screenshots are written; nowhere by default.
_SHOTS = os.environ.get("TRAINYARD_SHOTS")

Auth = Literal["none", "keys"]
Begin = Callable[..., TrainingClaim]
OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Closed behind the package: while Playwright runs, nothing else can run an event loop in this process."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        if browser is None:
            pytest.skip(MISSING)
        yield browser
        browser.close()


@pytest.fixture
def cors_origins() -> tuple[str, ...]:
    """Origins of pages that may use the API beside its own."""
    return ()


@pytest.fixture
def auth() -> Auth:
    """Whether the service asks for keys."""
    return "none"


@pytest.fixture
def site(tmp_path: Path, valkey: Valkey, auth: Auth, cors_origins: tuple[str, ...]) -> Iterator[Site]:
    settings = Settings(
        auth=auth,
        redis_url=valkey.url,
        store_dir=tmp_path / "store",
        lease_seconds=300.0,  # runs by hand keep it as long as a test looks at them
        reconcile_seconds=0.2,
        cors_origins=cors_origins,
    )
    site = Site(settings)
    yield site
    site.close()


@pytest.fixture
def begin(site: Site) -> Begin:
    """Begin a run with some epochs: `begin(spec, epochs=2)`."""

    def make(spec: ExperimentSpec, epochs: int = 0, worker: str = "test:1") -> TrainingClaim:
        record = site.store.experiments.create(spec)
        claim = TrainingClaim.acquire(site.store.training_jobs, record.id, worker=worker)
        assert claim is not None
        claim.begin_history([])
        for epoch in range(epochs):
            claim.append(point(epoch))
        return claim

    return make


@pytest.fixture
def origin(site: Site) -> str:
    """Where pages are opened. A module with a server of its own overrides it."""
    return site.url


@dataclass
class Watch:
    """What pages did that they must not do. They may ask `hosts`, each the start of an address."""

    hosts: list[str]
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", self._on_request)
        page.on("response", self._on_response)

    def forgive(self, *texts: str) -> None:
        """Leave out faults that a test causes, reported before or after this call: a browser reports when it can."""
        self.forgiven += texts

    def unforgiven(self) -> list[str]:
        return [fault for fault in self.faults if not any(text in fault for text in self.forgiven)]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console {message.type}: {message.text} ({message.location['url']})")

    def _on_request(self, request: Request) -> None:
        host = next((each for each in self.hosts if request.url.startswith(f"{each}/")), "")
        self.requests.append(f"{request.method} {request.url.removeprefix(host)}")
        if not host and not request.url.startswith(("data:", "blob:")):
            self.faults.append(f"asks another host: {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.request.resource_type == "document" and "content-security-policy" not in response.headers:
            self.faults.append(f"no content security policy: {response.url}")


@pytest.fixture
def watch(origin: str) -> Iterator[Watch]:
    watch = Watch([origin])
    yield watch
    assert watch.unforgiven() == []


@pytest.fixture
def open_page(browser: Browser, origin: str, watch: Watch) -> Iterator[OpenPage]:
    """Open a view: `open_page("#/runs", width=390, dark=True, locale="ko-KR")`."""
    contexts: list[BrowserContext] = []

    def open_(hash_: str = "", *, width: int = 1440, dark: bool = False, locale: str = "en-US") -> Page:
        context = browser.new_context(
            base_url=origin,
            viewport={"width": width, "height": 844 if width < 500 else 900},
            color_scheme="dark" if dark else "light",
            locale=locale,
            timezone_id="Asia/Seoul",
        )
        context.set_default_timeout(_TIMEOUT_MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        watch.follow(page)
        page.goto(f"/{hash_}")
        page.locator("h1").first.wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()


def hide(page: Page, *, hidden: bool) -> None:
    """Chromium without a window never hides a tab: tell the page so."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def shot(page: Page, name: str) -> None:
    """Write a screenshot where TRAINYARD_SHOTS names a folder."""
    if _SHOTS:
        page.screenshot(path=Path(_SHOTS) / f"{name}.png")
