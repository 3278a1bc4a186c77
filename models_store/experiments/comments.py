"""Comments on experiments: a line each in `comments.jsonl` of the experiment's folder, which is only appended to."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pydantic import Field, ValidationError

from models_store.errors import InvalidState
from models_store.files import append_line, lock_folder
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
        append_line(folder / COMMENTS_FILE, comment.model_dump_json().encode())


def read_comments(folder: Path) -> list[Comment]:
    """Oldest first."""
    found = []
    with suppress(FileNotFoundError):
        for line in (folder / COMMENTS_FILE).read_bytes().splitlines():
            with suppress(ValidationError):
                found.append(Comment.model_validate_json(line))
    return found
