"""Against scikit-learn's `train_test_split`, which cut the splits of stored experiments."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from analysis.held_out import hold_out

SEEDS = st.integers(0, 2**32 - 1)
COUNTS = st.lists(st.integers(2, 40), min_size=1, max_size=12)


@given(samples=st.integers(2, 200), seed=SEEDS, data=st.data())
def test_random_samples_are_those_of_scikit_learn(samples: int, seed: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, samples - 1))
    numbers = np.arange(1000, 1000 + samples)

    kept, out = train_test_split(numbers, test_size=count, random_state=seed)

    assert [each.tolist() for each in hold_out(numbers, count, seed, None)] == [kept.tolist(), out.tolist()]


@given(counts=COUNTS, seed=SEEDS, data=st.data())
def test_stratified_samples_are_those_of_scikit_learn(counts: list[int], seed: int, data: st.DataObject) -> None:
    labels = np.array(data.draw(st.permutations(np.repeat(np.arange(len(counts)) * 3, counts).tolist())))
    count = data.draw(st.integers(len(counts), len(labels) - len(counts)))
    numbers = np.arange(1000, 1000 + len(labels))

    kept, out = train_test_split(numbers, test_size=count, random_state=seed, stratify=labels)

    assert [each.tolist() for each in hold_out(numbers, count, seed, labels)] == [kept.tolist(), out.tolist()]
