"""How much the page loads before it shows something."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.page.built import DIST, needs_page

pytestmark = [pytest.mark.unit, needs_page]

INITIAL_BYTES = 80_000
INITIAL_SCRIPTS = 4
EDITOR_BYTES = 170_000


def manifest() -> dict[str, dict[str, Any]]:
    """Each entry of the build by its source, as Vite writes it."""
    entries: dict[str, dict[str, Any]] = json.loads((DIST / "manifest.json").read_text())
    return entries


def files_of(*sources: str) -> set[Path]:
    """The files that load with some entries: their own and those of all static imports."""
    entries, waiting, seen = manifest(), list(sources), set[str]()
    while waiting:
        source = waiting.pop()
        if source not in seen:
            seen.add(source)
            waiting += entries[source].get("imports", [])
    return {DIST / entries[source]["file"] for source in seen}


def compressed_size(files: set[Path]) -> int:
    return sum(len(gzip.compress(file.read_bytes(), mtime=0)) for file in files)


def test_first_view_fits_its_budget() -> None:
    files = files_of("index.html", "src/views/runs/Runs.svelte")
    assert compressed_size(files) <= INITIAL_BYTES


def test_first_view_loads_beside_the_shell() -> None:
    html = (DIST / "index.html").read_text()
    files = files_of("index.html", "src/views/runs/Runs.svelte")
    assert len(files) <= INITIAL_SCRIPTS
    assert [file.name for file in files if f'="./assets/{file.name}"' not in html] == []


def test_editor_of_specs_fits_its_budget() -> None:
    editor = files_of("src/views/new/editor.ts") - files_of("index.html", "src/views/new/New.svelte")
    assert 0 < compressed_size(editor) <= EDITOR_BYTES


def test_views_are_loaded_when_they_are_shown() -> None:
    entries = manifest()
    views = {source for source in entries if source.startswith("src/views/") and source.endswith(".svelte")}
    assert views
    assert all(entries[source].get("isDynamicEntry") for source in views)
    assert files_of("index.html").isdisjoint(DIST / entries[source]["file"] for source in views)


def test_index_loads_only_files_of_the_page() -> None:
    html = (DIST / "index.html").read_text()
    assert "http:" not in html.replace("http://www.w3.org", "")
    assert 'src="./assets/' in html
    assert "<style" not in html
    assert "style=" not in html
