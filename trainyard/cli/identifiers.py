"""Ids as people type them."""

from itertools import islice

from trainyard.client import Client
from trainyard.errors import ApiError

_FULL_LENGTH = 26
_SHORTEST = 4
_LOOKED_THROUGH = 2000


def full_id(client: Client, text: str) -> str:
    """The id that `text` is, or is the beginning or the end of, among the newest 2,000 experiments.

    Raises ApiError with status 404 if there is none, and 409 if there are several.
    """
    wanted = text.upper()
    if len(wanted) >= _FULL_LENGTH or len(wanted) < _SHORTEST:
        return text
    newest = (str(record["id"]) for record in islice(client.list(), _LOOKED_THROUGH))
    matches = [each for each in newest if each.startswith(wanted) or each.endswith(wanted)]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        detail = f"no experiment's id begins or ends with {text}; `trainyard list` shows them"
        raise ApiError(404, "Not Found", detail)
    shown = ", ".join(matches[:3])
    raise ApiError(409, "Conflict", f"{len(matches)} ids begin or end with {text} ({shown}, ...); type more of it")
