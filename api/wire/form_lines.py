"""Forms with other lines than the parser reads (RFC 2046, 5.1.1): a preamble, blanks behind a boundary, bare line feeds
of handwritten ones. The bytes of parts stay as they are."""

import re

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
        self._buffer = b""
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
        return b"".join(written)

    def _skip_preamble(self) -> bytes:
        found = self._first.search(self._buffer, 0, _MAX_PREAMBLE_BYTES)
        if found is not None:
            self._buffer = self._buffer[found.end() :]
            self._rewrite = self._end_delimiter
            return self._delimiter
        if len(self._buffer) > _MAX_PREAMBLE_BYTES:
            self._rewrite = self._pass  # for the parser to reject
        return b""

    def _read_headers(self) -> bytes:
        lines = []
        while (end := self._buffer.find(b"\n")) >= 0:
            line, self._buffer = self._buffer[:end].removesuffix(b"\r"), self._buffer[end + 1 :]
            lines.append(line + b"\r\n")
            if not line:
                self._rewrite = self._read_data
                break
        return b"".join(lines)

    def _read_data(self) -> bytes:
        delimiter = self._newline + self._delimiter
        end = self._buffer.find(delimiter)
        if end < 0:
            # What may be the beginning of a delimiter waits.
            data, self._buffer = self._buffer[: 1 - len(delimiter)], self._buffer[1 - len(delimiter) :]
            return data
        data, self._buffer = self._buffer[:end], self._buffer[end + len(delimiter) :]
        self._rewrite = self._end_delimiter
        return data + b"\r\n" + self._delimiter

    def _end_delimiter(self) -> bytes:
        """The first one decides how the lines of the form end."""
        if self._buffer.startswith(b"--"):
            self._rewrite = self._drop
            return b"--\r\n"
        if (line := _END_OF_LINE.match(self._buffer)) is not None:
            self._buffer = self._buffer[line.end() :]
            is_usual = not self._newline and line[0] == b"\r\n"
            self._newline = self._newline or line[1]
            self._rewrite = self._pass if is_usual else self._read_headers
            return b"\r\n"
        if len(self._buffer) > _MAX_BLANKS + 1:
            self._rewrite = self._pass  # for the parser to reject
        return b""

    def _pass(self) -> bytes:
        data, self._buffer = self._buffer, b""
        return data

    def _drop(self) -> bytes:
        """The epilogue."""
        self._buffer = b""
        return b""
