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
from trainyard.demo.service import run_service
from trainyard.errors import DemoError
from trainyard.up.application import SAMPLE_IMAGES

_PRESET = "digits-cnn"
_LAST_EPOCHS = 3
_CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")
_NEXT_STEPS = """\
Next steps
  keep it running     trainyard up
  train               trainyard submit digits-cnn --watch
  list                trainyard list
  predict             trainyard predict IMAGE.png
  all commands        trainyard --help
  the HTTP API        http://127.0.0.1:8000/docs"""


def run_demo(screen: Console, data: Path | None) -> None:
    """In `data`, which is kept, or in a temporary folder, which is kept only if something fails.

    Raises DemoError, and what the client raises. Nothing is left running.
    """
    images = sorted(SAMPLE_IMAGES.glob("*.png"))
    folder = data.expanduser().resolve() if data else Path(tempfile.mkdtemp(prefix="trainyard-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        screen.print(f"Starting Trainyard in {folder}")
        with run_service(folder) as url, Client(url) as client:
            screen.print(f"Trainyard is ready: {url}\n")
            _show(screen, client, images)
    except Exception:
        screen.print(f"The logs are in {folder / 'logs'}")
        raise
    except KeyboardInterrupt:
        _remove_unless(data, folder)
        raise
    _remove_unless(data, folder)
    screen.print(_NEXT_STEPS)


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
