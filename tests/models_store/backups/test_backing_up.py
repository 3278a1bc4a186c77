import errno
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from models_store.backups import backing_up, lock, uploading
from models_store.backups.backing_up import back_up
from models_store.backups.backup import Backups, file_key
from models_store.backups.bucket import PIECE_BYTES, PROBE, Bucket
from models_store.backups.checking import check_backups
from models_store.backups.lock import hold_lock
from models_store.backups.restoring import UNFINISHED, restore
from models_store.errors import Busy, ClaimLost, Damaged, InvalidState, NotFound, Unavailable
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Record
from models_store.frozen import utc_now
from models_store.store import Store, open_store
from tests.models_store.results import point, stage
from tests.models_store.test_copying import files_of
from tests.support.proxy import bad_network
from tests.support.s3_server import S3Server
from tests.support.store import LEASE_SECONDS
from tests.support.valkey import Valkey

Succeed = Callable[..., Record]


def files_in(bucket: Bucket) -> set[str]:
    return set(bucket.list("files"))


def test_restored_store_has_every_file(
    root: Path, succeed: Succeed, bucket: Bucket, target: Path, valkey: Valkey
) -> None:
    record = succeed()
    backup = back_up(root, bucket)
    restored = restore(bucket, target)
    assert files_of(target) == files_of(root)
    assert restored.files == backup.files == len(files_of(root))
    assert restored.bytes == backup.bytes == sum(map(len, files_of(root).values()))
    assert (backup.records["experiments"], backup.verified) == (1, 1)
    assert backup.faults == restored.faults == ()
    assert {path.stat().st_mode & 0o077 for path in (target, *target.rglob("*"))} == {0}
    opened = open_store(target, valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
    try:
        assert opened.experiments.read(record.id) == record
    finally:
        opened.close()


def test_second_backup_sends_what_changed(
    root: Path, store: Store, succeed: Succeed, bucket: Bucket, target: Path
) -> None:
    first = succeed()
    old = back_up(root, bucket)
    store.experiments.edit(first.id, {"name": "renamed"})
    new = back_up(root, bucket)
    # The record and what is beside it; nothing of its results.
    assert 1 <= new.copied_files <= 2
    assert back_up(root, bucket).copied_files == 0
    restore(bucket, target)
    assert files_of(target) == files_of(root)
    restore(bucket, target.with_name("old"), old.name)
    assert (target.with_name("old") / "experiments" / first.id / "experiment.json").read_bytes() != (
        root / "experiments" / first.id / "experiment.json"
    ).read_bytes()


def test_large_file_is_sent_in_parts(root: Path, bucket: Bucket, target: Path) -> None:
    folder = root / "datasets" / "large"
    folder.mkdir(parents=True)
    (folder / "dataset.json").write_text("{}")
    (folder / "images.bin").write_bytes(os.urandom(PIECE_BYTES + 1) + bytes(PIECE_BYTES))
    back_up(root, bucket)
    restore(bucket, target)
    assert files_of(target) == files_of(root)


def test_file_replaced_while_it_is_read_is_no_backup(
    root: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read twice, to know where to, and to send it."""
    folder = root / "datasets" / "large"
    folder.mkdir(parents=True)
    (folder / "dataset.json").write_text("{}")
    (folder / "images.bin").write_bytes(bytes(PIECE_BYTES + 1))
    checked = uploading._checked

    def change(*arguments: object) -> object:
        (folder / "images.bin").write_bytes(os.urandom(PIECE_BYTES + 1))
        return checked(*arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(uploading, "_checked", change)
    backup = back_up(root, bucket)
    assert backup.faults == ("datasets/large/images.bin: changed while it was read",)
    assert check_backups(bucket).faults == ()


def test_results_of_a_record_are_in_the_backup(
    root: Path, claim: TrainingClaim, bucket: Bucket, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It succeeds between the reading of its record and that of its files."""
    walk = backing_up._BackingUp._walk

    def succeed_then_walk(self: backing_up._BackingUp, folder: Path, *others: object) -> None:
        if folder.name == claim.id and not (folder / "artifacts").exists():
            walk(self, folder, *others)  # type: ignore[arg-type]  # passed on as they came
            staged = stage(claim.attempt_folder / "result")
            claim.succeed(staged, "completed", point(0), {"val_accuracy": 0.5}, {"accuracy": 0.25})
            return
        walk(self, folder, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(backing_up._BackingUp, "_walk", succeed_then_walk)
    assert back_up(root, bucket).verified == 1
    restore(bucket, target)
    assert files_of(target) == files_of(root)


def test_damaged_result_is_reported(root: Path, succeed: Succeed, bucket: Bucket) -> None:
    record = succeed()
    network = root / "experiments" / record.id / "artifacts" / "model.onnx"
    network.write_bytes(network.read_bytes()[::-1])
    backup = back_up(root, bucket)
    assert backup.faults == (
        f"experiments/{record.id}/artifacts/model.onnx: does not match its sha256 in manifest.json",
    )


def test_unreadable_file_is_reported_the_rest_kept(
    root: Path, succeed: Succeed, bucket: Bucket, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = succeed(), succeed()
    open_ = Path.open

    def fail(self: Path, *options: object, **more: object) -> object:
        if self.name == "model.onnx" and first.id in self.parts:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return open_(self, *options, **more)  # type: ignore[call-overload]  # passed on as they came

    monkeypatch.setattr(Path, "open", fail)
    assert f"experiments/{first.id}/artifacts/model.onnx: Input/output error" in back_up(root, bucket).faults
    monkeypatch.undo()
    restore(bucket, target)
    assert (target / "experiments" / second.id / "artifacts" / "model.onnx").is_file()


def test_connection_lost_leaves_no_backup_of_it(
    root: Path, succeed: Succeed, s3_server: S3Server, unreliable_bucket: Callable[[int], Bucket], target: Path
) -> None:
    """At the probe, at a file, at what makes it a backup: nothing half-written counts, and the next one continues."""
    succeed()
    sent = 0
    with bad_network(s3_server.port) as proxy:
        bucket = unreliable_bucket(proxy.port)
        prefix = bucket.url.removeprefix("s3:/")
        earlier = back_up(root, bucket)
        (root / "datasets" / "new").mkdir(parents=True)
        (root / "datasets" / "new" / "dataset.json").write_text("{}")
        for part in ("probe-", "files/", "backups/"):
            proxy.marker = f"PUT {prefix}/{part}".encode()
            with pytest.raises(Unavailable, match="check AWS_ENDPOINT_URL"):
                back_up(root, bucket)
            sent += 1
            assert proxy.resets == sent
            assert Backups(bucket).names() == [earlier.name]
            assert check_backups(bucket).faults == ()
        back_up(root, bucket)
        proxy.marker = b"/files/"
        with pytest.raises(Unavailable):
            restore(bucket, target)
        assert [path.name.startswith(UNFINISHED) for path in target.iterdir()] == [True]
        restore(bucket, target)
    assert files_of(target) == files_of(root)


def test_restored_files_stay_when_it_continues(
    root: Path, succeed: Succeed, bucket: Bucket, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeed()
    back_up(root, bucket)
    rename = os.rename

    def fail(source: Path, to: Path) -> None:
        if to.name == "experiments":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rename(source, to)

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(Unavailable, match="cannot write what is restored"):
        restore(bucket, target)
    monkeypatch.undo()
    assert not (target / "experiments").exists()
    for key in files_in(bucket):
        if key != file_key(Backups(bucket).read(Backups(bucket).names()[-1]).listing):
            bucket.delete([key])
    assert restore(bucket, target).faults == ()
    assert files_of(target) == files_of(root)


def test_other_unfinished_backup_is_not_mixed(root: Path, bucket: Bucket, target: Path) -> None:
    back_up(root, bucket)
    (target / f"{UNFINISHED}20260101T000000.000Z").mkdir(parents=True)
    with pytest.raises(InvalidState, match=r"backup 20260101T000000.000Z was not restored to the end"):
        restore(bucket, target)


def test_folder_with_files_is_not_restored_to(root: Path, bucket: Bucket, target: Path) -> None:
    back_up(root, bucket)
    target.mkdir()
    (target / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidState, match="is not empty"):
        restore(bucket, target)
    assert [path.name for path in target.iterdir()] == ["thesis.txt"]


def test_damaged_object_is_not_restored(root: Path, succeed: Succeed, bucket: Bucket, target: Path) -> None:
    record = succeed()
    backup = back_up(root, bucket)
    network = f"experiments/{record.id}/artifacts/model.onnx"
    bucket.put(key_of(bucket, network), b"damaged")
    assert restore(bucket, target).faults == (f"{network}: does not match its sha256",)
    assert not (target / network).exists()
    checked = check_backups(bucket)
    assert [fault.partition(": ")[2] for fault in checked.faults] == [f"{network}: does not match its sha256"]
    assert checked.removed == (f"{backup.name}: {network}",)
    assert restore(bucket, target.with_name("again")).faults == (f"{network}: is missing in the bucket",)


def key_of(bucket: Bucket, name: str) -> str:
    """The key of a file of the newest backup."""
    return file_key({name: sha256 for listed in _listed(bucket) for name, sha256 in listed.items()}[name])


def _listed(bucket: Bucket) -> list[dict[str, str]]:
    backups = Backups(bucket)
    listed = backups.list_files(backups.read(backups.names()[-1]))
    return [{name: entry.sha256 for name, entry in each.entries()} for each in listed]


def test_damaged_listing_is_rejected_and_replaced(root: Path, succeed: Succeed, bucket: Bucket, target: Path) -> None:
    succeed()
    backup = back_up(root, bucket)
    bucket.put(file_key(backup.listing), b"damaged")
    with pytest.raises(Damaged, match=r"listing of backup .* does not match its sha256"):
        restore(bucket, target)
    assert not list(target.rglob("*.json"))
    back_up(root, bucket)
    restore(bucket, target.with_name("again"))
    assert files_of(target.with_name("again")) == files_of(root)


def test_old_backups_are_pruned_with_their_files(root: Path, succeed: Succeed, bucket: Bucket) -> None:
    gone, stays = succeed(), succeed()
    (root / "experiments" / gone.id / "artifacts" / "model.onnx").parent.joinpath("own").write_bytes(b"its own")
    back_up(root, bucket)
    bucket.put(f"files/00/{'0' * 64}", b"of an interrupted backup")
    shutil.rmtree(root / "experiments" / gone.id)
    newest = back_up(root, bucket, keep=1)
    assert Backups(bucket).names() == [newest.name]
    assert check_backups(bucket).faults == ()
    needed = {file_key(sha256) for listed in _listed(bucket) for sha256 in listed.values()}
    assert files_in(bucket) == needed | {file_key(newest.listing)}
    assert stays.id in {name.split("/")[1] for listed in _listed(bucket) for name in listed if "/" in name}


def test_faults_keep_old_backups(root: Path, succeed: Succeed, bucket: Bucket) -> None:
    record = succeed()
    back_up(root, bucket)
    (root / "experiments" / record.id / "artifacts" / "model.onnx").write_bytes(b"damaged")
    back_up(root, bucket, keep=1)
    assert len(Backups(bucket).names()) == 2


def test_two_backups_at_once_are_rejected(root: Path, bucket: Bucket) -> None:
    Backups(bucket).prepare()
    with hold_lock(bucket), pytest.raises(Busy, match=r"is in use by another backup \(process [0-9]+ on "):
        back_up(root, bucket)
    back_up(root, bucket)


def test_lock_of_a_killed_backup_lapses(root: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    Backups(bucket).prepare()
    monkeypatch.setattr(lock, "utc_now", lambda: utc_now() - timedelta(seconds=lock.LOCK_SECONDS + 1))
    lock.BackupLock(bucket)
    monkeypatch.undo()
    back_up(root, bucket)


def test_backup_that_lost_its_lock_does_not_count(root: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    store_listing = Backups.store_listing

    def lose(self: Backups, *arguments: object) -> str:
        bucket.put("lock.json", b"{}")
        return store_listing(self, *arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(Backups, "store_listing", lose)
    with pytest.raises(ClaimLost, match="nothing of this one counts"):
        back_up(root, bucket)
    assert Backups(bucket).names() == []


def test_store_unmounted_meanwhile_is_no_empty_backup(
    root: Path, succeed: Succeed, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeed()
    walk = backing_up._BackingUp._walk

    def vanish(self: backing_up._BackingUp, folder: Path, *others: object) -> None:
        if root.exists():
            root.rename(root.with_name(".unmounted"))
        walk(self, folder, *others)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(backing_up._BackingUp, "_walk", vanish)
    with pytest.raises(InvalidState, match="is not a store"):
        back_up(root, bucket)
    assert Backups(bucket).names() == []


def test_prefix_with_other_objects_is_rejected(root: Path, bucket: Bucket) -> None:
    bucket.put(f"{PROBE}1", b"left by a probe that was killed")
    Backups(bucket).prepare()
    bucket.delete(list(bucket.list()))
    bucket.put("thesis.txt", b"mine")
    with pytest.raises(InvalidState, match="is neither empty nor has backups"):
        back_up(root, bucket)


def test_missing_backup_is_named_with_others(root: Path, bucket: Bucket, target: Path) -> None:
    with pytest.raises(NotFound, match="has no backup"):
        restore(bucket, target)
    backup = back_up(root, bucket)
    with pytest.raises(NotFound, match=f"has no backup 2020; the newest are: {backup.name}"):
        restore(bucket, target, "2020")
