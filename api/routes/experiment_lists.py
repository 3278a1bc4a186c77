"""`GET /experiments`: records, summaries and CSV, filtered and sorted by any field."""

from collections.abc import Callable
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, Field

from api import content
from api.access import READ
from api.dependencies import StoreDep
from api.schemas.tables import SummaryPage, summary_page_json, table_csv
from api.wire.bad_request import BadQuery
from api.wire.caching import Validators, ValidatorsDep, cache_headers, etag_of, not_modified
from api.wire.negotiation import negotiate
from api.wire.query import read_conditions
from models_store.connection import require_redis
from models_store.event_feed import Position
from models_store.experiments.conditions import Condition
from models_store.experiments.pages import ORDERS, Page
from models_store.experiments.pages import Query as PageQuery
from models_store.experiments.record import Status
from models_store.experiments.summaries import Row
from models_store.experiments.table import Table
from models_store.store import Store
from specs.problem import Problem

router = APIRouter(tags=["experiments"], dependencies=[READ])
_LIMIT, _MAX_RECORDS, _MAX_SUMMARIES = 50, 200, 10_000


class ListQuery(BaseModel):
    status: Status | None = None
    dataset: str | None = Field(default=None, max_length=100)
    tag: str | None = Field(default=None, max_length=50)
    sweep: str | None = Field(default=None, max_length=50, description="the id of a sweep, for its trials")
    group: str | None = Field(default=None, max_length=50, description="the id of a group, for its repeats")
    name: str | None = Field(default=None, max_length=100, description="part of the name; case is ignored")
    sort: str = Field(default="-created_at", max_length=200, description="a field or a metric; descending with -")
    fields: Literal["record", "summary"] = "record"
    limit: int | None = Field(
        default=None, ge=1, le=_MAX_SUMMARIES, description="50 if it is left out, in CSV all; of records 200 at most"
    )
    cursor: str | None = Field(default=None, max_length=1_000)

    def conditions(self) -> list[Condition]:
        named = {name: getattr(self, name) for name in ("status", "dataset", "tag", "sweep", "group")}
        return [Condition(name, "=", value) for name, value in named.items() if value is not None]

    def as_page_query(self) -> PageQuery | None:
        """None if it takes a look at all experiments: the order or the fields are others than those of the index."""
        if self.fields != "record" or self.sort.removeprefix("-") not in ORDERS:
            return None
        given = self.model_dump(exclude={"fields", "limit"})
        return PageQuery.model_validate({**given, "limit": self.limit or _LIMIT})

    def has_name(self, row: Row) -> bool:
        return self.name is None or self.name.lower() in row.summary.name.lower()


ListQueryDep = Annotated[ListQuery, Query()]
ConditionsDep = Annotated[list[Condition], Depends(read_conditions)]


@router.get(
    "/experiments",
    response_model=Page | SummaryPage,
    responses=content.or_not_modified(content.text(content.CSV)),
)
def list_experiments(
    query: ListQueryDep,
    conditions: ConditionsDep,
    store: StoreDep,
    validators: ValidatorsDep,
    request: Request,
    accept: Annotated[list[str] | None, Header(include_in_schema=False)] = None,
) -> Response:
    """List a page of experiments, newest first unless `sort` says otherwise. `next_cursor`, and the header `Link`, lead
    to the next page. `fields=summary` gives the summaries of up to 10,000, `Accept: text/csv` the table as CSV; to
    follow either, open `GET /events` with the header `Last-Event-ID` of the answer as `since`.

    All other parameters are conditions on fields of the summary, on metrics, and on fields of the spec by their path:
    `?training.optimizer.type=Adam&val_accuracy>0.98`, with `=`, `!=`, `>`, `>=`, `<` and `<=`. In lists any element may
    fulfil them; `null` is where there is no value. `sort` takes the same fields.
    """
    media_type, headers = negotiate(",".join(accept or ()), [content.JSON, content.CSV])
    return _respond(query, conditions, store, validators, request, media_type, headers)


@router.get("/experiments.csv", response_class=Response, responses=content.or_not_modified(content.text(content.CSV)))
def get_experiments_file(
    query: ListQueryDep, conditions: ConditionsDep, store: StoreDep, validators: ValidatorsDep, request: Request
) -> Response:
    """Get the table of experiments as CSV: a row for each one that matches, a column for each field of the summary and
    each metric. Parameters are those of `GET /experiments`."""
    return _respond(query, conditions, store, validators, request, content.CSV, {})


class _List(NamedTuple):
    """What is asked for; its body and the cursor of the next page are made when the client does not have it. Events
    behind `end` are newer; "" where that is unknown."""

    etag: str
    make: Callable[[], tuple[str | bytes, str | None]]
    end: str = ""


def _respond(
    query: ListQuery,
    conditions: list[Condition],
    store: Store,
    validators: Validators,
    request: Request,
    media_type: str,
    headers: dict[str, str],
) -> Response:
    if query.fields == "record" and media_type == content.JSON and (query.limit or 0) > _MAX_RECORDS:
        detail = f"expected at most {_MAX_RECORDS}; fields=summary takes {_MAX_SUMMARIES:,}"
        raise BadQuery.of([Problem(pointer="/query/limit", detail=detail, received=query.limit)])
    plain = query.as_page_query() if media_type == content.JSON and not conditions else None
    if plain is not None:
        found = _plain(plain, store)
    else:
        found = _table(query, conditions, store, media_type, request.url.query)
    headers = {**headers, **({content.POSITION: found.end} if found.end else {})}
    if validators.match(found.etag):
        return not_modified(found.etag, headers)
    body, next_cursor = found.make()
    headers |= cache_headers(found.etag)
    if next_cursor:
        following = request.url.include_query_params(cursor=next_cursor)
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return Response(body, media_type=media_type, headers=headers)


def _plain(query: PageQuery, store: Store) -> _List:
    """By the index in Redis, at the cost of the page."""
    page = store.experiments.page(query)
    return _List(etag_of("page", page), lambda: (page.model_dump_json(), page.next_cursor))


def _table(query: ListQuery, conditions: list[Condition], store: Store, media_type: str, query_string: str) -> _List:
    """By the summaries of all experiments."""
    with require_redis():
        snapshot = store.summaries.snapshot()

    def make() -> tuple[str | bytes, str | None]:
        table = Table(snapshot.rows if query.name is None else [row for row in snapshot.rows if query.has_name(row)])
        table = table.where([*query.conditions(), *conditions])
        limit = query.limit or (_LIMIT if media_type == content.JSON else None)
        rows, next_cursor = table.page(query.sort, limit, query.cursor)
        if media_type == content.CSV:
            return table_csv(rows), next_cursor
        if query.fields == "summary":
            return summary_page_json(rows, len(table.rows), next_cursor), next_cursor
        with require_redis():
            records = store.experiments.index.get_many([row.id for row in rows])
        return Page(items=records, next_cursor=next_cursor).model_dump_json(), next_cursor

    end = store.event_ids.write(Position.parse(snapshot.end)) if snapshot.end else ""
    return _List(etag_of(media_type, [snapshot.position, query_string]), make, end)
