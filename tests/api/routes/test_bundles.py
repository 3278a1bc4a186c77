"""What is in a bundle, and when there is none."""

import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
import yaml

from api.routes import bundles
from models_store import artifacts
from models_store.experiments.record import Record
from models_store.store import Store
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.api import ApiClient
from tests.support.published import publish

HOSTILE = 'Größe <b> | `x`\r\n"../4'


@pytest.fixture
def record(api_store: Store, tiny_document: dict[str, Any]) -> Record:
    return publish(api_store, parse_spec({**tiny_document, "name": "Tiny CNN, 2nd", "notes": HOSTILE}))


def path_of(record: Record) -> str:
    return f"/models/{record.id}/bundle.zip"


def opened(client: ApiClient, record: Record) -> ZipFile:
    answer = client.get(path_of(record))
    assert answer.status_code == 200, answer.text
    return ZipFile(BytesIO(answer.content))


def figure(value: float) -> str:
    return f"{value:.4f}"


def test_bundle_holds_every_file_of_its_readme(client: ApiClient, api_store: Store, record: Record) -> None:
    archive = opened(client, record)
    names = archive.namelist()

    assert archive.testzip() is None
    named = {
        name.rstrip("/") for name in re.findall(r"`([a-zA-Z_/]+(?:\.[a-z]+|/))`", archive.read("README.md").decode())
    }
    assert named == {name.partition("/")[0] for name in names} - {"README.md", "MODEL_CARD.md"}
    folder = api_store.experiments.artifacts(record.id)
    for name in ("model.keras", "model.onnx", "serving.json", "evaluation.json"):
        assert archive.read(name) == (folder / name).read_bytes()
    assert json.loads(archive.read("labels.json")) == [str(digit) for digit in range(10)]
    assert json.loads(archive.read("spec.json")) == record.spec.document
    assert json.loads(archive.read("preprocessing.json"))["digit_form"] == "filling"
    assert not [name for name in names if "augmentation" in name]


def test_bundle_stores_networks_and_deflates_the_rest(client: ApiClient, record: Record) -> None:
    members = opened(client, record).infolist()

    assert {each.compress_type for each in members if each.filename.startswith("model.")} == {ZIP_STORED}
    assert {each.compress_type for each in members if each.filename.endswith((".py", ".md", ".json"))} == {ZIP_DEFLATED}
    assert {each.external_attr >> 16 for each in members} == {0o644}


def test_model_card_has_the_metrics(client: ApiClient, record: Record) -> None:
    card = opened(client, record).read("MODEL_CARD.md").decode()
    splits = {
        split: client.get(f"/experiments/{record.id}/evaluation", params={"split": split}).json()
        for split in ("training", "validation", "test")
    }

    for name in ("accuracy", "balanced_accuracy", "top_3_accuracy", "loss"):
        row = " | ".join(figure(split[name]) for split in splits.values())
        assert f"| {name.replace('_', ' ')} | {row} |" in card
    assert f"calibration error {figure(splits['test']['calibration']['error'])}" in card
    served = " | ".join(figure(split["calibration"]["tempered_error"]) for split in splits.values())
    assert f"| calibration error, as served | {served} |" in card
    matrix = splits["test"]["confusion_matrix"]["matrix"]
    confusions = re.findall(r"^\| (\d) \| (\d) \| (\d+) \| (\d+) \|$", card, re.MULTILINE)
    assert len(confusions) == 10
    assert all(matrix[int(true)][int(predicted)] == int(samples) for true, predicted, samples, _ in confusions)
    assert (
        yaml.safe_load(card.rpartition("```yaml\n")[2].removesuffix("```\n").removesuffix("```"))
        == record.spec.document
    )


def test_bundle_documents_escape_names(client: ApiClient, record: Record) -> None:
    archive = opened(client, record)
    for name in ("README.md", "MODEL_CARD.md"):
        text = archive.read(name).decode().partition("## Spec")[0]
        assert "\n\n\n" not in text
        assert "{" + "{" not in text
        for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
            assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table


def test_bundle_is_named_for_the_experiment(client: ApiClient, record: Record) -> None:
    answer = client.get(path_of(record))

    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="tiny-cnn-2nd-{record.id}.zip"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    head = client.head(path_of(record))
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])
    assert head.headers["content-length"] == answer.headers["content-length"]


def test_equal_etags_mean_equal_bundles(client: ApiClient, api_store: Store, record: Record) -> None:
    first, second = (client.get(path_of(record)) for _ in range(2))

    assert (first.headers["etag"], first.content) == (second.headers["etag"], second.content)
    again = client.get(path_of(record), headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = publish(api_store, parse_spec({**record.spec.document, "name": "other"}))
    assert client.get(path_of(other)).headers["etag"] != first.headers["etag"]


def test_large_bundle_is_spooled_to_disk(client: ApiClient, record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = client.get(path_of(record)).content
    monkeypatch.setattr(bundles, "_IN_MEMORY_BYTES", 100)

    assert client.get(path_of(record)).content == whole


@pytest.mark.parametrize("name", ["model.keras", "model.onnx", "serving.json", "evaluation.json"])
@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x"), Path.unlink])
def test_damaged_file_is_rejected_before_sending(
    client: ApiClient, api_store: Store, record: Record, name: str, harm: Callable[[Path], Any]
) -> None:
    harm(api_store.experiments.artifacts(record.id) / name)

    answer = client.get(path_of(record))

    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert name in answer.json()["error"]


def test_result_without_evaluation_has_a_bundle(client: ApiClient, api_store: Store, record: Record) -> None:
    folder = api_store.experiments.artifacts(record.id)
    (folder / artifacts.EVALUATION_FILE).unlink()
    artifacts.write_manifest(folder)

    archive = opened(client, record)

    assert "evaluation.json" not in archive.namelist()
    assert "## Metrics" not in archive.read("MODEL_CARD.md").decode()


def test_bundle_needs_a_success(client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> None:
    waiting = api_store.experiments.create(tiny_spec())

    rejected = client.get(path_of(waiting))
    assert rejected.status_code == 409
    assert "is queued" in rejected.json()["error"]
    for unknown in ("01K6W3E8Z4T5V6X7Y8Z9A0B1C2", "best", "%2e%2e"):
        assert client.get(f"/models/{unknown}/bundle.zip").status_code == 404
