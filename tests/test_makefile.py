"""The verbs of the Makefile."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_verb_is_listed_and_made_once() -> None:
    text = (ROOT / "Makefile").read_text()
    [phony] = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    described = re.findall(r"^([a-z-]+):.*## \S", text, re.MULTILINE)
    assert sorted(described) == sorted(phony.split())


def test_no_recipe_is_overridden() -> None:
    """Make warns of a target that has two."""
    tried = subprocess.run(["make", "--dry-run", "help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (tried.returncode, tried.stderr) == (0, "")
