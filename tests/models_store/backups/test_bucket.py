import socket
import threading
from collections.abc import Iterator

import pytest

from models_store.backups.bucket import PIECE_BYTES, Bucket, Changed, check_bucket
from models_store.errors import InvalidState, NotFound, Unavailable
from tests.support.s3_server import overwriting_server


def test_object_is_created_once(bucket: Bucket) -> None:
    bucket.create("once", b"first")
    with pytest.raises(Changed, match="has been written meanwhile"):
        bucket.create("once", b"second")
    assert bucket.get("once")[0] == b"first"


def test_object_is_replaced_by_its_tag_alone(bucket: Bucket) -> None:
    tag = bucket.create("record", b"1")
    with pytest.raises(Changed):
        bucket.replace("record", b"2", '"another"')
    assert bucket.replace("record", b"2", tag) == bucket.get("record")[1]
    with pytest.raises(Changed):
        bucket.replace("record", b"3", tag)


def test_replacing_what_is_gone_fails(bucket: Bucket) -> None:
    tag = bucket.create("record", b"1")
    bucket.delete(["record"])
    with pytest.raises(Changed):
        bucket.replace("record", b"2", tag)


def test_request_that_was_repeated_meets_itself(bucket: Bucket) -> None:
    """Its answer was lost."""
    tag = bucket.create("record", b"mine")
    assert bucket.create("record", b"mine") == tag
    assert bucket.replace("record", b"mine", '"before"') == tag


def test_no_update_is_lost_in_a_race(bucket: Bucket) -> None:
    bucket.put("number", b"0")

    def count() -> None:
        added = 0
        while added < 50:
            data, tag = bucket.get("number")
            try:
                bucket.replace("number", b"%d by %d" % (int(data.split()[0]) + 1, threading.get_ident()), tag)
                added += 1
            except Changed:
                continue

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert int(bucket.get("number")[0].split()[0]) == 400


def test_large_object_is_streamed_in_pieces(bucket: Bucket) -> None:
    content = bytes(range(256)) * (PIECE_BYTES // 256) * 2 + b"end"
    pieces = (content[start : start + 1_000_000] for start in range(0, len(content), 1_000_000))
    bucket.upload("large", pieces, len(content))
    assert dict(bucket.list_sizes()) == {"large": len(content)}
    found = list(bucket.stream("large"))
    assert [len(piece) for piece in found] == [PIECE_BYTES, PIECE_BYTES, 3]
    assert b"".join(found) == content


def test_upload_that_fails_leaves_no_object(bucket: Bucket) -> None:
    def pieces() -> Iterator[bytes]:
        yield bytes(PIECE_BYTES + 1)
        raise RuntimeError("the disk")

    with pytest.raises(RuntimeError, match="the disk"):
        bucket.upload("broken", pieces(), 2 * PIECE_BYTES)
    with pytest.raises(NotFound, match="broken does not exist"):
        bucket.get("broken")


def test_keys_are_listed_by_folder(bucket: Bucket) -> None:
    for number in range(3):
        bucket.put(f"files/{number}", b"")
    bucket.put("other", b"")
    assert sorted(bucket.list("files")) == ["files/0", "files/1", "files/2"]
    bucket.delete(["files/0", "files/1", "files/missing"])
    assert list(bucket.list("files")) == ["files/2"]
    assert sorted(bucket.list()) == ["files/2", "other"]


def test_bucket_with_conditional_writes_is_accepted(bucket: Bucket) -> None:
    check_bucket(bucket)
    assert list(bucket.list()) == []


@pytest.mark.usefixtures("credentials")
def test_server_that_overwrites_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    with overwriting_server() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(Unavailable, match=r"was created twice \(If-None-Match\); use a server with conditional"):
            check_bucket(Bucket("s3://bucket/prefix"))


@pytest.mark.usefixtures("credentials")
def test_missing_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(Unavailable, match=r"cannot read or write s3://bucket/key .*; check AWS_ENDPOINT_URL"):
            Bucket("s3://bucket", retry_seconds=0.0).get("key")


@pytest.mark.parametrize("url", ["s3://", "s3:///prefix", "s3://UPPER", "s3://a", "gs://bucket", "bucket"])
def test_what_is_not_a_bucket_is_rejected(url: str) -> None:
    with pytest.raises(InvalidState, match="is not a bucket; expected s3://BUCKET or s3://BUCKET/PREFIX"):
        Bucket(url)
