"""How many requests of one owner are answered at once in a process, and how many it may have begun."""

import asyncio
from collections.abc import Callable
from functools import partial

from starlette.types import Scope

from models_store.errors import TooManyAtOnce

# In the scope of a request: what is called when its answer begins, or it ends without one.
AT_ANSWER = "trainyard.at_answer"
# In the scope of a request: what is called when it has ended, however.
AT_END = "trainyard.at_end"
# As many connections as a browser opens to a host, so that no page waits for itself. Few of the 40 threads in which
# routes are computed, so that one owner neither takes them all nor most of the processor.
_AT_ONCE = 6
_SECONDS = 10.0
# Each has a connection, and some a file: a quarter of the 1,024 that a process may have open on most systems.
_BEGUN = 250


class OwnerPlaces:
    """Further requests of an owner wait for a place, in the order in which they came; those of others do not wait for
    them. For use from one event loop."""

    def __init__(self, at_once: int = _AT_ONCE, seconds: float = _SECONDS) -> None:
        self._at_once = at_once
        self._seconds = seconds
        self._places: dict[str, asyncio.Semaphore] = {}
        # Also those that wait, so that nothing is kept of who asks for nothing.
        self._requests: dict[str, int] = {}

    async def take(self, owner: str, scope: Scope) -> None:
        """Until the answer to this request begins. Raises TooManyAtOnce if others of the owner take too long."""
        place = self._places.setdefault(owner, asyncio.Semaphore(self._at_once))
        self._requests[owner] = self._requests.get(owner, 0) + 1
        try:
            async with asyncio.timeout(self._seconds):
                await place.acquire()
        except TimeoutError:
            self._forget(owner)
            raise TooManyAtOnce(
                f"{owner} has {self._at_once} requests that are being answered, and those before this one take longer "
                f"than {self._seconds:g} s; send fewer at once",
                retry_after=1,
            ) from None
        except asyncio.CancelledError:
            self._forget(owner)
            raise
        scope[AT_ANSWER].append(lambda: self._free(owner, place))

    def _free(self, owner: str, place: asyncio.Semaphore) -> None:
        place.release()
        self._forget(owner)

    def _forget(self, owner: str) -> None:
        self._requests[owner] -= 1
        if not self._requests[owner]:
            del self._requests[owner], self._places[owner]

    @property
    def owners(self) -> int:
        """How many have a place, or wait for one."""
        return len(self._requests)


class OwnerRequests:
    """Those that have begun and not ended: bodies that arrive slowly, and answers and streams that are read so, hold a
    connection until their client ends that. For use from one event loop."""

    def __init__(self, at_most: int = _BEGUN) -> None:
        self._at_most = at_most
        self._begun: dict[str, int] = {}

    async def begin(self, owner: str, scope: Scope) -> None:
        """Until this request has ended. Raises TooManyAtOnce."""
        begun = self._begun.get(owner, 0)
        if begun >= self._at_most:
            raise TooManyAtOnce(
                f"{owner} has {begun} requests that have not ended, and may not have more; send fewer at once, and "
                "read their answers",
                retry_after=1,
            )
        self._begun[owner] = begun + 1
        scope[AT_END].append(partial(self._end, owner))

    def _end(self, owner: str) -> None:
        self._begun[owner] -= 1
        if not self._begun[owner]:
            del self._begun[owner]

    @property
    def owners(self) -> int:
        """How many have begun one."""
        return len(self._begun)


def call_at_answer(scope: Scope) -> None:
    """What waits for the answer to this request, once."""
    _call(scope[AT_ANSWER])


def call_at_end(scope: Scope) -> None:
    """What waits for the end of this request, also for its answer, once."""
    _call(scope[AT_ANSWER])
    _call(scope[AT_END])


def _call(pending: list[Callable[[], None]]) -> None:
    while pending:
        pending.pop()()
