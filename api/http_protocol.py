"""The server's HTTP: `uvicorn --http api.http_protocol:HttpProtocol`."""

import fcntl
import struct
import termios
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.client_pace import GIVE_UP_SECONDS, LOOK_SECONDS, ClientPace, Waiting
from api.errors import PROBLEM_JSON
from api.schemas.problems import ProblemDetails

# The line of a request and its headers together, as Uvicorn on h11.
MAX_HEAD_BYTES = 65_536
_CONNECT = b"CONNECT"
_INVALID = "the request is no valid HTTP/1.1"
_TOO_LONG = "the head of the request is longer than {:,} bytes, the limit; send data in the body"
_TOO_SLOW = "the rest of the request did not come within {:g} s; send it again, without pauses"


class HttpProtocol(HttpToolsProtocol):
    """Uvicorn's protocol on httptools, for a network that is not friendly.

    Without upgrades: a server may ignore every offer (RFC 9110, 7.8), as of `h2c`, which the JDK and `curl --http2`
    make with each request. httptools takes an offer as accepted, and what follows its head for another protocol, so
    that the body would be lost. Such a head is parsed again without the offer: how long its body is, and whether it is
    valid at all, is then decided as for any other request.

    A head may have MAX_HEAD_BYTES (414, 431), and a client that neither continues its request nor reads the answer
    is given up (408, or no answer if one has begun), so that connections which are only held open cost nothing.
    """

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._pace = ClientPace()
        self._received = self._heads = self._head_bytes = 0
        self._is_in_head = self._is_rejected = False
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_rejected:
            return
        self._unset_keepalive_if_required()
        self._received += len(data)
        was_in_head = self._is_in_head
        left: memoryview | None = memoryview(data)
        try:
            while left is not None:
                left = self._feed(left)
        except httptools.HttpParserError:
            self._reject(HTTPStatus.BAD_REQUEST, _INVALID)
            return
        if was_in_head and self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                is_url = 2 * len(self.url) > MAX_HEAD_BYTES
                status = HTTPStatus.REQUEST_URI_TOO_LONG if is_url else HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                self._reject(status, _TOO_LONG.format(MAX_HEAD_BYTES))

    # -- one request -------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if not self.parser.should_upgrade():
            self._heads += 1
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

    # -- clients that are slow, or endless ---------------------------------------------------------------------------

    def _look_later(self) -> None:
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        waiting, done = self._state()
        if self._pace.is_too_slow(waiting, done):
            self._give_up()
        else:
            self._look_later()

    def _state(self) -> tuple[Waiting | None, int]:
        """What `ClientPace` looks at."""
        cycle: RequestResponseCycle | None = self.cycle
        if self.flow.write_paused:
            return "reading", -self._unread()
        if cycle is None or cycle.response_complete:
            return "head", self._heads
        is_client_to_send = cycle.more_body and not cycle.waiting_for_100_continue and not self.flow.read_paused
        return ("body", self._received) if is_client_to_send else (None, 0)

    def _unread(self) -> int:
        """Bytes of answers that the client has not acknowledged."""
        waiting: int = self.transport.get_write_buffer_size()
        socket = self.transport.get_extra_info("socket")
        if socket is not None:
            waiting += struct.unpack("i", fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(4)))[0]
        return waiting

    def _give_up(self) -> None:
        """A connection on which no request has begun is closed without an answer to it."""
        if self._is_in_head or (self.cycle is not None and not self.cycle.response_complete):
            self._reject(HTTPStatus.REQUEST_TIMEOUT, _TOO_SLOW.format(GIVE_UP_SECONDS))
        else:
            self.transport.close()

    def _reject(self, status: HTTPStatus, detail: str) -> None:
        """End the connection; with an answer, unless an earlier one is still to be written. What comes meanwhile is
        dropped: a reset at once would take the answer from the client (RFC 9112, 9.6)."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            if self.pipeline or cycle.response_started:
                self.transport.abort()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self.logger.info("%s: %s", status.phrase, detail)
        problem = ProblemDetails(title=status.phrase, status=status, detail=detail, instance="", error=detail)
        body = problem.model_dump_json(exclude={"errors"}).encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {PROBLEM_JSON}\r\n"
        self.transport.write(b"%bcontent-length: %d\r\nconnection: close\r\n\r\n%b" % (head.encode(), len(body), body))
        self.transport.write_eof()
        self._is_rejected = True
        self.flow.resume_reading()
        self._timer.cancel()
        self._timer = self.loop.call_later(LOOK_SECONDS, self.transport.close)
