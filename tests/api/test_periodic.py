"""Upkeep that is asked to stop."""

import threading

import pytest

from api.periodic import Periodic, stop_all


def test_all_are_asked_to_stop_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.periodic._STOP_SECONDS", 60.0)
    running = threading.Barrier(4)
    were_asked: list[bool] = []

    def wait_until_all_are_asked() -> None:
        running.wait(30)
        were_asked.append(all(each._stopping.wait(10) for each in periodics))

    periodics = [Periodic(f"periodic {number}", wait_until_all_are_asked, 60.0) for number in range(3)]
    for each in periodics:
        each.start()
    running.wait(30)
    stop_all(periodics)
    assert were_asked == [True, True, True]


def test_call_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.periodic._STOP_SECONDS", 0.0)
    running, released = threading.Barrier(3), threading.Event()

    def hang() -> None:
        running.wait(30)
        released.wait(30)

    hung = [Periodic("hung", hang, 60.0) for _ in range(2)]
    for each in hung:
        each.start()
    running.wait(30)
    stop_all(hung)
    assert all(each._thread.is_alive() for each in hung)
    released.set()
