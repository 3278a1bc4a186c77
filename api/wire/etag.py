"""Whether the sender has what it asks for already (RFC 9110, 13.1.2)."""

from typing import Annotated

from fastapi import Header


class KnownTags:
    """What a request says in `If-None-Match`."""

    def __init__(self, if_none_match: Annotated[str, Header()] = "") -> None:
        self._tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}

    def __contains__(self, etag: str) -> bool:
        """`etag` is quoted, as in the header."""
        return not self._tags.isdisjoint({etag, "*"})
