"""What a converter is told, and what it says: one JSON document a line."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from archives.member import Limits
from models_store.datasets.record import Contents, FilesDone
from models_store.experiments.record import Frozen

MAX_FILE_BYTES = 50_000_000


class ConversionJob(Frozen):
    """Read `archive`, write into the empty folder `staged`. An image may have `max_pixels` pixels."""

    archive: Path
    staged: Path
    limits: Limits
    max_pixels: int


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
