"""A TCP proxy that delays, holds up and resets connections, for what only a broken network does."""

import contextlib
import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Close with RST instead of FIN.
_LINGER = struct.pack("ii", 1, 0)


class BadNetwork:
    """Passes connections on to `port`, each piece after `delay` seconds, but for the share `resets_share` of pieces, at
    which the connection is reset. While it is silent nothing passes, in either direction, and no connection ends.
    While `marker` is set, the next connection whose client sends it is reset before it is passed on, once; `resets`
    counts."""

    def __init__(self, port: int, seed: int = 0) -> None:
        self._target = port
        self._chance = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.marker: bytes | None = None
        self.delay = self.resets_share = 0.0
        self.resets = 0
        self._passes = threading.Event()
        self._passes.set()
        self._pause = threading.Event()
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []

    def serve(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    _reset(client)  # the server is down
                    continue
                with self._lock:
                    self._open = [each for each in self._open if each.fileno() >= 0] + [client, server]
                threading.Thread(target=self._pass_on, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client, False), daemon=True).start()

    def be_silent(self, silent: bool = True) -> None:
        if silent:
            self._passes.clear()
        else:
            self._passes.set()

    def reset_all(self) -> None:
        with self._lock:
            opened, self._open = self._open, []
        for each in opened:
            _reset(each)

    def close(self) -> None:
        self.be_silent(False)
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset_all()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:
        seen = b""
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                seen = seen[-200:] + data
                if (is_request and self._is_due(seen)) or self._chance.random() < self.resets_share:
                    _reset(source)
                    break
                self._passes.wait()
                if self.delay:
                    self._pause.wait(self.delay)
                target.sendall(data)
        _reset(target)

    def _is_due(self, seen: bytes) -> bool:
        with self._lock:
            if self.marker is None or self.marker not in seen:
                return False
            self.marker = None
            self.resets += 1
            return True


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def bad_network(port: int, seed: int = 0) -> Iterator[BadNetwork]:
    proxy = BadNetwork(port, seed)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
