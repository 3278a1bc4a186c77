"""Idempotency keys: the same key and body give the same experiment, even after a crash.

The experiment's id is reserved on disk before the record is written, so that a retry continues where the first call
ended. Keys are kept for a day, as at Stripe.
"""

import time
from pathlib import Path

from pydantic import ValidationError

from models_store.errors import Damaged, IdempotencyMismatch
from models_store.files import create_exclusive, remove_stale_temporaries, sha256_of
from models_store.frozen import Frozen

IDEMPOTENCY = "idempotency"
KEPT_SECONDS = 24 * 3600.0


class Reservation(Frozen):
    experiment_id: str
    body_sha256: str


class IdempotencyKeys:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reserve(self, key: str, body: bytes, experiment_id: str, owner: str | None = None) -> str:
        """Return the id that belongs to `key`, of each `owner` its own: the one given, or the one an earlier call
        reserved.

        Raises IdempotencyMismatch if the earlier call had another body, Damaged if its reservation does not parse.
        """
        wanted = Reservation(experiment_id=experiment_id, body_sha256=sha256_of(body))
        path = self._path(key, owner)
        self._folder.mkdir(parents=True, exist_ok=True)
        if create_exclusive(path, wanted.model_dump_json().encode()):
            return experiment_id
        try:
            earlier = Reservation.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise Damaged(f"the reservation of the Idempotency-Key {key!r} is damaged; use a new key") from error
        if earlier.body_sha256 != wanted.body_sha256:
            raise IdempotencyMismatch(
                f"the Idempotency-Key {key!r} was used for {earlier.experiment_id} with another body; "
                "use a new key for another experiment or sweep"
            )
        return earlier.experiment_id

    def reserved(self, key: str, owner: str | None) -> str | None:
        """The id that an earlier call has reserved, whether or not there is such an experiment; None if it does not
        parse."""
        try:
            return Reservation.model_validate_json(self._path(key, owner).read_bytes()).experiment_id
        except (FileNotFoundError, ValidationError):
            return None

    def _path(self, key: str, owner: str | None) -> Path:
        name = key if owner is None else f"{owner}\0{key}"  # neither may have a zero byte
        return self._folder / f"{sha256_of(name.encode())}.json"

    def remove_expired(self) -> None:
        """Remove keys older than a day."""
        if not self._folder.is_dir():
            return
        remove_stale_temporaries(self._folder)
        oldest = time.time() - KEPT_SECONDS
        for path in self._folder.glob("*.json"):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
