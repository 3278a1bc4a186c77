"""Sends what waits in the outbox: at least once, again with growing pauses, then never."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from api.webhooks.sender import Sender
from models_store.errors import Busy, NotFound, StoreError
from models_store.files import lock_folder
from models_store.frozen import utc_now
from models_store.store import Store
from models_store.webhooks.outbox import PENDING
from models_store.webhooks.webhook import DeliveryStatus, Webhook

_THREADS = 4

log = logging.getLogger(__name__)


class Deliverer:
    """`deliver` is called again and again. The deliveries of one webhook are sent one after the other, by one process
    at a time; a receiver that does not answer holds up no other one."""

    def __init__(self, store: Store, sender: Sender, retry_seconds: float) -> None:
        self._store = store
        self._outbox = store.webhooks.outbox
        self._sender = sender
        self._retry_seconds = retry_seconds
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="webhook")
        self._working: dict[str, Future[None]] = {}

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    def deliver(self) -> None:
        """Have threads send what is due."""
        self._working = {each: future for each, future in self._working.items() if not future.done()}
        for webhook in self._outbox.webhooks():
            if webhook.id not in self._working and self._is_due(webhook):
                self._working[webhook.id] = self._threads.submit(self._deliver_all, webhook)

    def _is_due(self, webhook: Webhook) -> bool:
        self._outbox.settle_doubtful(webhook.id, self._store.has_happened)
        now = utc_now()
        return any(each.is_due(now) for each in self._outbox.pending(webhook.id))

    def _deliver_all(self, webhook: Webhook) -> None:
        # Another process sends them, or the webhook was deleted.
        with suppress(Busy, NotFound), lock_folder(self._outbox.folder / webhook.id / PENDING, seconds=0.0):
            try:
                self._send_due(webhook)
            except (FileNotFoundError, StoreError, OSError) as error:
                log.warning("webhook %s: %r", webhook.id, error)
            except Exception:
                log.exception("webhook %s", webhook.id)

    def _send_due(self, webhook: Webhook) -> None:
        now = utc_now()
        for delivery in self._outbox.pending(webhook.id):
            if not delivery.is_due(now) or self._outbox.has_ended(webhook.id, delivery):
                continue
            attempt = self._sender.send(webhook, delivery)
            after = delivery.after(attempt, self._retry_seconds)
            self._outbox.record(webhook.id, after)
            log.info("webhook %s: %s is %s, %s", webhook.id, delivery.id, after.status, attempt.error or "answered")
            if after.status is not DeliveryStatus.DELIVERED:
                return  # the others are tried when it is their turn
