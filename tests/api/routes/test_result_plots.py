"""Plots of the results of an experiment over HTTP."""

import io
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from httpx2 import Response
from numpy.typing import NDArray
from PIL import Image

from models_store.experiments.record import Record
from models_store.store import Store
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.api import ApiClient
from tests.support.published import publish, results_on

OF_A_SPLIT = ["confusion", "misclassified", "classes", "reliability"]
PLOTS = ["history", *OF_A_SPLIT]


@pytest.fixture
def finished(api_store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> Record:
    return publish(api_store, tiny_spec())


def texts(svg: Response) -> str:
    """Of an SVG, in which each text is a comment above its outlines."""
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    root = ElementTree.fromstring(svg.content, parser)
    comment: object = ElementTree.Comment
    return "\n".join(each.text.strip() for each in root.iter() if each.tag is comment and each.text)


@pytest.mark.parametrize("plot", PLOTS)
def test_finished_experiment_is_plotted(client: ApiClient, finished: Record, plot: str) -> None:
    path = f"/experiments/{finished.id}/plots/{plot}"

    png = client.get(f"{path}.png")
    svg = client.get(f"{path}.svg")

    assert png.headers["content-type"] == "image/png"
    assert min(Image.open(io.BytesIO(png.content)).size) > 200
    assert svg.headers["content-type"] == "image/svg+xml"
    assert "tiny: " in texts(svg)
    assert client.get(f"{path}.gif").status_code == 422
    assert client.get(f"/experiments/01J9ZQ4Y8N5T2V7W3X6R1K0MPD/plots/{plot}.png").status_code == 404


@pytest.mark.parametrize("plot", PLOTS)
def test_known_etag_is_not_modified(client: ApiClient, finished: Record, plot: str) -> None:
    path = f"/experiments/{finished.id}/plots/{plot}.svg"
    client.headers["Accept-Encoding"] = "identity"  # the tag of compressed text is weak by itself
    first = client.get(path)

    again = client.get(path, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    other = client.get(path, headers={"If-None-Match": '"other"'})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"] == other.headers["etag"]
    assert other.content == first.content


def test_history_skips_epochs(client: ApiClient, finished: Record) -> None:
    path = f"/experiments/{finished.id}/plots/history.svg"

    assert "without the first 1" in texts(client.get(f"{path}?skip=1"))
    nothing = client.get(f"{path}?skip=2")
    assert nothing.status_code == 404
    assert "has 2 epochs, and skip=2 leaves none" in nothing.json()["detail"]
    assert client.get(f"{path}?skip=-1").status_code == 422


def test_history_without_epochs_is_not_found(client: ApiClient, tiny_document: dict[str, object]) -> None:
    waiting = client.post("/experiments", json=tiny_document).json()["id"]

    answer = client.get(f"/experiments/{waiting}/plots/history.png")

    assert answer.status_code == 404
    assert "is queued and has no epoch to plot yet" in answer.json()["detail"]


@pytest.mark.parametrize("plot", OF_A_SPLIT)
def test_every_split_is_plotted_and_test_by_default(client: ApiClient, finished: Record, plot: str) -> None:
    path = f"/experiments/{finished.id}/plots/{plot}.svg"

    for split in ("training", "validation", "test"):
        assert f"{split} split" in texts(client.get(f"{path}?split={split}"))
    assert client.get(path).content == client.get(f"{path}?split=test").content
    assert client.get(f"{path}?split=train").status_code == 422


@pytest.mark.parametrize("plot", OF_A_SPLIT)
def test_plot_before_success_is_not_found(client: ApiClient, tiny_document: dict[str, object], plot: str) -> None:
    waiting = client.post("/experiments", json=tiny_document).json()["id"]

    answer = client.get(f"/experiments/{waiting}/plots/{plot}.png")

    assert answer.status_code == 404
    assert "is queued and has no evaluation" in answer.json()["detail"]


def test_plot_of_missing_calibration_is_not_found(
    client: ApiClient, api_store: Store, finished: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = api_store.experiments.evaluations(finished.id)
    older = {split: whole[split] for split in ("validation", "test")}
    monkeypatch.setattr(api_store.experiments, "_evaluations", lambda _: older)
    path = f"/experiments/{finished.id}/plots"

    for plot in OF_A_SPLIT:
        answer = client.get(f"{path}/{plot}.png?split=training")
        assert answer.status_code == 404
        assert "was evaluated on validation and test, not on its training split" in answer.json()["detail"]


def test_confusion_matrix_has_counts_shares_or_both(client: ApiClient, finished: Record) -> None:
    path = f"/experiments/{finished.id}/plots/confusion.svg"
    counts, shares = "counts", "% of the true class"

    said = {each: texts(client.get(f"{path}?normalize={each}")).split("\n") for each in ("false", "true", "both")}

    assert {each: (counts in lines, shares in lines) for each, lines in said.items()} == {
        "false": (True, False),
        "true": (False, True),
        "both": (True, True),
    }
    assert client.get(path).content == client.get(f"{path}?normalize=both").content
    assert client.get(f"{path}?normalize=rows").status_code == 422


def test_misclassified_samples_are_those_of_the_list(client: ApiClient, finished: Record) -> None:
    path = f"/experiments/{finished.id}"

    for query, shown in (("", 10), ("?true=4&predicted=5", 1), ("?limit=3&offset=2", 3), ("?predicted=5&true=5", 0)):
        listed = client.get(f"{path}/mistakes{query}").json()
        said = texts(client.get(f"{path}/plots/misclassified.svg{query}")).split("\n")
        assert len(listed["items"]) == shown
        percents = [f"{guess['probability']:.1%}" for item in listed["items"] for guess in item["top"]]
        assert [each for each in said if each.endswith("%")] == percents
    assert client.get(f"{path}/plots/misclassified.png?true=ten").status_code == 404
    assert client.get(f"{path}/plots/misclassified.png?limit=0").status_code == 422


def test_misclassified_features_are_not_found(client: ApiClient, api_store: Store) -> None:
    record = publish(api_store, parse_spec({"model": {"preset": "blobs-mlp"}, "dataset": {"name": "blobs"}}))

    assert client.get(f"/experiments/{record.id}/plots/misclassified.png").status_code == 404
    assert client.get(f"/experiments/{record.id}/plots/confusion.png").status_code == 200


def test_histories_of_several_experiments(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    ids = [publish(api_store, tiny_spec(name=name)).id for name in ("one", "two", "three")]
    path = "/compare/plots/history"

    said = texts(client.get(f"{path}.svg", params={"ids": ",".join(ids), "skip": 1})).split("\n")

    assert {"one", "two", "three", "validation loss", "training accuracy"} <= set(said)
    assert client.get(f"{path}.png", params={"ids": ids}).headers["content-type"] == "image/png"
    for rejected, status, why in (
        ([ids[0]], 422, "expected 2 to 8 ids, separated by commas, received 1"),
        ([ids[0]] * 2, 422, "name each experiment once"),
        ([ids[0], "01J9ZQ4Y8N5T2V7W3X6R1K0MPD"], 404, "experiment 01J9ZQ4Y8N5T2V7W3X6R1K0MPD not found"),
    ):
        answer = client.get(f"{path}.png", params={"ids": ",".join(rejected)})
        assert answer.status_code == status
        assert why in answer.json()["detail"]
    assert "leaves none" in client.get(f"{path}.png", params={"ids": ",".join(ids), "skip": 2}).json()["detail"]


def test_confusion_matrices_of_several_experiments(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    ids = [publish(api_store, tiny_spec(name=name)).id for name in ("one", "two")]
    path = "/compare/plots/confusion"

    said = texts(client.get(f"{path}.svg", params={"ids": ",".join(ids)})).split("\n")

    assert any(line.startswith("one: ") for line in said)
    assert any(line.startswith("two: ") for line in said)
    assert client.get(f"{path}.png", params={"ids": ids, "normalize": "true"}).headers["content-type"] == "image/png"
    other = publish(api_store, parse_spec({"model": {"preset": "blobs-mlp"}, "dataset": {"name": "blobs"}}))
    rejected = client.get(f"{path}.png", params={"ids": f"{ids[0]},{other.id}"})
    assert rejected.status_code == 409
    assert "only experiments on one dataset" in rejected.json()["detail"]
    assert client.get(f"{path}.png", params={"ids": ids, "normalize": "both"}).status_code == 422


@pytest.mark.parametrize(("second", "labels"), [("53", "35"), ("7953", "35")])
def test_confusion_matrices_are_of_common_classes(
    client: ApiClient, api_store: Store, tiny_document: dict[str, Any], second: str, labels: str
) -> None:
    """Two networks that are right about every sample, so that only the diagonals have samples."""
    ids = []
    for classes in ("35", second):
        results = results_on(DATASETS["digits"].with_classes(tuple(classes)), 1.0)
        answers = results.predictions["test"]
        names = np.array(list(classes), dtype=int)[answers.truth]
        # A sample has the same number wherever it has the same class.
        changed = answers._replace(samples=names * 1_000 + rank_in_class(names))
        spec = parse_spec({**tiny_document, "dataset": {"name": "digits", "classes": list(classes)}})
        ids.append(
            publish(api_store, spec, results=results._replace(predictions={**results.predictions, "test": changed})).id
        )
    compared = client.get("/compare", params={"ids": ",".join(ids)}).json()

    said = texts(client.get("/compare/plots/confusion.svg", params={"ids": ",".join(ids)})).split("\n")

    assert compared["confusion_matrices"]["labels"] == list(labels)
    first, other = compared["confusion_matrices"]["matrices"]
    assert first == other
    shown = [line for line in said if line in {str(count) for row in first for count in row}]
    assert sorted(shown) == sorted(str(count) for row in first * 2 for count in row)
    has_note = "compared on the 2 common ones (3, 5)" in " ".join(said)
    assert has_note == (compared["note"] is not None) == (len(second) > len(labels))


def rank_in_class(names: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many samples of the same class are before each."""
    return np.array([np.count_nonzero(names[:row] == name) for row, name in enumerate(names)])
