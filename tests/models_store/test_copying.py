import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models_store import copying
from models_store.copying import Copy, copy_store
from models_store.errors import InvalidState, StorageFull
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Record
from models_store.store import Store, open_store
from models_store.stored_files import COPY_FILE, copying_order, read_records
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
    mirror = copying._Copying._mirror

    def succeed_then_mirror(self: copying._Copying, folder: Path, *others: object) -> None:
        if folder.name == claim.id and not (folder / "artifacts").exists():
            mirror(self, folder, *others)  # type: ignore[arg-type]  # passed on as they came
            staged = stage(claim.attempt_folder / "result")
            claim.succeed(staged, "completed", point(0), {"val_accuracy": 0.5}, {"accuracy": 0.25})
            return
        mirror(self, folder, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(copying._Copying, "_mirror", succeed_then_mirror)
    copy = copy_store(root, target)
    assert read_records(target / "experiments" / claim.id) == read_records(root / "experiments" / claim.id)
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


@pytest.mark.parametrize("name", ["predictions", "published", "staged"])
def test_dataset_of_any_name_is_copied(root: Path, target: Path, name: str) -> None:
    (root / "datasets" / name / "images").mkdir(parents=True)
    (root / "datasets" / name / "dataset.json").write_text("{}")
    (root / "datasets" / name / "images" / "images.bin").write_bytes(b"pixels")
    assert copy_store(root, target).records["datasets"] == 1
    assert files_of(target) == files_of(root)


def test_what_a_store_makes_again_is_left_out(root: Path, claim: TrainingClaim, target: Path) -> None:
    for folder in (root / "published", root / "predictions", claim.attempt_folder / "staged"):
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
    assert copy_store(root, target).faults == ()
    assert not [path for path in files_of(target) if "manifest.json" in path]


def vanish_at(monkeypatch: pytest.MonkeyPatch, folder: Path, gone: Path) -> None:
    """Have `gone` disappear when the copy reaches `folder`."""
    mirror = copying._Copying._mirror

    def disappear(self: copying._Copying, found: Path, *others: object) -> None:
        if found == folder and gone.exists():
            gone.rename(gone.with_name(f".{gone.name}.tmp"))
        mirror(self, found, *others)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(copying._Copying, "_mirror", disappear)


@pytest.mark.parametrize("delete", [False, True])
def test_record_deleted_meanwhile_stays_whole(
    root: Path, succeed: Succeed, target: Path, monkeypatch: pytest.MonkeyPatch, delete: bool
) -> None:
    folder = root / "experiments" / succeed().id
    copy_store(root, target)
    before = files_of(target)
    vanish_at(monkeypatch, folder, folder)
    copy = copy_store(root, target, delete=delete)
    assert copy.faults == ()
    assert files_of(target) == ({} if delete else before)


def test_record_deleted_before_its_copy_leaves_nothing(
    root: Path, succeed: Succeed, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = root / "experiments" / succeed().id
    vanish_at(monkeypatch, folder / "artifacts", folder)
    assert copy_store(root, target).faults == ()
    assert files_of(target) == {}
    assert not list((target / "experiments").iterdir())


def test_store_unmounted_meanwhile_empties_no_copy(
    root: Path, succeed: Succeed, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = root / "experiments" / succeed().id
    copy_store(root, target)
    before = files_of(target)
    vanish_at(monkeypatch, folder, root)
    with pytest.raises(InvalidState, match="is not a store"):
        copy_store(root, target, delete=True)
    assert files_of(target) == before


def test_faults_keep_what_was_deleted(root: Path, succeed: Succeed, target: Path) -> None:
    gone, damaged = succeed(), succeed()
    copy_store(root, target)
    shutil.rmtree(root / "experiments" / gone.id)
    (root / "experiments" / damaged.id / "artifacts" / "model.onnx").write_bytes(b"damaged")
    assert copy_store(root, target, delete=True).kept == (f"experiments/{gone.id}",)


def test_removed_pin_is_removed_from_the_copy(root: Path, target: Path) -> None:
    pin = root / "serving" / "digits.json"
    pin.parent.mkdir(exist_ok=True)
    pin.write_text("{}")
    copy_store(root, target)
    pin.unlink()
    assert copy_store(root, target).kept == ("serving/digits.json",)
    copy_store(root, target, delete=True)
    assert files_of(target) == files_of(root)


def test_unreadable_record_is_reported_the_rest_copied(
    root: Path, succeed: Succeed, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = succeed(), succeed()
    open_ = Path.open

    def fail(self: Path, *options: object, **more: object) -> object:
        if self.name == "experiment.json" and first.id in self.parts:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return open_(self, *options, **more)  # type: ignore[call-overload]  # passed on as they came

    monkeypatch.setattr(Path, "open", fail)
    copy = copy_store(root, target)
    assert copy.faults == (f"experiments/{first.id}/experiment.json: Input/output error",)
    assert not (target / "experiments" / first.id).exists()
    assert (target / "experiments" / second.id / "experiment.json").is_file()


def test_result_replaced_meanwhile_is_no_fault(
    root: Path, succeed: Succeed, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of an evaluation that is repeated: its manifest is copied before its files."""
    artifacts = root / "experiments" / succeed().id / "artifacts"
    copy_file = copying._Copying._copy_file

    def replace(self: copying._Copying, path: Path, copied: Path) -> None:
        copy_file(self, path, copied)
        if path.name == "manifest.json" and (artifacts / "model.onnx").read_bytes() != b"another network":
            shutil.rmtree(artifacts)
            stage(artifacts, onnx=b"another network")

    monkeypatch.setattr(copying._Copying, "_copy_file", replace)
    copy = copy_store(root, target)
    assert copy.faults == ()
    assert files_of(target) == files_of(root)


def test_seals_are_copied_behind_what_they_hide() -> None:
    names = ["holdout", "assignments", "datasets", "sweeps", "experiments", "serving"]
    expected = ["assignments", "serving", "sweeps", "experiments", "datasets", "holdout"]
    assert [path.name for path in sorted(map(Path, names), key=copying_order)] == expected
