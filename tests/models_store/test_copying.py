import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models_store import copying
from models_store.copying import COPY_FILE, Copy, copy_store
from models_store.errors import InvalidState, StorageFull
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Record
from models_store.store import Store, open_store
from tests.models_store.results import point, stage
from tests.support.store import LEASE_SECONDS
from tests.support.valkey import Valkey

Succeed = Callable[..., Record]


@pytest.fixture
def root(store: Store, tmp_path: Path) -> Path:
    """The folder of the store."""
    return tmp_path / "store"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "copy"


def files_of(folder: Path) -> dict[str, bytes]:
    """Without the locks, which a store makes when it needs them, and what says that it is a copy."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in paths
        if not path.name.startswith(".") and path.name != COPY_FILE
    }


def test_copy_has_every_file(root: Path, succeed: Succeed, target: Path) -> None:
    succeed()
    copy = copy_store(root, target)
    assert files_of(target) == files_of(root)
    assert copy.copied_bytes == sum(map(len, files_of(root).values()))
    assert copy.records["experiments"] == 1
    assert copy.verified == 1
    assert copy.faults == ()
    assert Copy.model_validate_json((target / COPY_FILE).read_bytes()) == copy


def test_copy_is_readable_by_its_user_alone(root: Path, succeed: Succeed, target: Path) -> None:
    succeed()
    copy_store(root, target)
    assert {path.stat().st_mode & 0o077 for path in (target, *target.rglob("*"))} == {0}


def test_store_opened_on_a_copy_shows_the_same(root: Path, succeed: Succeed, target: Path, valkey: Valkey) -> None:
    record = succeed()
    copy_store(root, target)
    opened = open_store(target, valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
    try:
        assert opened.experiments.read(record.id) == record
    finally:
        opened.close()


def test_second_copy_writes_only_what_changed(root: Path, store: Store, succeed: Succeed, target: Path) -> None:
    first = succeed()
    copy_store(root, target)
    store.experiments.edit(first.id, {"name": "renamed"})
    second = succeed()
    copy = copy_store(root, target)
    assert files_of(target) == files_of(root)
    assert copy.records["experiments"] == 2
    assert copy.verified == 1
    again = copy_store(root, target)
    assert (again.copied_files, again.unchanged_files) == (0, len(files_of(root)))
    assert (target / "experiments" / second.id / "artifacts").is_dir()


def test_what_was_deleted_is_kept_unless_asked(root: Path, succeed: Succeed, target: Path) -> None:
    gone = succeed()
    succeed()
    copy_store(root, target)
    shutil.rmtree(root / "experiments" / gone.id)
    assert copy_store(root, target).kept == (f"experiments/{gone.id}",)
    assert (target / "experiments" / gone.id).is_dir()
    assert copy_store(root, target, delete=True).kept == ()
    assert files_of(target) == files_of(root)


def test_results_of_a_record_are_in_the_copy(
    root: Path, claim: TrainingClaim, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It succeeds between the reading of its record and the copying of its files."""
    read, mirror = copying._read_records, copying._Copying._mirror

    def succeed_then_mirror(self: copying._Copying, folder: Path, *others: object) -> None:
        if folder.name == claim.id and not (folder / "artifacts").exists():
            mirror(self, folder, *others)  # type: ignore[arg-type]  # passed on as they came
            staged = stage(claim.attempt_folder / "result")
            claim.succeed(staged, "completed", point(0), {"val_accuracy": 0.5}, {"accuracy": 0.25})
            return
        mirror(self, folder, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(copying._Copying, "_mirror", succeed_then_mirror)
    copy = copy_store(root, target)
    assert read(target / "experiments" / claim.id) == read(root / "experiments" / claim.id)
    assert (target / "experiments" / claim.id / "artifacts" / "model.onnx").is_file()
    assert copy.verified == 1


def test_damaged_result_is_reported(root: Path, succeed: Succeed, target: Path) -> None:
    record = succeed()
    network = root / "experiments" / record.id / "artifacts" / "model.onnx"
    network.write_bytes(network.read_bytes()[::-1])
    copy = copy_store(root, target)
    assert copy.faults == (f"experiments/{record.id}/artifacts/model.onnx: does not match its sha256 in manifest.json",)
    assert copy.verified == 0


def test_unreadable_file_is_reported_the_rest_copied(
    root: Path, succeed: Succeed, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = succeed(), succeed()
    open_ = Path.open

    def fail(self: Path, *options: object, **more: object) -> object:
        if self.name == "model.onnx" and first.id in self.parts and "copy" not in self.parts:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return open_(self, *options, **more)  # type: ignore[call-overload]  # passed on as they came

    monkeypatch.setattr(Path, "open", fail)
    copy = copy_store(root, target)
    assert f"experiments/{first.id}/artifacts/model.onnx: Input/output error" in copy.faults
    assert (target / "experiments" / second.id / "artifacts" / "model.onnx").is_file()


def test_full_disk_ends_the_copy_with_a_message(
    root: Path, succeed: Succeed, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = succeed()

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfileobj", fail)
    with pytest.raises(StorageFull, match="no room to write the copy in"):
        copy_store(root, target)
    assert not (target / "experiments" / record.id).exists()
    monkeypatch.undo()
    copy_store(root, target)
    assert files_of(target) == files_of(root)


def test_folder_that_is_no_store_is_rejected(tmp_path: Path, target: Path) -> None:
    with pytest.raises(InvalidState, match="is not a store"):
        copy_store(tmp_path, target)
    assert not target.exists()


def test_target_with_other_files_is_rejected(root: Path, target: Path) -> None:
    target.mkdir()
    (target / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidState, match="neither empty nor a copy"):
        copy_store(root, target)
    assert (target / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("inner", ["", "inner"])
def test_copy_into_the_store_itself_is_rejected(root: Path, inner: str) -> None:
    with pytest.raises(InvalidState, match="one of which contains the other"):
        copy_store(root, root / inner)
