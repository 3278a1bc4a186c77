"""`trainyard improve`, `promote` and `decline`."""

from collections.abc import Iterator
from typing import Annotated, Literal

import typer

from trainyard.answers.experiments import Experiment
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, DatasetArgument, IdArgument, JsonOption, UrlOption
from trainyard.cli.output import print_answer
from trainyard.cli.views.experiments import improvement_lines
from trainyard.client import Client

_PROMOTIONS: dict[bool | None, Literal["automatic", "on_approval"] | None] = {
    None: None,
    True: "automatic",
    False: "on_approval",
}


def improve(
    dataset: DatasetArgument,
    add: Annotated[
        list[str] | None,
        typer.Option("--add", metavar="DATASET", help="In place of the corrections; may be repeated."),
    ] = None,
    automatic: Annotated[
        bool | None,
        typer.Option(
            "--automatic/--on-approval",
            help="Promote the result by itself unless it is worse, or ask first. Default: by itself, if the key may.",
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Default: a fifth of the model's own.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option("--learning-rate", help="Default: a tenth of the model's highest.")
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The same key and options return the same experiment.")
    ] = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Fine-tune the model that serves a dataset with the corrections, check it against that, and promote it."""
    with Client(url) as client:
        experiment = client.improve(
            dataset,
            *add or (),
            promote=_PROMOTIONS[automatic],
            epochs=epochs,
            learning_rate=learning_rate,
            idempotency_key=idempotency_key,
        )
        print_answer(experiment, json, improving_view)


def improving_view(experiment: Experiment) -> Iterator[str]:
    yield experiment.id
    yield f"follow it with: trainyard watch {experiment.id}; what became of it: trainyard show {experiment.id}"


def promote(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Have a fine-tuned model that waits for approval serve its dataset."""
    with Client(url) as client:
        print_answer(client.promote(resolve_id(client, experiment)), json, decided_view)


def decline(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Decide against a fine-tuned model that waits for approval."""
    with Client(url) as client:
        print_answer(client.decline(resolve_id(client, experiment)), json, decided_view)


def decided_view(experiment: Experiment) -> Iterator[str]:
    yield from improvement_lines(experiment.improvement)
