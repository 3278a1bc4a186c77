"""Halves of a test split, scores on them, and differences."""

import numpy as np
import pytest

from analysis.classroom.scores import Half, split_in_halves

TRUTH = np.repeat(np.arange(5), [7, 9, 11, 20, 3])
SAMPLES = np.arange(len(TRUTH))


def everything(metric: str) -> Half:
    return Half(metric, np.ones(len(TRUTH), dtype=bool), TRUTH)  # type: ignore[arg-type]


def test_halves_do_not_depend_on_other_classes() -> None:
    """Those of an assignment on some classes: otherwise what is final there would be public here."""
    some = (TRUTH == 1) | (TRUTH == 3)
    everywhere = split_in_halves("accuracy", SAMPLES, TRUTH, seed=3)[0].rows

    there = split_in_halves("accuracy", SAMPLES[some], TRUTH[some] // 2, seed=3, class_numbers=(1, 3))[0].rows

    assert np.array_equal(there, everywhere[some])


def test_halves_share_every_class() -> None:
    public, final = split_in_halves("accuracy", SAMPLES, TRUTH, seed=3)

    assert (public.rows ^ final.rows).all()
    odd = 4  # classes, each of which gives one more to either half
    assert abs(public.samples - final.samples) <= odd
    for each in range(5):
        members = each == TRUTH
        assert abs(int(public.rows[members].sum()) - int(final.rows[members].sum())) <= 1


def test_halves_depend_on_the_seed_alone() -> None:
    one, again, other = (split_in_halves("accuracy", SAMPLES, TRUTH, seed)[0].rows for seed in (3, 3, 4))

    assert (one == again).all()
    assert (one != other).any()


def test_balanced_accuracy_is_the_mean_recall() -> None:
    right = TRUTH == 3

    assert everything("accuracy").score(right) == pytest.approx(20 / 50)
    assert everything("balanced_accuracy").score(right) == pytest.approx(1 / 5)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy"])
def test_interval_covers_the_true_score(metric: str) -> None:
    generator = np.random.default_rng(0)
    truth = np.repeat(np.arange(4), 60)
    half = Half(metric, np.ones(len(truth), dtype=bool), truth)  # type: ignore[arg-type]
    covered = 0
    for _ in range(200):
        low, high = half.interval(generator.random(len(truth)) < 0.8)
        covered += low <= 0.8 <= high

    assert 0.9 <= covered / 200 <= 0.99


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy"])
def test_difference_is_shown_if_it_is_more_than_chance(metric: str) -> None:
    generator = np.random.default_rng(0)
    half = everything(metric)
    good = generator.random(len(TRUTH)) < 0.9
    similar = good.copy()
    similar[:2] = ~similar[:2]
    poor = generator.random(len(TRUTH)) < 0.2

    assert not half.difference("ann", similar, good).is_shown
    assert not half.difference("ann", good, good).is_shown
    found = half.difference("ann", poor, good)
    assert found.is_shown
    assert found.high < 0
    assert found.difference == pytest.approx(half.score(poor) - half.score(good))
