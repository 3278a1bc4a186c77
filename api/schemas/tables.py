"""Tables of experiments, as JSON and as CSV."""

from collections.abc import Sequence

from pydantic import BaseModel

from api.schemas.csv_text import write_csv
from models_store.experiments.fields import SUMMARY_FIELDS
from models_store.experiments.summaries import Row, metric_names
from models_store.experiments.summary import ExperimentSummary


class SummaryPage(BaseModel):
    """Summaries of experiments; `total` counts all that match."""

    items: list[ExperimentSummary]
    total: int
    next_cursor: str | None


def summary_page_json(rows: Sequence[Row], total: int, next_cursor: str | None) -> bytes:
    """A SummaryPage of rows whose JSON is there already."""
    end = SummaryPage(items=[], total=total, next_cursor=next_cursor).model_dump_json().encode()
    return b'{"items":[' + b",".join(row.json for row in rows) + end.removeprefix(b'{"items":[')


def table_csv(rows: Sequence[Row]) -> str:
    """A row for each experiment; a column for each field of the summary and each metric, empty where there is no
    value."""
    metrics = metric_names(rows)
    return write_csv([*SUMMARY_FIELDS, *metrics], (_cells(row, metrics) for row in rows))


def _cells(row: Row, metrics: Sequence[str]) -> list[object]:
    values = row.summary.model_dump(mode="json", include=set(SUMMARY_FIELDS))
    return [*(values[name] for name in SUMMARY_FIELDS), *map(row.summary.metrics.get, metrics)]
