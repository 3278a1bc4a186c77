"""What is shown of an experiment that a newer version of this service has written."""

from contextlib import suppress
from datetime import datetime

from pydantic import BaseModel, StrictBool, ValidationError
from ulid import ULID

from models_store.errors import Newer
from models_store.experiments.record import Record, Status
from models_store.experiments.stored_spec import StoredSpec
from models_store.jobs.failure import Failure

# Above any version in the view, so that it is shown.
UNKNOWN_VERSION = 2**31


class _Core(BaseModel):
    """What every version writes. Of what does not even have that nobody knows whose it is."""

    version: int = UNKNOWN_VERSION
    name: str = ""
    dataset: str = "unknown"
    owner: str | None = None
    private: StrictBool = True
    created_at: datetime | None = None


def newer_record(experiment_id: str, document: bytes | str, reason: str) -> Record:
    """Whose it is and what it is called. Whether it waits, runs or has ended is not guessed: its status is `newer`."""
    core = _Core()
    with suppress(ValidationError):
        core = _Core.model_validate_json(document)
    return Record(
        id=experiment_id,
        version=core.version,
        status=Status.NEWER,
        name=core.name or f"newer {experiment_id}",
        dataset=core.dataset,
        owner=core.owner,
        private=core.private,
        spec=StoredSpec({}),
        created_at=core.created_at or ULID.from_str(experiment_id).datetime,
        error=Failure(type="newer", message=reason),
    )


def parse_shown(experiment_id: str, document: str | None) -> Record | None:
    """The record that the view has; None also if it does not parse: the caller reads the one on disk instead."""
    if not document:
        return None
    try:
        return Record.model_validate_json(document)
    except Newer as error:
        return newer_record(experiment_id, document, str(error))
    except ValidationError:
        return None
