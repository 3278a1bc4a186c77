"""Query parameters and responses of lists of misclassified samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel

from analysis.misclassified import Misclassified, Selection, Sort, select
from analysis.plots.contact_sheet import contact_sheet
from analysis.sample_images import SampleImages
from api.wire.classes import class_index
from api.wire.png import png
from models_store.evaluations.predictions import Predictions

_MAX_LISTED = 1_000
_MAX_ON_A_SHEET = 100
ClassFilter = Annotated[str | None, Query(max_length=200, description="a class, by name or by index from 0")]


class MisclassifiedList(BaseModel):
    items: list[Misclassified]
    total: int
    next_cursor: None = None


@dataclass(frozen=True)
class MisclassifiedFilter:
    """Which misclassified samples are requested, and in which order: query parameters."""

    true: ClassFilter = None
    predicted: ClassFilter = None
    suspect: Annotated[
        bool | None, Query(description="only where the label is more probably wrong than the network, or only others")
    ] = None
    sort: Sort = "-confidence"
    limit: Annotated[int, Query(ge=1, le=_MAX_LISTED)] = 50
    offset: Annotated[int, Query(ge=0)] = 0

    def select(self, labels: Sequence[str], predictions: Predictions) -> Selection:
        """Raises NotFound for an unknown class."""
        return select(
            labels,
            predictions,
            self.sort,
            self.limit,
            self.offset,
            true=None if self.true is None else class_index(self.true, labels),
            predicted=None if self.predicted is None else class_index(self.predicted, labels),
            suspect=self.suspect,
        )


def misclassified_sheet(selection: Selection, images: SampleImages) -> Response:
    """A hundred samples at most, each with its true class, the predicted one and its probability."""
    rows = selection.rows[:_MAX_ON_A_SHEET]
    pairs = ((images.image(row), _caption(selection, row)) for row in rows)
    return png(contact_sheet(pairs, len(rows)))


def _caption(selection: Selection, row: int) -> str:
    first = selection.top(row)[0]
    return f"{selection.true(row).label} as {first.label} {first.probability:.0%}"
