"""The outbox: what is to be sent to webhooks, on disk until it has been answered."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from models_store.errors import Newer, StoreError
from models_store.files import create_exclusive, sync_directory, write_atomic
from models_store.webhooks.webhook import Delivery, DeliveryStatus, Notice, Webhook, is_subscribed

PENDING, ENDED, WEBHOOK_FILE = "pending", "ended", "webhook.json"
_PREPARED = ".prepared"
# Longer than any write of a record takes.
_DOUBTFUL_SECONDS = 60.0
_MAX_ENDED = 100
_MAX_PENDING = 1_000

log = logging.getLogger(__name__)


class Outbox:
    """The folders `<webhook>/pending` and `<webhook>/ended` under `folder`, a file for each delivery.

    A delivery is prepared before the change that it reports is written, and released after that, so that a kill in
    between loses nothing; one that was left prepared is judged by disk. Safe for any number of threads, processes and
    machines.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def webhooks(self) -> list[Webhook]:
        """All that are sound, oldest first."""
        found = []
        for path in sorted(self.folder.glob(f"[!.]*/{WEBHOOK_FILE}")):
            try:
                found.append(Webhook.model_validate_json(path.read_bytes()))
            except OSError as error:
                log.warning("webhook %s is sent nothing: %r", path.parent.name, error)
            except ValidationError:  # whose text would have the secret
                log.error("webhook %s does not parse and is sent nothing", path.parent.name)
            except Newer as error:
                log.warning("webhook %s is sent nothing: %s", path.parent.name, error)
        return found

    # -- adding ------------------------------------------------------------------------------------------------------

    @contextmanager
    def announcing(self, notice: Callable[[], Notice | None]) -> Iterator[None]:
        """Queue deliveries of the change that the block writes; `notice` is only called if there are webhooks. What
        cannot be queued is logged: an experiment does not fail for it."""
        prepared: list[Path] = []
        with _log_errors("a change is not sent to webhooks"):
            prepared = self._prepare(notice)
        yield
        for path in prepared:
            with _log_errors(f"{path} is sent later"):
                path.rename(path.with_suffix(".json"))

    def _prepare(self, notice: Callable[[], Notice | None]) -> list[Path]:
        webhooks = self.webhooks()
        if not webhooks or (found := notice()) is None:
            return []
        paths = []
        for each in webhooks:
            if is_subscribed(each, found.event):
                with _log_errors(f"{found.event} of {found.subject} is not sent to webhook {each.id}"):
                    paths.append(self._write_new(each.id, found.delivery(), _PREPARED))
        return paths

    def add(self, webhook_id: str, notice: Notice) -> Delivery:
        """One for this webhook alone. Raises StorageFull."""
        delivery = notice.delivery()
        self._write_new(webhook_id, delivery, ".json")
        return delivery

    def _write_new(self, webhook_id: str, delivery: Delivery, suffix: str) -> Path:
        folder = self.folder / webhook_id / PENDING
        folder.mkdir(exist_ok=True)
        path = folder / f"{delivery.id}{suffix}"
        create_exclusive(path, delivery.model_dump_json().encode())
        return path

    # -- sending -----------------------------------------------------------------------------------------------------

    def pending(self, webhook_id: str) -> list[Delivery]:
        """Those that wait for an attempt, oldest first; more than a thousand are not kept."""
        folder = self.folder / webhook_id / PENDING
        found = _read_all(folder)
        found.sort(key=lambda each: (each.created_at, each.id))
        for each in found[:-_MAX_PENDING]:
            log.error("webhook %s has too many deliveries that wait: %s is dropped", webhook_id, each.id)
            self.record(webhook_id, each.model_copy(update={"status": DeliveryStatus.FAILED}))
        return found[-_MAX_PENDING:]

    def settle_doubtful(self, webhook_id: str, has_happened: Callable[[Delivery], bool]) -> None:
        """Release prepared ones whose writer has died after it wrote the change; drop the others."""
        oldest = time.time() - _DOUBTFUL_SECONDS
        for path in (self.folder / webhook_id / PENDING).glob(f"[!.]*{_PREPARED}"):
            if _modified_at(path) > oldest or (delivery := _read(path)) is None:
                continue
            with suppress(FileNotFoundError):
                path.rename(path.with_suffix(".json")) if has_happened(delivery) else path.unlink()

    def record(self, webhook_id: str, delivery: Delivery) -> None:
        """After an attempt. Raises StorageFull, and FileNotFoundError if the webhook was deleted meanwhile."""
        folder = self.folder / webhook_id
        document = delivery.model_dump_json().encode()
        if delivery.status is DeliveryStatus.PENDING:
            write_atomic(folder / PENDING / f"{delivery.id}.json", document)
            return
        (folder / ENDED).mkdir(exist_ok=True)
        write_atomic(folder / ENDED / f"{delivery.id}.json", document)
        (folder / PENDING / f"{delivery.id}.json").unlink(missing_ok=True)
        sync_directory(folder / PENDING)
        self._forget_old(folder / ENDED)

    def has_ended(self, webhook_id: str, delivery: Delivery) -> bool:
        """Whether a sender was killed between the two steps of `record`, which are then completed."""
        folder = self.folder / webhook_id
        if not (folder / ENDED / f"{delivery.id}.json").exists():
            return False
        (folder / PENDING / f"{delivery.id}.json").unlink(missing_ok=True)
        return True

    @staticmethod
    def _forget_old(folder: Path) -> None:
        paths = sorted(folder.glob("[!.]*.json"), key=_modified_at)
        for path in paths[:-_MAX_ENDED]:
            path.unlink(missing_ok=True)

    def deliveries(self, webhook_id: str) -> list[Delivery]:
        """The last that ended and those that wait, newest first."""
        folder = self.folder / webhook_id
        # In this order: one that ends meanwhile is in the second folder before it leaves the first.
        found = {each.id: each for name in (PENDING, ENDED) for each in _read_all(folder / name)}
        return sorted(found.values(), key=lambda each: (each.created_at, each.id), reverse=True)


@contextmanager
def _log_errors(what: str) -> Iterator[None]:
    try:
        yield
    except (StoreError, OSError) as error:
        log.error("%s: %s", what, error)


def _read_all(folder: Path) -> list[Delivery]:
    return [delivery for path in folder.glob("[!.]*.json") if (delivery := _read(path)) is not None]


def _read(path: Path) -> Delivery | None:
    try:
        return Delivery.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        log.error("%s does not parse and is not sent", path)
    except Newer as error:
        log.warning("%s is not sent: %s", path, error)
    return None


def _modified_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
