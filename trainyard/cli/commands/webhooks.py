"""`trainyard webhooks`."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.base import ItemList
from trainyard.answers.webhooks import Delivery, NewWebhook, Webhook
from trainyard.cli.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.output import print_answer, print_json, print_lines
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.client import Client

webhooks = typer.Typer(help="Have other services told what happens.", invoke_without_command=True)
WebhookArgument = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The id of a webhook.")]


@webhooks.callback()
def list_by_default(context: typer.Context, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List webhooks."""
    if context.invoked_subcommand is None:
        with Client(url) as client:
            print_answer(client.webhooks(), json, list_view)


def list_view(found: ItemList[Webhook]) -> Iterator[RenderableType]:
    if not found:
        yield "no webhooks; `trainyard webhooks add URL` makes one"
        return
    rows = ((each.id, each.url, ", ".join(each.events), str(each.pending), str(each.failed)) for each in found)
    yield Listing(("id", prose("address"), prose("events"), right("pending"), right("failed")), rows)


@webhooks.command()
def add(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="A URL that receives POST requests.")],
    event: Annotated[
        list[str] | None, typer.Option("--event", help="Such as sweep.ended; may be repeated.", show_default=False)
    ] = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Add a webhook, and print its secret, which is never shown again."""
    with Client(url) as client:
        print_answer(client.add_webhook(address, event), json, added_view)


def added_view(webhook: NewWebhook) -> Iterator[str]:
    yield f"{webhook.id} is told of {', '.join(webhook.events)}"
    yield f"secret  {webhook.secret}"
    yield "keep it: it verifies signatures, and is never shown again"


@webhooks.command()
def delete(webhook: WebhookArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Delete a webhook, with what still waits to be sent to it."""
    with Client(url) as client:
        client.delete_webhook(webhook)
    if json:
        print_json({"id": webhook})
    else:
        print_lines(f"{webhook} is deleted")


@webhooks.command("test")
def send_test(webhook: WebhookArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Send a test message."""
    with Client(url) as client:
        print_answer(client.test_webhook(webhook), json, lambda sent: [f"{sent.id} is queued"])


@webhooks.command()
def deliveries(webhook: WebhookArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List what was sent to a webhook and what waits, newest first."""
    with Client(url) as client:
        print_answer(client.deliveries(webhook), json, deliveries_view)


def deliveries_view(found: ItemList[Delivery]) -> Iterator[RenderableType]:
    if not found:
        yield "nothing was sent yet"
        return
    yield Listing(("delivery", "event", "status", right("attempts"), prose("last")), map(_delivery_row, found))


def _delivery_row(delivery: Delivery) -> tuple[str, ...]:
    last = delivery.attempts[-1] if delivery.attempts else None
    outcome = "" if last is None else last.error or f"answered {last.status}"
    return delivery.id, delivery.event, delivery.status, str(len(delivery.attempts)), outcome
