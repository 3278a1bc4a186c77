"""Rows 20, 21, 22: damaged models, promotion under load, no model at all."""

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from PIL import Image

from models_store.artifacts import write_manifest
from models_store.experiments import RECORD_FILE
from models_store.records import Record
from tests.service import Service
from tests.waiting import eventually

Document = dict[str, Any]
CLIENTS = 40
PROMOTIONS = 10


def picture() -> dict[str, Any]:
    data = BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(data, "PNG")
    return {"file": ("some.png", data.getvalue(), "image/png")}


def promoted_copy(service: Service, trained: str, number: int, damage: bytes | None = None) -> str:
    """Publish a copy of a trained experiment that is a little better, with its model damaged if asked."""
    folder = service.store / "experiments" / trained
    record = Record.model_validate_json((folder / RECORD_FILE).read_bytes())
    copy_id = f"{trained[:-3]}{number:03d}"
    metrics = {**record.validation_metrics, "val_accuracy": 1.0 + number / 1000}
    copied = record.model_copy(update={"id": copy_id, "validation_metrics": metrics})
    staged = folder.parent.with_name("staged") / copy_id
    shutil.copytree(folder, staged)
    (staged / RECORD_FILE).write_text(copied.model_dump_json())
    if damage is not None:
        (staged / "artifacts" / "model.onnx").write_bytes(damage)
        write_manifest(staged / "artifacts")
    staged.rename(folder.parent / copy_id)
    return copy_id


def answering_model(service: Service) -> str:
    answer = service.http.post("/predict", files=picture())
    assert answer.status_code == 200, answer.text
    return str(answer.json()["model"]["experiment_id"])


def test_damaged_model_that_would_become_best_is_refused(service: Service, tiny_document: Document) -> None:
    trained = service.post(tiny_document)
    service.wait_for_end(trained)
    assert answering_model(service) == trained

    noise = np.random.default_rng(0).bytes(1024)
    damaged = promoted_copy(service, trained, 1, damage=noise)
    eventually(lambda: service.http.get("/models/best").json()["experiment_id"] == damaged)
    eventually(lambda: f"model {damaged} is refused" in service.log_text("api"))

    assert {answering_model(service) for _ in range(100)} == {trained}


def test_model_that_no_longer_matches_its_hash_is_refused(service: Service, tiny_document: Document) -> None:
    trained = service.post(tiny_document)
    service.wait_for_end(trained)
    file = service.store / "experiments" / trained / "artifacts" / "model.onnx"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    service.start_api()

    refused = service.http.post("/predict", files=picture())
    named = service.http.post(f"/predict?experiment={trained}", files=picture())

    assert (refused.status_code, named.status_code) == (503, 409)
    assert "sha256" in named.json()["detail"]


def test_promotions_under_load_lose_and_mix_nothing(service: Service, tiny_document: Document) -> None:
    trained = service.post(tiny_document)
    service.wait_for_end(trained)
    answering_model(service)
    done = threading.Event()

    def client(_: int) -> list[tuple[int, str]]:
        answers = []
        with httpx2.Client(base_url=service.http.base_url, timeout=30) as http:
            while not done.is_set():
                answer = http.post("/predict", files=picture())
                model = answer.json()["model"] if answer.is_success else {}
                answers.append((answer.status_code, model.get("experiment_id", "")))
        return answers

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(client, number) for number in range(CLIENTS)]
        promoted = [trained]
        for number in range(PROMOTIONS):
            promoted.append(promoted_copy(service, trained, number))
            eventually(lambda: answering_model(service) == promoted[-1])
        done.set()
        answers = [answer for each in clients for answer in each.result()]

    assert {status for status, _ in answers} == {200}
    assert {model for _, model in answers} <= set(promoted)
    assert len(answers) > 10 * PROMOTIONS


def test_without_a_model_predict_says_what_to_do(make_service: Callable[..., Service]) -> None:
    service = make_service()
    service.start_api()

    answer = service.http.post("/predict", files=picture())

    assert answer.status_code == 503
    assert "POST an experiment" in answer.json()["error"]
    assert "Retry-After" in answer.headers


def test_deleting_the_serving_model_under_load_falls_back_or_says_there_is_none(
    service: Service, tiny_document: Document
) -> None:
    trained = service.post(tiny_document)
    service.wait_for_end(trained)
    answering_model(service)
    codes: list[int] = []

    def client() -> None:
        with httpx2.Client(base_url=service.http.base_url, timeout=30) as http:
            codes.extend(http.post("/predict", files=picture()).status_code for _ in range(100))

    thread = threading.Thread(target=client)
    thread.start()
    assert service.http.delete(f"/experiments/{trained}").status_code == 409
    assert service.http.delete(f"/experiments/{trained}?force=true").status_code == 204
    thread.join()

    assert set(codes) <= {200, 503}
    assert service.http.post("/predict", files=picture()).status_code == 503
    assert not Path(service.store / "experiments" / trained).exists()
