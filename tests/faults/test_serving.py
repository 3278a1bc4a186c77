"""Predictions with damaged models, while models are promoted, and without a model."""

import asyncio
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, Self

import httpx2
import numpy as np
import orjson
from numpy.typing import NDArray
from PIL import Image

from models_store.artifacts import write_manifest
from models_store.experiments.folders import RECORD_FILE
from models_store.experiments.record import Record
from models_store.store import open_store
from specs.experiment import parse_spec
from tests.support.image_files import encoded
from tests.support.published import CLASSES, bright_column_network, publish
from tests.support.service import LEASE_SECONDS, Service
from tests.support.waiting import PATIENCE_SECONDS, eventually

Document = dict[str, Any]
CLIENTS = 40
PROMOTIONS = 10
PINNING_CLIENTS = 200
PINNED = 100
ANSWERS_FOR_A_PIN = 20


def png(pixels: NDArray[np.uint8]) -> bytes:
    return encoded(Image.fromarray(pixels.reshape(8, 8)))


def image() -> dict[str, Any]:
    return {"file": ("some.png", png(np.arange(64, dtype=np.uint8)), "image/png")}


def promoted_copy(service: Service, trained: str, number: int, damage: bytes | None = None) -> str:
    """Publish a copy of a trained experiment with a higher accuracy, its model replaced by `damage` if given."""
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
    answer = service.http.post("/predict", files=image())
    assert answer.status_code == 200, answer.text
    return str(answer.json()["model"]["experiment_id"])


def test_damaged_best_model_is_rejected(service: Service, tiny_document: Document) -> None:
    trained = service.post(tiny_document)
    service.wait_for_end(trained)
    assert answering_model(service) == trained

    noise = np.random.default_rng(0).bytes(1024)
    damaged = promoted_copy(service, trained, 1, damage=noise)
    eventually(lambda: service.ask("GET", "/models/best").json()["experiment_id"] == damaged)
    eventually(lambda: f"model {damaged} is rejected" in service.log_text("api"))

    assert {answering_model(service) for _ in range(100)} == {trained}


def test_model_with_wrong_hash_is_rejected(service: Service, tiny_document: Document) -> None:
    trained = service.post(tiny_document)
    service.wait_for_end(trained)
    file = service.store / "experiments" / trained / "artifacts" / "model.onnx"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    service.start_api()

    rejected = service.http.post("/predict", files=image())
    named = service.http.post(f"/predict?experiment={trained}", files=image())

    assert (rejected.status_code, named.status_code) == (503, 409)
    assert "sha256" in named.json()["detail"]


def test_promotion_under_load_loses_and_mixes_nothing(service: Service, tiny_document: Document) -> None:
    trained = service.post(tiny_document)
    service.wait_for_end(trained)
    answering_model(service)
    done = threading.Event()

    def client(_: int) -> list[tuple[int, str]]:
        answers = []
        with httpx2.Client(base_url=service.http.base_url, timeout=PATIENCE_SECONDS, verify=False) as http:
            while not done.is_set():
                answer = http.post("/predict", files=image())
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


class Asked(NamedTuple):
    """An answer, how many pins were done before its request, and how many were begun when it came."""

    status: int
    model: str
    labels: list[str]
    pinned_before: int
    pinning_after: int


def networks_that_differ(service: Service, document: Document) -> list[str]:
    """Publish ten experiments; the n-th predicts class c + n where the first predicts class c."""
    store = open_store(service.store, service.valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
    spec = parse_spec(document)
    return [publish(store, spec, network=bright_column_network(shift)).id for shift in range(CLASSES)]


class Connection:
    """A kept-open connection of one client; two hundred clients of httpx would need more time than the service."""

    def __init__(self, url: httpx2.URL) -> None:
        self._url = url

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._url.host, self._url.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def send(self, request: httpx2.Request) -> tuple[int, Any]:
        headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        head = f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n{headers}\r\n"
        self._writer.write(head.encode() + request.read())
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        body = await self._reader.readexactly(int(answer.split("content-length: ")[1].split("\r\n")[0]))
        return int(answer.split(" ")[1]), orjson.loads(body)


class Pinning:
    """Two hundred clients send two images per request while one network after the other is pinned."""

    def __init__(self, url: httpx2.URL, models: list[str]) -> None:
        self._url = url
        self._models = models
        pixels = np.zeros((2, 64), dtype=np.uint8)
        pixels[0, 3] = pixels[1, 7] = 255
        files = [("file", (f"{number}.png", png(each), "image/png")) for number, each in enumerate(pixels)]
        self._question = httpx2.Request("POST", url.join("/predict?dataset=digits"), files=files)
        self._answered = asyncio.Semaphore(0)
        self._begun = self._done = 0
        self.answers: list[Asked] = []

    async def run(self) -> None:
        await asyncio.gather(self._pin(), *(self._ask() for _ in range(PINNING_CLIENTS)))

    async def _ask(self) -> None:
        async with Connection(self._url) as connection:
            while self._done < PINNED:
                before = self._done
                status, body = await connection.send(self._question)
                labels = [each["top"][0]["label"] for each in body.get("predictions", [])]
                model = body.get("model", {}).get("experiment_id", "")
                self.answers.append(Asked(status, model, labels, before, self._begun))
                self._answered.release()

    async def _pin(self) -> None:
        async with Connection(self._url) as connection:
            while self._done < PINNED:
                self._begun += 1
                body = {"experiment_id": self._models[self._begun % len(self._models)]}
                path = self._url.join("/models/serving/digits")
                status, answer = await connection.send(httpx2.Request("PUT", path, json=body))
                self._done += 1
                assert status == 200, answer
                for _ in range(ANSWERS_FOR_A_PIN):
                    await self._answered.acquire()


async def answers_while_pinning(url: httpx2.URL, models: list[str]) -> list[Asked]:
    pinning = Pinning(url, models)
    await pinning.run()
    return pinning.answers


def test_pinning_under_load_loses_and_mixes_nothing(
    make_service: Callable[..., Service], tiny_document: Document
) -> None:
    service = make_service()
    service.start_api()
    models = networks_that_differ(service, tiny_document)
    assert service.ask("PUT", "/models/serving/digits", json={"experiment_id": models[0]}).status_code == 200

    answers = asyncio.run(answers_while_pinning(service.http.base_url, models))

    assert {answer.status for answer in answers} == {200}
    assert len(answers) >= PINNED * ANSWERS_FOR_A_PIN
    for answer in answers:
        shift = models.index(answer.model)
        assert answer.labels == [str((3 + shift) % CLASSES), str((7 + shift) % CLASSES)]
        # A network that was pinned before or during the request.
        assert shift in {number % CLASSES for number in range(answer.pinned_before, answer.pinning_after + 1)}
    assert {answer.model for answer in answers} == set(models)


def test_predict_without_a_model_explains_itself(service: Service) -> None:
    answer = service.http.post("/predict", files=image())

    assert answer.status_code == 503
    assert "POST an experiment" in answer.json()["error"]
    assert "Retry-After" in answer.headers


def test_serving_model_deleted_under_load_gives_503(service: Service, tiny_document: Document) -> None:
    trained = service.post(tiny_document)
    service.wait_for_end(trained)
    answering_model(service)
    codes: list[int] = []

    def client() -> None:
        with httpx2.Client(base_url=service.http.base_url, timeout=PATIENCE_SECONDS, verify=False) as http:
            codes.extend(http.post("/predict", files=image()).status_code for _ in range(100))

    thread = threading.Thread(target=client)
    thread.start()
    assert service.ask("DELETE", f"/experiments/{trained}").status_code == 409
    assert service.ask("DELETE", f"/experiments/{trained}?force=true").status_code == 204
    thread.join()

    assert set(codes) <= {200, 503}
    assert service.http.post("/predict", files=image()).status_code == 503
    assert not Path(service.store / "experiments" / trained).exists()
