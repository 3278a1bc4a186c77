import numpy as np

from models_store.round_robin import round_robin


def test_groups_alternate() -> None:
    groups = np.array([7, 7, 7, 2, 2, 5])

    assert round_robin(groups).tolist() == [3, 5, 0, 4, 1, 2]


def test_empty_input_gives_empty_output() -> None:
    assert round_robin(np.empty(0, dtype=np.int64)).tolist() == []
