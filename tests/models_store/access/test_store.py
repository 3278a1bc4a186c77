import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from models_store.access import store as module
from models_store.access.audit import FILE
from models_store.access.key import Key
from models_store.access.store import FOLDER, MAX_LIVE_KEYS, KeyStore
from models_store.access.token import new_token
from models_store.errors import InvalidState, NotAuthenticated, NotFound
from models_store.frozen import utc_now
from specs.access import KeyScope, KeySpec
from tests.support.waiting import eventually

READER = KeySpec(name="laptop", scopes=(KeyScope.READ,))


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return opened(tmp_path)


def opened(root: Path) -> KeyStore:
    keys = KeyStore(root)
    keys.prepare()
    return keys


def files(root: Path) -> Iterator[Path]:
    yield root / FOLDER
    yield from (root / FOLDER).iterdir()
    yield root / FILE


def expire(root: Path, key: Key) -> None:
    path = root / FOLDER / f"{key.id}.json"
    path.write_text(key.model_copy(update={"expires_at": utc_now() - timedelta(seconds=1)}).model_dump_json())


def test_new_key_is_valid_everywhere(keys: KeyStore, tmp_path: Path) -> None:
    key, token = keys.create(READER, "ann")

    assert keys.verify(token) == opened(tmp_path).verify(token) == key
    assert (key.owner, key.name, key.scopes, key.expires_at) == ("ann", "laptop", (KeyScope.READ,), None)


def test_store_holds_no_secret_and_is_private(keys: KeyStore, tmp_path: Path) -> None:
    _, token = keys.create(READER, "ann")

    for path in files(tmp_path):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600) or path.name == ".lock", path
        assert path.is_dir() or token[14:].encode() not in path.read_bytes()


def test_other_secrets_are_not_valid(keys: KeyStore, tmp_path: Path) -> None:
    key, token = keys.create(READER, "ann")
    forged = new_token()
    while forged[3:13] == key.id:
        forged = new_token()

    assert keys.verify(forged) is None
    assert keys.verify(token[:-1]) is None
    assert keys.verify("") is None
    assert keys.verify("ty_é") is None
    # A record that was copied from another store has been signed with another secret.
    other = tmp_path / "other"
    opened(other)
    (other / FOLDER / f"{key.id}.json").write_bytes((tmp_path / FOLDER / f"{key.id}.json").read_bytes())
    assert opened(other).verify(token) is None


def test_expired_key_is_not_valid(keys: KeyStore, tmp_path: Path) -> None:
    key, token = keys.create(READER, "ann")
    expire(tmp_path, key)

    assert keys.verify(token) is None


def test_revoked_key_ends_here_at_once_elsewhere_soon(keys: KeyStore, tmp_path: Path) -> None:
    key, token = keys.create(READER, "ann")
    elsewhere = opened(tmp_path)
    seen = elsewhere.verify(token)
    assert seen is not None

    keys.revoke(key.id, by=None)

    assert keys.verify(token) is None
    eventually(lambda: elsewhere.verify(token) is None)
    assert not elsewhere.is_live(seen)
    assert module.FRESH_SECONDS < 10


def test_revoked_key_creates_no_others_elsewhere(keys: KeyStore, tmp_path: Path) -> None:
    key, token = keys.create(READER, "ann")
    elsewhere = opened(tmp_path)
    seen = elsewhere.verify(token)
    assert seen is not None
    keys.revoke(key.id, by=None)

    with pytest.raises(NotAuthenticated, match="not valid any more"):
        elsewhere.create(READER, "ann", seen)

    assert [each.id for each in keys.list()] == [key.id]


def test_keys_created_while_others_end_do_too(keys: KeyStore) -> None:
    key, _ = keys.create(READER, "ann")
    child, _ = keys.create(READER, "ann", key)
    seen: list[Key] = []

    def find() -> list[Key]:
        found = list(keys.created_with(key.id))
        if not seen:
            # In another request, after this one has looked.
            seen.append(keys.create(READER, "ann", child)[0])
        return found

    keys.revoke(key.id, by=None)
    assert [each.id for each in keys.revoke_all(find, by=None)] == [child.id, seen[0].id]
    assert not any(each.is_live(utc_now()) for each in keys.list())


def test_deleted_file_ends_a_key(keys: KeyStore, tmp_path: Path) -> None:
    key, token = keys.create(READER, "ann")
    assert keys.verify(token) is not None

    (tmp_path / FOLDER / f"{key.id}.json").unlink()

    eventually(lambda: keys.verify(token) is None)


def test_damaged_record_is_not_valid(keys: KeyStore, tmp_path: Path) -> None:
    key, token = keys.create(READER, "ann")
    (tmp_path / FOLDER / f"{key.id}.json").write_text("{")

    assert keys.verify(token) is None
    assert keys.list() == []


def test_old_and_new_key_are_valid_together(keys: KeyStore) -> None:
    (old, old_token), (_, new_token_) = keys.create(READER, "ann"), keys.create(READER, "ann")
    assert keys.verify(old_token)
    assert keys.verify(new_token_)

    keys.revoke(old.id, by=None)

    assert keys.verify(old_token) is None
    assert keys.verify(new_token_)


def test_key_expires_no_later_than_its_creator(keys: KeyStore) -> None:
    creator, _ = keys.create(KeySpec(scopes=(KeyScope.READ,), expires_in_days=2), "ann")

    unlimited, _ = keys.create(READER, "ann", creator)
    longer, _ = keys.create(KeySpec(scopes=(KeyScope.READ,), expires_in_days=9), "ann", creator)
    shorter, _ = keys.create(KeySpec(scopes=(KeyScope.READ,), expires_in_days=1), "ann", creator)

    assert unlimited.expires_at == longer.expires_at == creator.expires_at
    assert shorter.expires_at is not None
    assert creator.expires_at is not None
    assert shorter.expires_at < creator.expires_at
    assert unlimited.created_by == creator.id


def test_day_of_use_is_written(keys: KeyStore) -> None:
    key, token = keys.create(READER, "ann")
    keys.flush()
    assert keys.get(key.id).last_used_on is None

    keys.verify(token)
    keys.flush()

    assert keys.get(key.id).last_used_on == utc_now().date()


def test_use_does_not_undo_a_revocation(keys: KeyStore, tmp_path: Path) -> None:
    key, token = keys.create(READER, "ann")
    keys.verify(token)

    opened(tmp_path).revoke(key.id, by=None)
    keys.flush()

    assert keys.get(key.id).revoked_at is not None


def test_audit_says_who_did_what(keys: KeyStore, tmp_path: Path) -> None:
    admin, _ = keys.create(KeySpec(scopes=(KeyScope.ADMIN,)), "root")
    key, _ = keys.create(READER, "ann", admin)
    keys.revoke(key.id, by=admin.id)
    keys.revoke(key.id, by=admin.id)

    lines = [orjson.loads(line) for line in (tmp_path / FILE).read_bytes().splitlines()]
    assert [(line["action"], line["key"], line["by"], line["owner"]) for line in lines] == [
        ("key.created", admin.id, None, "root"),
        ("key.created", key.id, admin.id, "ann"),
        ("key.revoked", key.id, admin.id, "ann"),
    ]


def test_owner_has_a_limited_number_of_keys(keys: KeyStore) -> None:
    made = [keys.create(READER, "ann")[0] for _ in range(MAX_LIVE_KEYS)]
    with pytest.raises(InvalidState, match="revokes one"):
        keys.create(READER, "ann")

    keys.create(READER, "bob")
    keys.revoke(made[0].id, by=None)
    keys.create(READER, "ann")


@pytest.mark.parametrize("key_id", ["0123456789", "../keys/012", ""])
def test_unknown_key_is_not_found(keys: KeyStore, key_id: str) -> None:
    with pytest.raises(NotFound):
        keys.get(key_id)
    with pytest.raises(NotFound):
        keys.revoke(key_id, by=None)


def test_old_keys_are_forgotten_but_the_last(keys: KeyStore, tmp_path: Path) -> None:
    made = [keys.create(READER, "ann")[0] for _ in range(3)]
    [live, _] = [keys.create(READER, "bob")[0] for _ in range(2)]
    old = utc_now() - timedelta(days=91)
    for key in (*made, live):
        path = tmp_path / FOLDER / f"{key.id}.json"
        ended = {} if key is live else {"revoked_at": old}
        path.write_text(key.model_copy(update={"created_at": key.created_at, **ended}).model_dump_json())

    keys.purge()

    assert [each.id for each in keys.list() if each.owner == "ann"] == [made[-1].id]
    assert len([each for each in keys.list() if each.owner == "bob"]) == 2
    assert (tmp_path / FILE).read_text().count(made[0].id) == 1


def test_valid_keys_are_remembered_within_a_bound(keys: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """People who sign in get another key each day."""
    monkeypatch.setattr(module, "_MAX_REMEMBERED", 3)
    tokens = [keys.create(READER, f"owner{number}")[1] for number in range(7)]
    for token in (*tokens, *tokens):
        assert keys.verify(token) is not None
        assert len(keys._verified) <= 3
        assert len(keys._checked) <= 3


def test_keys_that_come_and_go_are_bounded(keys: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that has leaked makes others, each by the last one, and revokes those in between."""
    monkeypatch.setattr(module, "MAX_ENDED_KEYS", 3)
    root, _ = keys.create(KeySpec(scopes=(KeyScope.ADMIN,)), "root")
    leaked, _ = keys.create(READER, "ann", root)
    latest = leaked
    for _ in range(10):
        following, token = keys.create(READER, "ann", latest)
        if latest is not leaked:
            keys.revoke(latest.id, by=latest.id)
        latest = following

    assert len([each for each in keys.list() if each.owner == "ann"]) == 6
    assert keys.verify(token) is not None
    assert latest.id in {each.id for each in keys.created_with(leaked.id)}
    assert leaked.id in {each.id for each in keys.created_with(root.id)}
    keys.revoke(root.id, by=None)
    for _ in range(10):
        keys.revoke(keys.create(READER, "root")[0].id, by=None)
    assert leaked.id in {each.id for each in keys.created_with(root.id)}
