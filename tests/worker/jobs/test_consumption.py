import pytest

from worker.jobs.consumption import Consumption

# Of each check: messages that wait, whether the worker is busy, messages received since the start.
IDLE = (1, False, 0)


@pytest.mark.parametrize(
    ("checks", "consumes"),
    [
        ([IDLE] * 2, True),
        ([IDLE] * 3, False),
        ([IDLE] * 9, False),
        ([(0, False, 0)] * 9, True),
        ([(5, True, 1)] * 9, True),
        ([(5, False, count) for count in range(1, 9)], True),  # each was done between two checks
        ([IDLE, IDLE, (0, False, 0), IDLE, IDLE], True),
        ([IDLE, IDLE, (1, True, 1), (1, False, 1), (1, False, 1)], True),
        ([(1, True, 1), (1, False, 1), (1, False, 1), (1, False, 1)], False),
    ],
)
def test_idle_worker_while_messages_wait_is_deaf(checks: list[tuple[int, bool, int]], consumes: bool) -> None:
    consumption = Consumption(max_checks=3)
    assert [consumption.check(*each) for each in checks][-1] is consumes
