"""The way to the workers. A message is only a wake-up that names what is to be done; the record is the job.

The settings are those that hold when Redis is restarted, emptied or half-open (docs/decisions/0002).
"""

import base64
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import cast

import orjson
from celery import Celery
from kombu.entity import Exchange
from kombu.entity import Queue as KombuQueue
from kombu.exceptions import OperationalError
from redis import Redis
from redis.client import NEVER_DECODE

from models_store import keys
from models_store.errors import Unavailable

TASK = "experiments.train"
CONVERT_TASK = "datasets.convert"
EVALUATE_TASK = "experiments.evaluate"
PUBLISH_SECONDS = 2.0
# The longest budget that a spec may ask for (specs/limits.py), and ten minutes to end it: only a backstop, because the
# supervisor enforces each spec's own budget.
HARD_LIMIT_SECONDS = 10_080 * 60 + 600


def configure(app: Celery, broker_url: str, shutdown_seconds: float = 30.0) -> Celery:
    """Apply the settings that the sender and the receiver must share."""
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
        # Taken in turn: a dataset need not wait for every experiment that was posted before it.
        task_queues=[KombuQueue(name, Exchange(name), name) for name in keys.QUEUES],  # type: ignore[no-untyped-call]
        task_default_queue=keys.QUEUE,
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
    """Sends wake-ups, and knows which ones still wait."""

    def __init__(self, broker_url: str, redis: Redis) -> None:
        self._app = configure(Celery("trainyard"), broker_url)
        self._redis = redis
        # A publish to a half-open server blocks for longer than a POST may; it is then left to end on its own.
        self._publishers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="publish")

    def wake(self, experiment_id: str) -> None:
        """Send a wake-up, or raise Unavailable within 2 s. The record must have been written before."""
        self._publish(TASK, keys.QUEUE, experiment_id=experiment_id)

    def wake_converter(self, name: str) -> None:
        """The same for an uploaded dataset."""
        self._publish(CONVERT_TASK, keys.CONVERSIONS, name=name)

    def wake_evaluator(self, experiment_id: str, dataset: str) -> None:
        """The same for the evaluation of an experiment on a dataset."""
        self._publish(EVALUATE_TASK, keys.EVALUATIONS, experiment_id=experiment_id, dataset=dataset)

    def _publish(self, task: str, queue: str, **named: str) -> None:
        sent = self._publishers.submit(self._send, task, queue, named)
        try:
            sent.result(timeout=PUBLISH_SECONDS)
        except (FutureTimeoutError, OperationalError, OSError) as error:
            sent.cancel()
            raise Unavailable(
                f"the queue did not take {next(iter(named.values()))}: {error!r}; it will be sent again"
            ) from error

    def _send(self, task: str, queue: str, named: dict[str, str]) -> None:
        self._app.send_task(
            task,
            kwargs=named,
            queue=queue,
            ignore_result=True,
            retry=False,
        )

    def depth(self) -> int:
        return self._redis.llen(keys.QUEUE)

    def waiting(self) -> set[str]:
        """The experiments that some waiting message names. Messages that nobody can read are passed over."""
        return {each["experiment_id"] for each in self._waiting(keys.QUEUE, "experiment_id")}

    def waiting_evaluations(self) -> set[tuple[str, str]]:
        """The evaluations, by experiment and dataset, likewise."""
        named = self._waiting(keys.EVALUATIONS, "experiment_id", "dataset")
        return {(each["experiment_id"], each["dataset"]) for each in named}

    def _waiting(self, queue: str, *names: str) -> Iterator[dict[str, str]]:
        """What each message says of all `names`."""
        # As bytes: one message that is no text must not hide the others.
        messages = self._redis.execute_command("LRANGE", queue, 0, -1, **{NEVER_DECODE: True})  # type: ignore[no-untyped-call]
        for message in cast(Iterable[bytes], messages):
            try:
                named = orjson.loads(base64.b64decode(orjson.loads(message)["body"]))[1]
                said = {name: named[name] for name in names}
            except (ValueError, KeyError, IndexError, TypeError):
                continue
            if all(isinstance(value, str) for value in said.values()):
                yield said
