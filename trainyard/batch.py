"""The lines of a batch of predictions, without any I/O."""

from pydantic import TypeAdapter, ValidationError

from trainyard.answers.predictions import BatchEnd, BatchLine
from trainyard.errors import IncompleteAnswer, UnexpectedAnswer

_LINES = TypeAdapter[BatchLine](BatchLine)


class Batch:
    """Reads lines and knows whether the last one has come."""

    def __init__(self) -> None:
        self._last: BatchLine | None = None

    def receive(self, line: str) -> BatchLine:
        try:
            self._last = _LINES.validate_json(line)
        except ValidationError as error:
            raise UnexpectedAnswer(f"a line of the batch has unexpected members: {line}") from error
        return self._last

    def check_complete(self) -> None:
        """Raises IncompleteAnswer unless the last line says that all is done."""
        if not isinstance(self._last, BatchEnd):
            raise IncompleteAnswer("the answer ended without its last line")
        if not self._last.done:
            raise IncompleteAnswer(self._last.error or "the batch is not complete")
