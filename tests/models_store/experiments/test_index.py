import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError
from redis import Redis
from ulid import ULID

from models_store import keys
from models_store.errors import InvalidCursor, Unavailable
from models_store.events import EventLog
from models_store.experiments import index as index_module
from models_store.experiments.history import History
from models_store.experiments.index import Index
from models_store.experiments.pages import Page, Query
from models_store.experiments.record import Progress, Record, Status
from models_store.experiments.stored_spec import StoredSpec
from tests.models_store.results import point, points
from tests.support.valkey import Valkey

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
MakeRecord = Callable[..., Record]


@pytest.fixture
def redis(valkey: Valkey) -> Iterator[Redis]:
    with valkey.client() as client:
        yield client


@pytest.fixture
def index(redis: Redis) -> Index:
    index = Index(redis, EventLog(redis), lambda record: record)
    index.mark_complete()
    return index


@pytest.fixture
def put(index: Index) -> MakeRecord:
    """Show a new record, a second younger than the last."""
    made = 0

    def make(accuracy: float | None = None, loss: float | None = None, **fields: Any) -> Record:
        nonlocal made
        made += 1
        created_at = fields.pop("created_at", BEGINNING + timedelta(seconds=made))
        known: dict[str, Any] = {
            "id": str(ULID.from_datetime(created_at)),
            "name": f"tiny {made}",
            "dataset": "digits",
            "spec": StoredSpec({}),
            "best_metrics": {} if accuracy is None else {"val_accuracy": accuracy, "val_loss": loss},
        }
        record = Record(created_at=created_at, **{**known, **fields})
        assert index.put(record)
        return record

    return make


def ids(records: list[Record]) -> list[str]:
    return [record.id for record in records]


def walk(index: Index, query: Query, between: Callable[[], object] = lambda: None) -> list[str]:
    """The ids of all pages, from the first to the last."""
    seen: list[str] = []
    while True:
        page = index.page(query)
        assert len(page.items) <= query.limit
        seen += ids(page.items)
        if page.next_cursor is None:
            return seen
        query = query.model_copy(update={"cursor": page.next_cursor})
        between()


# -- records ---------------------------------------------------------------------------------------------------------


def test_record_is_returned_as_put(index: Index, put: MakeRecord) -> None:
    record = put(0.5, tags=("a",))
    assert index.get(record.id) == record
    assert index.get_many([record.id, "nothing"]) == [record]
    assert index.get("nothing") is None


def test_view_rejects_older_version(index: Index, put: MakeRecord) -> None:
    record = put()
    newer = record.replace(status=Status.RUNNING)
    assert index.put(newer)
    assert not index.put(record)
    assert index.get(record.id) == newer
    assert index.count("status=running") == 1
    assert index.count("status=queued") == 0


def test_same_version_is_updated(index: Index, put: MakeRecord) -> None:
    record = put()
    live = record.model_copy(update={"epochs_completed": 3})
    assert index.put(live)
    assert index.get(record.id) == live


def test_changed_record_moves_between_lists(index: Index, put: MakeRecord, redis: Redis) -> None:
    record = put(tags=("a", "b"))
    index.put(record.replace(status=Status.FAILED, tags=("b", "c")))
    lists = {name for name in redis.keys("trainyard:index:created_at:*") if redis.zscore(name, record.id) is not None}
    filters = ("all", "status=failed", "dataset=digits", "tag=b", "tag=c")
    assert lists == {keys.index("created_at", each) for each in filters}


def test_removed_record_leaves_no_key(index: Index, put: MakeRecord, redis: Redis) -> None:
    record = put(0.5, status=Status.SUCCEEDED, tags=("a",))
    index.append_point(record.id, point(0))
    index.remove(record.id)
    assert sorted(redis.keys("*")) == [keys.COMPLETE, keys.EVENTS, keys.MODELS]


def test_reports_are_merged_into_what_runs(index: Index, put: MakeRecord, redis: Redis) -> None:
    record = put(0.5, status=Status.RUNNING, attempts=1)
    live = record.model_copy(update={"progress": Progress(phase="training", step=7), "epochs_completed": 3})
    assert index.reports.show_progress(live)
    assert index.reports.show_epochs(live)
    assert index.get(record.id) == live
    assert index.get_many([record.id]) == index.page(Query()).items == [live]
    assert 0 < redis.ttl(keys.progress(record.id)) <= keys.CHANGES_SECONDS
    assert 0 < redis.ttl(keys.live(record.id)) <= keys.CHANGES_SECONDS


def test_epochs_move_a_run_in_lists_by_accuracy(index: Index, put: MakeRecord) -> None:
    best, run, poor = put(0.9), put(status=Status.RUNNING, attempts=1), put(0.1)
    query = Query(sort="-val_accuracy")
    assert ids(index.page(query).items) == ids([best, poor, run])
    assert index.reports.show_epochs(run.model_copy(update={"best_metrics": {"val_accuracy": 0.5}}))
    assert ids(index.page(query).items) == ids([best, run, poor])
    assert walk(index, query.model_copy(update={"limit": 1})) == ids([best, run, poor])
    assert index.ids() == ids([best, run, poor])


def test_reports_of_another_attempt_are_not_shown(index: Index, put: MakeRecord) -> None:
    record = put(status=Status.RUNNING, attempts=1, progress=Progress(phase="starting"))
    assert index.reports.show_progress(record)
    second = record.replace(attempts=2, progress=None)
    assert index.put(second)
    assert index.get(record.id) == second
    assert not index.reports.show_progress(record)
    assert not index.reports.show_epochs(record)
    assert index.get(record.id) == second


@pytest.mark.parametrize("status", [Status.QUEUED, Status.FAILED])
def test_reports_end_with_the_attempt(index: Index, put: MakeRecord, redis: Redis, status: Status) -> None:
    record = put(status=Status.RUNNING, attempts=1, progress=Progress(phase="starting"))
    assert index.reports.show_progress(record)
    assert index.reports.show_epochs(record)
    index.put(record.replace(status=status, progress=None))
    assert redis.exists(keys.progress(record.id), keys.live(record.id)) == 0
    assert not index.reports.show_progress(record)


def test_report_of_what_is_not_shown_asks_for_all(index: Index, put: MakeRecord, redis: Redis) -> None:
    record = put(status=Status.RUNNING, attempts=1, progress=Progress(phase="starting"))
    redis.flushall()
    assert not index.reports.show_progress(record)
    assert not index.reports.show_epochs(record)
    assert redis.keys("*") == []


def test_unreadable_report_is_ignored(index: Index, put: MakeRecord, redis: Redis) -> None:
    record = put(status=Status.RUNNING, attempts=1)
    redis.set(keys.progress(record.id), '{"attempt":1}')
    redis.set(keys.live(record.id), "[]")
    assert index.get(record.id) == record


def test_report_writes_no_index(index: Index, put: MakeRecord, redis: Redis) -> None:
    record = put(status=Status.RUNNING, attempts=1, progress=Progress(phase="starting"))
    redis.config_resetstat()
    assert index.reports.show_progress(record)
    calls = {name: each["calls"] for name, each in redis.info("commandstats").items()}
    assert "cmdstat_zadd" not in calls
    assert sum(calls.values()) <= 8


def test_many_ids_are_read_in_parts(index: Index, put: MakeRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ids([put() for _ in range(7)])
    monkeypatch.setattr(index_module, "_MAX_AT_ONCE", 3)
    assert index.ids() == made
    assert index.slice(2, 3) == made[2:5]


def test_names_are_found_without_reading_records(index: Index, put: MakeRecord, redis: Redis) -> None:
    for _ in range(20):
        put()
    wanted = put(name="Straße\n7")
    redis.config_resetstat()
    assert index.page(Query(name="STRASSE")).items == []
    assert "cmdstat_hget" not in redis.info("commandstats")
    assert index.page(Query(name="straße")).items == [wanted]
    index.put(wanted.replace(name="another"))
    assert index.page(Query(name="straße")).items == []


def test_many_are_put_at_once_and_unannounced(index: Index, put: MakeRecord, redis: Redis) -> None:
    shown, other = put(0.5, status=Status.SUCCEEDED), put()
    newer = other.replace(status=Status.FAILED, ended_at=BEGINNING)
    index.put(newer)
    events = redis.xlen(keys.EVENTS)
    new = shown.model_copy(update={"id": str(ULID.from_datetime(BEGINNING)), "name": "new"})
    assert index.put_all([shown, other, new]) == [True, False, True]
    assert set(index.ids()) == {shown.id, other.id, new.id}
    assert redis.xlen(keys.EVENTS) == events


def test_version_of_models_changes_with_them(index: Index, put: MakeRecord) -> None:
    seen = [index.models_version()]
    model = put(0.5, status=Status.SUCCEEDED)
    put(0.9, status=Status.RUNNING)
    seen.append(index.models_version())
    assert index.models_version() == seen[-1]
    index.put(model.replace(damaged=("model.onnx",)))
    seen.append(index.models_version())
    index.put(model.replace(version=5))
    seen.append(index.models_version())
    index.remove(model.id)
    seen.append(index.models_version())
    assert len(set(seen)) == len(seen)


def test_models_of_a_class_subset_rank_last(index: Index, put: MakeRecord) -> None:
    some = {"dataset": {"name": "digits", "classes": ["0", "1"]}}
    easy = put(1.0, 0.0, status=Status.SUCCEEDED, spec=some)
    easier = put(1.0, 0.5, status=Status.SUCCEEDED, spec=some)
    poor = put(0.1, 3.0, status=Status.SUCCEEDED, spec=StoredSpec({"dataset": {"name": "digits", "classes": None}}))
    stored_before_there_were_subsets = put(
        0.2, 2.0, status=Status.SUCCEEDED, spec=StoredSpec({"dataset": {"name": "digits"}})
    )

    assert ids(index.best_models("digits")) == ids([stored_before_there_were_subsets, poor, easy, easier])


def test_datasets_with_models_come_and_go(index: Index, put: MakeRecord) -> None:
    assert index.model_datasets() == []
    first, second = put(0.5, status=Status.SUCCEEDED), put(0.6, status=Status.SUCCEEDED, tags=("model=x",))
    put(status=Status.RUNNING)
    assert index.model_datasets() == ["digits"]
    index.remove(first.id)
    assert index.model_datasets() == ["digits"]
    index.put(second.replace(damaged=("model.onnx",)))
    assert index.model_datasets() == []


# -- pages -----------------------------------------------------------------------------------------------------------


def test_page_is_unavailable_until_index_is_complete(index: Index, put: MakeRecord, redis: Redis) -> None:
    record = put()
    redis.delete(keys.COMPLETE)
    with pytest.raises(Unavailable, match="being rebuilt"):
        index.page(Query())
    index.mark_complete()
    assert index.page(Query()) == Page(items=[record], next_cursor=None)


def test_newest_come_first_by_default(index: Index, put: MakeRecord) -> None:
    made = [put().id for _ in range(5)]
    assert ids(index.page(Query()).items) == made[::-1]
    assert ids(index.page(Query(sort="created_at")).items) == made


def test_records_without_accuracy_sort_last(index: Index, put: MakeRecord) -> None:
    none, low, high, zero = (put(accuracy).id for accuracy in (None, 0.2, 0.9, 0.0))
    assert ids(index.page(Query(sort="-val_accuracy")).items) == [high, low, zero, none]
    assert ids(index.page(Query(sort="val_accuracy")).items) == [none, zero, low, high]


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "val_accuracy", "-val_accuracy"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_pages_through_ties_show_each_record_once(index: Index, put: MakeRecord, sort: Any, limit: int) -> None:
    made = [put([None, 0.5, 0.5, 0.9][number % 4], created_at=BEGINNING).id for number in range(14)]
    walked = walk(index, Query(sort=sort, limit=limit))
    assert len(walked) == 14
    assert set(walked) == set(made)
    assert walked == walk(index, Query(sort=sort, limit=200))


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_last_page_has_no_cursor(index: Index, put: MakeRecord, limit: int) -> None:
    for _ in range(limit):
        put()
    assert index.page(Query(limit=limit)).next_cursor is None
    put()
    assert index.page(Query(limit=limit)).next_cursor is not None


def test_page_continues_after_deleted_record(index: Index, put: MakeRecord) -> None:
    made = [put().id for _ in range(9)]
    page = index.page(Query(limit=3))
    for gone in (made[6], made[5], made[8]):
        index.remove(gone)
    assert ids(index.page(Query(limit=3, cursor=page.next_cursor)).items) == [made[4], made[3], made[2]]


def test_page_continues_after_record_with_new_score(index: Index, put: MakeRecord) -> None:
    made = [put(number / 10) for number in range(6)]
    page = index.page(Query(limit=2, sort="-val_accuracy"))
    assert ids(page.items) == [made[5].id, made[4].id]
    index.put(made[4].replace(best_metrics={"val_accuracy": 0.05}))
    following = index.page(Query(limit=2, sort="-val_accuracy", cursor=page.next_cursor))
    assert ids(following.items) == [made[3].id, made[2].id]


@pytest.mark.parametrize("sort", ["created_at", "-created_at"])
def test_pages_miss_no_record_during_changes(index: Index, put: MakeRecord, sort: Any) -> None:
    made = [put().id for _ in range(12)]
    doomed = made[1::4]
    left = list(doomed)

    def disturb() -> None:
        put()
        if left:
            index.remove(left.pop())

    walked = walk(index, Query(sort=sort, limit=3), disturb)
    assert len(walked) == len(set(walked))
    assert set(made) - set(doomed) <= set(walked)


@pytest.mark.parametrize("limit", [1, 2, 50])
@pytest.mark.parametrize(
    ("query", "accepted"),
    [
        ({"status": "failed"}, lambda r: r.status is Status.FAILED),
        ({"dataset": "mnist"}, lambda r: r.dataset == "mnist"),
        ({"tag": "a"}, lambda r: "a" in r.tags),
        ({"name": "NINE"}, lambda r: "nine" in r.name),
        ({"name": "no such"}, lambda _: False),
        ({"status": "failed", "tag": "a"}, lambda r: r.status is Status.FAILED and "a" in r.tags),
        (
            {"status": "queued", "dataset": "mnist", "tag": "b", "name": "i"},
            lambda r: r.status is Status.QUEUED and r.dataset == "mnist" and "b" in r.tags and "i" in r.name,
        ),
    ],
)
def test_filters_select_exactly_the_matching_records(
    index: Index, put: MakeRecord, query: dict[str, Any], accepted: Callable[[Record], bool], limit: int
) -> None:
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    made = [
        put(
            name=names[number % 10],
            status=[Status.QUEUED, Status.FAILED, Status.SUCCEEDED][number % 3],
            dataset=["digits", "mnist"][number % 2],
            tags=[(), ("a",), ("a", "b"), ("b",)][number % 4],
        )
        for number in range(24)
    ]
    expected = [record.id for record in made[::-1] if accepted(record)]
    assert walk(index, Query(limit=limit, **query)) == expected


def test_rare_name_is_found_among_many(index: Index, put: MakeRecord) -> None:
    rare = put(name="the rare one")
    for _ in range(250):
        put()
    assert index.page(Query(name="RARE", limit=1)) == Page(items=[rare], next_cursor=None)


def cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "garbage",
        "é",
        "=",
        "",
        cursor(),
        cursor("-created_at"),
        cursor("-created_at", "x", "id"),
        cursor("-created_at", None, "id"),
        cursor("-created_at", "nan", "id"),
        cursor("-created_at", "inf", "id"),
        cursor("-created_at", 1.0, None),
        cursor("-created_at", 1.0, ["id"]),
        cursor("-created_at", 1.0, "id", 4),
        cursor("created_at", 1.0, "id"),
        base64.urlsafe_b64encode(b"7").decode(),
        base64.urlsafe_b64encode(b'{"a":1,"b":2,"c":3}').decode(),
    ],
)
def test_foreign_cursor_is_rejected(index: Index, put: MakeRecord, text: str) -> None:
    put()
    with pytest.raises(InvalidCursor, match="this cursor"):
        index.page(Query(cursor=text))


@pytest.mark.parametrize("fields", [{"limit": 0}, {"limit": 201}, {"sort": "name"}, {"status": "x"}, {"x": 1}])
def test_query_has_limits(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Query(**fields)


def commands(redis: Redis) -> int:
    stats: dict[str, Any] = redis.info("commandstats")
    return sum(each["calls"] for name, each in stats.items() if name not in {"cmdstat_info", "cmdstat_client|setinfo"})


@pytest.mark.parametrize("sort", ["-created_at", "val_accuracy"])
def test_page_cost_is_independent_of_store_size(index: Index, put: MakeRecord, redis: Redis, sort: Any) -> None:
    costs = []
    for count in (110, 330):
        while index.count() < count:
            put(index.count() / 1000)
        first = index.page(Query(limit=50, sort=sort))
        before = commands(redis)
        assert len(index.page(Query(limit=50, sort=sort, cursor=first.next_cursor)).items) == 50
        costs.append(commands(redis) - before)
    assert costs[0] == costs[1]
    assert 50 < costs[0] < 51 + 10


# -- models ----------------------------------------------------------------------------------------------------------


def test_best_models_are_succeeded_and_undamaged(index: Index, put: MakeRecord) -> None:
    def model(accuracy: float | None, loss: float | None = 1.0, **fields: Any) -> str:
        return put(accuracy, loss, **{"status": Status.SUCCEEDED, **fields}).id

    low, tied_worse, tied_better, unmeasured = model(0.2), model(0.9, 0.5), model(0.9, 0.4), model(None)
    tied_without_loss = model(0.9, None)
    model(0.99, dataset="mnist")
    model(0.99, status=Status.FAILED)
    model(0.99, status=Status.RUNNING)
    model(0.99, damaged=("artifacts",))
    assert ids(index.best_models("digits")) == [tied_better, tied_worse, tied_without_loss, low, unmeasured]
    assert index.best_models("unknown") == []


def test_damaged_model_leaves_best_models(index: Index, put: MakeRecord) -> None:
    record = put(0.9, 0.1, status=Status.SUCCEEDED)
    index.put(record.model_copy(update={"damaged": ("artifacts",)}))
    assert index.best_models("digits") == []


def test_private_models_have_an_index_of_their_own(index: Index, put: MakeRecord, redis: Redis) -> None:
    shown = put(0.5, 0.1, status=Status.SUCCEEDED)
    hidden = [put(0.9, each / 10, status=Status.SUCCEEDED, owner="ann", private=True) for each in range(3)]
    others = put(0.8, 0.1, status=Status.SUCCEEDED, owner="bob@7b", private=True)

    assert redis.zrange(keys.model_index("digits"), 0, -1) == [shown.id]
    assert ids(index.best_models("digits")) == ids([shown])
    assert ids(index.best_models("digits", "ann")) == ids([*hidden, shown])
    assert ids(index.best_models("digits", "bob@7b")) == ids([others, shown])
    assert index.model_datasets() == ["digits"]


# -- history ---------------------------------------------------------------------------------------------------------


def test_points_follow_each_other_without_a_gap(index: Index) -> None:
    assert not index.append_point("id", point(1))
    assert index.append_point("id", points(3)[0])
    assert not index.append_point("id", point(0))
    assert not index.append_point("id", point(2))
    assert index.append_point("id", points(3)[1])
    assert index.history("id", -1) == History(points=points(2))


def test_truncated_stream_has_no_history(index: Index, redis: Redis) -> None:
    index.restore_history("id", points(5))
    assert index.history("id", -1) == History(points=points(5))
    assert index.history("id", 2) == History(points=points(5)[3:])
    assert index.history("id", 4) is None
    assert index.history("other", -1) is None
    redis.xtrim(keys.history("id"), maxlen=3, approximate=False)
    assert index.history("id", -1) is None
    assert index.history("id", 1) == History(points=points(5)[2:])


def test_restored_history_replaces_earlier_one(index: Index) -> None:
    index.restore_history("id", points(5))
    index.restore_history("id", points(2))
    assert index.history("id", -1) == History(points=points(2))
    index.restore_history("id", [])
    assert index.history("id", -1) is None


def test_foreign_entry_makes_stream_unreadable(index: Index, redis: Redis) -> None:
    redis.xadd(keys.history("id"), {"point": "{}"}, id="1-0")
    assert index.history("id", -1) is None
