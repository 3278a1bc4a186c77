"""One attempt at a delivery: signed as Standard Webhooks want it (https://www.standardwebhooks.com)."""

import asyncio
import time
from datetime import UTC, datetime

import httpx2
from standardwebhooks import Webhook as Signer

from api.webhooks.addresses import ForbiddenAddress, resolve
from models_store.frozen import utc_now
from models_store.webhooks.webhook import Delivery, DeliveryAttempt, Webhook
from settings import VERSION
from specs.webhook import split_url

_DEADLINE_SECONDS = 10.0
_PORTS = {"http": 80, "https": 443}


class Sender:
    """Connects to the address that was checked, follows no redirects, uses no proxy, and reads no body. A client would
    log the URL, in which there may be a secret.

    An attempt has `deadline_seconds` in all, for connection, request and answer: a limit for each read alone would let
    a receiver that answers byte by byte hold its thread for ever.
    """

    def __init__(self, allow_private: bool, deadline_seconds: float = _DEADLINE_SECONDS) -> None:
        self._allow_private = allow_private
        self._deadline_seconds = deadline_seconds

    def send(self, webhook: Webhook, delivery: Delivery) -> DeliveryAttempt:
        at, began = utc_now(), time.monotonic()
        status, error = None, None
        try:
            status = self._post(webhook, delivery, at)
            if not 200 <= status < 300:
                error = f"answered {status}"
        except TimeoutError:
            error = f"Timeout: received no complete answer within {self._deadline_seconds:g} s"
        except (ForbiddenAddress, OSError, httpx2.HTTPError, httpx2.InvalidURL) as problem:
            error = f"{type(problem).__name__}: {problem}"[:300]
        return DeliveryAttempt(at=at, seconds=round(time.monotonic() - began, 3), status=status, error=error)

    def _post(self, webhook: Webhook, delivery: Delivery, at: datetime) -> int:
        url = httpx2.URL(webhook.url)
        parts = split_url(webhook.url)
        host = parts.hostname or ""
        address = resolve(host, parts.port or _PORTS[parts.scheme], self._allow_private)
        headers = {**_headers(webhook, delivery, at), "Host": url.netloc.decode("ascii")}
        target, content = url.copy_with(host=address), delivery.body.encode()
        extensions = {"sni_hostname": host}
        request = httpx2.Request("POST", target, content=content, headers=headers, extensions=extensions)
        return asyncio.run(self._exchange(request))

    async def _exchange(self, request: httpx2.Request) -> int:
        """Return the status of the answer. Raises TimeoutError after the deadline."""
        # A connection of its own for each request: the next one to this address may be to another host.
        async with asyncio.timeout(self._deadline_seconds), httpx2.AsyncHTTPTransport(trust_env=False) as transport:
            response = await transport.handle_async_request(request)
            await response.aclose()
        return response.status_code


def _headers(webhook: Webhook, delivery: Delivery, at: datetime) -> dict[str, str]:
    moment = at.astimezone(UTC)
    return {
        "webhook-id": delivery.id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Signer(webhook.secret).sign(delivery.id, moment, delivery.body),
        "Content-Type": "application/json",
        "User-Agent": f"Trainyard/{VERSION}",
    }
