"""axe-core, the checker of accessibility, in the pages of the tests."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.page.built import ROOT

_AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


def axe_findings(page: Page) -> list[str]:
    """What axe-core finds in a page, each with the first element that it concerns; in CI it has to be installed."""
    if not _AXE.exists():
        pytest.skip("no axe-core in web/node_modules: run `make lint`")
    if not page.evaluate("'axe' in window"):
        # Evaluated by the browser's debugger, which the content security policy does not concern.
        page.evaluate(_AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]
