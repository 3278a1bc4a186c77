"""Shortened experiment ids."""

from collections.abc import Iterable, Iterator
from itertools import islice

from trainyard.client import Client
from trainyard.errors import Conflict, NotFound, UsageError

_FULL_LENGTH = 26
_MIN_LENGTH = 4
_NEWEST = 2000


def resolve_id(client: Client, text: str) -> str:
    """The id that `text` is, or the only one among the newest 2,000 experiments that begins or ends with it.

    Raises UsageError if it is too short, NotFound if no id matches, Conflict if several do.
    """
    newest = (experiment.id for experiment in islice(client.runs(), _NEWEST))
    return _resolve(text, newest, "experiment", "trainyard list")


def resolve_sweep_id(client: Client, text: str) -> str:
    """As `resolve_id`, among all sweeps."""
    return _resolve(text, _sweep_ids(client), "sweep", "trainyard sweep list")


def _sweep_ids(client: Client) -> Iterator[str]:
    yield from (each.id for each in client.sweeps())


def _resolve(text: str, newest: Iterable[str], noun: str, command: str) -> str:
    """`newest` is not looked at if `text` is a whole id."""
    wanted = text.upper()
    if len(wanted) < _MIN_LENGTH:
        raise UsageError(
            f"expected an id, or at least {_MIN_LENGTH} characters of its beginning or end, received {text!r}"
        )
    if len(wanted) >= _FULL_LENGTH:
        return text
    matches = [each for each in newest if each.startswith(wanted) or each.endswith(wanted)]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        detail = f"no {noun}'s id begins or ends with {text}; `{command}` shows them"
        raise NotFound(404, "Not Found", detail)
    shown = ", ".join(matches[:3])
    detail = f"{len(matches)} ids begin or end with {text} ({shown}, ...); type more of it"
    raise Conflict(409, "Conflict", detail)
