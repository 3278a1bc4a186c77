"""Every operation of the API has a place on the page, but those that docs/page.md lists."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from api.app import create_app
from settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "web" / "src"
TABLE = re.compile(r"^## What it leaves to others\n(.*?)^## ", re.MULTILINE | re.DOTALL)
# Those behind `path=` are for lines of curl beside what asks.
ASKED = re.compile(r'(?<!path=)(?<!path=\{)(?:api\.([A-Z]+)\(\s*)?["`](/[a-z][^"`?\s]*)')
HOLE = re.compile(r"\$?\{[^}]*\}")
# An expression with spaces, at the end of what `ASKED` finds.
UNFINISHED = re.compile(r"\$\{[^}]*$")
# Their addresses are those that answers have, or are put together from parts; the provider calls the last one.
FOLLOWED = {
    "get_file",
    "get_bundle",
    "get_report_html",
    "get_report_markdown",
    "get_sample_image",
    "get_tensorboard",
    "get_trials_file",
    "plot_sweep",
    "finish_sign_in",
}


class Place(NamedTuple):
    """Requests of any method where `method` is None; `path` is a pattern."""

    method: str | None
    path: re.Pattern[str]

    def has(self, method: str, path: str) -> bool:
        return self.method in (None, method) and self.path.fullmatch(path) is not None


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """Method and path of each, with values for parameters."""
    paths = create_app(Settings(store_dir=tmp_path_factory.mktemp("store"))).openapi()["paths"]
    return {
        operation["operationId"]: (method.upper(), HOLE.sub("x", path.replace("{image_format}", "png")))
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def pattern(path: str) -> re.Pattern[str]:
    """Of a path with `{...}` for parameters, and `...` for all that may follow."""
    parts = (re.escape(each).replace(re.escape("..."), ".*") for each in HOLE.split(path))
    return re.compile("[^/:.]+".join(parts))


def asked() -> Iterator[Place]:
    """What the page asks for."""
    for file in sorted(SOURCES.rglob("*")):
        if file.suffix in (".ts", ".svelte") and not file.name.endswith((".test.ts", ".d.ts")):
            for method, path in ASKED.findall(file.read_text()):
                yield Place(method or None, pattern(UNFINISHED.sub("", path)))


def listed() -> list[Place]:
    """The first column of the table in docs/page.md."""
    table = TABLE.search((ROOT / "docs" / "page.md").read_text())
    assert table is not None
    rows = [line for line in table[1].splitlines() if line.startswith("| `")]
    texts = [text for row in rows for text in re.findall(r"`([^`]+)`", row.split("|")[1])]
    split = [text.rpartition(" ") for text in texts]
    return [Place(method or None, pattern(path)) for method, _, path in split]


def test_each_operation_has_a_place(operations: dict[str, tuple[str, str]]) -> None:
    places = [*asked(), *listed()]
    missing = [
        f"{name}: {' '.join(operation)}"
        for name, operation in operations.items()
        if name not in FOLLOWED and not any(place.has(*operation) for place in places)
    ]
    assert missing == []


def test_what_is_left_out_exists(operations: dict[str, tuple[str, str]]) -> None:
    assert [each for each in listed() if not any(each.has(*operation) for operation in operations.values())] == []
    assert operations.keys() >= FOLLOWED
