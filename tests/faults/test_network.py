"""Clients that hold hundreds of connections without using them."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.support.service import Service
from tests.support.waiting import PATIENCE_SECONDS, eventually

# What a client sends at once, and then a byte at a time.
KINDS = (
    b"",
    b"GET /experiments HTTP/1.1\r\nHost: x\r\n",
    b"GET /experiments HTTP/1.1\r\nHost: x\r\nX-Long: ",
    b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 100000\r\n\r\n",
    b"POST /experiments HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
)
EACH = 100
ORDINARY = 20


class SlowClients(threading.Thread):
    """Hold EACH connections of each kind until the server closes them."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self.connected = 0
        self.answers: list[bytes] = []

    def run(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        self.answers = await asyncio.gather(*(self._hold(kind) for kind in KINDS for _ in range(EACH)))

    async def _hold(self, begin: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self.connected += 1
        writer.write(begin)
        answer = asyncio.create_task(reader.read())
        while not (await asyncio.wait([answer], timeout=1.0))[0]:
            writer.write(b"x" if begin else b"")
        writer.close()
        return answer.result()


def test_hundreds_of_slow_clients_disturb_nobody(make_service: Callable[..., Service]) -> None:
    service = make_service()
    api = service.start_api()
    before = api.memory_info().rss
    slow = SlowClients(service.http.base_url.port or 0)
    slow.start()
    eventually(lambda: slow.connected == EACH * len(KINDS), PATIENCE_SECONDS)

    def ask(_: int) -> int:
        """How often an ordinary client is answered while the others are there."""
        answered = 0
        while slow.is_alive():
            assert service.http.get("/experiments").is_success
            answered += slow.is_alive()
        return answered

    with ThreadPoolExecutor(ORDINARY) as clients:
        answers = list(clients.map(ask, range(ORDINARY)))
    slow.join()

    assert min(answers) >= 1
    assert {answer[:12] for answer in slow.answers[:EACH]} == {b""}
    assert {answer[:12] for answer in slow.answers[EACH:]} == {b"HTTP/1.1 408"}
    assert api.memory_info().rss - before < 100e6
