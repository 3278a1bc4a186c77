"""The documents agree with the code and with each other."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from annotated_types import Ge, Gt, Le
from pydantic import AliasChoices, TypeAdapter
from pydantic.fields import FieldInfo

from settings import Settings
from specs.advice import warnings_for
from specs.augmentation import AugmentationLayer
from specs.experiment import parse_spec
from specs.layers import Layer
from specs.learning_rates import LearningRate
from specs.optimizers import Optimizer

ROOT = Path(__file__).parents[1]
FIELDS = Settings.model_fields
LONGEST_TEST_NAME = 50
LONGEST_DECISION = 40
# Put together here, so that this file may be searched like every other.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("docker", "io"),
        ("gcr", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("conda", "anaconda", "org"),
    )
]
INDEX_OPTIONS = [f"--{name}" for name in ("index-url", "extra-index-url", "find-links")]
MACHINE_FOLDERS = [f"/{name}/" for name in ("work", "root", "home", "Users", "mnt")]
IGNORED = re.compile(r"(\.git|\.venv.*|\.\w+_cache|\.hypothesis|\.env|\.coverage.*|var|dist|.*\.egg-info)$")


def tracked() -> list[Path]:
    """What git tracks or would track; everything that is text."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        files = [ROOT / name for name in listed.stdout.splitlines()]
    else:  # not a git checkout
        tops = [top for top in ROOT.iterdir() if not IGNORED.match(top.name)]
        files = [file for top in tops for file in (top, *top.rglob("*")) if "__pycache__" not in file.parts]
    return [file for file in files if file.is_file() and b"\0" not in file.read_bytes()]


def documents() -> list[Path]:
    return [file for file in tracked() if file.suffix == ".md"]


# -- settings --------------------------------------------------------------------------------------------------------


def rows() -> dict[str, list[str]]:
    """The first table of docs/settings.md: from the first name to the other cells, without back-quotes."""
    table = (ROOT / "docs" / "settings.md").read_text().split("Read by others")[0]
    lines = [line for line in table.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first: [cell.strip("`") for cell in rest] for first, *rest in cells}


def names_of(name: str, field: FieldInfo) -> list[str]:
    """All environment variables that set a field, the one that is expected first."""
    alias = field.validation_alias
    return [str(each) for each in alias.choices] if isinstance(alias, AliasChoices) else [f"TRAINYARD_{name.upper()}"]


def cell_of(name: str, field: FieldInfo) -> str:
    first, *others = (f"`{each}`" for each in names_of(name, field))
    return f"{first} (or {', '.join(others)})" if others else first


def default_of(name: str, default: Any) -> str:
    if name == "stall_seconds":
        return f"20 leases ({Settings.model_construct().stall_limit_seconds:g})"
    if isinstance(default, float):
        return f"{default:g}"
    if isinstance(default, bool):
        return str(default).lower()
    return "none" if default in (None, ()) else str(default)


def range_of(field: FieldInfo) -> str:
    """As the table says it: `0.5 to 3600`, `above 0 to 600`, `1 or more`, or nothing."""
    least = next((f"{each.ge:g}" for each in field.metadata if isinstance(each, Ge)), None)
    above = next((f"above {each.gt:g}" for each in field.metadata if isinstance(each, Gt)), None)
    most = next((f"{each.le:g}" for each in field.metadata if isinstance(each, Le)), None)
    if most is not None:
        return f"{least or above} to {most}"
    return above or (f"{least} or more" if least else "")


def test_settings_table_has_every_field() -> None:
    assert list(rows()) == [cell_of(name, field) for name, field in FIELDS.items()]


@pytest.mark.parametrize("name", FIELDS)
def test_setting_has_its_default_and_range(name: str) -> None:
    field = FIELDS[name]
    default, unit, meaning = rows()[cell_of(name, field)]
    assert default == default_of(name, field.default)
    assert unit.endswith(range_of(field))
    assert meaning.endswith(".")


def test_environment_names_are_documented() -> None:
    """Wherever it stands: a setting that was taken away leaves no trace."""
    others = re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    outside = {"TRAINYARD_PORT"}  # docker-compose.yml's own, see .env.example
    known = {each for name, field in FIELDS.items() for each in names_of(name, field)} | set(others) | outside
    documents = [file for file in tracked() if file.suffix in (".md", ".yml", ".example") or file.name == "Dockerfile"]
    shown = [file for file in documents if file.name != "CHANGELOG.md"]  # which names former ones
    used = {name for file in shown for name in re.findall(r"\bTRAINYARD_[A-Z_]*[A-Z]\b", file.read_text())}
    assert used <= known


# -- links, lengths, places ------------------------------------------------------------------------------------------


def test_relative_links_exist() -> None:
    found = [
        (file, target)
        for file in documents()
        for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text())
        if "://" not in target
    ]
    assert len(found) > 30
    broken = [
        f"{file.relative_to(ROOT)}: {target}"
        for file, target in found
        if not (file.parent / target.partition("#")[0]).exists()
    ]
    assert broken == []


def test_decisions_are_short_and_numbered_once() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    numbers = [file.name[:4] for file in decisions]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    for file in decisions:
        assert len(file.read_text().splitlines()) <= LONGEST_DECISION, file.name
        assert file.read_text().startswith(f"# {file.name[:4]}: "), file.name


def test_files_name_no_registry_and_no_machine() -> None:
    words = "|".join(map(re.escape, (*REGISTRIES, *INDEX_OPTIONS)))
    # Not where the folder is a part of another path.
    folders = "|".join(map(re.escape, MACHINE_FOLDERS))
    forbidden = re.compile(rf"{words}|(?<![\w.}}])(?:{folders})")
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in tracked()
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1)
        if forbidden.search(line)
    ]
    assert found == []


def test_names_of_tests_are_short() -> None:
    """CONTRIBUTING.md: 50 characters at most."""
    names = [
        name
        for file in tracked()
        if file.suffix == ".py" and file.is_relative_to(ROOT / "tests")
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE)
    ]
    assert len(names) > 1000
    assert [name for name in names if len(name) > LONGEST_TEST_NAME] == []


# -- faults ----------------------------------------------------------------------------------------------------------


def test_faults_name_existing_tests() -> None:
    """`file::test` in the last column, or only `test` for another one of the same file."""
    rows = [line for line in (ROOT / "docs" / "faults.md").read_text().splitlines() if re.match(r"^\| \d", line)]
    assert len(rows) >= 20
    assert [row.split("|")[1].strip() for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    for row in rows:
        shown = row.strip("|").split("|")[-1]
        file, named = "", 0
        for path, test in re.findall(r"`(?:(tests/[\w/]+\.py)::)?(test_\w+)`", shown):
            file = path or file
            assert re.search(rf"^def {test}\(", (ROOT / file).read_text(), re.MULTILINE), f"{file}::{test}"
            named += 1
        assert named, row
        assert shown.count("`") == 2 * named, row


EXPERIMENTS = (ROOT / "docs" / "experiments.md").read_text()


def test_example_experiment_is_valid_without_warnings() -> None:
    [example] = re.findall(r"^```yaml\n(.*?)^```$", EXPERIMENTS, re.MULTILINE | re.DOTALL)
    assert warnings_for(parse_spec(yaml.safe_load(example))) == []


@pytest.mark.parametrize("union", [Layer, AugmentationLayer, Optimizer, LearningRate])
def test_experiments_document_names_every_type(union: Any) -> None:
    parts = [each["properties"] for each in TypeAdapter(union).json_schema()["$defs"].values()]
    types = {part["type"]["const"] for part in parts if "type" in part}
    assert len(types) >= 6
    assert {each for each in types if not re.search(rf"\b{each}\b", EXPERIMENTS)} == set()
