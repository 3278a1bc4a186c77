import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from models_store.__main__ import main
from models_store.experiments.record import Record
from tests.models_store.test_copying import files_of

Run = Callable[..., list[str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`python -m models_store`; return the lines that it prints."""

    def run_it(*arguments: object, status: int = 0) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["models_store", *map(str, arguments)])
        assert main() == status
        return capsys.readouterr().out.splitlines()

    return run_it


def test_backup_is_made_listed_checked_and_restored(
    run: Run, root: Path, succeed: Callable[..., Record], bucket_url: str, tmp_path: Path
) -> None:
    record = succeed()
    assert run("check", bucket_url) == [
        f"{bucket_url} keeps what a backup needs: objects that are created once, and replaced by their tag alone"
    ]
    assert run("list", bucket_url) == [f"{bucket_url} has no backup"]
    name, records, files, verified = run("copy", root, bucket_url)
    count = len(files_of(root))
    assert records.endswith("experiments: 1")
    assert files.startswith(f"{count} files (")
    assert verified == "1 result verified by sha256"
    assert run("copy", root, bucket_url, "--keep", 1)[2].endswith(" bytes), of which 0 were sent (0 bytes)")
    [listed] = json.loads("".join(run("list", bucket_url, "--json")))
    assert listed["name"] > name.removeprefix("backup ")
    assert run("list", bucket_url)[0].startswith(f"{listed['name']}  {records}  (")
    assert run("check", bucket_url, "--read")[0].startswith("1 backup: ")
    restored = run("copy", bucket_url, tmp_path / "restored", "--backup", listed["name"])
    assert restored[2].startswith(f"{count} files restored (")
    assert files_of(tmp_path / "restored") == files_of(root)
    (root / "experiments" / record.id / "artifacts" / "model.onnx").write_bytes(b"damaged")
    assert run("copy", root, bucket_url, status=1)[-2] == "not backed up, or damaged: 1"
    assert run("list", bucket_url)[1].endswith(" bytes, 1 fault)")
    title, fault = run("copy", bucket_url, tmp_path / "with_faults", status=1)[-2:]
    assert title == "not in the backup, not restored, or damaged: 1"
    assert fault.endswith("does not match its sha256 in manifest.json (when it was backed up)")
