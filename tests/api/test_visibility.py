"""What is private is left out for others, and stays where it was for its owner, the owner's teacher and admins."""

from typing import cast

import httpx2
import pytest
from anyio import to_thread
from PIL import Image

from models_store import keys
from models_store.datasets.claim import ConversionClaim
from models_store.experiments.claim import TrainingClaim
from models_store.jobs.workers import Worker
from models_store.store import Store
from models_store.sweeps.claim import SweepClaim
from models_store.webhooks.webhook import Webhook
from specs.access import KeyScope
from specs.experiment import parse_spec
from specs.quota import QuotaSpec
from specs.sweep import parse_sweep
from tests.support.api import ApiClient
from tests.support.classroom import TEACHER, create_class, use
from tests.support.contract import JsonObject
from tests.support.image_files import encoded
from tests.support.newer import rewrite
from tests.support.noise import noisy_digits
from tests.support.published import bright_column_network, finish, publish
from tests.support.streams import Event, in_application, open_stream
from tests.support.waiting import eventually
from worker.jobs.supervisor import Supervisor
from worker.sweeps.advance import advance

EVERYTHING = tuple(each for each in KeyScope if each is not KeyScope.ADMIN)
LISTS = (
    *("/experiments", "/experiments?fields=summary", "/experiments.csv", "/experiments?sort=-val_accuracy&limit=1"),
    *("/sweeps", "/datasets", "/queue", "/models", "/models/promotions", "/models/best", "/v1/models"),
)
TINY_ON_NOISE: JsonObject = {
    "name": "on-noise",
    "dataset": {"name": "noise"},
    "preprocessing": {"image_size": [8, 8]},
    "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]},
    "training": {"epochs": 1, "batch_size": 4},
}


@pytest.fixture
def store(keyed_client: ApiClient) -> Store:
    return keyed_client.services.store


@pytest.fixture
def bob(keyed_client: ApiClient) -> ApiClient:
    keyed_client.sign_in(*EVERYTHING, owner="bob")
    return keyed_client


def as_owner(client: ApiClient, owner: str) -> ApiClient:
    client.sign_in(*EVERYTHING, owner=owner)
    return client


def searched(document: JsonObject) -> JsonObject:
    sizes = {"$search": {"choice": [16, 32]}}
    return {"name": "sizes", "experiment": {**document, "training": {**document["training"], "batch_size": sizes}}}


def add_noise(client: ApiClient, owner: str = "ann", private: bool = False) -> None:
    store = client.services.store
    with store.datasets.receive_archive() as archive:
        archive.write(noisy_digits(("7", "2"), train=8, test=4))
        store.datasets.add("noise", archive, owner=owner, private=private)
    Supervisor(store, client.services.settings, "test:1", lambda: False).convert("noise")


def add_private(client: ApiClient, document: JsonObject) -> None:
    """One of each, by the store."""
    store, spec = client.services.store, parse_spec(document)
    finish(store, store.experiments.create(spec, owner="ann", private=True), val_accuracy=0.99)
    store.experiments.create(spec, owner="ann", private=True)
    store.sweeps.create(parse_sweep(searched(document)), owner="ann", private=True)
    add_noise(client, private=True)


def seen(client: ApiClient) -> dict[str, tuple[int, bytes, str | None]]:
    answers = {path: client.get(path) for path in LISTS}
    return {path: (each.status_code, each.content, each.headers.get("ETag")) for path, each in answers.items()}


def test_lists_of_others_do_not_change(bob: ApiClient, store: Store, tiny_document: JsonObject) -> None:
    publish(store, parse_spec(tiny_document))
    eventually(lambda: bob.get("/v2/models/digits/ready").is_success)
    before = seen(bob)

    add_private(bob, tiny_document)

    assert seen(bob) == before
    as_owner(bob, "ann")
    changed = {path for path, answer in seen(bob).items() if answer != before[path]}
    assert changed >= {
        "/experiments",
        "/experiments?fields=summary",
        "/experiments.csv",
        "/sweeps",
        "/datasets",
        "/queue",
    }


def test_cursor_of_a_private_one_tells_nothing(bob: ApiClient, store: Store, tiny_document: JsonObject) -> None:
    created = [
        finish(store, store.experiments.create(parse_spec(tiny_document), owner="ann", private=private))
        for private in (False, True, False)
    ]
    as_owner(bob, "ann")
    page = "/experiments?sort=-val_accuracy&limit=2"
    cursor = bob.get(page).json()["next_cursor"]
    as_owner(bob, "bob")

    [first, second] = bob.get(page).json()["items"]
    assert [each["private"] for each in (first, second)] == [False, False]
    # Behind a score that others have as well.
    behind = bob.get(f"{page}&cursor={cursor}").json()
    store.experiments.delete(created[1].id)
    assert bob.get(f"{page}&cursor={cursor}").json() == behind


def predict(client: ApiClient, query: str = "") -> httpx2.Response:
    image = encoded(Image.new("L", (8, 8)))
    return client.post(f"/predict{query}", content=image, headers={"Content-Type": "image/png"})


def test_ids_of_events_tell_nothing_of_others(bob: ApiClient, store: Store, tiny_document: JsonObject) -> None:
    """They move with what is private, too: bob gets others each time, from which he resumes, and may make up none."""
    plain = store.experiments.create(parse_spec(tiny_document), owner="ann").id

    key = bob.headers["Authorization"]

    def end() -> str:
        return str(eventually(lambda: bob.get("/experiments?fields=summary").headers.get("Last-Event-ID")))

    before, unchanged = end(), end()
    hidden = store.experiments.create(parse_spec(tiny_document), owner="ann", private=True).id
    after = end()
    last = cast(list[tuple[str, object]], store.redis.xrevrange(keys.EVENTS, count=1))[0][0]

    assert len({before, unchanged, after}) == 3
    assert {len(each) for each in (before, unchanged, after)} == {59}

    async def follow() -> tuple[Event, Event, Event]:
        async with open_stream(bob, f"/events?since={last}", authorization=key) as stream:
            assert (await stream.next())["event"] == "reset"
        async with open_stream(bob, f"/events?since={before}", authorization=key) as stream:
            resumed = await stream.next()
            shown = await to_thread.run_sync(
                lambda: store.experiments.create(parse_spec(tiny_document), owner="ann").id
            )
            told = (await stream.until("status"))[-1]
            assert told["data"]["id"] == shown
        async with open_stream(bob, "/events", authorization=key, last_event_id=last) as stream:
            return resumed, told, await stream.next()

    resumed, told, made_up = in_application(bob, follow)
    assert (resumed["event"], resumed["data"], made_up["event"]) == ("ready", {"resumed": True}, "reset")
    assert told["data"]["id"] not in (plain, hidden)


def test_private_model_is_asked_by_its_id_alone(bob: ApiClient, store: Store, tiny_document: JsonObject) -> None:
    spec = parse_spec(tiny_document)
    shown = publish(store, spec)
    network = bright_column_network(1)
    hidden = store.experiments.create(spec, owner="ann", private=True)
    finish(store, hidden, val_accuracy=0.99, network=network)
    eventually(lambda: bob.get("/v2/models/digits/ready").is_success)

    for owner in ("bob", "ann"):
        as_owner(bob, owner)
        assert bob.get("/models/best?dataset=digits").json()["experiment_id"] == shown.id
        assert predict(bob).json()["model"]["experiment_id"] == shown.id
    assert predict(bob, f"?experiment={hidden.id}").json()["model"]["experiment_id"] == hidden.id
    as_owner(bob, "bob")
    # Also while it is in memory.
    assert predict(bob, f"?experiment={hidden.id}").status_code == 404


def test_model_that_becomes_private_serves_no_longer(
    keyed_client: ApiClient, store: Store, tiny_document: JsonObject
) -> None:
    spec = parse_spec(tiny_document)
    second = publish(store, spec)
    best = finish(store, store.experiments.create(spec, owner="ann"), val_accuracy=0.99)
    as_owner(keyed_client, "ann")
    eventually(lambda: predict(keyed_client).json().get("model", {}).get("experiment_id") == best.id)

    assert keyed_client.patch(f"/experiments/{best.id}", json={"private": True}).json()["private"] is True

    as_owner(keyed_client, "bob")
    assert predict(keyed_client).json()["model"]["experiment_id"] == second.id
    assert keyed_client.get(f"/experiments/{best.id}").status_code == 404
    as_owner(keyed_client, "ann")
    eventually(lambda: predict(keyed_client).json()["model"]["experiment_id"] == second.id)


def test_pinned_model_does_not_become_private(keyed_client: ApiClient, store: Store, tiny_document: JsonObject) -> None:
    spec = parse_spec(tiny_document)
    shown = finish(store, store.experiments.create(spec, owner="ann"))
    hidden = finish(store, store.experiments.create(spec, owner="ann", private=True))
    as_owner(keyed_client, "ann")
    pinned = keyed_client.put("/models/serving/digits", json={"experiment_id": shown.id})
    assert pinned.status_code == 200

    answer = keyed_client.patch(f"/experiments/{shown.id}", json={"private": True})

    assert answer.status_code == 409
    assert "is pinned to serve digits" in answer.json()["detail"]
    rejected = keyed_client.put("/models/serving/digits", json={"experiment_id": hidden.id})
    assert rejected.status_code == 409
    assert "is private, and digits is not" in rejected.json()["detail"]


def test_dataset_takes_what_is_on_it_along(keyed_client: ApiClient, store: Store) -> None:
    add_noise(keyed_client)
    as_owner(keyed_client, "ann")
    before = keyed_client.post("/experiments", json=TINY_ON_NOISE).json()
    assert before["private"] is False

    assert keyed_client.patch("/datasets/noise", json={"private": True}).json()["record"]["private"] is True

    assert keyed_client.get(f"/experiments/{before['id']}").json()["private"] is True
    assert keyed_client.post("/experiments", json=TINY_ON_NOISE).json()["private"] is True
    public = keyed_client.post("/experiments?private=false", json=TINY_ON_NOISE)
    assert public.status_code == 409
    assert keyed_client.patch(f"/experiments/{before['id']}", json={"private": False}).status_code == 409
    finish(store, store.experiments.read(before["id"]))
    eventually(lambda: keyed_client.get("/v2/models/noise/ready").is_success)
    as_owner(keyed_client, "bob")
    assert keyed_client.get("/v2/models/noise/ready").status_code == 404
    assert keyed_client.get("/models").json()["items"] == []


def test_dataset_that_others_use_stays_public(keyed_client: ApiClient, store: Store) -> None:
    add_noise(keyed_client)
    used = store.experiments.create(parse_spec(TINY_ON_NOISE, store.known_datasets()), owner="bob")
    as_owner(keyed_client, "ann")

    answer = keyed_client.patch("/datasets/noise", json={"private": True})

    assert answer.status_code == 409
    assert f"1 experiment or sweep of others uses it: {used.id}" in answer.json()["detail"]
    assert keyed_client.patch("/datasets/digits", json={"private": True}).status_code == 409


def test_dataset_of_a_newer_experiment_stays_public(keyed_client: ApiClient, store: Store) -> None:
    """It could not be made private with it."""
    add_noise(keyed_client)
    record = store.experiments.create(parse_spec(TINY_ON_NOISE, store.known_datasets()), owner="ann")
    rewrite(store.experiments.folder(record.id) / "experiment.json")

    answer = as_owner(keyed_client, "ann").patch("/datasets/noise", json={"private": True})

    assert (answer.status_code, f"experiment {record.id} names it" in answer.json()["detail"]) == (409, True)
    assert not store.datasets.privacy("noise").private


def test_name_of_a_private_dataset_is_taken(keyed_client: ApiClient) -> None:
    add_noise(keyed_client, private=True)
    as_owner(keyed_client, "bob")

    sent = {"archive": ("noise.zip", noisy_digits(("7", "2"), train=8, test=4))}
    answer = keyed_client.post("/datasets", data={"name": "noise"}, files=sent)

    assert answer.status_code == 409
    assert keyed_client.get("/datasets/noise").status_code == 404


def test_sweep_takes_its_trials_along(keyed_client: ApiClient, store: Store, tiny_document: JsonObject) -> None:
    as_owner(keyed_client, "ann")
    sweep = keyed_client.post("/sweeps", json=searched(tiny_document)).json()
    claim = SweepClaim.acquire(store.sweep_jobs, sweep["id"], worker="test:1")
    assert claim is not None
    advance(claim, store)
    trials = [each["experiment_id"] for each in keyed_client.get(f"/sweeps/{sweep['id']}").json()["trials"]]
    assert trials

    assert keyed_client.patch(f"/experiments/{trials[0]}", json={"private": True}).status_code == 409
    assert keyed_client.patch(f"/sweeps/{sweep['id']}", json={"private": True}).json()["private"] is True

    assert all(store.experiments.read(each).private for each in trials)
    as_owner(keyed_client, "bob")
    assert keyed_client.get(f"/sweeps/{sweep['id']}").status_code == 404


def test_trials_of_a_private_sweep_are_private(
    keyed_client: ApiClient, store: Store, tiny_document: JsonObject
) -> None:
    sweep = store.sweeps.create(parse_sweep(searched(tiny_document)), owner="ann", private=True)
    claim = SweepClaim.acquire(store.sweep_jobs, sweep.id, worker="test:1")
    assert claim is not None

    record = advance(claim, store)

    assert record.trials
    assert all(store.experiments.read(each.experiment_id or "").private for each in record.trials)


def test_hidden_sweep_is_announced(keyed_client: ApiClient, store: Store, tiny_document: JsonObject) -> None:
    as_owner(keyed_client, "ann")
    sweep = keyed_client.post("/sweeps", json=searched(tiny_document)).json()

    keyed_client.patch(f"/sweeps/{sweep['id']}", json={"private": True})

    last = cast(list[tuple[str, dict[str, str]]], store.redis.xrevrange(keys.EVENTS, count=2))
    assert [fields["kind"] for _, fields in last] == ["reset", "sweep"]


def test_default_is_that_of_the_owner(keyed_client: ApiClient, tiny_document: JsonObject) -> None:
    as_owner(keyed_client, "ann")
    assert _default(keyed_client.get("/owners/me")) == (False, None)
    assert _default(keyed_client.patch("/owners/me", json={"private": True})) == (True, True)

    created = keyed_client.post("/experiments", json=tiny_document).json()
    assert created["private"] is True
    assert keyed_client.post("/experiments?private=false", json=tiny_document).json()["private"] is False
    assert keyed_client.post("/experiments?repeats=2", json=tiny_document).status_code == 202
    as_owner(keyed_client, "bob")
    assert keyed_client.post("/experiments", json=tiny_document).json()["private"] is False
    assert len(keyed_client.get("/experiments").json()["items"]) == 2
    as_owner(keyed_client, "ann")
    assert _default(keyed_client.patch("/owners/me", json={"private": None})) == (False, None)


def _default(answer: httpx2.Response) -> tuple[bool, bool | None]:
    return answer.json()["private"], answer.json()["own_private"]


def test_teacher_sees_what_a_student_hides(keyed_client: ApiClient, tiny_document: JsonObject) -> None:
    keys = create_class(keyed_client, "Ann", "Bob")
    use(keyed_client, keys["ann"])
    hidden = keyed_client.post("/experiments?private=true", json=tiny_document).json()["id"]
    answers = {}
    use(keyed_client, keys["bob"])
    answers["bob"] = keyed_client.get(f"/experiments/{hidden}").status_code
    for owner in ("tina", "theo"):
        keyed_client.sign_in(*TEACHER, owner=owner)
        answers[owner] = keyed_client.get(f"/experiments/{hidden}").status_code

    assert answers == {"bob": 404, "tina": 200, "theo": 404}


def test_webhooks_are_not_told_of_private_ones(store: Store, tiny_document: JsonObject) -> None:
    hook = store.webhooks.create(Webhook(url="https://example.org/hook", events=("experiment.succeeded",)))
    spec = parse_spec(tiny_document)

    finish(store, store.experiments.create(spec, owner="ann", private=True))
    shown = finish(store, store.experiments.create(spec, owner="ann"))

    assert [shown.id in each.body for each in store.webhooks.outbox.deliveries(hook.id)] == [True]


def test_nothing_is_private_without_keys(client: ApiClient, tiny_document: JsonObject) -> None:
    answer = client.post("/experiments?private=true", json=tiny_document)

    assert answer.status_code == 409
    assert "TRAINYARD_AUTH=keys" in answer.json()["detail"]
    created = client.post("/experiments", json=tiny_document).json()
    assert client.patch(f"/experiments/{created['id']}", json={"private": True}).status_code == 409


def test_damaged_record_is_for_admins(keyed_client: ApiClient, store: Store, tiny_document: JsonObject) -> None:
    record = store.experiments.create(parse_spec(tiny_document), owner="ann", private=True)
    (store.experiments.folder(record.id) / "experiment.json").write_text("{")

    as_owner(keyed_client, "bob")

    assert keyed_client.get(f"/experiments/{record.id}").status_code == 404
    assert keyed_client.get(f"/experiments/{record.id}/files").status_code == 404


@pytest.mark.parametrize(("private", "for_ann"), [(None, 200), ({"but": "for bob"}, 404), ("false", 404)])
def test_newer_record_is_private_if_unsaid(
    keyed_client: ApiClient, store: Store, tiny_document: JsonObject, private: object, for_ann: int
) -> None:
    """Without a sentence on that it is its owner's; of another form, nobody knows for whom it is."""
    record = store.experiments.create(parse_spec(tiny_document), owner="ann")
    path = store.experiments.folder(record.id) / "experiment.json"
    if private is None:
        path.write_bytes(path.read_bytes().replace(b'"private":false,', b""))
        rewrite(path)
    else:
        rewrite(path, private=private)
    store.experiments.show(store.experiments.read_or_damaged(record.id))

    for owner, status in (("bob", 404), ("ann", for_ann)):
        as_owner(keyed_client, owner)
        assert keyed_client.get(f"/experiments/{record.id}").status_code == status
        assert keyed_client.get(f"/experiments/{record.id}/log").status_code in (404, status)


@pytest.mark.parametrize("path", ["/experiments?", "/experiments?repeats=2&", "/sweeps?"])
def test_same_key_for_something_private_is_rejected(
    keyed_client: ApiClient, tiny_document: JsonObject, path: str
) -> None:
    as_owner(keyed_client, "ann")
    document = searched(tiny_document) if path == "/sweeps?" else tiny_document
    answers = [
        keyed_client.post(f"{path}{query}", json=document, headers={"Idempotency-Key": "one"})
        for query in ("", "private=true", "")
    ]

    assert [each.status_code for each in answers] == [202, 422, 202]
    assert answers[0].json()["id"] == answers[2].json()["id"]


def test_live_views_name_nothing_private(bob: ApiClient, store: Store, tiny_document: JsonObject) -> None:
    """What the machine does now, which differs from request to request, of a private training and upload."""
    add_private(bob, tiny_document)
    record = store.experiments.create(parse_spec({**tiny_document, "name": "hush17"}), owner="ann", private=True)
    store.workers.beat(Worker(name="test:1", hostname="test", pid=1))
    assert TrainingClaim.acquire(store.training_jobs, record.id, worker="test:1") is not None
    with store.datasets.receive_archive() as archive:
        archive.write(b"archive")
        store.datasets.add("hush18", archive, owner="ann", private=True)
    assert ConversionClaim.acquire(store.conversion_jobs, "hush18", worker="test:1") is not None
    paths = ("/workers", "/disk", "/metrics", "/queue", "/models/traffic")

    answers = {path: bob.get(path).text for path in paths}
    as_owner(bob, "ann")
    own = {path: bob.get(path).text for path in paths}

    hidden = (*store.experiments.index.ids(), "hush17", "hush18", "noise")
    assert [(path, each) for path, text in answers.items() for each in hidden if each in text] == []
    assert all(each in own["/workers"] for each in (record.id, "hush17", "hush18"))
    assert all(each in own["/disk"] for each in (record.id, "hush18", "noise"))


def test_quota_and_priorities_of_an_owner_are_not_told(bob: ApiClient, store: Store, tiny_document: JsonObject) -> None:
    """Of what is public: bob reads neither that ann's quota is used up, nor what waits of hers."""
    store.workers.beat(Worker(name="host:7", hostname="host", pid=7))
    store.quotas.owners.set("ann", QuotaSpec(running=1))
    running, waiting = (store.experiments.create(parse_spec(tiny_document), owner="ann").id for _ in range(2))
    assert TrainingClaim.acquire(store.training_jobs, running, worker="host:7") is not None

    def told(owner: str, *scopes: KeyScope) -> set[object]:
        """While the mark is there: the sweep takes it away again, because preemption is off."""
        bob.sign_in(*(scopes or EVERYTHING), owner=owner)

        def read() -> set[object] | None:
            with store.experiments.lock(running) as record:
                store.experiments.write(record.give_way(7))
            queue = bob.get("/queue").json()
            listed = {each["id"]: each["preempted_by_priority"] for each in bob.get("/experiments").json()["items"]}
            records = [bob.get(f"/experiments/{each}").json() for each in (running, waiting)]
            quotas = {queue["items"][0]["waits_because"], records[1]["waits_because"]}
            marks = {each["preempted_by_priority"] for each in (queue["running"][0], records[0])} | {listed[running]}
            return quotas | marks if store.experiments.read(running).preempted_by_priority == 7 else None

        return eventually(read) or set()

    assert told("bob") == {None}
    assert told("ann") == {"its owner has as many running as allowed, or has used up the minutes of the month", 7}
    assert told("root", KeyScope.ADMIN) == told("ann")
