"""When an explanation is computed."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from serving.errors import Overloaded

_AT_ONCE = 2
_SECONDS = 10.0


class Turns:
    """A few explanations are computed at once: predictions have their turn between the batches of these few. Others
    wait, those of one owner in the order in which they came, and owners in turn. For use from one event loop."""

    def __init__(self, at_once: int = _AT_ONCE, seconds: float = _SECONDS) -> None:
        self._free = at_once
        self._seconds = seconds
        # Those that wait, by owner, the one first whose turn is next.
        self._lines: dict[str | None, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def take(self, owner: str | None = None, *, has_begun: bool = False) -> AsyncIterator[None]:
        """For one image. Raises Overloaded if others take too long; never for a request that `has_begun`, and has been
        counted."""
        try:
            async with asyncio.timeout(None if has_begun else self._seconds):
                await self._acquire(owner)
        except TimeoutError:
            raise Overloaded(
                f"explanations that were asked for before take longer than {self._seconds:g} s; try again in a moment"
            ) from None
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, owner: str | None) -> None:
        if self._free and not self._lines:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._lines.setdefault(owner, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release()  # the turn came in the same moment
            else:
                self._leave(owner, turn)
            raise

    def _release(self) -> None:
        """Give the turn to the next one."""
        while self._lines:
            owner = next(iter(self._lines))
            line = self._lines.pop(owner)
            turn = line.popleft()
            if line:
                self._lines[owner] = line  # behind all others
            if not turn.done():  # else it is about to leave
                turn.set_result(None)
                return
        self._free += 1

    def _leave(self, owner: str | None, turn: "asyncio.Future[None]") -> None:
        line = self._lines.get(owner)
        if line is not None and turn in line:
            line.remove(turn)
            if not line:
                del self._lines[owner]
