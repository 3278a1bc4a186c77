import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.trainyard import samples
from trainyard.answers.experiments import ExperimentSummary, History
from trainyard.errors import UsageError
from trainyard.tables import table_of_histories, table_of_runs


def summary(experiment_id: str, **changes: Any) -> ExperimentSummary:
    document = {
        **samples.experiment(experiment_id),
        "preset": None,
        "seconds": None,
        "epochs": 2,
        "metrics": {},
        "sparkline": {"metric": "val_accuracy", "values": []},
    }
    return ExperimentSummary.model_validate({**document, **changes})


def history(*losses: float | None, **others: list[float | None]) -> History:
    epochs = list(range(len(losses)))
    return History(epoch=epochs, history={"loss": list(losses), **others}, seconds=[0.5] * len(epochs))


def test_parquet_of_runs_is_read_by_pandas(tmp_path: Path) -> None:
    ended = "2026-10-01T12:00:00.250000Z"
    first = summary(samples.ID, name="=1+1", tags=["a", "b"], ended_at=ended, metrics={"val_accuracy": 0.9})
    second = summary(samples.OTHER_ID, star=True, metrics={"val_accuracy": None, "test_accuracy": 0.8})

    frame = pd.read_parquet(table_of_runs([first, second]).write(tmp_path / "runs.parquet"))

    assert list(frame["id"]) == [samples.ID, samples.OTHER_ID]
    assert (frame["name"][0], list(frame["tags"][0]), list(frame["star"])) == ("=1+1", ["a", "b"], [False, True])
    assert frame["ended_at"][0] == datetime(2026, 10, 1, 12, 0, 0, 250_000, tzinfo=UTC)
    assert pd.isna(frame["ended_at"][1])
    assert frame["val_accuracy"][0] == 0.9
    assert frame[["val_accuracy", "test_accuracy"]].isna().to_numpy().tolist() == [[False, True], [True, False]]
    assert not {"metrics", "sparkline", "progress", "error"} & set(frame.columns)
    assert [path.name for path in tmp_path.iterdir()] == ["runs.parquet"]


def test_columns_without_values_keep_their_types(tmp_path: Path) -> None:
    empty = parquet.read_schema(table_of_runs([]).write(tmp_path / "empty.parquet"))
    schema = parquet.read_schema(table_of_runs([summary(samples.ID)]).write(tmp_path / "one.parquet"))

    assert schema.equals(empty)
    assert schema.field("based_on").type == pa.string()
    assert schema.field("epochs").type == schema.field("trial").type == pa.int64()
    assert schema.field("seconds").type == pa.float64()
    assert schema.field("started_at").type == pa.timestamp("us", tz="UTC")
    assert schema.field("tags").type == pa.list_(pa.string())


def test_histories_are_one_table(tmp_path: Path) -> None:
    table = table_of_histories({samples.ID: history(2.0, None, val_loss=[3.0, 4.0]), samples.OTHER_ID: history(1.0)})
    expected = [
        [samples.ID, 0, 2.0, 3.0, 0.5],
        [samples.ID, 1, None, 4.0, 0.5],
        [samples.OTHER_ID, 0, 1.0, None, 0.5],
    ]

    for frame in (
        pd.read_csv(table.write(tmp_path / "h.csv")),
        pd.read_parquet(table.write(tmp_path / "H.PARQUET")),
    ):
        assert list(frame.columns) == ["experiment", "epoch", "loss", "val_loss", "seconds"]
        assert frame.astype(object).where(frame.notna(), None).to_numpy().tolist() == expected


def test_histories_without_epochs_have_the_columns(tmp_path: Path) -> None:
    waiting = History(epoch=[], history={"loss": [], "val_loss": []}, seconds=[])

    frame = pd.read_csv(table_of_histories({samples.ID: waiting}).write(tmp_path / "h.csv"))

    assert (list(frame.columns), len(frame)) == (["experiment", "epoch", "loss", "val_loss", "seconds"], 0)


def test_other_suffix_or_no_pyarrow_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"ends in \.csv or \.parquet, received runs\.xlsx"):
        table_of_runs([]).write(tmp_path / "runs.xlsx")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'trainyard\[parquet\]'"):
        table_of_runs([]).write(tmp_path / "runs.parquet")
    assert list(tmp_path.iterdir()) == []
