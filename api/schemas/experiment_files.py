"""Files of an experiment."""

from api.schemas.answer import Answer, ItemList


class ExperimentFile(Answer):
    """`url` is where to get it. `bytes` and `sha256` are null where it is made on request; `sha256` also for files that
    may still change."""

    name: str
    url: str
    media_type: str
    bytes: int | None = None
    sha256: str | None = None


class ExperimentFileList(ItemList[ExperimentFile]):
    """What is made on request comes first."""
