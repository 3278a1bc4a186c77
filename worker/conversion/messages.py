"""What a converter is told, and what it says: one JSON document a line."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from models_store.datasets.record import Contents, FilesDone
from models_store.experiments.record import Frozen


class Limits(Frozen):
    """What an archive may hold at most: entries, bytes of all files and of one, pixels of a picture."""

    files: int
    bytes: int
    file_bytes: int = 50_000_000
    pixels: int


class ConversionJob(Frozen):
    """Read `archive`, write into the empty folder `staged`."""

    archive: Path
    staged: Path
    limits: Limits


class Advanced(Frozen):
    type: Literal["advanced"] = "advanced"
    progress: FilesDone


class Converted(Frozen):
    """`staged` holds the pictures and their manifest."""

    type: Literal["converted"] = "converted"
    contents: Contents


class Refused(Frozen):
    """The archive is not one that is taken: trying again would change nothing."""

    type: Literal["refused"] = "refused"
    reason: str


ConversionEvent = Advanced | Converted | Refused
CONVERSION_EVENT: TypeAdapter[ConversionEvent] = TypeAdapter(Annotated[ConversionEvent, Field(discriminator="type")])
