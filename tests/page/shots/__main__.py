"""Writes screenshots of every view to var/shots/, with an index.html that shows them beside each other.

python -m tests.page.shots [--all] [NAME ...]: `--all` takes each at every size, in both themes and both languages, in
place of three of these; names, or parts of them, choose among the screenshots.
"""

import argparse
import html
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, FloatRect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from models_store.store import open_store
from specs.problem import quantity
from tests.page.built import DIST
from tests.page.chromium import MISSING, launch
from tests.page.layout import sticking_out
from tests.page.open_requests import OpenRequests
from tests.page.shots.material import Material
from tests.page.shots.school import fill_school
from tests.page.shots.views import ALL, SHOTS, Look, Shot, looks_at
from tests.support.service import ROOT, Service
from tests.support.valkey import Valkey

FOLDER = ROOT / "var" / "shots"
_LOCALES = {"en": "en-US", "ko": "ko-KR"}
# Claims of runs that nobody trains are kept for that long.
_LEASE_SECONDS = 3600
# More runs than there are: by itself nothing is deleted.
_KEPT = 10_000
# Also the images further down, which browsers load when they are scrolled to; a broken one is seen in the screenshot.
_DECODE = """Promise.all(
    [...document.images].map((image) => {
        image.loading = "eager";
        return image.decode().catch(() => null);
    })
)"""
# Of a page that is scrolled, in pixels.
_MAX_HEIGHT = 2600


def main() -> None:
    arguments = argparse.ArgumentParser(prog="shots")
    arguments.add_argument("names", nargs="*")
    arguments.add_argument("--all", action="store_true")
    options = arguments.parse_args()
    if not (DIST / "index.html").exists():
        raise SystemExit("no page: `make page` builds it")
    wanted = [
        (shot, look)
        for index, shot in enumerate(SHOTS)
        if not options.names or any(each in shot.name for each in options.names)
        for look in (ALL if options.all else looks_at(index))
    ]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        browser = launch(stack.enter_context(sync_playwright()))
        if browser is None:
            raise SystemExit(MISSING)
        empty = stack.enter_context(service())
        school = filled = empty
        if any(shot.who for shot, _ in wanted):
            school = stack.enter_context(service(auth="keys"))
            school.ids |= fill_school(school.store)
        if any(not shot.is_empty and not shot.who for shot, _ in wanted):
            filled = stack.enter_context(service())
            filled.fill()
        failed = [
            (shot, look)
            for shot, look in wanted
            if not take(browser, empty if shot.is_empty else school if shot.who else filled, shot, look)
        ]
    write_index([each for each in wanted if each not in failed])
    print(f"{quantity(len(wanted) - len(failed), 'screenshot')}: {FOLDER / 'index.html'}")
    sys.exit(1 if failed else 0)


@contextmanager
def service(**settings: object) -> Iterator[Material]:
    """A service with an API and no worker, on a store of its own without anything in it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        valkey = Valkey(folder / "valkey")
        valkey.start()
        running = Service(folder, valkey, lease_seconds=_LEASE_SECONDS, retention_count=_KEPT, **settings)
        try:
            running.start_api()
            store = open_store(running.store, valkey.url, _LEASE_SECONDS, max_attempts=3, role="shots")
            yield Material(running, store)
            store.close()
        finally:
            running.stop()
            valkey.stop()


def take(browser: Browser, material: Material, shot: Shot, look: Look) -> bool:
    """Write one screenshot; return whether the page showed what the screenshot is about."""
    if not shot.is_empty:
        material.beat()
    context = browser.new_context(
        base_url=str(material.service.http.base_url),
        viewport={"width": look.width, "height": 844 if look.width < 500 else 900},
        color_scheme="dark" if look.dark else "light",
        locale=_LOCALES[look.language],
        timezone_id="Asia/Seoul",
        reduced_motion="reduce",
    )
    try:
        page = context.new_page()
        requests = OpenRequests(page)
        if shot.who:
            page.goto(f"/#key={material.ids[shot.who]}")
            page.locator("nav").first.wait_for()
        page.goto(f"/{shot.hash(material.ids)}")
        page.locator(shot.ready).first.wait_for()
        shot.act(page)
        requests.wait()
        for element in sticking_out(page):
            print(f"{shot.name}, {look}: wider than its place: {element}", file=sys.stderr)
        page.evaluate(_DECODE)
        height = min(page.evaluate("document.documentElement.scrollHeight"), _MAX_HEIGHT)
        clip = FloatRect(x=0, y=0, width=look.width, height=height)
        page.screenshot(path=FOLDER / f"{shot.name}.{look}.png", full_page=True, clip=clip)
        return True
    except PlaywrightError as error:
        print(f"{shot.name}, {look}: {error}", file=sys.stderr)
        return False
    finally:
        context.close()


def write_index(wanted: Sequence[tuple[Shot, Look]]) -> None:
    files: dict[str, list[str]] = defaultdict(list)
    for shot, look in wanted:
        files[shot.name].append(f"{shot.name}.{look}.png")
    rows = "".join(
        f"<h2>{html.escape(name)}</h2><p>"
        + "".join(f'<a href="{each}"><img src="{each}" alt="{each}" loading="lazy"></a> ' for each in names)
        for name, names in files.items()
    )
    style = "body{font:14px sans-serif;background:#888}img{height:420px;vertical-align:top}"
    (FOLDER / "index.html").write_text(f"<!doctype html><title>Screenshots</title><style>{style}</style>{rows}")


if __name__ == "__main__":
    main()
