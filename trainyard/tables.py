"""Tables of experiments and histories as files: CSV and Parquet."""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, Union, get_args, get_origin

from trainyard.answers.experiments import ExperimentSummary, History
from trainyard.errors import UsageError

if TYPE_CHECKING:
    import pyarrow

_CSV, _PARQUET = ".csv", ".parquet"
# Objects; what they have of use in a comparison is in other columns.
_OBJECTS = {"metrics", "sparkline", "progress", "error"}
# Where a cell begins with one of these, spreadsheets take it for a formula and run it (OWASP, CSV Injection).
_FORMULAS = ("=", "+", "-", "@")


class Table(NamedTuple):
    """Rows by the names of columns, and the type of each: str, int, float, bool, datetime or list[str]. A row may lack
    a column."""

    columns: dict[str, Any]
    rows: Sequence[Mapping[str, Any]]

    def write(self, path: str | os.PathLike[str]) -> Path:
        """To a file whose suffix says what it is, .csv or .parquet. Columns of Parquet have the same types whether they
        have values or not, times are in UTC. Raises UsageError for another suffix, and for Parquet without pyarrow;
        OSError."""
        target = Path(path)
        check_suffix(target)
        partial = target.with_name(f"{target.name}.part")
        try:
            if target.suffix.lower() == _PARQUET:
                self._write_parquet(partial)
            else:
                self._write_csv(partial)
            return partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def _write_csv(self, path: Path) -> None:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(self.columns), lineterminator="\n")
            writer.writeheader()
            writer.writerows({name: _cell(value) for name, value in row.items()} for row in self.rows)

    def _write_parquet(self, path: Path) -> None:
        pyarrow, parquet = _import_pyarrow()
        schema = pyarrow.schema([(name, _arrow_type(kind)) for name, kind in self.columns.items()])
        columns = {name: [row.get(name) for row in self.rows] for name in self.columns}
        parquet.write_table(pyarrow.table(columns, schema=schema), path)


def check_suffix(path: Path) -> None:
    """Raises UsageError unless it is that of a file that `Table.write` can write here."""
    if path.suffix.lower() not in (_CSV, _PARQUET):
        raise UsageError(f"expected a file that ends in {_CSV} or {_PARQUET}, received {path.name}")
    if path.suffix.lower() == _PARQUET:
        _import_pyarrow()


def table_of_runs(summaries: Iterable[ExperimentSummary]) -> Table:
    """A row for each experiment; a column for each plain member of the summary, and each metric of any of them."""
    members = {
        name: _plain_type(field.annotation)
        for name, field in ExperimentSummary.model_fields.items()
        if name not in _OBJECTS
    }
    rows = [{**each.metrics, **{name: getattr(each, name) for name in members}} for each in summaries]
    metrics = dict.fromkeys((name for row in rows for name in row if name not in members), float)
    return Table({**members, **metrics}, rows)


def table_of_histories(histories: Mapping[str, History]) -> Table:
    """A row for each epoch, counted from 0, of each of the experiments, by their ids; a column for each metric of any
    of them."""
    rows = []
    for experiment_id, history in histories.items():
        for number, epoch in enumerate(history.epoch):
            seconds = history.seconds[number] if history.seconds else None
            values = {name: each[number] for name, each in history.history.items() if each}
            rows.append({**values, "experiment": experiment_id, "epoch": epoch, "seconds": seconds})
    named = (name for history in histories.values() for name in history.history)
    return Table({"experiment": str, "epoch": int, **dict.fromkeys(named, float), "seconds": float}, rows)


def _cell(value: Any) -> Any:
    """As in CSV of the API."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, list):
        value = " ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def _import_pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # noqa: PLC0415 - optional, and slow to import
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow: pip install 'trainyard[parquet]', or name a file .csv") from error
    return pyarrow, parquet


def _plain_type(annotation: Any) -> Any:
    """Without None."""
    if get_origin(annotation) in (Union, UnionType):
        [kind] = [each for each in get_args(annotation) if each is not type(None)]
        return kind
    return annotation


def _arrow_type(kind: Any) -> "pyarrow.DataType":
    pyarrow, _ = _import_pyarrow()
    if kind == list[str]:
        return pyarrow.list_(pyarrow.string())
    known = {
        str: pyarrow.string(),
        int: pyarrow.int64(),
        float: pyarrow.float64(),
        bool: pyarrow.bool_(),
        datetime: pyarrow.timestamp("us", tz="UTC"),
    }
    return known[kind]
