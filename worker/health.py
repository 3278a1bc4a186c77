"""`python -m worker.health`: exit with 1 if the worker of this host is dead. Container engines ask so."""

import sys
from socket import gethostname

from models_store.connection import connect
from models_store.errors import Unavailable
from models_store.events import EventLog
from models_store.jobs.drains import Drains
from models_store.jobs.workers import Workers
from settings import Settings


def is_alive(settings: Settings, hostname: str) -> bool:
    """Whether a heartbeat of it has reached Redis in the last 15 s; true while Redis does not answer, because a
    training continues then."""
    redis = connect(settings.redis_url, "health")
    workers = Workers(redis, EventLog(redis), Drains(settings.store_dir))
    try:
        return hostname in {worker.hostname for worker in workers.alive()}
    except Unavailable:
        return True


if __name__ == "__main__":
    sys.exit(not is_alive(Settings(), gethostname()))
