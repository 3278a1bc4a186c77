import json
from pathlib import Path

import pytest

from tests.trainyard.cli.running import run

# They run another program.
pytestmark = pytest.mark.processes


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """With the folders of a store, and one record."""
    folder = tmp_path / "store"
    (folder / "experiments" / "01").mkdir(parents=True)
    (folder / "experiments" / "01" / "experiment.json").write_text("{}")
    return folder


def test_copy_says_what_was_copied(store: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("store", "copy", str(store), str(tmp_path / "copy")) == 0
    assert capfd.readouterr().out.splitlines() == [
        "experiments: 1",
        "1 file copied (2 bytes), 0 unchanged",
        "0 results verified by sha256",
    ]
    assert (tmp_path / "copy" / "experiments" / "01" / "experiment.json").read_text() == "{}"


def test_copy_as_json_lists_what_is_damaged(store: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    artifacts = store / "experiments" / "01" / "artifacts"
    artifacts.mkdir()
    (artifacts / "manifest.json").write_text('{"files": {"model.onnx": {"sha256": "00", "bytes": 1}}}')
    assert run("store", "copy", str(store), str(tmp_path / "copy"), "--json") == 1
    [fault] = json.loads(capfd.readouterr().out)["faults"]
    assert fault == "experiments/01/artifacts/model.onnx: does not match its sha256 in manifest.json"


def test_folder_that_is_no_store_is_wrong_usage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("store", "copy", str(tmp_path), str(tmp_path / "copy")) == 2
    assert "is not a store: expected a folder with `experiments` in it" in capfd.readouterr().err


def test_check_says_what_a_disk_keeps(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("store", "check", str(tmp_path)) == 0
    assert "keeps what a store needs" in capfd.readouterr().out


def test_check_of_a_missing_folder_names_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("store", "check", str(tmp_path / "missing")) == 5
    assert f"{tmp_path / 'missing'}" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("copy", "s3://one/a", "s3://two/b"), "restore it to a folder first"),
        (("copy", "{store}", "s3://one/a", "--delete"), "--delete is for a copy in a folder"),
        (("copy", "{store}", "copy", "--keep", "2"), "--keep is for TO in a bucket"),
        (("copy", "{store}", "copy", "--backup", "2026"), "--backup is for FROM in a bucket"),
        (("copy", "{store}", "s3://UPPER"), "s3://UPPER is not a bucket"),
        (("list", "var/store"), "var/store is not a bucket"),
        (("check", "{store}", "--read"), "--read is for backups in a bucket"),
    ],
)
def test_options_of_the_other_kind_are_rejected(
    store: Path, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert run("store", *(each.format(store=store) for each in arguments)) == 2
    assert message in capfd.readouterr().err
