"""ASGI middleware: paths, HEAD and request metrics."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Problems
from api.metrics import Metrics
from api.owner_places import AT_ANSWER, AT_END, call_at_answer, call_at_end
from api.paths import STREAMS, Paths, verb_of
from api.request_limits import LIMIT_HEADERS


class KnownPaths:
    """Takes a path for the same with fewer slashes, as other servers do, and a verb for a part of its path:
    `/experiments/x:cancel` is not the experiment `x:cancel`."""

    def __init__(self, app: ASGIApp, paths: Paths, problems: Problems) -> None:
        self._app = app
        self._paths = paths
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http":
            path: str = scope["path"]
            if "//" in path or (path.endswith("/") and path != "/"):
                scope["path"] = path = "/" + "/".join(filter(None, path.split("/")))
            if verb_of(path) and scope["method"] not in self._paths.allowed(path):
                app = self._problems.reject_path(scope)
        await app(scope, receive, send)


class HeadAsGet:
    """Answers HEAD as GET without the body (RFC 9110, 9.3.2), except for event streams, which never end by
    themselves."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].endswith(STREAMS):
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # A copy: the server reads the method of its own scope, and sends no body to HEAD.
        as_get = {**scope, "method": "GET"}
        try:
            await self._app(as_get, receive, send_without_body)
        finally:
            scope["route"] = as_get.get("route")  # what the request is counted under


# Browsers neither guess media types, nor tell other sites which page led to them, nor show an answer in a frame or hand
# its window to a page of another site.
_BROWSER_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_POLICY = b"content-security-policy"


class TimedRequests:
    """Counts and times each request under its route's template, and adds the headers of limits and
    those that restrict browsers. What waits for the answer is called when it begins, what waits for the end then."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        # A list, which copies of the scope share.
        limit_headers = scope[LIMIT_HEADERS] = []
        scope[AT_ANSWER], scope[AT_END] = [], []

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                call_at_answer(scope)
                status = message["status"]
                headers = [*message.get("headers", ()), *limit_headers, *_BROWSER_HEADERS]
                if _POLICY not in dict(headers):
                    headers.append((_POLICY, b"frame-ancestors 'none'"))
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, send_noting_status)
        finally:
            call_at_end(scope)
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.count_request(scope["method"], route, status, time.perf_counter() - started)
