"""Data frames of answers."""

import asyncio
import builtins
from typing import Any

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi
from trainyard import AsyncClient, Client
from trainyard.answers import Comparison, Evaluation, History, Predictions


def test_history_has_a_row_per_epoch() -> None:
    frame = History.model_validate(samples.HISTORY).to_frame()
    assert frame.index.name == "epoch"
    assert list(frame.index) == [0, 1]
    assert list(frame["val_loss"]) == [1.5, 1.0]
    assert frame["loss"].isna().tolist() == [False, True]
    assert list(frame["seconds"]) == [3.25, 0.5]


def test_runs_have_a_row_per_experiment(api: CannedApi) -> None:
    metrics = {"loss": 0.1, "val_accuracy": 0.97}
    trained = samples.experiment("A" * 26, best_metrics=metrics, test_metrics={"accuracy": 0.95})
    page = Answer(samples.items(trained, samples.experiment("B" * 26)))
    api.on("GET", "/experiments", page)
    with Client(api.url) as client:
        frame = client.runs().to_frame()
    assert list(frame.index) == ["A" * 26, "B" * 26]
    assert frame.loc["A" * 26, "val_accuracy"] == 0.97
    assert frame.loc["A" * 26, "test_accuracy"] == 0.95
    assert frame["test_accuracy"].isna().tolist() == [False, True]

    async def asynchronously() -> Any:
        async with AsyncClient(api.url) as client:
            return await client.runs().to_frame()

    assert asyncio.run(asynchronously()).equals(frame)


def test_no_runs_give_an_empty_frame(api: CannedApi) -> None:
    api.on("GET", "/experiments", Answer(samples.items()))
    with Client(api.url) as client:
        frame = client.runs().to_frame()
    assert (len(frame), frame.index.name) == (0, "id")
    assert "status" in frame.columns


def test_results_have_frames() -> None:
    evaluation = Evaluation.model_validate(samples.evaluation())
    assert evaluation.to_frame().loc["9"].to_dict() == {"precision": 0.9, "recall": 0.85, "f1": 0.8, "support": 6.0}
    confusion = evaluation.confusion_matrix.to_frame()
    assert (confusion.loc["4", "9"], confusion.index.name, confusion.columns.name) == (1, "true", "predicted")
    comparison = Comparison.model_validate(samples.COMPARISON).to_frame()
    assert comparison["accuracy"].to_dict() == {"plain [a]": 0.9667, "dropout": 0.9667}
    predictions = Predictions.model_validate(samples.PREDICTIONS).to_frame()
    assert predictions.iloc[0].to_list() == ["four.png", "4", 0.981, "not_a_digit"]


def test_missing_pandas_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_pandas(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(ImportError, match="pip install pandas"):
        History.model_validate(samples.HISTORY).to_frame()
