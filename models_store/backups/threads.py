"""Requests at once, in threads: as many as pay, and few enough for any memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
THREADS: Final = 8
_WAITING: Final = 4 * THREADS
_POLL_SECONDS: Final = 30.0


def map_in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], while_waiting: Callable[[], None] = lambda: None
) -> Iterator[Result]:
    """Yield the results in the order of `items`, of which some are ahead. `while_waiting` is called for each, and twice
    a minute. After an error nothing more is begun; it is raised when what had begun has ended."""
    waiting = deque[Future[Result]]()
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= _WAITING:
                    yield _result(waiting.popleft(), while_waiting)
            while waiting:
                yield _result(waiting.popleft(), while_waiting)
        finally:
            pool.shutdown(cancel_futures=True)


def _result(future: Future[Result], while_waiting: Callable[[], None]) -> Result:
    while not wait([future], _POLL_SECONDS).done:
        while_waiting()
    while_waiting()
    return future.result()
