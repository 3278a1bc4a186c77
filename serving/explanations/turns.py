"""When an explanation is computed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from serving.errors import Overloaded

_AT_ONCE = 2
_SECONDS = 10.0


class Turns:
    """A few explanations are computed at once, and others wait in the order in which they came: predictions have their
    turn between the batches of these few. For use from one event loop."""

    def __init__(self, at_once: int = _AT_ONCE, seconds: float = _SECONDS) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._seconds = seconds

    @asynccontextmanager
    async def take(self, *, has_begun: bool = False) -> AsyncIterator[None]:
        """For one image. Raises Overloaded if others take too long; never for a request that `has_begun`, and has been
        counted."""
        try:
            async with asyncio.timeout(None if has_begun else self._seconds):
                await self._free.acquire()
        except TimeoutError:
            raise Overloaded(
                f"explanations that were asked for before take longer than {self._seconds:g} s; try again in a moment"
            ) from None
        try:
            yield
        finally:
            self._free.release()
