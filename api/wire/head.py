"""HEAD for every GET."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STREAMS = "/events"


class HeadLikeGet:
    """ASGI middleware: answers HEAD with what GET would answer, without its body (RFC 9110, 9.3.2).

    Not for event streams, whose answer never ends by itself.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].endswith(_STREAMS):
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # A copy: the server goes by its own, and sends no body to HEAD.
        like_get = {**scope, "method": "GET"}
        try:
            await self._app(like_get, receive, send_without_body)
        finally:
            scope["route"] = like_get.get("route")  # what the request is counted under
