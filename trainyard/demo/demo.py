"""The demo: start, train, look at the result, predict, stop."""

import shutil
import tempfile
from pathlib import Path

from rich.console import Console

from trainyard.cli.commands.experiments import history_table
from trainyard.cli.commands.predict import prediction_lines
from trainyard.cli.commands.watch import followed
from trainyard.cli.evaluation_view import evaluation_lines
from trainyard.client import Client, JsonObject
from trainyard.demo.errors import DemoError
from trainyard.demo.service import running_service

IMAGES = Path(__file__).parents[2] / "examples" / "images"
_PRESET = "digits-cnn"
_LAST_EPOCHS = 3
_CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")
_GO_ON = """\
How to go on
  start it for good   make up
  train               curl --data-binary @examples/digits-cnn.yaml localhost:8000/experiments
  list                curl localhost:8000/experiments
  predict             curl -F file=@examples/images/four.png localhost:8000/predict
README.md tells the rest."""


def run_demo(screen: Console, data: Path | None) -> None:
    """In `data`, which is kept, or in a temporary folder, which is kept only if something fails.

    Raises DemoError, and what the client raises. Nothing is left running.
    """
    images = sorted(IMAGES.glob("*.png"))
    if not images:
        raise DemoError(f"there are no images in {IMAGES}: run the demo from a checkout of Trainyard")
    folder = data.expanduser().resolve() if data else Path(tempfile.mkdtemp(prefix="trainyard-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        screen.print(f"Starting Trainyard in {folder}")
        with running_service(folder) as url, Client(url) as client:
            screen.print(f"Trainyard is ready: {url}\n")
            _show(screen, client, images)
    except Exception:
        screen.print(f"The logs are in {folder / 'logs'}")
        raise
    except KeyboardInterrupt:
        _remove_unless(data, folder)
        raise
    _remove_unless(data, folder)
    screen.print(_GO_ON)


def _remove_unless(given: Path | None, folder: Path) -> None:
    if given is None:
        shutil.rmtree(folder, ignore_errors=True)


def _show(screen: Console, client: Client, images: list[Path]) -> None:
    preset = next(preset for preset in client.presets() if preset["name"] == _PRESET)
    screen.print(f"Training the preset {_PRESET}: {preset['title']}; {preset['parameters']:,} parameters")
    record = followed(client, client.submit(preset["spec"])["id"], screen)
    if record["status"] != "succeeded":
        raise DemoError("the experiment did not succeed, so there is nothing more to show")
    screen.print("\nThe end of the curves")
    screen.print(history_table(_end_of(client.history(record["id"]))))
    screen.print()
    for line in evaluation_lines(client.evaluation(record["id"])):
        screen.print(line)
    screen.print("\nThree drawn images, and what the network takes them for")
    for line in prediction_lines(client.predict(*images, experiment=record["id"])):
        screen.print(line)
    screen.print()


def _end_of(history: JsonObject) -> JsonObject:
    return {
        # Counted from 1, as the progress above it was.
        "epoch": [epoch + 1 for epoch in history["epoch"][-_LAST_EPOCHS:]],
        "history": {name: history["history"][name][-_LAST_EPOCHS:] for name in _CURVES},
    }
