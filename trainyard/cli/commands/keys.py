"""`trainyard keys`, `trainyard login` and `trainyard logout`."""

import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.base import ItemList
from trainyard.answers.keys import Key, NewKey, RevokedKey
from trainyard.cli.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.output import print_answer, print_lines
from trainyard.cli.views.tables import Listing, prose
from trainyard.client import Client
from trainyard.credentials import forget_key, keep_key
from trainyard.errors import UsageError
from trainyard.sign_in import sign_in

keys = typer.Typer(help="Say who may do what.", invoke_without_command=True)


@keys.callback()
def list_by_default(context: typer.Context, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List your keys; an admin lists everybody's."""
    if context.invoked_subcommand is None:
        with Client(url) as client:
            print_answer(client.keys(), json, list_view)


def list_view(found: ItemList[Key]) -> Iterator[RenderableType]:
    rows = ((each.id, each.owner, ", ".join(each.scopes), _state(each), each.name) for each in found)
    yield Listing(("id", "owner", prose("scopes"), prose("state"), prose("name")), rows)


def _state(key: Key) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    used = "never used" if key.last_used_on is None else f"used {key.last_used_on:%Y-%m-%d}"
    return used if key.expires_at is None else f"{used}, expires {key.expires_at:%Y-%m-%d}"


@keys.command()
def create(
    scope: Annotated[
        list[str], typer.Option("--scope", help="read, run, data, serve, predict, teach or admin; may be repeated.")
    ],
    name: Annotated[str, typer.Option(help="What the key is for.")] = "",
    owner: Annotated[str | None, typer.Option(help="Whose it is; yours by default.", show_default=False)] = None,
    days: Annotated[int | None, typer.Option(help="How long it is valid.", show_default=False)] = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Create a key, and print it. It is never shown again."""
    with Client(url) as client:
        print_answer(client.create_key(scope, name, owner, days), json, created_view)


def created_view(key: NewKey) -> Iterator[str]:
    yield f"{key.id} is a key of {key.owner} for {', '.join(key.scopes)}"
    yield f"key  {key.key}"
    yield "keep it: it is never shown again"


@keys.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The id of a key.")],
    with_created: Annotated[
        bool, typer.Option("--with-created", help="Also the keys that it has created, as when it has leaked.")
    ] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Revoke a key, for good."""
    with Client(url) as client:
        print_answer(client.revoke_key(key, with_created), json, revoked_view)


def revoked_view(key: RevokedKey) -> Iterator[str]:
    yield f"{key.id} of {key.owner} is revoked"
    if key.also_revoked:
        yield f"with it: {', '.join(key.also_revoked)}"


def login(
    ask: Annotated[bool, typer.Option("--key", help="Ask for a key, even where one can sign in.")] = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Sign in with the provider of the service in a browser, or else ask for a key; check it, and keep it for this
    service in a file that only you can read. A key on standard input is taken from there."""
    if sys.stdin.isatty() and not ask:
        with Client(url) as client:
            if client.login().provider is not None:
                _keep(url, sign_in(client, lambda address: print_lines(f"sign in there: {address}")).key)
                return
    key = (typer.prompt("Key", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not key:
        raise UsageError("no key received; type one, or pass it on standard input")
    _keep(url, key)


def _keep(url: str | None, key: str) -> None:
    with Client(url, key) as client:
        own = client.own_key()
        path = keep_key(client.url, key)
    print_lines(f"logged in to {client.url} as {own.owner}, for {', '.join(own.scopes)}; the key is in {path}")


def logout(url: UrlOption = DEFAULT_URL) -> None:
    """Forget the key for this service. It stays valid: `trainyard keys revoke` ends it."""
    with Client(url) as client:
        print_lines(f"the key for {client.url} is forgotten" if forget_key(client.url) else f"no key for {client.url}")
