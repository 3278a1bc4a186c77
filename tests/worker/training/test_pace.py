"""What a training says about the rest of it."""

import pytest

from worker.training.pace import Pace


def compiled() -> Pace:
    """After the first call of a cold trainer: one step in 4 seconds."""
    pace = Pace()
    pace.add_steps(1, 4.0)
    return pace


def test_call_that_compiles_is_no_pace() -> None:
    pace = compiled()
    assert pace.steps_per_second is None
    assert pace.seconds_for(360) is None


def test_first_second_says_nothing() -> None:
    pace = compiled()
    pace.add_steps(4, 0.9)
    assert pace.seconds_for(100) is None
    pace.add_steps(6, 0.1)
    assert pace.seconds_for(100) == pytest.approx(10.0)


def test_short_first_epoch_is_enough() -> None:
    pace = compiled()
    pace.add_steps(10, 0.1)
    pace.end_epoch()
    assert pace.seconds_for(100) == pytest.approx(1.0)


def test_epoch_of_one_step_waits_for_the_second() -> None:
    pace = compiled()
    pace.add_pause(2.0)  # its validation, which is compiled
    pace.end_epoch()
    assert pace.seconds_for(9) is None
    pace.add_steps(1, 0.5)
    pace.add_pause(0.1)
    pace.end_epoch()
    assert pace.seconds_for(8) == pytest.approx(8 * 0.6)


def test_validation_belongs_to_the_rest() -> None:
    pace = compiled()
    for _ in range(20):
        pace.add_steps(10, 1.0)
        pace.add_pause(1.0)
        pace.end_epoch()
    assert pace.seconds_for(10) == pytest.approx(2.0, rel=1e-3)


def test_machine_that_got_busy_is_believed_soon() -> None:
    pace = compiled()
    for seconds in (1.0,) * 10 + (4.0,) * 4:
        pace.add_steps(10, seconds)
        pace.end_epoch()
    assert pace.seconds_for(10) == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize(("seconds", "chunk"), [(0.001, 4), (1.0, 1)])
def test_calls_grow_to_a_quarter_of_a_second(seconds: float, chunk: int) -> None:
    pace = Pace()
    pace.add_steps(1, seconds)
    assert pace.chunk == chunk
