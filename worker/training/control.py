"""The trainer's end of the two pipes: what it says, and whether it was asked to stop."""

import os
import threading
from typing import BinaryIO

from pydantic import BaseModel, ValidationError

from worker.training.events import Stop, StopReason


class Control:
    """`say` reports an event; `stop` holds the reason once the supervisor has asked for an end."""

    def __init__(self, events: BinaryIO, requests: BinaryIO) -> None:
        self._events = events
        self._requests = requests
        self._stop: StopReason | None = None

    def say(self, event: BaseModel) -> None:
        self._events.write(event.model_dump_json().encode() + b"\n")

    @property
    def stop(self) -> StopReason | None:
        return self._stop

    def first_line(self) -> bytes:
        return self._requests.readline()

    def listen(self) -> None:
        """Watch for a stop in the background; the end of the pipe means that the supervisor is gone."""
        threading.Thread(target=self._listen, name="control", daemon=True).start()

    def _listen(self) -> None:
        for line in self._requests:
            try:
                self._stop = Stop.model_validate_json(line).reason
            except ValidationError as error:
                raise SystemExit(f"not a request that this trainer knows: {line!r}") from error
        os._exit(1)
