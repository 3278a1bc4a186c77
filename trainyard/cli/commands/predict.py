"""`trainyard predict`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.output import print_answer, print_json_line
from trainyard.cli.views.predictions import prediction_lines
from trainyard.client import Client

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
        help="Instead of images: a zip, a tar or a folder of any number; prints JSON Lines.",
    ),
]


def predict(
    images: ImageArgument = None,
    dataset: Annotated[str | None, typer.Option(help="Use the best model of this dataset.")] = None,
    experiment: Annotated[str | None, typer.Option(metavar="ID", help="Use the model of this experiment.")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes to show.")] = 3,
    digits: Annotated[
        Literal["one", "many"] | None, typer.Option(help="many: read a row of digits from left to right.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show which parts of each image speak for the answer.")
    ] = False,
    explain_out: Annotated[
        Path | None,
        typer.Option(metavar="PNG", dir_okay=False, help="Explain one image, and write the map over it to this file."),
    ] = None,
    batch: BatchOption = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Classify images."""
    if bool(images) == (batch is not None):
        raise typer.BadParameter("expected image files, or --batch with one archive or folder")
    explain = explain or explain_out is not None
    if batch is not None and explain:
        raise typer.BadParameter("--batch explains nothing; name the images instead of using --batch")
    if explain_out is not None and (len(images or ()) != 1 or digits == "many"):
        raise typer.BadParameter("--explain-out writes one map; name one image, of one digit")
    if batch is not None and digits == "many":
        raise typer.BadParameter("--batch reads one digit of each image; name the images instead of using --batch")
    with Client(url) as client:
        model = resolve_id(client, experiment) if experiment else None
        if batch is not None:
            for line in client.predict_batch(batch, dataset, model, top):
                print_json_line(line.to_dict())
            return
        method: Literal["occlusion"] | None = "occlusion" if explain else None
        answer = client.predict(
            *images or (), dataset=dataset, experiment=model, top=top, digits=digits, explain=method
        )
    if explain_out is not None:
        [explanation] = answer.explanations or []
        explanation.figure.save(explain_out)
    print_answer(answer, json, prediction_lines)
