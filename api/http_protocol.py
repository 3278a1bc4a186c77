"""The server's HTTP: `uvicorn --http api.http_protocol:HttpProtocol`."""

from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_CONNECT = b"CONNECT"


class HttpProtocol(HttpToolsProtocol):
    """Uvicorn's protocol on httptools, without upgrades: a server may ignore every offer (RFC 9110, 7.8), as of `h2c`,
    which the JDK and `curl --http2` make with each request.

    httptools takes an offer as accepted, and what follows its head for another protocol, so that the body would be
    lost. Such a head is parsed again without the offer: how long its body is, and whether it is valid at all, is then
    decided as for any other request.
    """

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        left: memoryview | None = memoryview(data)
        try:
            while left is not None:
                left = self._feed(left)
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def on_headers_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def _feed(self, data: memoryview) -> memoryview | None:
        """What follows a head with an offer, of which the rest of the head was fed. Raises HttpParserError."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if self.parser.get_method() == _CONNECT:  # a proxy's method
                raise httptools.HttpParserError from offer
            head = self._head_without_offer()
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as Uvicorn
            self.parser.feed_data(head)
            return data[offer.args[0] :]
        return None

    def _head_without_offer(self) -> bytes:
        version: Any = self.parser.get_http_version()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version.encode())]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join((*lines, b"", b""))
