"""kombu's Redis transport, where an acknowledgement may get lost: messages are only wake-ups."""

import logging
from collections.abc import Callable
from typing import Any

from kombu.transport import redis, virtual

log = logging.getLogger(__name__)


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
    QoS = WakeUps


class Transport(redis.Transport):
    Channel = Channel
