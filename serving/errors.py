"""The domain errors of `serving`. Each class carries its kind, which `api/errors.py` maps to a status once.

ServingError
├── Overloaded       unavailable
├── NoModel          unavailable
├── UnknownModel     not_found
├── UnknownDataset   invalid
├── WrongDataset     invalid
├── InvalidSample    invalid
└── BadTensor        malformed
"""

from typing import ClassVar, Literal

ErrorKind = Literal["unavailable", "not_found", "invalid", "malformed"]


class ServingError(Exception):
    """Base of all errors that `serving` raises on purpose."""

    kind: ClassVar[ErrorKind] = "unavailable"


class Overloaded(ServingError):
    """More requests, images or bytes are waiting than this process admits."""


class NoModel(ServingError):
    """No model can answer yet."""


class UnknownModel(ServingError):
    """No model has that name, or none of that name has that version."""

    kind = "not_found"


class UnknownDataset(ServingError):
    """No dataset has that name."""

    kind = "invalid"


class WrongDataset(ServingError):
    """The experiment that was named was trained on another dataset than the one that was named."""

    kind = "invalid"


class InvalidSample(ServingError):
    """A sample of another kind or size than the network takes."""

    kind = "invalid"


class BadTensor(ServingError):
    """A tensor or file that the input of the model does not accept."""

    kind = "malformed"
