"""What an owner may use."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from models_store.errors import Damaged, Newer
from models_store.file_cache import FileCache
from models_store.files import make_private, write_atomic
from models_store.frozen import utc_now
from models_store.named_locks import lock_name
from models_store.owners.ledger import TrainingLedger
from models_store.versions import Nested, Stored
from specs.quota import QuotaSpec

FOLDER = "owners"
_LOCKS = ".locks"
log = logging.getLogger(__name__)


class Quota(Nested):
    """As `QuotaSpec`; null is no limit."""

    running: int | None = None
    queued: int | None = None
    training_minutes: int | None = None
    bytes: int | None = None
    predictions: int | None = None


NO_QUOTA = Quota()


class OwnerRecord(Stored):
    """`quota` has what an admin has set for this owner, `private` whether what the owner creates is private unless a
    request says otherwise; null is the default."""

    name: str
    quota: Quota = NO_QUOTA
    private: bool | None = None


class OwnerStore:
    """Owners on disk, one file each: `owners/<name>.json` under `root`, for those who have more than the
    defaults, `default` and `private`."""

    def __init__(self, root: Path, default: Quota, private: bool) -> None:
        self.folder = root / FOLDER
        self.default = default
        self.private = private
        self.ledger = TrainingLedger(self.folder)
        self._files = FileCache[OwnerRecord]()

    def prepare(self) -> None:
        """Make the folder. Raises OSError if the store is not writable."""
        make_private(self.folder)

    def get(self, name: str) -> OwnerRecord:
        """Raises Damaged: whose limits are unknown may start nothing."""
        path = self._path(name)
        try:
            return self._files.get(path, lambda: OwnerRecord.model_validate_json(path.read_bytes()))
        except FileNotFoundError:
            return OwnerRecord(name=name)
        except ValidationError as error:
            raise Damaged(f"the quota of {name} is damaged; an admin sets it again: PUT /owners/{name}") from error

    def names(self) -> set[str]:
        """Of those with a quota of their own, and those in the ledger."""
        return {path.stem for path in self.folder.glob("[!.]*.json")} | self.ledger.owners()

    def quota(self, name: str) -> Quota:
        """What holds: what was set for the owner, or else the default. Raises Damaged."""
        own = {each: value for each, value in self.get(name).quota if value is not None}
        return self.default.model_copy(update=own)

    def set(self, name: str, quota: QuotaSpec) -> None:
        """Also if the record is damaged. Raises Busy, StorageFull."""
        with self.lock(name):
            try:
                known = self.get(name)
            except Newer:
                raise
            except Damaged:
                known = OwnerRecord(name=name)
            self._write(known.model_copy(update={"quota": Quota(**quota.model_dump())}))

    def set_private(self, name: str, private: bool | None) -> None:
        """Raises Damaged, Busy, StorageFull."""
        with self.lock(name):
            self._write(self.get(name).model_copy(update={"private": private}))

    def is_private(self, name: str) -> bool:
        """Whether what the owner creates is. Raises Damaged."""
        chosen = self.get(name).private
        return self.private if chosen is None else chosen

    def _write(self, record: OwnerRecord) -> None:
        write_atomic(self._path(record.name), record.model_dump_json().encode())

    def is_limited(self, name: str) -> bool:
        """Whether something of the owner may have to wait although a worker is free."""
        try:
            quota = self.quota(name)
        except Damaged:
            return True
        return quota.running is not None or quota.training_minutes is not None

    def may_start(self, name: str, running: int) -> bool:
        """Whether an owner, "" for none, of whose experiments so many run may start another one."""
        if not name:
            return True
        try:
            quota = self.quota(name)
        except Damaged as error:
            log.error("nothing of %s is started: %s", name, error)
            return False
        if quota.running is not None and running >= quota.running:
            return False
        minutes = quota.training_minutes
        return minutes is None or self.ledger.used_seconds(name, utc_now()) < 60 * minutes

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """While something is counted and then added. Raises Busy, StorageFull."""
        with lock_name(self.folder / _LOCKS / name, name, self._path(name).exists):
            yield

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"
