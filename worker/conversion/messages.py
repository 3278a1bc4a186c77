"""What a converter is told, and what it says: one JSON document a line."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from models_store.datasets.record import Contents, FilesDone
from models_store.experiments.record import Frozen


class Limits(Frozen):
    """What an archive may hold at most: entries, bytes of all files and of one, pixels of an image."""

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
    """`staged` holds the images and their manifest."""

    type: Literal["converted"] = "converted"
    contents: Contents


class Rejected(Frozen):
    """The archive is not one that is taken: trying again would change nothing."""

    type: Literal["rejected"] = "rejected"
    reason: str


ConversionEvent = Advanced | Converted | Rejected
CONVERSION_EVENT: TypeAdapter[ConversionEvent] = TypeAdapter(Annotated[ConversionEvent, Field(discriminator="type")])
