"""The notebook of examples/, executed cell by cell against a running service."""

import ast
import json
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from tests.e2e.running_up import RunningUp
from tests.support.service import ROOT
from trainyard.figure import Figure

pytestmark = pytest.mark.xdist_group("up")

NOTEBOOK = ROOT / "examples" / "trainyard.ipynb"
DOCUMENT: dict[str, Any] = json.loads(NOTEBOOK.read_text())
CELLS = ["".join(cell["source"]) for cell in DOCUMENT["cells"] if cell["cell_type"] == "code"]


def execute(cells: list[str]) -> Iterator[object]:
    """Yield what a notebook would show under each cell: the value of its last expression."""
    namespace: dict[str, Any] = {}
    for cell in cells:
        *statements, last = ast.parse(cell).body
        exec(compile(ast.Module(statements, []), "cell", "exec"), namespace)
        if isinstance(last, ast.Expr):
            yield eval(compile(ast.Expression(last.value), "cell", "eval"), namespace)
        else:
            exec(compile(ast.Module([last], []), "cell", "exec"), namespace)
            yield None
    namespace["client"].close()  # which the end of a notebook's process does


def test_notebook_runs_and_shows_frames_and_figures(
    up: RunningUp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRAINYARD_URL", up.url)
    monkeypatch.chdir(NOTEBOOK.parent)

    shown = list(execute(CELLS))

    figures = [each for each in shown if isinstance(each, Figure)]
    frames = [each for each in shown if isinstance(each, pd.DataFrame)]
    assert len(figures) == sum("plot" in cell or "sheet" in cell for cell in CELLS) == 4
    assert all(str(figure._repr_png_()).startswith("b'\\x89PNG") for figure in figures)
    assert len(frames) == sum("to_frame" in cell for cell in CELLS) == 5
    assert all(len(frame) > 0 for frame in frames)
    assert len(capsys.readouterr().out.splitlines()) >= 6
    [predictions] = [frame for frame in frames if "filename" in frame.columns]
    assert list(predictions["filename"]) == ["four.png", "two.png"]


def test_notebook_is_stored_without_outputs() -> None:
    assert NOTEBOOK.stat().st_size < 10_000
    assert all(cell["outputs"] == [] for cell in DOCUMENT["cells"] if cell["cell_type"] == "code")
