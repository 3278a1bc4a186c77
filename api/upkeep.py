"""What each process of the API does besides answering, again and again."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from api.dependencies import Services
from api.periodic import Periodic
from api.webhooks.deliverer import Deliverer
from models_store.connection import require_redis
from models_store.errors import Unavailable
from models_store.jobs.workers import SEEN_SECONDS
from models_store.store import Store
from settings import Settings

_REFRESH_SECONDS = 0.5
_WRITE_SECONDS = 0.5
_COLLECT_SECONDS = 1.0
_CHECK_SECONDS = 1.0
_SUMMARIES_SECONDS = 1.0
_DELIVER_SECONDS = 1.0
_COUNT_SECONDS = 2.0
_KEYS_SECONDS = 10.0
_OLD_KEYS_SECONDS = 3600.0
_RETENTION_SECONDS = 60.0


def list_upkeep(services: Services, deliverer: Deliverer) -> list[Periodic]:
    """None of them is started."""
    store = services.store
    retain = partial(services.retention.run, services.registry.is_serving)
    retention_seconds, sweep_seconds = services.settings.retention_seconds, services.settings.reconcile_seconds
    return [
        Periodic("reconciler", partial(sweep, store, services.settings), sweep_seconds),
        Periodic("promotion", services.registry.refresh, _REFRESH_SECONDS),
        Periodic("corrections", store.corrections.collect, _COLLECT_SECONDS),
        Periodic("improvements", partial(_while_redis_answers, services.improvements.check_all), _CHECK_SECONDS),
        Periodic("predictions", services.recent.upkeep, _WRITE_SECONDS),
        Periodic("webhooks", deliverer.deliver, _DELIVER_SECONDS),
        Periodic("traffic", store.flush_counts, _COUNT_SECONDS),
        # Which forgets those that are silent.
        Periodic("workers", partial(_while_redis_answers, store.workers.alive), SEEN_SECONDS / 3),
        Periodic("keys", store.keys.flush, _KEYS_SECONDS),
        Periodic("old keys", store.keys.purge, _OLD_KEYS_SECONDS),
        Periodic("retention", partial(_while_redis_answers, retain), min(retention_seconds, _RETENTION_SECONDS)),
        Periodic("summaries", partial(_while_redis_answers, store.refresh_summaries), _SUMMARIES_SECONDS),
    ]


def sweep(store: Store, settings: Settings) -> None:
    """The process that is elected also has experiments give way, or no longer."""
    if store.reconciler.take_turn(settings.reconcile_seconds):
        _while_redis_answers(partial(store.preemption.update, settings.preemption))


def _while_redis_answers(call: Callable[[], object]) -> None:
    with suppress(Unavailable), require_redis():  # the reconciler logs it
        call()
