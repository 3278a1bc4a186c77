import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from analysis.tensorboard import log_directory
from analysis.tensorboard.hyperparameters import session_start
from analysis.tensorboard.log_directory import epoch_ends
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.points import Point
from models_store.experiments.record import Record
from models_store.store import Store
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.api import ApiClient
from tests.support.event_files import read_scalars, read_tensors
from tests.support.published import point, publish

Spec = Callable[..., ExperimentSpec]


def unpacked(client: ApiClient, record: Record, folder: Path) -> Path:
    """The log directory of the experiment, in `folder`."""
    answer = client.get(f"/experiments/{record.id}/tensorboard")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="tensorboard-{record.id}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(folder)
    [run] = folder.iterdir()
    return run


def only_message(content: bytes) -> bytes:
    """The message that is the only field, behind its length. In that of a session, a map of google.protobuf.Value is
    the first field, as in a Struct."""
    length_end = next(index for index in range(1, len(content)) if content[index] < 0x80)
    return content[length_end + 1 :]


def test_splits_are_runs_as_those_of_keras(
    client: ApiClient, api_store: Store, tiny_document: dict[str, Any], tmp_path: Path
) -> None:
    record = publish(
        api_store, parse_spec({**tiny_document, "name": "digits / 숫자 ..", "notes": "```\n<b>"}), epochs=3
    )
    assert record.started_at is not None

    run = unpacked(client, record, tmp_path / "logs")

    assert run.name == f"digits-숫자-{record.id[-8:]}"
    assert sorted(path.name for path in run.iterdir() if path.is_dir()) == ["test", "train", "validation"]
    training, validation, test = (read_scalars(run / name) for name in ("train", "validation", "test"))
    assert (set(training), set(validation)) == ({"epoch_loss"}, {"epoch_loss", "epoch_accuracy"})
    assert [each.step for each in training["epoch_loss"]] == [0, 1, 2]
    assert [each.value for each in training["epoch_loss"]] == pytest.approx([1, 1 / 2, 1 / 3])
    assert [each.value for each in validation["epoch_accuracy"]] == pytest.approx([0, 1 / 2, 2 / 3])
    start = record.started_at.timestamp()
    assert [each.wall_time - start for each in training["epoch_loss"]] == pytest.approx([0.1, 0.2, 0.3], abs=1e-6)
    assert {tag: [each[0].step, each[0].value] for tag, each in test.items()} == {
        "epoch_accuracy": [2, pytest.approx(0.8)],
        "epoch_loss": [2, pytest.approx(0.5)],
    }


def test_spec_is_text_and_hyperparameters(
    client: ApiClient, api_store: Store, tiny_document: dict[str, Any], tmp_path: Path
) -> None:
    spec = parse_spec({**tiny_document, "preprocessing": {"image_size": [8, 8]}})
    run = unpacked(client, publish(api_store, spec), tmp_path / "logs")

    tensors = read_tensors(run)

    assert set(tensors) == {"spec", "_hparams_/session_start_info", "_hparams_/session_end_info"}
    plugin, _, [text] = tensors["spec"]
    assert plugin == "text"
    assert all(line.startswith(b"    ") for line in text.splitlines())
    plugin, content, _ = tensors["_hparams_/session_start_info"]
    assert plugin == "hparams"
    values = Struct.FromString(only_message(content))
    assert values["dataset.name"] == "digits"
    assert values["training.epochs"] == tiny_document["training"]["epochs"]
    assert values["preprocessing.image_size"] == "8, 8"
    assert "name" not in values


def test_long_spec_is_shortened(
    client: ApiClient,
    api_store: Store,
    tiny_document: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_directory, "_MAX_SPEC", 200)
    record = publish(api_store, parse_spec(tiny_document))

    _, _, [text] = read_tensors(unpacked(client, record, tmp_path / "logs"))["spec"]

    shown, _, note = text.decode().partition("\n\n")
    assert (len(shown), note) == (200, f"Shortened: `GET /experiments/{record.id}` has all of it.")


def test_hyperparameters_are_bounded() -> None:
    spec = {"text": "a" * 3_000, "list": ["b" * 10] * 300, **{f"value{number}": number for number in range(600)}}

    message = session_start(0.0, spec)

    assert message.count(b"value") < 500
    assert len(re.findall(b"a{1000}", message)) == 1
    assert len(message) < 40_000


def test_running_experiment_has_its_epochs_so_far(
    client: ApiClient, api_store: Store, tiny_spec: Spec, tmp_path: Path
) -> None:
    record = api_store.experiments.create(tiny_spec())
    assert [path.is_file() for path in unpacked(client, record, tmp_path / "waiting").iterdir()] == [True]
    claim = TrainingClaim.acquire(api_store.training_jobs, record.id, worker="test:1")
    assert claim is not None
    claim.begin_history([])
    claim.append(point(0))
    claim.append(Point(epoch=1, seconds=0.1, metrics={"loss": None, "val_loss": 2.0}))

    run = unpacked(client, record, tmp_path / "running")

    assert sorted(path.name for path in run.iterdir() if path.is_dir()) == ["train", "validation"]
    assert str([each.value for each in read_scalars(run / "train")["epoch_loss"]]) == "[1.0, nan]"
    assert "_hparams_/session_end_info" not in read_tensors(run)


def test_answer_is_sent_once(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    record = publish(api_store, tiny_spec())
    path = f"/experiments/{record.id}/tensorboard"
    first = client.get(path)

    assert client.get(path).content == first.content
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    client.patch(f"/experiments/{record.id}", json={"name": "another"})
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert client.get("/experiments/01K6W3E8Z4T5V6X7Y8Z9A0B1C2/tensorboard").status_code == 404


def test_epochs_taken_over_lie_before_the_start() -> None:
    assert epoch_ends(100.0, 0, [1.0, 2.0, 3.0]) == [101.0, 103.0, 106.0]
    assert epoch_ends(100.0, 2, [1.0, 2.0, 3.0]) == [98.0, 100.0, 103.0]
    assert epoch_ends(100.0, 5, [1.0]) == [100.0]
    assert epoch_ends(100.0, 0, []) == []
