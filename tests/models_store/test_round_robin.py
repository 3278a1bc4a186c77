import numpy as np

from models_store.round_robin import in_turns


def test_each_group_has_its_turn_before_any_has_a_second() -> None:
    groups = np.array([7, 7, 7, 2, 2, 5])

    assert in_turns(groups).tolist() == [3, 5, 0, 4, 1, 2]


def test_nothing_has_no_turns() -> None:
    assert in_turns(np.empty(0, dtype=np.int64)).tolist() == []
