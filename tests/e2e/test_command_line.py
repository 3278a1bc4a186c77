"""The command line against a running service; each command is a process, as in a shell."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.running_up import RunningUp, environment
from tests.support.service import ROOT
from tests.support.valkey import free_port
from tests.support.waiting import PATIENCE_SECONDS, eventually

pytestmark = pytest.mark.xdist_group("up")

Ran = subprocess.CompletedProcess[str]
Run = Callable[..., Ran]
QUICK = "examples/digits-quick.yaml"
IMAGES = ("examples/images/four.png", "examples/images/two.png")
UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
ENDLESS = "{name: endless, model: {layers: [{type: Flatten}, {type: Dense}]}, training: {epochs: 10000}}"


def trainyard(url: str, *arguments: str, stdin: str = "") -> Ran:
    return subprocess.run(
        [sys.executable, "-m", "trainyard", *arguments],
        cwd=ROOT,
        env={**environment(), "TRAINYARD_URL": url},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def run(up: RunningUp) -> Run:
    return lambda *arguments, stdin="": trainyard(up.url, *arguments, stdin=stdin)


@pytest.fixture(scope="module")
def watched(run: Run) -> Ran:
    """`trainyard submit --watch`, run to its end."""
    return run("submit", QUICK, "--watch")


@pytest.fixture(scope="module")
def trained(watched: Ran) -> str:
    """The id of an experiment that has succeeded."""
    assert watched.returncode == 0, watched.stderr
    return watched.stdout.split()[0]


@pytest.fixture
def endless(run: Run) -> Iterator[str]:
    """The id of an experiment that trains until it is cancelled."""
    experiment_id = str(answer_of(run("submit", "-", "--json", stdin=ENDLESS))["id"])
    yield experiment_id
    run("cancel", experiment_id)
    run("watch", experiment_id)


def answer_of(ran: Ran) -> Any:
    """Parse the output of `--json`, which is all that is printed."""
    assert (ran.returncode, ran.stderr) == (0, "")
    return json.loads(ran.stdout)


def test_submit_watch_shows_epochs_and_outcome(watched: Ran) -> None:
    assert (watched.returncode, watched.stderr) == (0, "")
    lines = watched.stdout.splitlines()
    assert "digits-quick on digits, queued" in lines[0]
    assert [line.split()[1] for line in lines if line.startswith("epoch ")] == ["1/3", "2/3", "3/3"]
    assert "succeeded after 3 epochs" in watched.stdout
    assert any(line.startswith("test ") and "accuracy" in line for line in lines)


def test_list_show_and_history_report_a_training(run: Run, trained: str) -> None:
    listed, shown = run("list", "--status", "succeeded", "--dataset", "digits"), run("show", trained)
    printed, csv = run("history", trained), run("history", trained, "--csv", "--since", "0")

    assert {each.returncode for each in (listed, shown, printed, csv)} == {0}
    assert any(line.startswith(trained) and "3/3" in line for line in listed.stdout.splitlines())
    assert f"id        {trained}" in shown.stdout
    assert "status    succeeded" in shown.stdout
    assert [line.split()[0] for line in printed.stdout.splitlines()] == ["epoch", "1", "2", "3"]
    assert [line.split(",")[0] for line in csv.stdout.splitlines()] == ["epoch", "1", "2"]


def test_end_of_an_id_identifies_it(run: Run, trained: str) -> None:
    assert answer_of(run("show", trained[-8:].lower(), "--json"))["id"] == trained


def test_predict_prints_a_line_per_image_and_the_model(run: Run, trained: str) -> None:
    predicted = run("predict", *IMAGES, "--experiment", trained, "--top", "2")

    assert predicted.returncode == 0, predicted.stderr
    four, two, model = predicted.stdout.splitlines()
    assert four.startswith("four.png: ")
    assert two.startswith("two.png: ")
    assert (four.count("%"), two.count("%")) == (2, 2)
    assert trained in model


def test_validate_of_valid_spec_shows_layers(run: Run) -> None:
    checked = run("validate", QUICK)
    assert checked.returncode == 0
    assert "Conv2D" in checked.stdout
    assert "parameters" in checked.stdout


@pytest.mark.parametrize("command", ["validate", "submit"])
def test_invalid_spec_is_rejected_with_a_pointer(run: Run, command: str) -> None:
    rejected = run(command, "-", stdin="{model: {preset: digits-cnn}, training: {epochs: many}}")
    assert (rejected.returncode, rejected.stdout) == (2, "")
    assert "/training/epochs" in rejected.stderr


def test_json_option_prints_the_answer_alone(run: Run, trained: str) -> None:
    assert answer_of(run("show", trained, "--json"))["status"] == "succeeded"
    assert trained in [each["id"] for each in answer_of(run("list", "--json", "--limit", "200"))["items"]]
    assert answer_of(run("history", trained, "--json"))["epoch"] == [0, 1, 2]
    assert answer_of(run("watch", trained, "--json"))["id"] == trained
    assert len(answer_of(run("predict", *IMAGES, "--json"))["predictions"]) == 2
    assert answer_of(run("validate", QUICK, "--json"))["layers"]
    assert {each["name"] for each in answer_of(run("presets", "--json"))["items"]} >= {"digits-cnn", "mnist-dnn"}


def test_cancelled_experiment_ends_its_watch_with_1(run: Run, up: RunningUp, endless: str) -> None:
    up.wait_for_epochs(endless, 1)

    cancelled, watched, again = run("cancel", endless), run("watch", endless), run("cancel", endless, "--json")

    assert cancelled.returncode == 0
    assert endless in cancelled.stdout
    assert watched.returncode == 1
    assert "cancelled after" in watched.stdout
    assert (again.returncode, again.stdout) == (4, "")
    assert "cancelled" in again.stderr


def test_delete_rejects_running_experiment(run: Run, up: RunningUp, endless: str) -> None:
    eventually(lambda: up.client.get(endless).status == "running")
    assert run("delete", endless).returncode == 4
    assert run("cancel", endless).returncode == 0
    assert run("watch", endless).returncode == 1
    assert answer_of(run("delete", endless, "--json")) == {"id": endless}
    assert run("show", endless).returncode == 3


@pytest.mark.parametrize("command", ["show", "history", "watch", "cancel", "delete"])
def test_unknown_id_is_named(run: Run, command: str) -> None:
    missing = run(command, UNKNOWN)
    assert (missing.returncode, missing.stdout) == (3, "")
    assert UNKNOWN in missing.stderr


@pytest.mark.parametrize("arguments", [["nonsense"], ["submit"], ["predict", "no-such-image.png"], ["submit", "no"]])
def test_wrong_usage_exits_with_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).returncode == 2


def test_unreachable_service_exits_with_5() -> None:
    port = free_port()
    lonely = trainyard(f"http://127.0.0.1:{port}", "list")
    assert (lonely.returncode, lonely.stdout) == (5, "")
    [sentence] = lonely.stderr.splitlines()
    assert f"http://127.0.0.1:{port}" in sentence
    assert "trainyard up" in sentence
