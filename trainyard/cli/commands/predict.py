"""`trainyard predict`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from trainyard.cli.commands.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.identifiers import full_id
from trainyard.cli.output import console, print_json, print_json_line
from trainyard.client import Client, JsonObject

ImageArgument = Annotated[
    list[Path] | None,
    typer.Argument(metavar="IMAGE...", exists=True, dir_okay=False, readable=True, help="PNG, JPEG or WebP files."),
]
BatchOption = Annotated[
    Path | None,
    typer.Option(
        metavar="ARCHIVE",
        exists=True,
        readable=True,
        help="A zip, a tar or a folder of any number of images, instead; prints a line of JSON for each.",
    ),
]


def predict(
    images: ImageArgument = None,
    dataset: Annotated[str | None, typer.Option(help="Ask the best model of this dataset.")] = None,
    experiment: Annotated[str | None, typer.Option(metavar="ID", help="Ask the model of this experiment.")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes to name.")] = 3,
    batch: BatchOption = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Say what is on images."""
    if bool(images) == (batch is not None):
        raise typer.BadParameter("name images, or one archive or folder of them with --batch")
    with Client(url) as client:
        model = full_id(client, experiment) if experiment else None
        if batch is not None:
            for each in client.predict_many(batch, dataset, model, top):
                print_json_line(each)
            return
        answer = client.predict(*images or (), dataset=dataset, experiment=model, top=top)
    if json:
        print_json(answer)
        return
    for line in prediction_lines(answer):
        console().print(line)


def prediction_lines(answer: JsonObject) -> Iterator[str]:
    """One line for each image, with the verdict and the id for `trainyard label`, then the model that answered."""
    for prediction in answer["predictions"]:
        guesses = (f"{guess['label']} {guess['probability']:.1%}" for guess in prediction["top"])
        verdict = prediction["verdict"].replace("_", " ")
        yield f"{prediction['filename']}: {', '.join(guesses)}  {verdict}  {prediction['id']}"
    model = answer["model"]
    yield f"(answered by {model['name']}, {model['experiment_id']})"
