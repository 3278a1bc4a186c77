import csv
import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run
from tests.trainyard.mlflow.tracking import Tracking
from tests.trainyard.test_log_directory import files, zipped

ID, OTHER = samples.ID, samples.OTHER_ID


def summary(experiment_id: str, **changes: Any) -> dict[str, Any]:
    more = {"preset": None, "seconds": 1.5, "epochs": 2, "metrics": {"val_accuracy": 0.5}}
    sparkline = {"metric": "val_accuracy", "values": []}
    return {**samples.experiment(experiment_id), **more, "sparkline": sparkline, **changes}


def page(*items: dict[str, Any], next_cursor: str | None = None) -> Answer:
    return Answer({"items": list(items), "total": 2, "next_cursor": next_cursor})


def test_logs_are_written_for_tensorboard(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, each in enumerate((ID, OTHER)):
        api.on("GET", f"/experiments/{each}/tensorboard", Answer(zipped(f"run{number}-{each[-8:]}/train/events")))
    folder = tmp_path / "logs"

    assert run("export", "tensorboard", ID, OTHER, "--to", str(folder)) == 0

    assert set(files(folder)) == {f"run0-{ID[-8:]}/train/events", f"run1-{OTHER[-8:]}/train/events"}
    assert capsys.readouterr().out.splitlines()[-1] == f"show them with: tensorboard --logdir {folder}"


def test_unknown_experiment_has_no_logs(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{ID}/tensorboard", problem(404, "no such experiment"))
    assert run("export", "tensorboard", ID, "--to", str(tmp_path / "logs")) == 3
    assert "no such experiment" in capsys.readouterr().err
    (tmp_path / "a file").touch()
    api.on("GET", f"/experiments/{ID}/tensorboard", Answer(zipped("run-12345678/events")))
    assert run("export", "tensorboard", ID, "--to", str(tmp_path / "a file" / "logs")) == 2


def test_runs_are_exported_to_mlflow(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{ID}", Answer(samples.experiment(status="succeeded")))
    api.on("GET", f"/experiments/{ID}/history", Answer(samples.HISTORY))
    with Tracking() as tracking:
        assert run("export", "mlflow", tracking.url, ID, "--experiment", "course") == 0
        assert run("export", "mlflow", tracking.url, ID, "--experiment", "course", "--json") == 0

        [tracked] = tracking.runs.values()
        out = capsys.readouterr().out
        assert f"{ID} is a new run, " in out
        answer = json.loads(out[out.index("{") :])
        assert answer.items() >= {("id", ID), ("is_new", False), ("metrics", 0), ("run", tracked.info["run_id"])}
        assert tracked.tags["trainyard.url"] == f"{api.url}/experiments/{ID}"

        assert run("export", "mlflow", tracking.url, ID, "--experiment", "x" * 501) == 4
    assert run("export", "mlflow", "http://127.0.0.1:1", ID) == 5
    assert "no MLflow answers at http://127.0.0.1:1" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["runs.parquet", "runs.csv"])
def test_table_has_all_pages(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    api.on("GET", "/experiments", page(summary(ID), next_cursor="next"), page(summary(OTHER, name="=1+1")))
    target = tmp_path / name

    assert run("export", "table", "--to", str(target), "val_accuracy>0.4", "tag=mine", "--sort=-val_accuracy") == 0

    assert capsys.readouterr().out == f"{target} has 2 experiments\n"
    first, second = api.requests("GET", "/experiments")
    assert first.query.items() >= {("fields", "summary"), ("tag", "mine"), ("sort", "-val_accuracy")}
    assert second.query["cursor"] == "next"
    if name == "runs.parquet":
        assert parquet.read_table(target).column("id").to_pylist() == [ID, OTHER]
    else:
        rows = list(csv.DictReader(target.read_text().splitlines()))
        assert [(row["id"], row["name"], row["val_accuracy"]) for row in rows] == [
            (ID, "digits [small]", "0.5"),
            (OTHER, "'=1+1", "0.5"),
        ]


def test_history_of_several_is_one_table(api: CannedApi, tmp_path: Path) -> None:
    for each in (ID, OTHER):
        api.on("GET", f"/experiments/{each}/history", Answer(samples.HISTORY))
    target = tmp_path / "histories.parquet"

    assert run("export", "history", ID, OTHER, "--to", str(target)) == 0

    assert parquet.read_table(target).column("epoch").to_pylist() == [0, 1, 0, 1]


def test_unusable_target_is_rejected(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/experiments", page(summary(ID)))
    assert run("export", "table", "--to", str(tmp_path / "runs.xlsx")) == 2
    assert ".csv or .parquet" in capsys.readouterr().err
    assert run("export", "table", "--to", str(tmp_path / "none" / "runs.csv")) == 2
    assert "cannot write" in capsys.readouterr().err
