"""The store of keys."""

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from models_store.access.audit import write_audit_line
from models_store.access.key import Key
from models_store.access.token import id_of, is_key_id, new_token
from models_store.errors import InvalidState, Newer, NotAuthenticated, NotFound
from models_store.file_cache import FileCache
from models_store.files import create_exclusive, lock_folder, make_private, write_atomic
from models_store.frozen import utc_now
from specs.access import KeyScope, KeySpec

FOLDER = "keys"
# How long a key that another process revoked may still be valid here.
FRESH_SECONDS = 2.0
_PEPPER_FILE = "pepper"
_PEPPER_BYTES = 32
# So that a leaked key cannot fill the disk; rotation needs two.
MAX_LIVE_KEYS = 20
# Nor slow down all that looks at every key, by some that are created and revoked again and again.
MAX_ENDED_KEYS = 100
# What a process remembers of valid keys; beyond it all are looked up again.
_MAX_REMEMBERED = 10_000
# How long one can look up who revoked a key.
_KEPT = timedelta(days=90)
_K = TypeVar("_K")
_V = TypeVar("_V")
log = logging.getLogger(__name__)


class KeyStore:
    """Keys on disk, one file each: `keys/<id>.json` under `root`. The text of a key is stored nowhere, only its HMAC
    with a secret of this store. Safe for any number of threads and processes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / FOLDER
        self._files = FileCache[Key]()
        self._checked: dict[str, tuple[float, Key]] = {}
        # The id by the SHA-256 of the text: of keys alone that were found valid, so that nobody can fill it.
        self._verified: dict[bytes, str] = {}
        self._used: set[str] = set()

    def prepare(self) -> None:
        """Make the folder and the secret. Raises OSError if the store is not writable."""
        make_private(self._folder)
        create_exclusive(self._folder / _PEPPER_FILE, secrets.token_bytes(_PEPPER_BYTES))

    def create(
        self, spec: KeySpec, owner: str, creator: Key | None = None, expires_at: datetime | None = None
    ) -> tuple[Key, str]:
        """The record and the text of a new key, which expires no later than `creator` and `expires_at`. The oldest
        ended ones of an owner who has many are forgotten. Raises NotAuthenticated if the creator was revoked meanwhile,
        InvalidState if the owner has too many, StorageFull."""
        now, token = utc_now(), new_token()
        with lock_folder(self._folder):
            self._reject_dead(creator, now)
            own = [each for each in self.list() if each.owner == owner]
            ended = [each for each in own if not each.is_live(now)]
            if len(own) - len(ended) >= MAX_LIVE_KEYS:
                raise InvalidState(f"{owner} has {MAX_LIVE_KEYS} keys; DELETE /keys/{{id}} revokes one")
            for each in ended[:-MAX_ENDED_KEYS]:
                self._forget(each)
            given = (expires_at, None if creator is None else creator.expires_at)
            ends = [each for each in given if each is not None]
            if spec.expires_in_days is not None:
                ends.append(now + timedelta(days=spec.expires_in_days))
            key = Key(
                id=str(id_of(token)),
                owner=owner,
                name=spec.name,
                scopes=spec.scopes,
                digest=self._digest(token),
                created_at=now,
                created_by=None if creator is None else creator.id,
                expires_at=min(ends, default=None),
            )
            write_audit_line(self._root, "key.created", key, key.created_by)
            self._write(key)
        return key, token

    def list(self) -> list[Key]:
        """All that are sound, also revoked ones, oldest first."""
        found = (self._read(path.stem) for path in self._folder.glob("*.json") if is_key_id(path.stem))
        return sorted((each for each in found if each is not None), key=lambda each: each.created_at)

    def get(self, key_id: str) -> Key:
        """Raises NotFound."""
        key = self._read(key_id) if is_key_id(key_id) else None
        if key is None:
            raise NotFound(f"key {key_id[:50]} not found; GET /keys lists all")
        return key

    def revoke(self, key_id: str, by: str | None) -> Key:
        """End a key for good; `by` is the id of the key that does it. Raises NotFound, StorageFull."""
        with lock_folder(self._folder):
            key = self.get(key_id)
            if key.revoked_at is None:
                key = key.model_copy(update={"revoked_at": utc_now()})
                write_audit_line(self._root, "key.revoked", key, by)
                self._write(key)
        return key

    def revoke_all(self, find: "Callable[[], Iterable[Key]]", by: str | None) -> "Sequence[Key]":
        """Revoke those that `find` has, until all of them are: each may create others until it is revoked itself.

        Raises StorageFull.
        """
        revoked: list[Key] = []
        while found := [each for each in find() if each.revoked_at is None]:
            revoked += [self.revoke(each.id, by) for each in found]
        return revoked

    def created_with(self, key_id: str) -> "Sequence[Key]":
        """The keys that a key has created, and those that they have created in turn."""
        keys, found = self.list(), [key_id]
        for creator in found:
            found += [each.id for each in keys if each.created_by == creator]
        return [each for each in keys if each.id in found[1:]]

    def _forget(self, key: Key) -> None:
        """Under the lock. What it has created counts as created by its creator from then on, and is still found by
        `created_with`; the creator of somebody else's is kept."""
        created = [each for each in self.list() if each.created_by == key.id]
        if all(each.owner == key.owner for each in created):
            for each in created:
                self._write(each.model_copy(update={"created_by": key.created_by}))
            self._remove(key)

    def _remove(self, key: Key) -> None:
        self._path(key.id).unlink(missing_ok=True)
        self._checked.pop(key.id, None)

    def _reject_dead(self, creator: Key | None, now: datetime) -> None:
        """Under the lock: elsewhere a revoked key may be valid for a moment, but leaves no others."""
        current = self._read(creator.id) if creator is not None and creator.is_stored else creator
        if creator is not None and (current is None or not current.is_live(now)):
            raise NotAuthenticated(f"key {creator.id} is not valid any more, and creates no others")

    def has_live_admin(self, owner: str | None = None) -> bool:
        """Of this owner, or of any."""
        now = utc_now()
        return any(each.is_admin and each.is_live(now) for each in self.list() if owner in (None, each.owner))

    def has_live(self, owner: str, scope: KeyScope) -> bool:
        """Whether the owner has a key that allows this now, or an admin's."""
        now = utc_now()
        return any(each.owner == owner and each.allows([scope]) and each.is_live(now) for each in self.list())

    def verify(self, token: str) -> Key | None:
        """The key, if it is valid. Takes some microseconds, whether there is such a key or not."""
        fingerprint = hashlib.sha256(token.encode(errors="replace")).digest()
        known = self._verified.get(fingerprint)
        key = self._verify(token) if known is None else self._recent(known)
        now = utc_now()
        if key is None or not key.is_live(now):
            return None
        if known is None:
            _remember(self._verified, fingerprint, key.id)
        if key.last_used_on != now.date():
            self._used.add(key.id)
        return key

    def _verify(self, token: str) -> Key | None:
        """The key that has this text, valid or not."""
        key_id = id_of(token)
        key = None if key_id is None else self._recent(key_id)
        stored = self._no_digest if key is None else key.digest
        return key if hmac.compare_digest(self._digest(token), stored) else None

    def is_live(self, key: Key) -> bool:
        """Whether a key that was valid still is."""
        current = self._recent(key.id) if key.is_stored else key
        return current is not None and current.is_live(utc_now())

    def flush(self) -> None:
        """Write down which keys were used today for the first time."""
        today = utc_now().date()
        while self._used:
            key_id = self._used.pop()
            with lock_folder(self._folder), suppress(NotFound):
                key = self.get(key_id)
                if key.last_used_on != today:
                    self._write(key.model_copy(update={"last_used_on": today}))

    def purge(self) -> None:
        """Forget keys that ended long ago; `audit.jsonl` has them. The last one of each owner stays, so that nobody
        else gets that owner."""
        oldest = utc_now() - _KEPT
        last = {each.owner: each.id for each in self.list()}
        for key in self.list():
            ended = min((at for at in (key.revoked_at, key.expires_at) if at is not None), default=None)
            if ended is not None and ended < oldest and last[key.owner] != key.id:
                with lock_folder(self._folder):
                    self._remove(key)

    def _recent(self, key_id: str) -> Key | None:
        """As it was on disk at most FRESH_SECONDS ago."""
        checked, now = self._checked.get(key_id), time.monotonic()
        if checked is not None and now - checked[0] < FRESH_SECONDS:
            return checked[1]
        key = self._read(key_id)
        if key is None:
            self._checked.pop(key_id, None)
        else:
            _remember(self._checked, key_id, (now, key))
        return key

    def _read(self, key_id: str) -> Key | None:
        path = self._path(key_id)
        try:
            return self._files.get(path, lambda: Key.model_validate_json(path.read_bytes()))
        except FileNotFoundError:
            return None
        except ValidationError:
            log.error("key %s is damaged, and not valid: %s", key_id, path)
            return None
        except Newer as error:
            log.error("key %s is not valid here: %s", key_id, error)
            return None

    def _write(self, key: Key) -> None:
        write_atomic(self._path(key.id), key.model_dump_json().encode())
        self._checked.pop(key.id, None)

    def _path(self, key_id: str) -> Path:
        return self._folder / f"{key_id}.json"

    def _digest(self, token: str) -> str:
        return hmac.digest(self._pepper, token.encode(errors="replace"), "sha256").hex()

    def event_secret(self) -> bytes:
        """What ids of events are made with. Only after `prepare`."""
        return hmac.digest(self._pepper, b"ids of events", "sha256")

    @cached_property
    def _pepper(self) -> bytes:
        return (self._folder / _PEPPER_FILE).read_bytes()

    @cached_property
    def _no_digest(self) -> str:
        """Of an unknown key, so that it takes as long as a known one."""
        return self._digest("")


def _remember(known: dict[_K, _V], name: _K, value: _V) -> None:
    if len(known) >= _MAX_REMEMBERED:
        known.clear()
    known[name] = value
