"""The log of one experiment, as its trainers write it."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from models_store.experiments.log import MAX_LOG_BYTES

log = logging.getLogger("trainer")
# Of interest for this one experiment: not in the log of the worker.
details = logging.getLogger("experiment")


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append what this process logs within the block to `path`, with warnings and `details`. When it is half of
    MAX_LOG_BYTES long, it is renamed to `<path>.1`, and another is begun. A log that cannot be written stops no
    training."""
    details.propagate = False
    details.setLevel(logging.INFO)
    try:
        handler = RotatingFileHandler(path, maxBytes=MAX_LOG_BYTES // 2, backupCount=1, encoding="utf-8")
    except OSError as error:
        log.warning("%s is not written: %s", path, error)
        yield
        return
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    loggers = (logging.getLogger(), details)
    for logger in loggers:
        logger.addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        for logger in loggers:
            logger.removeHandler(handler)
        handler.close()


def describe_metrics(metrics: Mapping[str, float | None]) -> str:
    """`loss 0.1234, accuracy 0.9`."""
    return ", ".join(f"{name} {'not finite' if value is None else f'{value:.5g}'}" for name, value in metrics.items())
