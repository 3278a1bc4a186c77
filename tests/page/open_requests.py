"""Waits until a page has what it asked for."""

from playwright.sync_api import Page, Request

from tests.support.waiting import eventually

_TWO_FRAMES = "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"


class OpenRequests:
    """The requests of a page that are not answered yet, from now on, without its event stream, which never ends."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._open: set[Request] = set()
        page.on("request", self._add)
        page.on("requestfinished", self._remove)
        page.on("requestfailed", self._remove)

    def _add(self, request: Request) -> None:
        if "/events" not in request.url:
            self._open.add(request)

    def _remove(self, request: Request) -> None:
        self._open.discard(request)

    def wait(self) -> None:
        """Wait until all are answered and shown."""
        eventually(self._is_quiet)

    def _is_quiet(self) -> bool:
        # What an answer leads to, such as another request, has begun after two frames.
        self._page.evaluate(_TWO_FRAMES)
        return not self._open
