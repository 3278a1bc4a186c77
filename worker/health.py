"""`python -m worker.health`: exit with 1 if the worker of this host is dead. Container engines ask so."""

import sys
from socket import gethostname

from models_store.connection import connect
from models_store.errors import Unavailable
from models_store.events import EventLog
from models_store.jobs.workers import Workers
from settings import Settings


def is_alive(redis_url: str, hostname: str) -> bool:
    """Whether a heartbeat of it has reached Redis in the last 15 s; true while Redis does not answer, because a
    training continues then."""
    redis = connect(redis_url, "health")
    try:
        return hostname in {worker.hostname for worker in Workers(redis, EventLog(redis)).alive()}
    except Unavailable:
        return True


if __name__ == "__main__":
    sys.exit(not is_alive(Settings().redis_url, gethostname()))
