"""Deleting what is too old, too many or too large; what is kept all the same."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from models_store.experiments.checkpoints import checkpoint_name
from models_store.experiments.record import Record, Status
from models_store.frozen import utc_now
from models_store.retention import Retention, prune
from models_store.store import Store
from settings import Settings
from specs.experiment import ExperimentSpec
from tests.support.api import ApiClient
from tests.support.classroom import assign, close, create_class, trained
from tests.support.published import publish
from tests.support.waiting import eventually

Spec = Callable[..., ExperimentSpec]


@pytest.fixture
def ended(client: ApiClient, api_store: Store, tiny_spec: Spec) -> list[Record]:
    """Three that ended 30, 20 and 10 days ago, of which the last one serves, and one that waits."""
    records = []
    for number, days in enumerate((30, 20, 10)):
        record = publish(api_store, tiny_spec(f"run {days}"), val_accuracy=0.5 + number / 10)
        with api_store.experiments.lock(record.id) as current:
            ended_at = utc_now() - timedelta(days=days)
            records.append(api_store.experiments.write(current.replace(ended_at=ended_at)))
    api_store.experiments.create(tiny_spec("waits"))
    eventually(lambda: serving(client) == [records[-1].id])
    return records


def serving(client: ApiClient) -> list[str]:
    return [each["experiment_id"] for each in client.get("/models").json()["items"]]


def ids(client: ApiClient) -> set[str]:
    return {each["id"] for each in client.get("/experiments?status=succeeded").json()["items"]}


def removed(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["name"] for each in answer["removed"]]


@pytest.mark.parametrize(
    ("query", "names", "reason"),
    [
        ("older_than_days=15", ["run 30", "run 20"], "ended 30 days ago, of at most 15"),
        ("keep_newest=2", ["run 30"], "2 newer ones have ended, and 2 are kept"),
        ("older_than_days=25&keep_newest=1", ["run 30", "run 20"], "ended 30 days ago, of at most 25"),
    ],
)
def test_what_exceeds_a_limit_is_deleted(
    client: ApiClient, ended: list[Record], query: str, names: list[str], reason: str
) -> None:
    planned = client.post(f"/experiments:prune?{query}&dry_run=true").raise_for_status().json()
    assert (planned["dry_run"], removed(planned), planned["removed"][0]["reason"]) == (True, names, reason)
    assert ids(client) == {each.id for each in ended}

    done = client.post(f"/experiments:prune?{query}").raise_for_status().json()
    assert {**done, "dry_run": True} == planned
    assert ids(client) == {each.id for each in ended if each.name not in names}


def test_oldest_go_until_the_rest_is_small_enough(client: ApiClient, api_store: Store, ended: list[Record]) -> None:
    planned = client.post("/experiments:prune?max_bytes=0&dry_run=true").json()
    sizes = [each["bytes"] for each in planned["removed"]]
    assert min(sizes) > 1_000
    use = sum(file.stat().st_size for file in api_store.experiments.experiments.rglob("*") if file.is_file())
    limit = use - sizes[0] - 1

    done = client.post(f"/experiments:prune?max_bytes={limit}").json()

    assert removed(done) == ["run 30", "run 20"]
    assert done["removed_bytes"] == sizes[0] + sizes[1]


def test_what_is_wanted_is_kept(client: ApiClient, ended: list[Record]) -> None:
    starred, pinned, best = ended
    client.patch(f"/experiments/{starred.id}", json={"star": True}).raise_for_status()
    client.put("/models/serving/digits", json={"experiment_id": pinned.id}).raise_for_status()
    eventually(lambda: serving(client) == [pinned.id])

    done = client.post("/experiments:prune?keep_newest=0").json()

    kept = {each["name"]: each["reason"] for each in done["kept"]}
    assert kept["run 30"] == "it has a star"
    assert "is pinned to serve digits" in kept["run 20"]
    assert removed(done) == [best.name]
    assert ids(client) == {starred.id, pinned.id}


def test_states_go_and_experiments_stay(client: ApiClient, api_store: Store, ended: list[Record]) -> None:
    states = [api_store.experiments.folder(each.id) / "attempts" / "1" / checkpoint_name(1, 0) for each in ended[:2]]
    for path in states:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1_000)
    query = "keep_newest=1&states_only=true"

    planned = client.post(f"/experiments:prune?{query}&dry_run=true").json()
    assert all(path.exists() for path in states)
    done = client.post(f"/experiments:prune?{query}").json()

    assert {**done, "dry_run": True} == planned
    assert (removed(done), done["removed_bytes"], done["states_only"]) == (["run 30"], 4_096, True)
    assert [path.exists() for path in states] == [False, True]
    assert ids(client) == {each.id for each in ended}

    client.patch(f"/experiments/{ended[1].id}", json={"star": True}).raise_for_status()
    rest = client.post("/experiments:prune?max_bytes=999&states_only=true").json()
    assert (rest["removed"], rest["kept"][0]["reason"]) == ([], "it has a star")


def test_trials_of_a_running_sweep_are_kept(client: ApiClient, api_store: Store, ended: list[Record]) -> None:
    searched = {"model": {"preset": "digits-cnn"}, "training": {"epochs": {"$search": {"int": [1, 2]}}}}
    document = {"experiment": searched}
    sweep = client.post("/sweeps", json=document).raise_for_status().json()["id"]
    with api_store.experiments.lock(ended[0].id) as current:
        api_store.experiments.write(current.replace(sweep=sweep, trial=0))

    done = client.post("/experiments:prune?older_than_days=25").json()

    assert (done["removed"], done["kept"][0]["reason"]) == ([], f"it belongs to sweep {sweep}, which is running")


def test_what_counts_in_a_budget_is_kept(keyed_client: ApiClient) -> None:
    store = keyed_client.services.store
    create_class(keyed_client, "Ann")
    before = trained(store, "ann@biology-7b")
    assignment = assign(keyed_client)["id"]
    runs = [trained(store, "ann@biology-7b"), trained(store, "bob")]
    limits = Retention(older_than_days=0)

    done = prune(store, limits, lambda _: False, dry_run=False)

    assert [each.id for each in done.removed] == [before.id, runs[1].id]
    [kept] = done.kept
    assert kept.id == runs[0].id
    assert f"counts in the budget of assignment {assignment}" in kept.reason
    close(store, assignment)
    assert [each.id for each in prune(store, limits, lambda _: False, dry_run=False).removed] == [runs[0].id]


def test_without_a_limit_nothing_is_deleted(client: ApiClient, ended: list[Record]) -> None:
    answer = client.post("/experiments:prune")
    assert answer.status_code == 422
    assert "give `older_than_days`, `keep_newest` or `max_bytes`" in answer.json()["errors"][0]["detail"]
    assert client.post("/experiments:prune?keep_newest=-1").status_code == 422
    assert {each.status for each in ended} == {Status.SUCCEEDED}
    assert ids(client) == {each.id for each in ended}


def test_what_serves_is_kept(client: ApiClient, ended: list[Record]) -> None:
    done = client.post("/experiments:prune?keep_newest=0").json()
    assert removed(done) == ["run 30", "run 20"]
    [kept] = done["kept"]
    assert kept["name"] == "run 10"
    assert "serves predictions for digits" in kept["reason"]


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    return settings.model_copy(update=getattr(request, "param", {}))


@pytest.mark.parametrize("settings", [{"retention_days": 15.0, "retention_seconds": 0.2}], indirect=True)
def test_limits_of_the_settings_are_kept_by_themselves(client: ApiClient, ended: list[Record]) -> None:
    eventually(lambda: ids(client) == {ended[-1].id})

    retention = client.get("/disk").json()["retention"]
    assert (retention["older_than_days"], retention["keep_newest"], retention["max_bytes"]) == (15, None, None)
    assert retention["last"]["kept"] == 0


def test_no_limit_is_set_by_default(client: ApiClient) -> None:
    assert client.get("/disk").json()["retention"] is None
