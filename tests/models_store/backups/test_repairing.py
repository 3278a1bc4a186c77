"""What was lost or damaged in a bucket, or during a restore, and what others have put there."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from models_store.backups import pruning
from models_store.backups.backing_up import back_up
from models_store.backups.backup import Backups, file_key
from models_store.backups.bucket import PIECE_BYTES, Bucket
from models_store.backups.checking import check_backups
from models_store.backups.lock import hold_lock
from models_store.backups.restoring import UNFINISHED, restore
from models_store.errors import Unavailable
from models_store.experiments.record import Record
from tests.models_store.backups.test_backing_up import files_in, key_of
from tests.models_store.test_copying import files_of
from tests.support.s3_server import S3Server

Succeed = Callable[..., Record]


@pytest.fixture
def network(root: Path, succeed: Succeed) -> str:
    """A file of a finished experiment."""
    return f"experiments/{succeed().id}/artifacts/model.onnx"


@pytest.fixture
def large(root: Path) -> str:
    """A file that is sent in parts."""
    folder = root / "datasets" / "large"
    folder.mkdir(parents=True)
    (folder / "dataset.json").write_text("{}")
    (folder / "images.bin").write_bytes(os.urandom(PIECE_BYTES + 1))
    return "datasets/large/images.bin"


def flip(data: bytes) -> bytes:
    return bytes(255 - byte for byte in data)


def test_lost_objects_are_sent_again(root: Path, network: str, large: str, bucket: Bucket, target: Path) -> None:
    """Of a small file, a large one, a record, and of all."""
    back_up(root, bucket)
    record = f"{network.partition('/artifacts')[0]}/experiment.json"
    bucket.delete([key_of(bucket, name) for name in (network, large, record)])
    assert back_up(root, bucket).copied_files == 3
    assert check_backups(bucket).faults == ()
    bucket.delete(list(files_in(bucket)))
    back_up(root, bucket)
    assert restore(bucket, target).faults == ()
    assert files_of(target) == files_of(root)


def test_object_of_another_size_is_replaced(root: Path, network: str, bucket: Bucket, target: Path) -> None:
    back_up(root, bucket)
    bucket.put(key_of(bucket, network), b"cut")
    assert back_up(root, bucket).copied_files == 1
    assert restore(bucket, target).faults == ()
    assert files_of(target) == files_of(root)


def test_content_of_another_file_is_not_sent(root: Path, bucket: Bucket) -> None:
    for name in ("one", "two"):
        (root / "datasets" / name).mkdir(parents=True)
        (root / "datasets" / name / "images.bin").write_bytes(b"the same")
        sent = back_up(root, bucket).copied_files
    assert sent == 0


@pytest.mark.parametrize("is_large", [False, True])
def test_checked_damage_is_sent_again(
    root: Path, network: str, large: str, bucket: Bucket, target: Path, is_large: bool
) -> None:
    """It has the right size, and no listing shows it."""
    backup, damaged = back_up(root, bucket), large if is_large else network
    bucket.put(key_of(bucket, damaged), flip((root / damaged).read_bytes()))
    checked = check_backups(bucket)
    assert checked.faults == (f"{backup.name}: {damaged}: does not match its sha256",)
    assert checked.removed == (f"{backup.name}: {damaged}",)
    assert back_up(root, bucket).copied_files == 1
    assert check_backups(bucket).faults == ()
    # The earlier backup is whole again as well.
    assert restore(bucket, target, backup.name).faults == ()
    assert files_of(target) == files_of(root)


def test_damage_stays_while_a_backup_is_made(root: Path, network: str, bucket: Bucket) -> None:
    """It may name what would be removed."""
    backup = back_up(root, bucket)
    bucket.put(key_of(bucket, network), b"damaged")
    with hold_lock(bucket):
        checked = check_backups(bucket)
    fault, not_removed = checked.faults
    assert fault == f"{backup.name}: {network}: does not match its sha256"
    assert not_removed.startswith("what is damaged was not removed, and is not sent again: ")
    assert "is in use by another backup" in not_removed
    assert checked.removed == ()
    assert key_of(bucket, network) in files_in(bucket)


def test_repaired_meanwhile_is_not_removed(
    root: Path, network: str, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another check removed it, and a backup sent it again, before this one had the lock."""
    back_up(root, bucket)
    key = key_of(bucket, network)
    bucket.put(key, b"damaged")
    hold = hold_lock

    def repair_then_hold(bucket: Bucket) -> object:
        bucket.put(key, (root / network).read_bytes())
        return hold(bucket)

    monkeypatch.setattr("models_store.backups.checking.hold_lock", repair_then_hold)
    assert check_backups(bucket).removed == ()
    assert check_backups(bucket).faults == ()


def test_faults_of_the_backup_are_those_of_restores(root: Path, network: str, bucket: Bucket, target: Path) -> None:
    """Of a store that was not whole no restore is."""
    (root / network).write_bytes(b"damaged")
    [fault] = back_up(root, bucket).faults
    bucket.delete([key_of(bucket, network)])
    expected = (f"{fault} (when it was backed up)", f"{network}: is missing in the bucket")
    assert restore(bucket, target).faults == expected


def test_damaged_local_file_is_restored_again(
    root: Path, network: str, bucket: Bucket, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a loss of power: its size and time are there, its content is not."""
    backup = back_up(root, bucket)

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(Unavailable):
        restore(bucket, target)
    monkeypatch.undo()
    path = target / f"{UNFINISHED}{backup.name}" / network
    stat = path.stat()
    path.write_bytes(bytes(stat.st_size))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert restore(bucket, target).faults == ()
    assert files_of(target) == files_of(root)


def test_objects_of_others_are_ignored(root: Path, network: str, bucket: Bucket, s3_server: S3Server) -> None:
    """As a console makes folders, before the first backup and behind it."""

    def put(key: str) -> None:
        url = f"{s3_server.url}/{bucket.url.removeprefix('s3://')}/{key}"
        with urlopen(Request(url, data=b"", method="PUT")) as answer:
            assert answer.status == 200

    put("")
    back_up(root, bucket)
    others = {"files/", "files/00/", "files/.DS_Store", f"files/{'0' * 64}"}
    others |= {"backups/", "backups/old/", "backups/old.json", "backups/99999999T999999.999Z.json"}
    for key in others:
        put(key)
    newest = back_up(root, bucket, keep=1)
    assert newest.pruning_faults == ()
    assert Backups(bucket).names() == [newest.name]
    assert {key.rstrip("/") for key in others} <= set(bucket.list())
    checked = check_backups(bucket)
    assert (checked.backups, checked.faults) == (1, ())


def test_damaged_old_backup_is_a_fault_of_pruning(root: Path, network: str, bucket: Bucket) -> None:
    oldest = back_up(root, bucket)
    (root / "datasets" / "new").mkdir(parents=True)
    (root / "datasets" / "new" / "dataset.json").write_text("{}")
    damaged = back_up(root, bucket)
    bucket.delete([file_key(damaged.listing)])
    (root / "datasets" / "new" / "dataset.json").write_text('{"changed": true}')
    backup = back_up(root, bucket, keep=2)
    assert backup.faults == ()
    [fault] = backup.pruning_faults
    assert fault == (
        f"the listing of backup {damaged.name} is missing; nothing is removed until that backup is not one of the "
        f"newest 2"
    )
    assert Backups(bucket).names() == [oldest.name, damaged.name, backup.name]
    last = back_up(root, bucket, keep=2)
    assert last.pruning_faults == ()
    assert Backups(bucket).names() == [backup.name, last.name]


def test_lock_lost_while_pruning_keeps_the_backup(
    root: Path, network: str, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = back_up(root, bucket)
    prune = pruning.prune

    def lose_then_prune(*arguments: object) -> None:
        bucket.put("lock.json", b"{}")
        prune(*arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr("models_store.backups.backing_up.prune", lose_then_prune)
    backup = back_up(root, bucket, keep=1)
    [fault] = backup.pruning_faults
    assert fault.startswith(f"another backup to {bucket.url} began, since this one was silent for 600 s; ")
    assert "nothing of this one counts" not in fault
    assert Backups(bucket).names() == [old.name, backup.name]
