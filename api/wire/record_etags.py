"""ETags of records, whose first part covers what can be edited."""

from api.wire.caching import etag_of
from models_store.errors import Outdated
from models_store.experiments.record import Record

_SEPARATOR = "."


def record_etag(record: Record) -> str:
    return f'"{_edited_part(record)}{_SEPARATOR}{etag_of("record", record)[1:17]}"'


def check_unedited(if_match: str | None, record: Record) -> None:
    """Raise Outdated if `if_match`, the header (RFC 9110, 13.1.1), has no ETag of the record as it is edited now."""
    if if_match is None:
        return
    tags = {tag.strip().removeprefix("W/").strip('"').partition(_SEPARATOR)[0] for tag in if_match.split(",")}
    if tags.isdisjoint({"*", _edited_part(record)}):
        raise Outdated(
            f"experiment {record.id} has been edited since you read it: its name is {record.name!r}; read it again, "
            "then repeat your edit"
        )


def _edited_part(record: Record) -> str:
    return etag_of("edit", [record.name, record.notes, record.tags, record.star])[1:17]
