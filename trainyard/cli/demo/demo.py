"""The demo: start, train, show the result, predict, stop."""

import shutil
import tempfile
from pathlib import Path

from rich.console import Console

from trainyard.answers.experiments import History
from trainyard.cli.demo.service import run_service
from trainyard.cli.views.evaluations import evaluation_lines
from trainyard.cli.views.experiments import history_table
from trainyard.cli.views.predictions import prediction_lines
from trainyard.cli.views.training import follow
from trainyard.client import Client
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
  the HTTP API        http://127.0.0.1:8000/docs
  the page            http://127.0.0.1:8000, in a browser, while trainyard up runs"""


def run_demo(screen: Console, data: Path | None) -> None:
    """Run in `data`, which is kept, or in a temporary folder, which is kept only if something fails.

    Raises DemoError, or an error of the client. No process is left running.
    """
    folder = data.expanduser().resolve() if data else Path(tempfile.mkdtemp(prefix="trainyard-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        screen.print(f"Starting Trainyard in {folder}")
        with run_service(folder) as url, Client(url) as client:
            screen.print(f"Trainyard is ready: {url}\n")
            _show(screen, client)
    except Exception:
        screen.print(f"The logs are in {folder / 'logs'}")
        raise
    except KeyboardInterrupt:
        _remove_temporary(data, folder)
        raise
    _remove_temporary(data, folder)
    screen.print(_NEXT_STEPS)


def _remove_temporary(given: Path | None, folder: Path) -> None:
    if given is None:
        shutil.rmtree(folder, ignore_errors=True)


def _show(screen: Console, client: Client) -> None:
    preset = next(preset for preset in client.presets() if preset.name == _PRESET)
    screen.print(f"Training the preset {_PRESET}: {preset.title}; {preset.parameters:,} parameters")
    experiment = follow(client, client.submit(preset.spec).id, screen)
    if experiment.status != "succeeded":
        raise DemoError("the experiment did not succeed, so the demo ends here")
    screen.print("\nThe last epochs")
    screen.print(history_table(_last_epochs(client.history(experiment.id))))
    screen.print()
    for line in evaluation_lines(client.evaluation(experiment.id)):
        screen.print(line)
    screen.print("\nThree drawn images, and what the network predicts")
    images = sorted(SAMPLE_IMAGES.glob("*.png"))
    for line in prediction_lines(client.predict(*images, experiment=experiment.id)):
        screen.print(line)
    screen.print()


def _last_epochs(history: History) -> History:
    """Of the curves that are shown."""
    return History(
        epoch=history.epoch[-_LAST_EPOCHS:],
        history={name: history.history[name][-_LAST_EPOCHS:] for name in _CURVES},
        damaged=history.damaged,
    )
