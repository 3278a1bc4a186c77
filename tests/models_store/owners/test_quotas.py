"""What owners may start, queue and keep."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest

from models_store import keys
from models_store.errors import Damaged, QuotaReached, SpaceUsedUp
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.comments import Comment, add_comment
from models_store.frozen import utc_now
from models_store.jobs.failure import Failure
from models_store.jobs.queue import TRAINING
from models_store.owners import ledger, quotas
from models_store.owners.quota import Quota
from models_store.store import Store, open_store
from specs.quota import QuotaSpec
from tests.models_store.conftest import MakeSpec
from tests.support.store import LEASE_SECONDS
from tests.support.valkey import Valkey


def post(store: Store, tiny_spec: MakeSpec, owner: str | None, count: int = 1) -> list[str]:
    return [store.experiments.create(tiny_spec(), owner=owner).id for _ in range(count)]


def start(store: Store) -> TrainingClaim | None:
    """As a worker does."""
    with store.experiments.waiting.picking():
        for each in store.experiments.waiting.candidates(""):
            if each and (claim := TrainingClaim.acquire(store.training_jobs, each, worker="worker")) is not None:
                return claim
    return None


def owner_of(claim: TrainingClaim | None) -> str | None:
    assert claim is not None
    return claim.record.owner


@pytest.fixture(autouse=True)
def _complete(store: Store) -> None:
    store.reconciler.sweep()


def test_owners_take_turns_at_starting(store: Store, tiny_spec: MakeSpec) -> None:
    post(store, tiny_spec, "ann", 3)
    post(store, tiny_spec, "bob", 2)
    post(store, tiny_spec, None)
    assert [owner_of(start(store)) for _ in range(6)] == ["ann", "bob", None, "ann", "bob", "ann"]


def test_place_in_the_queue_is_that_of_turns(store: Store, tiny_spec: MakeSpec) -> None:
    first, second = post(store, tiny_spec, "ann", 2)
    [other] = post(store, tiny_spec, "bob")
    assert [store.experiments.get(each).queue_position for each in (first, other, second)] == [1, 2, 3]
    store.experiments.waiting.reorder([second])
    assert store.experiments.waiting.ids() == [second, first, other]


def test_high_priority_does_not_starve_other_owners(store: Store, tiny_spec: MakeSpec) -> None:
    [own] = post(store, tiny_spec, "bob")
    low, *high = [store.experiments.create(tiny_spec(), owner="ann", priority=each).id for each in (-1, 100, 100)]
    assert store.experiments.waiting.ids() == [own, high[0], high[1], low]


def test_priority_does_not_pass_what_was_moved(store: Store, tiny_spec: MakeSpec) -> None:
    [first], [moved] = post(store, tiny_spec, "ann"), post(store, tiny_spec, "bob")
    store.experiments.waiting.reorder([moved])
    high = store.experiments.create(tiny_spec(), owner="ann", priority=100).id
    assert store.experiments.waiting.ids() == [moved, high, first]
    store.experiments.waiting.reorder([first])
    assert store.experiments.waiting.ids() == [first, moved, high]


def test_order_is_the_same_with_an_emptied_redis(store: Store, tiny_spec: MakeSpec, valkey: Valkey) -> None:
    post(store, tiny_spec, "ann", 2)
    post(store, tiny_spec, "bob", 2)
    before = store.experiments.waiting.ids()
    with valkey.client() as client:
        client.flushall()
    assert store.reconciler.sweep()
    assert store.experiments.waiting.ids() == before


def test_owner_at_its_limit_does_not_block_others(store: Store, tiny_spec: MakeSpec) -> None:
    store.quotas.owners.set("ann", QuotaSpec(running=1))
    first, second = post(store, tiny_spec, "ann", 2)
    post(store, tiny_spec, "bob", 2)
    claim = start(store)
    assert claim is not None
    assert claim.id == first
    assert [owner_of(start(store)) for _ in range(2)] == ["bob", "bob"]
    assert start(store) is None
    # Nor does the message that names it.
    assert list(store.experiments.waiting.candidates(second)) == []


def test_end_wakes_what_waited_for_the_limit(store: Store, tiny_spec: MakeSpec, valkey: Valkey) -> None:
    store.quotas.owners.set("ann", QuotaSpec(running=1))
    _, second = post(store, tiny_spec, "ann", 2)
    claim = start(store)
    assert claim is not None
    with valkey.client() as client:
        client.delete(keys.TRAININGS)
    claim.fail(Failure(type="internal", message="x"))
    assert (second,) in store.queue.pending(TRAINING)
    assert owner_of(start(store)) == "ann"


def test_workers_do_not_exceed_a_limit_together(store: Store, tiny_spec: MakeSpec) -> None:
    store.quotas.owners.set("ann", QuotaSpec(running=2))
    post(store, tiny_spec, "ann", 6)
    with ThreadPoolExecutor(6) as pool:
        claims = [each.result() for each in [pool.submit(start, store) for _ in range(6)]]
    assert sum(each is not None for each in claims) == 2


def test_used_up_minutes_end_with_the_month(store: Store, tiny_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    store.quotas.owners.set("ann", QuotaSpec(training_minutes=5))
    now = utc_now()
    begun = max(now - timedelta(minutes=6), ledger.month_of(now))
    monkeypatch.setattr(ledger, "utc_now", lambda: begun)
    store.quotas.owners.ledger.add("ann", "x", 1, "begun")
    monkeypatch.undo()
    monkeypatch.setattr("models_store.owners.quotas.utc_now", lambda: begun + timedelta(minutes=6))
    monkeypatch.setattr("models_store.owners.quota.utc_now", lambda: begun + timedelta(minutes=6))
    post(store, tiny_spec, "ann")
    assert start(store) is None
    with pytest.raises(QuotaReached, match="6 minutes of 5") as reached, store.quotas.admit("ann"):
        pass
    assert 0 < reached.value.retry_after <= 31 * 86_400
    assert store.quotas.used("ann").training_minutes == 6.0
    later = ledger.next_month(now)
    monkeypatch.setattr("models_store.owners.quota.utc_now", lambda: later)
    assert owner_of(start(store)) == "ann"


def test_training_is_counted_from_claim_to_end(store: Store, tiny_spec: MakeSpec) -> None:
    post(store, tiny_spec, "ann")
    claim = start(store)
    assert claim is not None
    assert store.quotas.owners.ledger.used_seconds("ann", utc_now()) > 0
    claim.give_back()
    used = store.quotas.owners.ledger.used_seconds("ann", utc_now())
    assert store.quotas.owners.ledger.used_seconds("ann", utc_now() + timedelta(seconds=9)) == used
    store.experiments.delete(claim.id)
    assert store.quotas.owners.ledger.used_seconds("ann", utc_now()) == used


def test_queue_of_an_owner_is_limited(store: Store, tiny_spec: MakeSpec) -> None:
    store.quotas.owners.set("ann", QuotaSpec(queued=2))
    post(store, tiny_spec, "ann")
    with store.quotas.admit("ann"):
        post(store, tiny_spec, "ann")
    with pytest.raises(QuotaReached, match="2 queued experiments of 2 that are allowed"), store.quotas.admit("ann"):
        pass
    assert store.quotas.room("ann") == 0
    with store.quotas.admit("bob", 100), store.quotas.admit(None, 100):
        assert store.quotas.room("bob") > 100


def test_requests_at_once_do_not_exceed_the_queue(store: Store, tiny_spec: MakeSpec) -> None:
    store.quotas.owners.set("ann", QuotaSpec(queued=3))
    ready = threading.Barrier(8)

    def add() -> None:
        ready.wait()
        with suppress(QuotaReached), store.quotas.admit("ann"):
            post(store, tiny_spec, "ann")

    with ThreadPoolExecutor(8) as pool:
        for each in [pool.submit(add) for _ in range(8)]:
            each.result()
    assert store.quotas.used("ann").queued == 3


def test_repeated_request_is_always_admitted(store: Store, tiny_spec: MakeSpec) -> None:
    store.quotas.owners.set("ann", QuotaSpec(queued=1))
    first = store.experiments.create(tiny_spec(), "key", b"body", owner="ann")
    with store.quotas.admit("ann", 1, "key"):
        assert store.experiments.create(tiny_spec(), "key", b"body", owner="ann").id == first.id


def test_what_a_repeated_request_makes_again_counts(store: Store, tiny_spec: MakeSpec) -> None:
    first = store.experiments.create(tiny_spec(), "key", b"body", owner="ann").id
    store.experiments.delete(first)
    post(store, tiny_spec, "ann")
    store.quotas.owners.set("ann", QuotaSpec(queued=1))
    with pytest.raises(QuotaReached, match="1 more would be too many"), store.quotas.admit("ann", 1, "key"):
        pass


def test_missing_repeats_count(store: Store, tiny_spec: MakeSpec) -> None:
    group = store.groups.create(tiny_spec(), 4, "key", b"body", {}, owner="ann")
    store.quotas.owners.set("ann", QuotaSpec(queued=3))
    with store.quotas.admit("ann", 4, "key"):
        pass
    for each in group[2:]:
        store.experiments.delete(each.id)
    with pytest.raises(QuotaReached, match=r"has 2 queued .* and 2 more"), store.quotas.admit("ann", 4, "key"):
        pass


def test_uploads_count_before_they_are_measured(store: Store) -> None:
    store.quotas.owners.set("ann", QuotaSpec(bytes=1000))
    store.quotas.check_bytes("ann", 600)
    with pytest.raises(SpaceUsedUp, match="600 bytes of 1000"):
        store.quotas.check_bytes("ann", 600)
    store.quotas.check_bytes("ann", 400)
    with pytest.raises(SpaceUsedUp, match="1000 bytes of 1000"):
        store.quotas.check_bytes("ann")


def test_uploads_count_while_they_arrive(store: Store) -> None:
    """Of many at once that fit in one by one."""
    store.quotas.owners.set("ann", QuotaSpec(bytes=1000))
    store.quotas.check_bytes("ann")
    with store.quotas.receiving("ann") as first, store.quotas.receiving("bob") as bobs:
        first(300)
        with store.quotas.receiving("ann") as second:
            second(300)
            first(300)
            with pytest.raises(SpaceUsedUp, match="this upload has 500, others that arrive now 600"):
                second(200)
            second(100)
        first(400)
        bobs(10_000)
        with pytest.raises(SpaceUsedUp, match="this upload has 1001"):
            first(1)
    with store.quotas.receiving("ann") as third:
        third(1000)


def test_bytes_are_those_of_all_that_is_kept(store: Store, tiny_spec: MakeSpec) -> None:
    post(store, tiny_spec, "ann")
    used = store.quotas.used("ann").bytes
    assert used > 0
    assert store.quotas.used("bob").bytes == 0
    store.quotas.owners.set("ann", QuotaSpec(bytes=used))
    with pytest.raises(SpaceUsedUp, match=f"{used} bytes of {used} that are allowed"):
        store.quotas.check_bytes("ann")
    assert store.quotas.room("ann") == 0
    store.quotas.owners.set("ann", QuotaSpec(bytes=used + 10))
    store.quotas.check_bytes("ann", 10)
    with pytest.raises(SpaceUsedUp, match="this upload has 11"):
        store.quotas.check_bytes("ann", 11)


def test_others_use_up_nobodys_bytes(store: Store, tiny_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may have it evaluated on any dataset, and teachers comment on it."""
    monkeypatch.setattr(quotas, "_FRESH_SECONDS", 0.0)
    [posted] = post(store, tiny_spec, "ann")
    folder = store.experiments.folder(posted)
    used = store.quotas.used("ann").bytes
    store.evaluations.folder(posted, "digits").mkdir(parents=True)
    (store.evaluations.folder(posted, "digits") / "record.json").write_bytes(bytes(50_000))
    add_comment(folder, Comment(author="tina", text="well done"))
    assert store.quotas.used("ann").bytes == used

    (folder / "history.jsonl").write_bytes(bytes(50_000))
    assert store.quotas.used("ann").bytes > used


def test_default_holds_unless_set(tmp_path_factory: pytest.TempPathFactory, valkey: Valkey) -> None:
    root = tmp_path_factory.mktemp("store")
    store = open_store(root, valkey.url, LEASE_SECONDS, 3, "test", Quota(running=4, queued=9))
    store.quotas.owners.set("ann", QuotaSpec(running=1))
    assert store.quotas.owners.quota("ann") == Quota(running=1, queued=9)
    assert store.quotas.owners.quota("bob") == Quota(running=4, queued=9)
    store.close()


def test_damaged_quota_starts_nothing(store: Store, tiny_spec: MakeSpec) -> None:
    store.quotas.owners.set("ann", QuotaSpec(running=1))
    (store.quotas.owners.folder / "ann.json").write_text("{")
    post(store, tiny_spec, "ann")
    assert start(store) is None
    assert store.quotas.room("ann") == 0
    with pytest.raises(Damaged, match="an admin sets it again"), store.quotas.admit("ann"):
        pass
