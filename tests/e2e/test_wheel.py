"""The wheel, built and installed into an environment of its own, far from the checkout."""

import site
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from settings import VERSION
from tests.e2e.running_up import RunningUp, installed_environment, is_ready
from tests.support.service import ROOT
from tests.support.waiting import PATIENCE_SECONDS, eventually

# One wheel for all of them.
pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("wheel")]

Run = subprocess.CompletedProcess[str]


def run(*command: str | Path, cwd: Path) -> Run:
    return subprocess.run(
        command,
        cwd=cwd,
        env=installed_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    [wheel] = folder.iterdir()
    return wheel


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel, which sees the dependencies but not the checkout."""
    folder = tmp_path_factory.mktemp("venv")
    made = run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    assert made.returncode == 0, made.stderr
    python = folder / "bin" / "python"
    installed = run(
        sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder
    )
    assert installed.returncode == 0, installed.stderr
    [packages] = folder.glob("lib/python*/site-packages")
    # A path in a .pth file is searched, but the .pth files there, the editable install among them, are not read.
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    return python


def test_wheel_has_one_top_level_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top_level = {name.split("/")[0] for name in names}
    assert top_level == {"trainyard", f"trainyard-{VERSION}.dist-info"}
    own = ("settings.py", "standard_streams.py")
    assert {"trainyard/py.typed", *(f"trainyard/_server/{name}" for name in own)} <= set(names)
    assert "trainyard/_server/api/page/dist/index.html" in names
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]


def test_sdist_has_the_page_and_its_sources(tmp_path: Path) -> None:
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    [sdist] = tmp_path.iterdir()
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"api/page/dist/index.html", "web/src/main.ts", "web/package-lock.json"} <= names
    assert not [name for name in names if "node_modules" in name]


def test_wheel_has_every_file_of_the_application(wheel: Path) -> None:
    packages = {file.parent for file in ROOT.glob("*/__init__.py")} - {ROOT / "tests", ROOT / "trainyard"}
    files = [file for package in packages for file in package.rglob("*") if file.is_file()]
    kept = {file.relative_to(ROOT).as_posix() for file in files if "__pycache__" not in file.parts}
    with zipfile.ZipFile(wheel) as archive:
        assert {f"trainyard/_server/{name}" for name in kept} <= set(archive.namelist())
    assert len(packages) >= 8


def test_installed_command_knows_its_version(python: Path, tmp_path: Path) -> None:
    asked = run(python.with_name("trainyard"), "--version", cwd=tmp_path)
    assert (asked.returncode, asked.stdout) == (0, f"trainyard {VERSION}\n")


def test_installed_package_hides_the_application(python: Path, tmp_path: Path) -> None:
    asked = run(python, "-c", "import trainyard; print(trainyard.__file__); import api", cwd=tmp_path)
    assert asked.stdout.startswith(str(python.parents[1]))
    assert "No module named 'api'" in asked.stderr


def test_installed_up_gets_ready(python: Path, tmp_path: Path) -> None:
    up = RunningUp(tmp_path, python)
    try:
        eventually(lambda: is_ready(up.url))
        assert up.client.presets()
    finally:
        up.close()
    assert up.leftovers() == []


def test_installed_demo_trains_and_predicts(python: Path, tmp_path: Path) -> None:
    ran = run(python.with_name("trainyard"), "demo", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Test accuracy 0.9" in ran.stdout
    assert "four.png: 4 " in ran.stdout
