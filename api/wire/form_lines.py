"""Forms with other lines than the parser reads (RFC 2046, 5.1.1): a preamble, blanks behind a boundary, bare line feeds
of handwritten ones. The bytes of parts stay as they are."""

import re

from python_multipart.multipart import DEFAULT_MAX_HEADER_COUNT, DEFAULT_MAX_HEADER_SIZE

# Longer text in front of the first boundary is no preamble.
_MAX_PREAMBLE_BYTES = 1 << 16
_MAX_BLANKS = 100
_END_OF_LINE = re.compile(rb"[ \t]{0,%d}(\r?\n)" % _MAX_BLANKS)


class FormLines:
    """Rewrites a form as it arrives: a form that needs nothing passes through after its first line."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"--" + boundary
        self._first = re.compile(rb"(?:\A|\n)" + re.escape(self._delimiter))
        self._newline = b""
        # What is read lies in front of `_at`, and is removed after each piece: not with each line, which would copy the
        # rest as often as there are lines.
        self._buffer = bytearray()
        self._at = 0
        self._searched = 0  # of the preamble
        self._headers = 0  # of the current part
        self._rewrite = self._skip_preamble

    def write(self, data: bytes) -> bytes:
        """What the parser is to read next."""
        if self._rewrite == self._pass:
            return data
        self._buffer += data
        written, more = [], True
        while more:
            before = self._rewrite
            written.append(before())
            more = self._rewrite != before
        del self._buffer[: self._at]
        self._at = 0
        return b"".join(written)

    def _skip_preamble(self) -> bytes:
        found = self._first.search(self._buffer, self._searched, _MAX_PREAMBLE_BYTES)
        if found is not None:
            self._at = found.end()
            self._rewrite = self._end_delimiter
            return self._delimiter
        if len(self._buffer) > _MAX_PREAMBLE_BYTES:
            self._rewrite = self._pass  # for the parser to reject
        self._searched = max(0, len(self._buffer) - len(self._delimiter))
        return b""

    def _read_headers(self) -> bytes:
        lines = []
        while (end := self._buffer.find(b"\n", self._at)) >= 0 and end - self._at <= DEFAULT_MAX_HEADER_SIZE:
            line, self._at = self._buffer[self._at : end].removesuffix(b"\r"), end + 1
            lines.append(line + b"\r\n")
            self._headers += 1
            if not line:
                self._rewrite = self._read_data
                break
            if self._headers > DEFAULT_MAX_HEADER_COUNT:
                self._rewrite = self._pass  # for the parser to reject
                break
        else:
            if len(self._buffer) - self._at > DEFAULT_MAX_HEADER_SIZE:
                self._rewrite = self._pass  # for the parser to reject
        return b"".join(lines)

    def _read_data(self) -> bytes:
        delimiter = self._newline + self._delimiter
        start, self._headers = self._at, 0
        end = self._buffer.find(delimiter, start)
        if end < 0:
            # What may be the beginning of a delimiter waits.
            self._at = max(start, len(self._buffer) - len(delimiter) + 1)
            return bytes(self._buffer[start : self._at])
        self._at = end + len(delimiter)
        self._rewrite = self._end_delimiter
        return bytes(self._buffer[start:end]) + b"\r\n" + self._delimiter

    def _end_delimiter(self) -> bytes:
        """The first one decides how the lines of the form end."""
        if self._buffer.startswith(b"--", self._at):
            self._rewrite = self._drop
            return b"--\r\n"
        if (line := _END_OF_LINE.match(self._buffer, self._at)) is not None:
            self._at = line.end()
            is_usual = not self._newline and line[0] == b"\r\n"
            self._newline = self._newline or bytes(line[1])
            self._rewrite = self._pass if is_usual else self._read_headers
            return b"\r\n"
        if len(self._buffer) - self._at > _MAX_BLANKS + 1:
            self._rewrite = self._pass  # for the parser to reject
        return b""

    def _pass(self) -> bytes:
        start, self._at = self._at, len(self._buffer)
        return bytes(self._buffer[start:])

    def _drop(self) -> bytes:
        """The epilogue."""
        self._at = len(self._buffer)
        return b""
