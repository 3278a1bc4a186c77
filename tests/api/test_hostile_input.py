"""Paths that lead elsewhere, and specs that are out of all proportion."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from settings import Settings
from tests.support.api import ApiClient
from tests.support.contract import Operation

# Clients leave `..` out themselves.
NAMES = (
    "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "....//....//etc/passwd",
    "..%5c..%5csecret",
    "%2fetc%2fpasswd",
    "%00",
    "sound%00.json",
    "%0d%0aX-Injected:%201",
    "x" * 4096,
)
SECRET = "which nobody may read"
# Of a body of 10 MB at most, with what the test itself sends.
MAX_MEMORY_BYTES = 100_000_000


def targets(operation: Operation) -> Iterator[str]:
    """With a hostile value for all of its parameters."""
    names = [each["name"] for each in operation.parameters if each["in"] == "path"]
    for value in NAMES if names else ():
        path = operation.path
        for name in names:
            path = path.replace(f"{{{name}}}", value)
        yield path


def files(folder: Path) -> dict[Path, bytes]:
    """What lies there and beside it; the store's own notes on looks and locks aside."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def test_no_path_leads_out_of_the_store(client: ApiClient, settings: Settings) -> None:
    """Every parameter of every operation, in each encoding: an error of the client, and nothing read or written."""
    folder = settings.store_dir.parent
    (folder / "secret").write_text(SECRET)
    before = files(folder)
    asked = 0
    for operation in client.contract.operations():
        for target in targets(operation):
            answer = client.request(operation.method.upper(), target, json={})
            assert 400 <= answer.status_code < 500 or "page" in operation.name, (operation.name, target[:80], answer)
            assert SECRET not in answer.text
            assert "root:" not in answer.text
            assert "X-Injected" not in answer.headers
            asked += 1

    assert asked > 500
    assert files(folder) == before


def spec(**members: Any) -> dict[str, Any]:
    return {"dataset": {"name": "digits"}, "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}, **members}


@pytest.mark.parametrize(
    ("sent", "status", "pointer"),
    [
        (
            spec(model={"layers": [{"type": "Flatten"}, {"type": "Dense", "units": 10**9}]}),
            422,
            "/model/layers/1/units",
        ),
        (spec(model={"layers": [{"type": "Flatten"}] * 100_000}), 422, ""),
        (spec(training={"batch_size": 10**9}), 422, "/training/batch_size"),
        (spec(training={"epochs": 10**30}), 422, "/training/epochs"),
        (spec(notes="x" * 10_000_000), 413, None),
        (spec(training="x" * 1_900_000), 422, "/training"),
        (spec(**{"y" * 1_900_000: 1}), 422, None),
        (b"[" * 100_000 + b"]" * 100_000, 422, None),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 422, None),
        (b'{"training": {"epochs": 1, "epochs": 2}}', 422, "/training/epochs"),
        (b'{"training": {"max_minutes": NaN}}', 422, "/training/max_minutes"),
    ],
    ids=["units", "layers", "batch", "epochs", "10 MB", "text", "name", "arrays", "objects", "twice", "NaN"],
)
def test_absurd_spec_is_rejected_at_once(
    client: ApiClient, settings: Settings, sent: Any, status: int, pointer: str | None
) -> None:
    body = {"content": sent} if isinstance(sent, bytes) else {"json": sent}

    tracemalloc.start()
    try:
        answer = client.post("/experiments", headers={"Content-Type": "application/json"}, **body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < MAX_MEMORY_BYTES
    assert answer.status_code == status, answer.text[:500]
    if pointer is not None:
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert len(answer.content) < 10_000
    assert list((settings.store_dir / "experiments").glob("0*")) == []
