"""Streams that lose what nobody reads."""

import socket

from standard_streams import LossyStream


def test_full_socket_loses_what_is_written() -> None:
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)
        stream = LossyStream(writer.fileno())
        writer.setblocking(True)
        for _ in range(1000):
            assert stream.write(bytes(4096)) == 4096
        reader.setblocking(False)
        received = 0
        while received % 4096 == 0 and received < 1000 * 4096:
            try:
                received += len(reader.recv(4096))
            except BlockingIOError:
                break
        assert 0 < received < 1000 * 4096
        stream.write(b"read again")
        assert reader.recv(100) == b"read again"
