"""`trainyard evaluate`: how a trained network does on another dataset."""

from collections.abc import Iterator
from typing import Annotated

import typer

from trainyard.cli.commands.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.evaluation_view import confusion_lines
from trainyard.cli.exit_codes import Exit
from trainyard.cli.identifiers import full_id
from trainyard.cli.output import console, print_json
from trainyard.client import Client, JsonObject
from trainyard.polling import ended

_WORST = 3
_CONFUSIONS = 3


def evaluate(
    experiment: IdArgument,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A dataset whose classes the network knows.")],
    split: Annotated[str, typer.Option(help="all, train or test: which of its samples.")] = "all",
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Evaluate a trained network on another dataset, and wait for the figures.

    Ctrl-C stops waiting, not the evaluation.
    """
    with Client(url) as client:
        experiment_id = full_id(client, experiment)
        client.evaluate(experiment_id, dataset, split)
        view = ended(lambda: client.evaluation_on(experiment_id, dataset), "succeeded", "failed")
    if json:
        print_json(view)
    else:
        for line in evaluated_lines(view):
            console().print(line)
    if view["status"] == "failed":
        raise typer.Exit(Exit.FAILED)


def evaluated_lines(view: JsonObject) -> Iterator[str]:
    """Accuracy and macro F1, the classes of lowest F1 among those that have samples, the most frequent confusions."""
    evaluation = view["evaluation"]
    if evaluation is None:
        yield f"the evaluation on {view['dataset']} {view['status']}: {view['error']}"
        return
    yield (
        f"on {view['dataset']} ({view['split']}): accuracy {evaluation['accuracy']:.4f}, "
        f"macro F1 {evaluation['macro']['f1']:.4f} on {evaluation['samples']:,} samples"
    )
    classes = evaluation["per_class"]
    present = [row for row in classes if row["support"]]
    if len(present) < len(classes):
        yield f"  {len(present)} of {len(classes)} classes have samples there; the macro mean counts the others as 0"
    for row in sorted(present, key=lambda each: each["f1"])[:_WORST]:
        yield (
            f"  {row['label']}: F1 {row['f1']:.4f}, precision {row['precision']:.4f}, recall {row['recall']:.4f} "
            f"of {row['support']:,}"
        )
    yield from (f"  {line}" for line in confusion_lines(evaluation, _CONFUSIONS))
