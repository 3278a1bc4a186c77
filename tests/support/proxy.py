"""A TCP proxy that resets connections, for what only a broken network does."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Close with RST instead of FIN.
_LINGER = struct.pack("ii", 1, 0)


class ResettingProxy:
    """Passes connections on to `port`. While `marker` is set, the next connection whose client sends it is reset before
    it is passed on, once; `resets` counts."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.marker: bytes | None = None
        self.resets = 0
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []

    def serve(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, server]
                threading.Thread(target=self._pass_on, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client, False), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            _reset(each)

    def _pass_on(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:
        seen = b""
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                seen = seen[-200:] + data
                if is_request and self._is_due(seen):
                    _reset(source)
                    break
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
def resetting_proxy(port: int) -> Iterator[ResettingProxy]:
    proxy = ResettingProxy(port)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
