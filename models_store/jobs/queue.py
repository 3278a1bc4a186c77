"""Celery settings and the queue of messages. A message only names a job; the record on disk is the job.

The settings are those that hold when Redis is restarted, emptied or half-open (docs/decisions/0002).
"""

import base64
import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import cast

import orjson
from celery import Celery
from kombu.entity import Exchange
from kombu.entity import Queue as KombuQueue
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES
from redis import Redis
from redis.client import NEVER_DECODE

from models_store import keys
from models_store.connection import require_redis

PUBLISH_SECONDS = 2.0
# The longest budget that a spec may ask for (specs/limits.py), and ten minutes to end it: only a backstop, because the
# supervisor enforces each spec's own budget.
HARD_LIMIT_SECONDS = 10_080 * 60 + 600

JobName = tuple[str, ...]
# Where kombu keeps received messages, and when each was received: it would deliver them again when they become visible.
_UNSETTLED, _UNSETTLED_INDEX = "unacked", "unacked_index"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job: its name in logs, its Celery task, its queue, and the arguments that name one of its jobs."""

    name: str
    task: str
    queue: str
    arguments: tuple[str, ...]


TRAINING = JobKind("training", "experiments.train", keys.TRAININGS, ("experiment_id",))
CONVERSION = JobKind("conversion", "datasets.convert", keys.CONVERSIONS, ("name",))
EVALUATION = JobKind("evaluation", "experiments.evaluate", keys.EVALUATIONS, ("experiment_id", "dataset"))
SWEEP = JobKind("sweep", "sweeps.advance", keys.SWEEPS, ("sweep_id",))
KINDS = (TRAINING, CONVERSION, EVALUATION, SWEEP)


def configure(app: Celery, broker_url: str, shutdown_seconds: float = 30.0) -> Celery:
    """Apply the settings that the sender and the receiver must share."""
    # By name, and not as `broker_transport`: kombu derives TLS from the scheme.
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "models_store.jobs.broker:Transport"))
    app.conf.update(
        broker_url=broker_url,
        broker_transport_options={
            "visibility_timeout": HARD_LIMIT_SECONDS + 3600,
            "socket_timeout": 10,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 25,
        },
        visibility_timeout=HARD_LIMIT_SECONDS + 3600,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # Consumed in turn: a dataset need not wait for all experiments that were posted before it.
        task_queues=[KombuQueue(kind.queue, Exchange(kind.queue), kind.queue) for kind in KINDS],  # type: ignore[no-untyped-call]
        task_default_queue=TRAINING.queue,
        task_create_missing_queues=True,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        task_retry_on_worker_lost=True,
        task_time_limit=HARD_LIMIT_SECONDS,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_soft_shutdown_timeout=shutdown_seconds,
        worker_enable_soft_shutdown_on_idle=False,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
    )
    return app


class Queue:
    """Sends messages and lists those that no worker has received yet."""

    def __init__(self, broker_url: str, redis: Redis) -> None:
        self._app = configure(Celery("trainyard"), broker_url)
        self._redis = redis
        # A publish to a half-open server blocks for longer than a POST may; it is then left to end on its own.
        self._publishers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="publish")

    def enqueue(self, kind: JobKind, *name: str) -> bool:
        """Send the message that names a job, whose record must be on disk. False, with a warning, if Redis does not
        accept it within `PUBLISH_SECONDS`: the reconciler sends it again."""
        sent = self._publishers.submit(self._send, kind, dict(zip(kind.arguments, name, strict=True)))
        try:
            sent.result(timeout=PUBLISH_SECONDS)
        except (FutureTimeoutError, OperationalError, OSError) as error:
            sent.cancel()
            log.warning("%s %s was not enqueued: %r; it will be sent again", kind.name, " ".join(name), error)
            return False
        return True

    def _send(self, kind: JobKind, arguments: dict[str, str]) -> None:
        self._app.send_task(kind.task, kwargs=arguments, queue=kind.queue, ignore_result=True, retry=False)

    def depth(self, kind: JobKind) -> int:
        """The number of messages that no worker has received yet."""
        return self._redis.llen(kind.queue)

    def waiting(self) -> int:
        """The number of kinds with messages that no worker has received yet. Raises Unavailable."""
        with require_redis():
            return int(self._redis.exists(*(kind.queue for kind in KINDS)))

    def discarded(self) -> int:
        """How many messages workers have discarded, because they were none of this service's."""
        return int(cast(str | None, self._redis.get(keys.DISCARDED_MESSAGES)) or 0)

    def forget_unsettled(self, older_than: float) -> int:
        """Drop messages that a worker has received and not settled for so many seconds: those of killed workers, and of
        jobs that still run, which need none. Return how many."""
        tags = cast(list[str], self._redis.zrangebyscore(_UNSETTLED_INDEX, "-inf", time.time() - older_than))
        if tags:
            with self._redis.pipeline() as both:
                both.zrem(_UNSETTLED_INDEX, *tags)
                both.hdel(_UNSETTLED, *tags)
                both.execute()
        return len(tags)

    def pending(self, kind: JobKind) -> set[JobName]:
        """The jobs that these messages name. Unreadable messages are skipped."""
        # As bytes: one message that is not text must not hide the others.
        messages = self._redis.execute_command("LRANGE", kind.queue, 0, -1, **{NEVER_DECODE: True})  # type: ignore[no-untyped-call]
        names = (_named_by(message, kind) for message in cast(Iterable[bytes], messages))
        return {name for name in names if name is not None}


def _named_by(message: bytes, kind: JobKind) -> JobName | None:
    try:
        return job_name(orjson.loads(message)["body"], kind)
    except (ValueError, KeyError, TypeError):
        return None


def job_name(body: str, kind: JobKind) -> JobName | None:
    """The job that the body of a message names; None if it cannot be read."""
    try:
        _, arguments, _ = orjson.loads(base64.b64decode(body))
        name = tuple(arguments[each] for each in kind.arguments)
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return name if len(arguments) == len(name) and all(isinstance(each, str) for each in name) else None
