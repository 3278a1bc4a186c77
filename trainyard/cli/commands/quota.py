"""`trainyard quota` and `visibility`."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.base import ItemList
from trainyard.answers.owners import Owner
from trainyard.cli.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.output import print_answer
from trainyard.cli.views.tables import Listing, right
from trainyard.client import Client
from trainyard.errors import UsageError

_MEANINGS = {
    "running": "experiments that run",
    "queued": "experiments that wait",
    "training_minutes": "minutes of training this month",
    "bytes": "bytes of experiments and datasets",
    "predictions": "predictions today",
}
Amount = Annotated[int | None, typer.Option(min=0, help="Set it.", show_default=False)]


def quota(
    owner: Annotated[str | None, typer.Argument(help="Yours by default; others' are for admins.")] = None,
    running: Amount = None,
    queued: Amount = None,
    training_minutes: Amount = None,
    bytes: Amount = None,  # noqa: A002 - the name in the API
    predictions: Amount = None,
    everybody: Annotated[bool, typer.Option("--all", help="List all owners; for admins.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Set everything to the default first.")] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Show what an owner may use, and what it uses. With options, set it: what is not named stays as it is."""
    given = {
        "running": running,
        "queued": queued,
        "training_minutes": training_minutes,
        "bytes": bytes,
        "predictions": predictions,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    with Client(url) as client:
        if everybody:
            print_answer(client.owners(), json, owners_view)
            return
        if not changes and not reset:
            print_answer(client.owner(owner), json, quota_view)
            return
        if owner is None:
            raise UsageError("give the owner whose quota is to be set: trainyard quota ann --running 2")
        kept = {} if reset else client.owner(owner).own.to_dict()
        print_answer(client.set_quota(owner, **{**kept, **changes}), json, quota_view)


def quota_view(owner: Owner) -> Iterator[RenderableType]:
    allowed, used = owner.quota.to_dict(), owner.used.to_dict()
    if owner.private:
        yield "what is created is private unless it says otherwise"
    yield f"{owner.name}, as of now; the month ends on {owner.month_ends_at:%Y-%m-%d} (UTC)"
    rows = ((f"{used[each]:,}", _limit(allowed[each]), meaning) for each, meaning in _MEANINGS.items())
    yield Listing((right("used"), right("allowed"), "of"), rows)


def owners_view(owners: ItemList[Owner]) -> Iterator[RenderableType]:
    rows = ((each.name, *(_share(each, name) for name in _MEANINGS)) for each in owners)
    yield Listing(("owner", *(right(name.replace("_", " ")) for name in _MEANINGS)), rows)


def _share(owner: Owner, name: str) -> str:
    used, allowed = owner.used.to_dict()[name], owner.quota.to_dict()[name]
    return f"{used:,}" if allowed is None else f"{used:,} of {allowed:,}"


def _limit(value: int | None) -> str:
    return "no limit" if value is None else f"{value:,}"


class Visibility(StrEnum):
    PRIVATE = "private"
    PUBLIC = "public"
    DEFAULT = "default"


def visibility(
    chosen: Annotated[Visibility, typer.Argument(help="`default` is that of the service.")],
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Choose whether others may see what you create, unless it says otherwise. What there is stays as it is."""
    private = None if chosen is Visibility.DEFAULT else chosen is Visibility.PRIVATE
    with Client(url) as client:
        print_answer(client.set_default_privacy(private), json, quota_view)
