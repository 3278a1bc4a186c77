"""Rules for browsers: a page may change something here only if its origin is allowed, and names that any website could
point at this service are unknown to it (DNS rebinding). Programs that are no browsers send no `Origin`."""

import ipaddress
import re
import socket
from collections.abc import Collection
from functools import lru_cache
from http import HTTPStatus

from fastapi import Request
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import problem_response

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PREFLIGHT = b"access-control-request-method"
# What a browser says of a request that no other site caused.
_OWN_SITES = frozenset({b"same-origin", b"none"})
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s\[\]:/?#@]+)(?::(\d*))?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
# Names that no public server of names answers for, so that no website can have one (RFC 6761, 6762, 8375).
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".home.arpa")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_EXPOSED = (
    "Link",
    "Location",
    "ETag",
    "Last-Event-ID",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Content-Disposition",
    "Inference-Header-Content-Length",
)
_MAX_SHOWN = 100
_CACHED = 1_000


class BrowserRules:
    """ASGI middleware: rejects what a foreign page must not do, and adds the headers of CORS (Fetch, 3.2) to every
    answer to a page of `origins`, also to errors."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], origins: Collection[str]) -> None:
        """`hosts`: names of this service beside those that are known; `*.example.org` for all names below it.
        `origins`: of pages that may use it, beside its own. `*` is any."""
        self._origins = frozenset(origins)
        self._hosts = frozenset({*hosts, socket.gethostname().lower()})
        self._app = self._with_cors(app)
        # Looked up for each request; there are few names and origins, but a client may send any number of them.
        self._is_known_host = lru_cache(_CACHED)(self._is_host_known)
        self._is_allowed_origin = lru_cache(_CACHED)(self._is_origin_allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and (rejection := self._rejection(scope)) is not None:
            app = rejection
        await app(scope, receive, send)

    def _rejection(self, scope: Scope) -> ASGIApp | None:
        headers = dict(scope["headers"])
        host = headers.get(b"host")
        if scope["method"] not in _SAFE_METHODS or (scope["method"] == "OPTIONS" and _PREFLIGHT in headers):
            origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
            if origin is not None:
                if not self._is_allowed_origin(origin, host):
                    return _reject(scope, "foreign_origin", _foreign(origin))
            elif site is not None and site not in _OWN_SITES:
                return _reject(scope, "foreign_origin", _FOREIGN_SITE)
        if host is not None and not self._is_known_host(host):
            return self._with_cors(_reject(scope, "unknown_host", _unknown(host)))
        return None

    def _with_cors(self, app: ASGIApp) -> ASGIApp:
        if not self._origins:
            return app
        return CORSMiddleware(
            app,
            allow_origins=self._origins,
            allow_methods=_METHODS,
            allow_headers=("*",),
            allow_private_network=True,
            expose_headers=_EXPOSED,
        )

    def _is_origin_allowed(self, origin: bytes, host: bytes | None) -> bool:
        text = origin.decode("latin-1")
        return not self._origins.isdisjoint((text, "*")) or (host is not None and _is_same(text, host))

    def _is_host_known(self, host: bytes) -> bool:
        """Whether it is an address, or a name that is configured or that no website can have."""
        match = _HOST.fullmatch(host.decode("latin-1"))
        if match is None:
            return "*" in self._hosts
        name = match[1].lower().removesuffix(".")
        return (
            not self._hosts.isdisjoint((name, "*"))
            # Names without a dot mean something only in a local network: containers, hosts files.
            or ("." not in name and ":" not in name)
            or name.endswith(_LOCAL_NAMES)
            or _is_address(name)
            or any(each.startswith("*.") and name.endswith(each[1:]) for each in self._hosts)
        )


def _is_same(origin: str, host: bytes) -> bool:
    """Whether `origin` has the name and port of `host`. The scheme may be that of a proxy in front."""
    scheme, _, authority = origin.lower().partition("://")
    of_page, of_service = _HOST.fullmatch(authority), _HOST.fullmatch(host.decode("latin-1").lower())
    if of_page is None or of_service is None or of_page[1] != of_service[1]:
        return False
    default = _DEFAULT_PORTS.get(scheme)
    return (of_page[2] or default) == (of_service[2] or default)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


_FOREIGN_SITE = (
    "a page of another site sent this request (Sec-Fetch-Site), and may not change anything here; to allow it, list "
    "its origin in TRAINYARD_CORS_ORIGINS, and restart the service"
)


def _foreign(origin: bytes) -> str:
    shown = origin.decode("latin-1")[:_MAX_SHOWN]
    if shown == "null":
        return (
            "a page without an origin (a local file, or a frame in a sandbox) sent this request, and may not change "
            "anything here; open the page over http, and list its origin in TRAINYARD_CORS_ORIGINS"
        )
    return (
        f"a page of {shown!r} sent this request, and may not change anything here; to allow it, list its origin in "
        "TRAINYARD_CORS_ORIGINS, and restart the service"
    )


def _unknown(host: bytes) -> str:
    return (
        f"the request names this service {host.decode('latin-1')[:_MAX_SHOWN]!r} in its Host header, which is none of "
        "its names; use its address or localhost, or list the name in TRAINYARD_HOSTS, and restart the service"
    )


def _reject(scope: Scope, kind: str, detail: str) -> Response:
    return problem_response(Request(scope), HTTPStatus.FORBIDDEN, detail, type_=f"urn:trainyard:problem:{kind}")
