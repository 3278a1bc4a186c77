"""Signing in with a browser, which comes back to a port of this machine (RFC 8252, 7.3)."""

import base64
import hashlib
import secrets
import webbrowser
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from trainyard.answers.keys import NewKey
from trainyard.client import Client
from trainyard.errors import UsageError

WAIT_SECONDS = 300.0
_DONE = b"You are signed in. Close this tab, and go on in the terminal."


class _Return(BaseHTTPRequestHandler):
    """Takes the code out of the first request that has one."""

    server: "_Loopback"
    # Seconds: browsers open connections in advance, on which nothing comes, and only one is served at a time.
    timeout = 2.0

    def do_GET(self) -> None:
        code = parse_qs(urlsplit(self.path).query).get("code", [""])[0]
        if code:
            self.server.code = code
        self.send_response(200 if code else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(_DONE if code else b"Nothing is here.")

    def log_message(self, *_: object) -> None:
        """Nothing: the code would be in the terminal."""


class _Loopback(HTTPServer):
    code = ""
    expired = False

    def handle_timeout(self) -> None:
        self.expired = True


def sign_in(
    client: Client, show: Callable[[str], None], open_browser: Callable[[str], object] = webbrowser.open
) -> NewKey:
    """A new key of 12 hours. `show` is given the address, for a browser that does not open by itself. Raises UsageError
    if nobody has signed in within five minutes, and what `finish_sign_in` raises."""
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    with _Loopback(("127.0.0.1", 0), _Return) as server:
        server.timeout = WAIT_SECONDS
        query = urlencode({"challenge": challenge, "port": server.server_port})
        address = f"{client.url}/login/provider?{query}"
        show(address)
        open_browser(address)
        while not server.code and not server.expired:
            server.handle_request()
    if not server.code:
        raise UsageError("nobody has signed in within 5 minutes; begin again, or give a key: trainyard login --key")
    return client.finish_sign_in(server.code, verifier)
