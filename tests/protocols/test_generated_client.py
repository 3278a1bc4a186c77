"""A client that openapi-python-client generates from the document, asking a live service."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.protocols.conftest import Served
from tests.protocols.images import png
from tests.support import local_http
from tests.support.contract import Contract, JsonObject
from tests.support.service import ROOT
from tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.xdist_group("protocols")
CONFIG = ROOT / "examples" / "clients" / "openapi-python-client.yaml"
PACKAGE = "generated_trainyard_client"


@pytest.fixture(scope="module")
def contract(served: Served) -> Contract:
    return Contract(local_http.get(f"{served.url}/openapi.json").raise_for_status().json())


@pytest.fixture(scope="module")
def package(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the package, which can be imported."""
    folder = tmp_path_factory.mktemp("generated")
    config = folder / "config.yaml"
    config.write_text(f"{CONFIG.read_text()}post_hooks: []\nhttp_timeout: 60\n")
    ran = subprocess.run(
        [
            Path(sys.executable).with_name("openapi-python-client"),
            *("generate", "--url", f"{served.url}/openapi.json", "--config", config),
            *("--meta", "none", "--output-path", folder / PACKAGE, "--fail-on-warning"),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    sys.path.insert(0, str(folder))
    yield folder / PACKAGE
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def client(served: Served, package: Path) -> Iterator[Any]:
    generated = importlib.import_module(PACKAGE)
    with generated.AuthenticatedClient(served.url, token="ty_any", raise_on_unexpected_status=True) as client:
        yield client


def operation(name: str) -> ModuleType:
    """The module of an operation."""
    return importlib.import_module(f"{PACKAGE}.api.{name}")


def models() -> Any:
    return importlib.import_module(f"{PACKAGE}.models")


def test_every_operation_is_generated(package: Path, contract: Contract) -> None:
    modules = {path.stem for path in package.glob("api/*/*.py") if path.stem != "__init__"}

    assert modules == {each.id for each in contract.operations()}
    for path in package.glob("api/*/*.py"):
        importlib.import_module(".".join((PACKAGE, *path.relative_to(package).with_suffix("").parts)))


def test_experiment_is_created_and_read(client: Any, served: Served) -> None:
    presets = operation("experiments.list_presets").sync(client=client)
    spec = next(each.spec for each in presets.items if each.name == "digits-cnn")

    created = operation("experiments.create_experiment").sync(client=client, body=spec)
    read = operation("experiments.get_experiment").sync(created.id, client=client)

    assert isinstance(created, models().Record)
    assert (created.status, created.dataset) == (models().Status.QUEUED, "digits")
    assert (read.id, read.spec["training"]["epochs"]) == (created.id, spec.training.epochs)
    cancelled = operation("experiments.cancel_experiment").sync(created.id, client=client)
    assert cancelled.status == models().Status.CANCELLED


def test_patch_is_sent_as_a_merge_patch(client: Any, served: Served) -> None:
    patch = models().SpecPatch(based_on=served.digits)
    patch["name"] = "patched"

    created = operation("experiments.create_experiment").sync(client=client, body=patch)

    assert (created.name, created.based_on) == ("patched", served.digits)
    operation("experiments.cancel_experiment").sync(created.id, client=client)


def test_history_is_read(client: Any, served: Served) -> None:
    history = operation("experiments.get_history").sync(served.digits, client=client)

    assert history.epoch == [0, 1]
    assert history.history["val_accuracy"] == [0.0, 0.5]
    assert history.best.metric == "val_accuracy"


def test_images_are_predicted(client: Any, served: Served) -> None:
    types = importlib.import_module(f"{PACKAGE}.types")
    files = [types.File(BytesIO(png(digit)), f"{digit}.png", "image/png") for digit in (3, 9)]
    form = models().PredictFilesImageUpload(file=files)

    answer = operation("predictions.predict").sync(client=client, body=form, dataset="digits", top=1)

    assert [each.top[0].label for each in answer.predictions] == ["3", "9"]
    assert answer.model.experiment_id == served.digits


def test_plot_is_bytes(client: Any, served: Served) -> None:
    image_format = models().PlotHistoryImageFormat.PNG

    plot = operation("plots.plot_history").sync(served.digits, image_format, client=client)

    assert plot.payload.read(8) == b"\x89PNG\r\n\x1a\n"


def test_rejection_is_a_problem(client: Any) -> None:
    problem = operation("experiments.get_experiment").sync("nothing", client=client)

    assert isinstance(problem, models().ProblemDetails)
    assert problem.status == 404


def test_every_example_is_parsed(client: Any, package: Path, contract: Contract) -> None:
    httpx = importlib.import_module("httpx")
    modules = {path.stem: f"{path.parent.name}.{path.stem}" for path in package.glob("api/*/*.py")}
    count = 0
    for each in contract.operations():
        if "application/json" in each.success:
            status = next(int(code) for code in each.responses if code.startswith("2"))
            parse = operation(modules[each.id])._parse_response
            for example in examples_of(each.success["application/json"]):
                parsed = parse(client=client, response=httpx.Response(status, json=example))
                assert dumped(parsed) == times_parsed(example), each.name
                count += 1
    assert count >= 40


def examples_of(content: JsonObject) -> list[Any]:
    """OpenAPI has one, as `example`, or several by name, as `examples`."""
    return [each["value"] for each in content["examples"].values()] if "examples" in content else [content["example"]]


def dumped(parsed: Any) -> Any:
    return times_parsed([each.to_dict() for each in parsed] if isinstance(parsed, list) else parsed.to_dict())


def times_parsed(value: Any) -> Any:
    """The same JSON with its times as such: there are several ways to write one."""
    if isinstance(value, list):
        return [times_parsed(each) for each in value]
    if isinstance(value, dict):
        return {name: times_parsed(each) for name, each in value.items()}
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else value
    except ValueError:
        return value
