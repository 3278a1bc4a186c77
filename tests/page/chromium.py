"""Chromium: the one in TRAINYARD_BROWSER, else one on the PATH, else Playwright's own."""

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no browser: `apt-get install chromium`, or name one in TRAINYARD_BROWSER"


def launch(playwright: Playwright) -> Browser | None:
    """None where no browser is installed."""
    path = os.environ.get("TRAINYARD_BROWSER") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None and not Path(playwright.chromium.executable_path).exists():
        return None
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
