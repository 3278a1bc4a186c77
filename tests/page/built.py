"""Where the built page lies, and what views it has."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIST = ROOT / "api" / "page" / "dist"
_VIEWS = ROOT / "web" / "src" / "views"

needs_page = pytest.mark.skipif(not (DIST / "index.html").exists(), reason="no page: `make page` builds it")


def names_of_views() -> set[str]:
    found = {re.findall(r'name: "(\w+)"', file.read_text())[0] for file in _VIEWS.glob("*/view.ts")}
    assert found
    return found


def names_of_tabs() -> list[str]:
    [listed] = re.findall(r"TABS = \[(.*)\]", (_VIEWS / "run" / "tabs.ts").read_text())
    return [name for name in re.findall(r'"(\w+)"', listed) if name != "overview"]
