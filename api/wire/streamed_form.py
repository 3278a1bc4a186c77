"""A form that is read as it comes. Starlette's own parser would first put its files into temporary files, which may
lie on a small disk, and then have them copied."""

from abc import ABC, abstractmethod

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header

from api.wire.samples import BadRequestBody


class StreamedForm(ABC):
    """`how` ends the sentences about forms that are none: what to send instead."""

    def __init__(self, content_type: str, how: str) -> None:
        """Raises BadRequestBody."""
        _, options = parse_options_header(content_type)
        if not options.get(b"boundary"):
            raise BadRequestBody(f"the form has no boundary; {how}")
        self._how = how
        self._header = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._ended = False
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self.part_ends,
                "on_end": self._on_end,
            },
        )

    @abstractmethod
    def part_begins(self, field: str, filename: str | None) -> None:
        """May raise BadRequestBody, as all three of them."""

    @abstractmethod
    def part_goes_on(self, data: bytes) -> None: ...

    def part_ends(self) -> None: ...  # noqa: B027 - not all forms need to know

    def write(self, data: bytes) -> None:
        """What has come. Raises BadRequestBody."""
        try:
            self._parser.write(data)
        except MultipartParseError as error:
            raise BadRequestBody(f"the form does not parse: {error}; {self._how}") from error

    def close(self) -> None:
        """Nothing more comes. Raises BadRequestBody if it breaks off."""
        if not self._ended:
            raise BadRequestBody(f"the form is not complete; {self._how}")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._headers = {}
        filename = options.get(b"filename")
        field = options.get(b"name", b"").decode(errors="replace")
        self.part_begins(field, None if filename is None else filename.decode(errors="replace"))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.part_goes_on(data[start:end])

    def _on_end(self) -> None:
        self._ended = True
