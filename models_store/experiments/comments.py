"""Comments on experiments: a line each in `comments.jsonl` of the experiment's folder, which is only appended to."""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pydantic import Field, ValidationError

from models_store.errors import InvalidState
from models_store.files import lock_folder, storage_errors
from models_store.frozen import Frozen, utc_now

COMMENTS_FILE = "comments.jsonl"
MAX_COMMENTS = 200


class Comment(Frozen):
    """`author` is the owner of the key that it was sent with; null where no keys are asked for."""

    at: datetime = Field(default_factory=utc_now)
    author: str | None
    text: str


def add_comment(folder: Path, comment: Comment) -> None:
    """In the `folder` of an experiment. Raises NotFound, InvalidState if there are too many, StorageFull."""
    with lock_folder(folder):
        if len(read_comments(folder)) >= MAX_COMMENTS:
            raise InvalidState(f"experiment {folder.name} has {MAX_COMMENTS} comments, and takes no more")
        with storage_errors(f"the comment on {folder.name}"):
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(folder / COMMENTS_FILE, flags, 0o600)
            try:
                # On a new line: what a kill has torn before it is one line that does not parse.
                os.write(descriptor, b"\n" + comment.model_dump_json().encode() + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def read_comments(folder: Path) -> list[Comment]:
    """Oldest first."""
    found = []
    with suppress(FileNotFoundError):
        for line in (folder / COMMENTS_FILE).read_bytes().splitlines():
            with suppress(ValidationError):
                found.append(Comment.model_validate_json(line))
    return found
