import pytest

from models_store.experiments.epoch_durations import EPOCH_BUCKETS, EpochDurations
from tests.support.valkey import Valkey


def test_epochs_are_counted_in_cumulative_buckets(valkey: Valkey) -> None:
    with valkey.client() as redis:
        durations = EpochDurations(redis)
        for seconds in (0.05, 0.2, 3.0, 10_000.0):
            durations.observe(seconds)
        buckets, total = durations.read()
    assert [bound for bound, _ in buckets] == [*map(str, EPOCH_BUCKETS), "+Inf"]
    counts = dict(buckets)
    assert (counts["0.05"], counts["0.25"], counts["5.0"], counts["1800.0"], counts["+Inf"]) == (1, 2, 3, 3, 4)
    assert total == pytest.approx(10_003.25)
    assert [count for _, count in buckets] == sorted(count for _, count in buckets)
