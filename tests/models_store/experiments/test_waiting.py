"""The order in which what waits is started."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_store import keys
from models_store.errors import Unavailable
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.index_entries import priority_of, turn
from models_store.experiments.places import TrialId
from models_store.experiments.record import Record, Status
from models_store.experiments.waiting import ORDER_FILE, QueueOrder
from models_store.ids import is_experiment_id
from models_store.jobs.queue import TRAINING
from models_store.store import Store
from specs.limits import PRIORITY
from tests.models_store.abandoned import abandon
from tests.models_store.conftest import MakeSpec
from tests.models_store.results import KILLED
from tests.support.valkey import Valkey

SWEEP_ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
TRIAL_ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C3"


@pytest.fixture
def four(store: Store, tiny_spec: MakeSpec) -> list[str]:
    """The ids of four experiments that wait."""
    store.reconciler.sweep()
    return [store.experiments.create(tiny_spec()).id for _ in range(4)]


def post(store: Store, tiny_spec: MakeSpec, priority: int = 0) -> str:
    return store.experiments.create(tiny_spec(), priority=priority).id


def claim_next(store: Store, named: str = "") -> str | None:
    """As a worker does that a message has woken."""
    for each in store.experiments.waiting.candidates(named):
        claim = TrainingClaim.acquire(store.training_jobs, each, worker="worker")
        if claim is not None:
            return claim.id
    return None


def empty(store: Store, valkey: Valkey) -> None:
    with valkey.client() as client:
        client.flushall()
    assert store.reconciler.sweep()


# -- priorities ------------------------------------------------------------------------------------------------------


def test_highest_priority_comes_first(store: Store, tiny_spec: MakeSpec) -> None:
    low, middle, high = (post(store, tiny_spec, priority) for priority in (-PRIORITY, 0, PRIORITY))
    assert store.experiments.waiting.ids() == [high, middle, low]
    assert [store.experiments.get(each).queue_position for each in (low, middle, high)] == [3, 2, 1]


def test_trial_waits_for_experiments_of_its_priority(store: Store, tiny_spec: MakeSpec) -> None:
    assert is_experiment_id(TRIAL_ID)
    trial = store.experiments.create(tiny_spec(), place=TrialId(SWEEP_ID, 0, TRIAL_ID)).id
    single, lower = post(store, tiny_spec), post(store, tiny_spec, -1)
    assert store.experiments.waiting.ids() == [single, trial, lower]


def test_trial_that_lost_its_worker_keeps_its_place(store: Store, tiny_spec: MakeSpec) -> None:
    trial = store.experiments.create(tiny_spec(), place=TrialId(SWEEP_ID, 0, TRIAL_ID)).id
    single = post(store, tiny_spec)
    claim = TrainingClaim.acquire(store.training_jobs, trial, worker="worker")
    assert claim is not None
    abandon(store, claim)
    assert store.experiments.get(trial).status is Status.QUEUED
    assert store.experiments.waiting.ids() == [trial, single]


def test_edited_priority_changes_the_order(store: Store, four: list[str]) -> None:
    store.experiments.edit(four[3], {"priority": 5})
    assert store.experiments.waiting.ids() == [four[3], *four[:3]]
    store.experiments.edit(four[3], {"priority": None})
    assert store.experiments.waiting.ids() == four


def test_edited_priority_undoes_a_move(store: Store, four: list[str]) -> None:
    store.experiments.waiting.reorder([four[3], four[2]])
    store.experiments.edit(four[3], {"priority": -1})
    assert store.experiments.waiting.ids() == [four[2], four[0], four[1], four[3]]


@given(st.integers(-PRIORITY, PRIORITY), st.booleans(), st.integers(10**12, 4 * 10**12))
def test_turn_holds_the_priority(priority: int, is_trial: bool, milliseconds: int) -> None:
    sweep, created_at = SWEEP_ID if is_trial else None, datetime.fromtimestamp(milliseconds / 1000, UTC)
    record = Record.model_construct(status=Status.QUEUED, priority=priority, sweep=sweep, created_at=created_at)
    assert priority_of(turn(record)) == priority
    assert float(str(turn(record))) == turn(record) == int(turn(record))


# -- moves -----------------------------------------------------------------------------------------------------------


def test_named_ones_come_first(store: Store, four: list[str]) -> None:
    a, b, c, d = four
    store.experiments.waiting.reorder([d, b])
    assert store.experiments.waiting.ids() == [d, b, a, c]
    assert store.experiments.get(a).queue_position == 3
    store.experiments.waiting.reorder([c])
    assert store.experiments.waiting.ids() == [c, d, b, a]


def test_only_a_higher_priority_passes_what_was_moved(store: Store, four: list[str], tiny_spec: MakeSpec) -> None:
    a, b, c, d = four
    store.experiments.waiting.reorder([c])
    same, higher = post(store, tiny_spec), post(store, tiny_spec, 1)
    assert store.experiments.waiting.ids() == [higher, c, a, b, d, same]
    store.experiments.waiting.reorder([d])
    assert store.experiments.waiting.ids() == [d, higher, c, a, b, same]


def test_what_has_started_is_left_out_of_a_move(store: Store, four: list[str]) -> None:
    assert claim_next(store) == four[0]
    store.experiments.waiting.reorder([four[0], four[3]])
    assert store.experiments.waiting.ids() == [four[3], *four[1:3]]


def test_interrupted_experiment_keeps_its_place(store: Store, four: list[str]) -> None:
    store.experiments.waiting.reorder([four[3]])
    claim = TrainingClaim.acquire(store.training_jobs, four[3], worker="worker")
    assert claim is not None
    claim.give_back()
    assert store.experiments.waiting.ids()[0] == four[3]


def test_retried_experiment_has_no_place(store: Store, four: list[str]) -> None:
    store.experiments.waiting.reorder([four[3]])
    claim = TrainingClaim.acquire(store.training_jobs, four[3], worker="worker")
    assert claim is not None
    claim.fail(KILLED)
    store.experiments.retry(four[3])
    assert store.experiments.waiting.ids() == four


ids = st.text("abcdefgh", min_size=1, max_size=1)
queues = st.dictionaries(ids, st.integers(-2, 2)).map(
    lambda found: dict(sorted(found.items(), key=lambda each: -each[1]))
)


@given(queues, st.lists(ids, unique=True), st.lists(ids, unique=True), st.lists(ids, unique=True), queues)
def test_a_move_keeps_all_others_in_order(
    waiting: dict[str, int], first: list[str], second: list[str], started: list[str], later: dict[str, int]
) -> None:
    order = QueueOrder().reorder(first, waiting)
    left = {each: priority for each, priority in waiting.items() if each not in started}
    before = order.arrange(left)
    assert sorted(before) == sorted(left)

    after = order.reorder(second, left).arrange(left)

    named = [each for each in second if each in left]
    assert after == [*named, *(each for each in before if each not in named)]
    joined = {**left, **{each.upper(): priority for each, priority in later.items()}}
    joined = dict(sorted(joined.items(), key=lambda each: -each[1]))
    assert [each for each in order.arrange(joined) if each in left] == before


# -- claims ----------------------------------------------------------------------------------------------------------


def test_message_only_says_that_something_waits(store: Store, four: list[str]) -> None:
    store.experiments.waiting.reorder([four[2]])
    assert [claim_next(store, four[0]) for _ in range(5)] == [four[2], four[0], four[1], four[3], None]


def test_many_workers_claim_each_once_in_order(store: Store, four: list[str]) -> None:
    with ThreadPoolExecutor(8) as threads:
        claimed = list(threads.map(lambda _: claim_next(store, four[0]), range(8)))
    assert sorted(filter(None, claimed)) == four
    assert all(store.experiments.read(each).attempts == 1 for each in four)


def test_unshown_experiment_is_claimed_by_its_message(store: Store, four: list[str]) -> None:
    store.experiments.index.remove(four[0])
    assert claim_next(store, four[0]) == four[1]
    for _ in four[2:]:
        claim_next(store)
    assert claim_next(store, four[0]) == four[0]


def test_order_outlasts_an_emptied_redis(store: Store, four: list[str], tiny_spec: MakeSpec, valkey: Valkey) -> None:
    high = post(store, tiny_spec, 7)
    store.experiments.waiting.reorder([four[3]])
    before = store.experiments.waiting.ids()
    empty(store, valkey)
    assert store.experiments.waiting.ids() == before == [four[3], high, *four[:3]]


def test_nothing_is_claimed_while_the_index_is_rebuilt(store: Store, four: list[str], valkey: Valkey) -> None:
    with valkey.client() as client:
        client.delete(keys.COMPLETE)
    with pytest.raises(Unavailable):
        claim_next(store, four[0])
    assert store.reconciler.sweep()
    assert claim_next(store, four[0]) == four[0]


# -- pauses ----------------------------------------------------------------------------------------------------------


def test_paused_queue_starts_nothing(store: Store, four: list[str], valkey: Valkey) -> None:
    store.experiments.waiting.pause()
    assert claim_next(store, four[0]) is None
    empty(store, valkey)
    assert store.experiments.waiting.order.paused
    assert store.queue.pending(TRAINING) == set()

    store.experiments.waiting.resume()

    assert store.queue.pending(TRAINING) == {(each,) for each in four}
    assert claim_next(store, four[0]) == four[0]


def test_resuming_sends_no_message_twice(store: Store, four: list[str]) -> None:
    store.experiments.waiting.pause()
    store.experiments.waiting.resume()
    assert store.queue.depth(TRAINING) == 4


def test_resumed_queue_without_messages_is_woken(store: Store, four: list[str], valkey: Valkey) -> None:
    store.experiments.waiting.pause()
    store.experiments.waiting.resume()
    with valkey.client() as client:
        client.delete(keys.TRAININGS)
    assert store.reconciler.sweep()
    assert store.queue.pending(TRAINING) == {(each,) for each in four}


def test_damaged_order_does_not_stop_the_queue(store: Store, four: list[str], caplog: pytest.LogCaptureFixture) -> None:
    store.experiments.waiting.reorder([four[3]])
    (store.experiments.experiments.parent / "queue" / ORDER_FILE).write_bytes(b'{"paused": tr')
    assert store.experiments.waiting.ids() == four
    assert claim_next(store) == four[0]
    assert f"{ORDER_FILE} of the queue does not parse" in caplog.text
    store.experiments.waiting.pause()
    assert store.experiments.waiting.order.paused


# -- what a worker leaves to others ----------------------------------------------------------------------------------


def test_what_is_for_others_is_passed_over(store: Store, four: list[str]) -> None:
    left = set(four[:2])
    assert list(store.experiments.waiting.candidates(four[0], left.intersection)) == four[2:]


def test_many_for_others_hide_none(store: Store, four: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models_store.experiments.waiting._MAX_CANDIDATES", 2)
    left = set(four[:3])
    assert list(store.experiments.waiting.candidates(four[0], left.intersection)) == four[3:]
