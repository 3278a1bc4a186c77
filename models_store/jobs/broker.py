"""kombu's Redis transport, where an acknowledgement may get lost and anything may be in a queue: messages are only
wake-ups."""

import logging
from collections.abc import Callable
from contextlib import suppress
from queue import Empty
from typing import Any

from kombu.transport import redis, virtual

from models_store import keys
from models_store.jobs.envelope import is_wake_up

log = logging.getLogger(__name__)
_SHOWN_CHARACTERS = 200


class WakeUps(redis.QoS):
    """In kombu, a message whose acknowledgement fails counts as being processed forever: at a prefetch count of one
    the worker never asks for another. Here it is settled in this process; what stays in Redis is delivered again after
    the visibility timeout, and then finds nothing to do."""

    def ack(self, delivery_tag: str) -> None:
        self._settle(delivery_tag, super().ack)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        self._settle(delivery_tag, super().reject, requeue=requeue)

    def _settle(self, delivery_tag: str, settle: Callable[..., None], **options: Any) -> None:
        try:
            settle(delivery_tag, **options)
        except self.channel.connection_errors as error:
            log.warning("a message was not acknowledged: %r; if it comes again, it finds nothing to do", error)
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]


class Channel(redis.Channel):
    """What is no wake-up of ours is discarded: kombu would raise in the worker's loop, put the message back when that
    has ended, and end the next worker with it."""

    QoS = WakeUps

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except ValueError as error:  # no JSON, not even text
            self.discard(f"unreadable: {error!r}")
            raise Empty from error

    def discard(self, what: str) -> None:
        log.error("a message in Redis was discarded, because it is none of this service's: %s", what)
        with suppress(*self.connection_errors), self.conn_or_acquire() as client:
            client.incr(keys.DISCARDED_MESSAGES)


class Transport(redis.Transport):
    Channel = Channel
    # A message ends the wait at once; kombu's 1 s is most of what an idle worker asks of Redis.
    brpop_timeout = 5

    def _deliver(self, message: object, queue: str) -> None:
        if is_wake_up(message, queue):
            super()._deliver(message, queue)  # type: ignore[no-untyped-call]
        else:
            self.channels[0].discard(f"{repr(message)[:_SHOWN_CHARACTERS]} in {queue}")
